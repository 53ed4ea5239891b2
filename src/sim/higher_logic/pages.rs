//! The pages of the community that its members see. They say that they are not the real ones.

use askama::Template;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::model::{Contact, Group, GroupKind};
use super::state::State;
use crate::sim::serving::{Answer, Call, Handled};

/// So many people are on a page.
pub(super) const MOST_SHOWN: usize = 200;

/// A heading and a sentence.
#[derive(Template)]
#[template(path = "sim_higher_logic/message.html")]
pub(super) struct Message<'a> {
    title: &'a str,
    text: &'a str,
    is_refusal: bool,
}

impl<'a> Message<'a> {
    pub(super) fn new(title: &'a str, text: &'a str) -> Message<'a> {
        Message { title, text, is_refusal: false }
    }

    pub(super) fn refusing(title: &'a str, text: &'a str) -> Message<'a> {
        Message { title, text, is_refusal: true }
    }
}

/// A group that somebody is in, with the role there.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) is_hidden: bool,
}

/// Somebody in a list of people.
pub(super) struct PersonRow {
    /// As it stands in an address.
    pub(super) key: String,
    pub(super) id: String,
    pub(super) name: String,
    /// Title and organization.
    pub(super) position: String,
    pub(super) is_member: bool,
    pub(super) is_company: bool,
    pub(super) status: &'static str,
    pub(super) communities: Vec<Place>,
    pub(super) security: Vec<Place>,
}

/// A community in a list.
pub(super) struct GroupRow {
    /// As it stands in an address.
    pub(super) address: String,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) group_type: String,
    pub(super) is_hidden: bool,
    pub(super) benefits: bool,
    pub(super) members: usize,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/home.html")]
struct Home {
    visitor: Option<String>,
    edit_profile: String,
    communities: Vec<GroupRow>,
    text: String,
    found: usize,
    people: Vec<PersonRow>,
    pending: usize,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/person.html")]
struct Person {
    person: PersonRow,
    bio: String,
    email: String,
    image: String,
    colleagues: Vec<String>,
    meant_for_directory: bool,
}

/// A key as it stands in an address.
pub(super) fn in_address(key: &str) -> String {
    utf8_percent_encode(key, NON_ALPHANUMERIC).to_string()
}

/// Whether an address may stand behind a link or a picture.
fn web_address(text: &str) -> String {
    let is_one = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_one { text.to_owned() } else { String::new() }
}

impl State {
    /// Groups of a kind, with the number of those who are in them now.
    pub(super) fn group_rows(&self, kind: GroupKind) -> Vec<GroupRow> {
        let now = self.now();
        let mut members = std::collections::BTreeMap::<&str, usize>::new();
        for contact in self.directory.contacts.values() {
            let mut groups: Vec<&str> = contact.active(now).map(|it| it.group.as_str()).collect();
            groups.sort_unstable();
            groups.dedup();
            groups.into_iter().for_each(|group| *members.entry(group).or_default() += 1);
        }
        let row = |it: &Group| GroupRow {
            address: in_address(&it.key),
            key: it.key.clone(),
            name: it.name.clone(),
            group_type: it.group_type.clone(),
            is_hidden: it.hidden,
            benefits: self.provides_benefits(it),
            members: members.get(it.key.as_str()).copied().unwrap_or_default(),
        };
        self.directory.of_kind(kind).map(row).collect()
    }

    /// Somebody, with the groups that count now.
    pub(super) fn person_row(&self, it: &Contact) -> PersonRow {
        let places = |kind: GroupKind| {
            let lines = it.active(self.now());
            let of_kind = lines.filter_map(|line| {
                let group = self.directory.groups.get(&line.group).filter(|group| group.kind == kind)?;
                let (name, is_hidden) = (group.name.clone(), group.hidden && kind == GroupKind::Community);
                Some(Place { name, role: line.role.clone(), is_hidden })
            });
            of_kind.collect()
        };
        let company = if it.is_company() { "" } else { it.text("organizationName") };
        let position: Vec<&str> =
            [it.text("title"), company].into_iter().filter(|it| !it.is_empty()).collect();
        PersonRow {
            key: in_address(&it.contact_id),
            id: it.contact_id.clone(),
            name: it.full_name(),
            position: position.join(", "),
            is_member: self.is_member(it),
            is_company: it.is_company(),
            status: it.status(),
            communities: places(GroupKind::Community),
            security: places(GroupKind::Security),
        }
    }

    /// Those in whose key, name, address or organization a text occurs, by name.
    pub(super) fn found(&self, text: &str) -> Vec<&Contact> {
        let text = text.trim().to_lowercase();
        let fits = |it: &&Contact| {
            let organization = it.text("organizationName");
            let all = [it.contact_id.as_str(), &it.full_name(), it.text("email"), organization].join(" ");
            text.is_empty() || all.to_lowercase().contains(&text)
        };
        let mut found: Vec<&Contact> = self.directory.contacts.values().filter(fits).collect();
        found.sort_by_key(|it| (it.text("lastName").to_lowercase(), it.full_name()));
        found
    }
}

/// Everybody who is in, with communities and roles.
pub(super) fn home(state: &mut State, call: &Call) -> Handled {
    let text = call.query("q").unwrap_or_default();
    let found: Vec<&Contact> = state.found(text).into_iter().filter(|it| it.status() == "Active").collect();
    Ok(Answer::page_of(
        StatusCode::OK,
        &Home {
            visitor: state.visitor(call).map(Contact::full_name),
            edit_profile: state.switches.edit_profile.as_deref().map(web_address).unwrap_or_default(),
            communities: state.group_rows(GroupKind::Community),
            text: text.to_owned(),
            found: found.len(),
            people: found.into_iter().take(MOST_SHOWN).map(|it| state.person_row(it)).collect(),
            pending: state.queue.len(),
        },
    ))
}

/// The profile of one person or company.
pub(super) fn person(state: &mut State, call: &Call) -> Handled {
    let contact = state.directory.contacts.get(call.argument("id")).filter(|it| it.status() == "Active");
    let Some(contact) = contact else {
        return Err(Answer::page_of(
            StatusCode::NOT_FOUND,
            &Message::refusing("Nobody here", "There is no profile at this address."),
        ));
    };
    let below =
        state.directory.contacts.values().filter(|it| it.text("parentContactId") == contact.contact_id);
    Ok(Answer::page_of(
        StatusCode::OK,
        &Person {
            person: state.person_row(contact),
            bio: contact.text("bio").to_owned(),
            email: contact.text("email").to_owned(),
            image: web_address(contact.text("profileImageUrl")),
            colleagues: below.take(MOST_SHOWN).map(Contact::full_name).collect(),
            meant_for_directory: contact.flag("excludeFromDirectory") != Some(true)
                && !contact.directory_opt_out,
        },
    ))
}
