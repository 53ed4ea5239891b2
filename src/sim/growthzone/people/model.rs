//! Who is on file in the simulated association: the types of a people file of GrowthZone.
//!
//! Dates are text without a zone, so that a file can hold what is broken on purpose. Member names in JSON are camelCase; what
//! is left out is absent. Types, lists and events are named by their name, contacts by their number.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::profile::Profile;
use crate::sim::people::PASSWORD;

/// Everybody and everything on file. A people file is this as JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct People {
    /// People and organizations.
    pub people: Vec<Contact>,
    /// The types of membership.
    pub membership_types: Vec<MembershipType>,
    /// The lists, which may be committees.
    pub lists: Vec<List>,
    /// The events.
    pub events: Vec<Event>,
}

/// What a contact is. The numbers are those of SystemContactTypeId.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactType {
    /// A human being.
    #[default]
    Individual = 1,
    /// An organization.
    Organization = 2,
    /// A family.
    Family = 3,
    /// A program.
    ThirdPartyApi = 4,
}

/// A person or an organization. Only `contactId` and a name are needed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Contact {
    /// What this contact is good for in a test; shown on the demo's login page.
    pub note: String,
    /// The stable key: digits.
    pub contact_id: String,
    /// What the contact is.
    pub contact_type: ContactType,
    /// The name of an organization.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Job title.
    pub title: String,
    /// The e-mail; two contacts may share one.
    pub email: Option<String>,
    /// What the contact says beyond name and e-mail; left out: nothing.
    pub profile: Option<Box<Profile>>,
    /// The login of the Info Hub, if there is one.
    pub login: Option<Login>,
    /// The contact's own memberships.
    pub memberships: Vec<Membership>,
    /// The status word in place of the one that follows from memberships.
    pub status: Option<String>,
    /// Organizations to which a person is related.
    pub organizations: Vec<Organization>,
    /// Lists and committees.
    pub lists: Vec<ListEntry>,
    /// Certifications.
    pub certifications: Vec<Certification>,
    /// Events which the person attends.
    pub registrations: Vec<Registration>,
    /// Custom fields.
    pub fields: Vec<Field>,
    /// Names of roles.
    pub roles: Vec<String>,
    /// JSON members of `contacts` and `contacts/person` that are answered exactly as written here, over all else.
    pub overrides: Map<String, Value>,
}

/// A login of the Info Hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Login {
    /// The name to sign in with, which is not the e-mail.
    pub username: String,
    /// The password.
    pub password: String,
}

impl Default for Login {
    fn default() -> Login {
        Login { username: String::new(), password: PASSWORD.to_owned() }
    }
}

/// What ends a membership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndType {
    /// Staff, whatever the dates say.
    #[default]
    Manual,
    /// The end of its grace, or of its term where there is no grace.
    Duration,
}

/// A membership.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Membership {
    /// Its number.
    pub membership_id: u64,
    /// Name of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the level.
    pub level: String,
    /// The word; left out: Active.
    pub status: Option<String>,
    /// What ends it.
    pub end_type: EndType,
    /// Begin.
    pub start_date: Option<String>,
    /// End.
    pub expiration_date: Option<String>,
    /// End of the days of grace.
    pub grace_period_expiration_date: Option<String>,
}

/// A relation to an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Organization {
    /// Its number.
    pub organization: String,
    /// The job there.
    pub title: String,
    /// Such as `Primary` or `Staff`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A place on a list or committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListEntry {
    /// Name of the list.
    pub list: String,
    /// The role on it.
    pub role: String,
    /// Since when.
    pub join_date: Option<String>,
    /// Until when.
    pub drop_date: Option<String>,
    /// Whether it is in force.
    pub is_active: bool,
}

impl Default for ListEntry {
    fn default() -> ListEntry {
        let (list, role) = (String::new(), String::new());
        ListEntry { list, role, join_date: None, drop_date: None, is_active: true }
    }
}

/// A certification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Certification {
    /// Its name.
    pub name: String,
    /// The word of its status.
    pub status: String,
    /// When it began.
    pub start_date: Option<String>,
    /// When it was reached.
    pub completed_date: Option<String>,
}

/// An attendee of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Registration {
    /// Name of the event.
    pub event: String,
    /// When it was made.
    pub registration_date: Option<String>,
    /// The word of its status.
    pub status: String,
}

/// A field that the association made up itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A type of membership.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MembershipType {
    /// Its number.
    pub membership_type_id: u64,
    /// Its name.
    pub name: String,
    /// Its levels.
    pub levels: Vec<String>,
}

/// A list, which may be a committee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct List {
    /// Its number.
    pub group_id: u64,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// What it is for.
    pub description: String,
    /// Whoever likes puts themselves on it.
    pub is_member_joinable: bool,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Event {
    /// Its number.
    pub event_id: u64,
    /// Its name.
    pub name: String,
    /// First day.
    pub start_date: Option<String>,
    /// Last day.
    pub end_date: Option<String>,
}

impl Contact {
    /// First and family name, or the name of the organization.
    pub fn full_name(&self) -> String {
        match self.contact_type {
            ContactType::Individual => format!("{} {}", self.first_name, self.last_name).trim().to_owned(),
            _ => self.name.clone(),
        }
    }
}
