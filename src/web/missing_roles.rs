//! What a person is told who lacks the roles that a page or an OpenID client asks for.

use super::pages::{Missing, Refused};
use super::paths;
use crate::domain::access::{Require, Standing};
use crate::domain::association::Association;
use crate::domain::rule::Role;
use crate::flows::person::PublishedRules;

/// What is missing, by the labels that people know, and how to go on.
pub fn of(
    rules: &PublishedRules,
    association: &Association,
    standing: &Standing,
    require: &Require,
) -> Refused {
    let published = rules.load();
    let label = |role: &Role| published.rules.label_of(role).to_string();
    let lacks = |role: &&Role| !standing.decision.roles.contains(*role);
    let missing = match require {
        Require::Public | Require::SignedIn => Missing::AnyOf(Vec::new()),
        Require::AnyOf(roles) => Missing::AnyOf(roles.iter().map(label).collect()),
        Require::AllOf(roles) => Missing::AllOf(roles.iter().filter(lacks).map(label).collect()),
    };
    let renew_url = standing.profile.renewal_url.clone();
    Refused {
        name: standing.profile.name.clone(),
        missing,
        renew_url: renew_url.or_else(|| association.renew_url.as_ref().map(ToString::to_string)),
        contact: association.contact.clone(),
        sign_out: paths::LOGOUT.to_owned(),
        client: None,
        unread: standing.unread.iter().map(|part| part.name()).collect(),
    }
}
