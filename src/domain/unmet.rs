//! Roles that something asks for and that no rule grants, so that nobody can ever have them: mostly a typing error, which locks people
//! out without a word.

use std::sync::Arc;

use super::access::Site;
use super::client::Client;
use super::require::Require;
use super::rule::{Role, Rules};
use super::spelling::nearest;

/// A role that nobody can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What asks for it: "site `library`, `/members`".
    pub place: String,
    /// The role.
    pub role: Role,
    /// What was probably meant.
    pub nearest: Option<Role>,
}

/// The roles that sites, clients and the administration ask for and these rules never grant, in that order.
pub fn unmet<'a>(
    sites: impl IntoIterator<Item = &'a Site>,
    clients: impl IntoIterator<Item = &'a Client>,
    admin: &[Role],
    rules: &Rules,
) -> Vec<Unmet> {
    let granted = rules.managed_roles();
    let mut found = Vec::new();
    let mut look = |place: String, roles: &[Role]| {
        let missing = roles.iter().filter(|role| !rules.can_give(role));
        found.extend(missing.map(|role| {
            Unmet {
                place: place.clone(),
                role: role.clone(),
                nearest: nearest(role.as_str(), granted.iter().map(Role::as_str))
                    .and_then(|name| granted.iter().find(|role| role.as_str() == name).cloned()),
            }
        }));
    };
    for site in sites {
        for rule in &site.access {
            look(format!("site `{}`, `{}`", site.name, rule.path.as_str()), roles(&rule.require));
        }
    }
    for client in clients {
        look(format!("OpenID client `{}`", client.id), roles(&client.require));
    }
    look("the administration".to_owned(), admin);
    found
}

fn roles(require: &Require) -> &[Role] {
    match require {
        Require::AnyOf(roles) | Require::AllOf(roles) => roles,
        Require::Public | Require::SignedIn => &[],
    }
}

impl Unmet {
    /// In a sentence, without a full stop.
    pub fn says(&self) -> String {
        format!("{} asks for the role `{}`, which no rule of the role mapping grants", self.place, self.role)
    }

    /// What to do about it, without a full stop.
    pub fn remedy(&self) -> Arc<str> {
        match &self.nearest {
            Some(meant) => format!("Did you mean `{meant}`? Otherwise add a rule that grants it").into(),
            None => "Add a rule that grants it, or ask for another role".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::{ClientId, Proof};
    use crate::domain::time::TimeZone;

    #[test]
    fn a_misspelt_role_is_found_wherever_it_is_asked_for() {
        let role = |text: &str| Role::parse(text).unwrap();
        let rules = Rules { member: Some(role("member")), ..Rules::new(TimeZone::UTC) };
        let mut client = Client::new(ClientId::parse("wiki").unwrap(), Proof::Public);
        client.require = Require::AllOf(vec![role("member"), role("wizards")]);
        let found = unmet([], [&client], &[role("members")], &rules);
        let told: Vec<_> = found.iter().map(|one| (one.says(), one.remedy())).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].0.starts_with("OpenID client `wiki` asks for the role `wizards`"), "{told:?}");
        assert!(told[0].1.starts_with("Add a rule"), "{told:?}");
        assert!(told[1].0.starts_with("the administration asks for the role `members`"), "{told:?}");
        assert!(told[1].1.starts_with("Did you mean `member`?"), "{told:?}");
    }
}
