//! Adding a group without knowing the form of the file: what it is, and who is in it.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::place::mapping;
use crate::domain::community::{GroupKind, GroupMapping, GroupRole};
use crate::domain::rule::Rules;
use crate::domain::time::TimeZone;
use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::answers::{Answer, page};
use crate::web::admin::caller::{Called, Caller};
use crate::web::admin::done::Done;
use crate::web::admin::draft::told;
use crate::web::admin::fields::{Field, FieldErrors, List};
use crate::web::admin::mapping::offers::Offers;
use crate::web::admin::mapping::rule::form::TypedRule;
use crate::web::admin::mapping::rule::page::TypedConditions;
use crate::web::admin::menu;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::state::Admin;

/// Types of communities that Higher Logic knows, offered to choose from.
const TYPES: [&str; 3] = ["Committee", "Chapter", "Event"];

/// A group as typed.
#[derive(Clone, Debug, Default)]
pub struct TypedGroup {
    /// Its key.
    pub id: String,
    /// Its name.
    pub name: String,
    /// It is a security group; otherwise a community.
    pub is_security_group: bool,
    /// The type of a community.
    pub of_type: String,
    /// Whoever is in it counts as a member.
    pub member: bool,
    /// What is sent of the person's role.
    pub place: String,
    /// Who is in it.
    pub when: TypedRule,
}

impl TypedGroup {
    fn sent(caller: &Caller) -> TypedGroup {
        let text = |name: &str| caller.sent(name).trim().to_owned();
        TypedGroup {
            id: text("id"),
            name: text("name"),
            is_security_group: caller.sent("as") == "security_group",
            of_type: text("type"),
            member: caller.ticked("member"),
            place: text("place"),
            when: TypedRule::read(&caller.form),
        }
    }

    /// The group, or what to mend. Whether it fits the others is asked when it is saved.
    fn group(&self) -> Result<GroupMapping, FieldErrors> {
        let mut errors = FieldErrors::new();
        if self.id.is_empty() {
            errors.insert("id".into(), "Give it a key, such as committee-EDU.".into());
        }
        if !self.is_security_group && self.of_type.is_empty() {
            errors.insert("type".into(), "Choose or type what kind of community it is.".into());
        }
        let when =
            self.when.when("Add at least one condition; without any nobody would be in it.", &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(GroupMapping {
            id: self.id.clone(),
            name: if self.name.is_empty() { "{name}".to_owned() } else { self.name.clone() },
            kind: match self.is_security_group {
                true => GroupKind::SecurityGroup,
                false => GroupKind::Community(self.of_type.clone()),
            },
            member: self.member,
            role: GroupRole::parse(&self.place),
            when,
        })
    }
}

/// The form of a new group.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/group.html")]
pub struct GroupPage {
    /// Around the page.
    pub shell: Shell,
    /// Key and name.
    pub names: Vec<Field>,
    /// It is a security group; otherwise a community.
    pub is_security_group: bool,
    /// The type of a community.
    pub of_type: Field,
    /// Whoever is in it counts as a member.
    pub member: bool,
    /// What is sent of the person's role.
    pub place: Field,
    /// Who is in it.
    pub conditions: TypedConditions,
    /// What fields offer.
    pub lists: Vec<List>,
}

impl GroupPage {
    /// A form with what was typed.
    pub fn new(shell: Shell, typed: &TypedGroup, errors: &FieldErrors, offers: Offers) -> GroupPage {
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let mend = |name: &str| errors.get(name).cloned();
        let conditions = TypedConditions::of(&typed.when, errors, &offers);
        let list = |id: &'static str, items: &[&str]| List {
            id: id.into(),
            items: items.iter().map(|item| ((*item).to_owned(), (*item).to_owned())).collect(),
        };
        let own = [list("list-type", &TYPES), list("list-place", &["{position}", "{position_code}"])];
        GroupPage {
            shell: shell.status(status),
            names: vec![
                Field::text("id", "Key at the community", &typed.id)
                    .hint("Sent exactly so, and never changed. With {code} in it there is one group for each code that fits a pattern below.")
                    .required()
                    .mend(mend("id")),
                Field::text("name", "Name (optional)", &typed.name)
                    .hint("When the community first hears of it. Left empty, it is the name in the AMS.")
                    .mend(mend("name")),
            ],
            is_security_group: typed.is_security_group,
            of_type: Field::text("type", "Type of a community", &typed.of_type)
                .hint("Higher Logic knows Committee, Chapter and Event; another type has to be set up there first.")
                .list("list-type")
                .mend(mend("type")),
            member: typed.member,
            place: Field::text("place", "Role in it (optional)", &typed.place)
                .hint("{position} is the position of the committee seat by its name, {position_code} by its code; any other text is sent as it is.")
                .list("list-place")
                .mend(mend("place")),
            conditions,
            lists: own.into_iter().chain(offers.lists).collect(),
        }
    }
}

admin_pages!(GroupPage);

/// Shows an empty form.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    mapping(&admin)?;
    page(&form_page(&admin, &caller, &TypedGroup::default(), &FieldErrors::new()))
}

/// Takes the form: another condition, one less or one back, or into the draft.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let community = mapping(&admin)?;
    let mut typed = TypedGroup::sent(&caller);
    if typed.when.step(caller.sent("do"), caller.sent("add")) {
        return page(&form_page(&admin, &caller, &typed, &FieldErrors::new()));
    }
    let group = match typed.group() {
        Ok(group) => group,
        Err(errors) => return page(&form_page(&admin, &caller, &typed, &errors)),
    };
    match community.add_group(&caller.actor, &group).await {
        Ok(_) => caller.done(menu::COMMUNITY_MAPPING, Done::Saved),
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(error) => {
            let errors = FieldErrors::from([("rule".to_owned(), told(&error))]);
            page(&form_page(&admin, &caller, &typed, &errors))
        }
    }
}

fn form_page(admin: &Admin, caller: &Caller, typed: &TypedGroup, errors: &FieldErrors) -> GroupPage {
    let shell = caller.shell(menu::COMMUNITY_MAPPING).with(admin.outage());
    // Roles are not offered here.
    let offers = Offers::of(admin, &Rules::new(TimeZone::UTC));
    GroupPage::new(shell, typed, errors, offers)
}
