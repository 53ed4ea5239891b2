//! What is on file: contacts, groups, memberships, meetings, in the shape in which the control shows them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fields by the names of this simulator (`fields.rs`), each a text, a yes or no, or an instant.
pub type Fields = BTreeMap<String, Value>;

/// What a key of a group stands for. It is decided when the key is seen first, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupKind {
    /// Decides what people may see.
    Security,
    /// A place with members.
    #[default]
    Community,
}

/// A security group or a community.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Group {
    /// The key of the association, case included.
    pub key: String,
    /// What it is.
    pub kind: GroupKind,
    /// Higher Logic's own key.
    pub guid: String,
    /// The name that it got when it was made, or that an administrator gave it since.
    pub name: String,
    /// The type that it was made with.
    pub group_type: String,
    /// The type below that.
    pub sub_type: String,
    /// The key of the community above.
    pub parent: String,
    /// Only administrators see it.
    pub hidden: bool,
    /// Whoever is in it counts as a member.
    pub provides_member_benefits: bool,
    /// When its key was seen first.
    pub created_at: Timestamp,
}

/// One line of a person in a group: a role with its dates. A line that was left is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Membership {
    /// The key of the group.
    pub group: String,
    /// The role; empty: a plain member.
    pub role: String,
    /// Member since.
    pub since: Option<Timestamp>,
    /// When it begins; none: at once.
    pub begin: Option<Timestamp>,
    /// When it ends; none: never.
    pub end: Option<Timestamp>,
    /// When this line was made here.
    pub joined_at: Timestamp,
    /// When it was left out of a push.
    pub removed_at: Option<Timestamp>,
    /// Somebody joined here, without a push.
    pub by_hand: bool,
}

impl Membership {
    /// Whether it counts at an instant.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.removed_at.is_none()
            && self.begin.is_none_or(|begin| begin <= now)
            && self.end.is_none_or(|end| now < end)
    }

    /// When it began to count, if it ever did before `now`.
    pub fn began(&self, now: Timestamp) -> Option<Timestamp> {
        let began = self.begin.map_or(self.joined_at, |begin| begin.max(self.joined_at));
        let ended = self.ended(now);
        (began <= now && ended.is_none_or(|ended| began < ended)).then_some(began)
    }

    /// When it ceased to count, if it has.
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.end.filter(|end| *end <= now);
        [self.removed_at, end].into_iter().flatten().min()
    }
}

/// A person or a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact {
    /// The key of the association, case included: ContactId, LegacyContactKey.
    pub contact_id: String,
    /// Higher Logic's own key.
    pub contact_key: String,
    /// Deleted by a push; the row stays.
    pub is_deleted: bool,
    /// Why the tenant's lists of groups keep this contact out.
    pub de_synced: Option<String>,
    /// The person's own choice not to be in the directory.
    pub directory_opt_out: bool,
    /// The lines in groups, those that were left too.
    pub memberships: Vec<Membership>,
    /// Addresses, phone numbers, demographics and so on, by list.
    pub details: BTreeMap<String, Vec<Value>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The fields.
    #[serde(flatten)]
    pub profile: Fields,
}

impl Contact {
    /// A text of the profile; empty without one.
    pub fn text(&self, field: &str) -> &str {
        self.profile.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A yes or no of the profile.
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.profile.get(field).and_then(Value::as_bool)
    }

    /// Whether it is a company.
    pub fn is_company(&self) -> bool {
        self.flag("isOrganization") == Some(true)
    }

    /// The name for people.
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.text("firstName"), self.text("lastName"));
        let name = if self.is_company() { self.text("organizationName") } else { name.trim() };
        if name.is_empty() { self.contact_id.clone() } else { name.to_owned() }
    }

    /// The word of the read side.
    pub fn status(&self) -> &'static str {
        match self {
            Contact { is_deleted: true, .. } => "Deleted",
            Contact { de_synced: Some(_), .. } => "DeSynced",
            it if it.flag("isActive") == Some(false) => "Inactive",
            _ => "Active",
        }
    }

    /// The lines that count at an instant.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(move |it| it.is_active(now))
    }
}

/// A meeting or a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    /// The key of the association.
    pub id: String,
    /// Deleted by a push; the row stays.
    pub is_deleted: bool,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The fields.
    #[serde(flatten)]
    pub fields: Fields,
}

impl Item {
    /// A text of it; empty without one.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A list of contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ContactList {
    /// The key of the association.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The ids on it.
    pub contacts: BTreeSet<String>,
}

/// Something that happened to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// When, by the simulator's clock.
    pub at: Timestamp,
    /// The number of the push; none: it was done here.
    pub push: Option<u64>,
    /// What.
    pub what: String,
}

/// What was received about a contact, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trail {
    /// The latest record as it was received.
    pub payload: Value,
    /// When it was received.
    pub received_at: Option<Timestamp>,
    /// What happened, the latest last.
    pub history: VecDeque<HistoryLine>,
}

/// So many lines of history are kept for each contact.
const MOST_HISTORY: usize = 50;

impl Trail {
    /// Enters something that happened.
    pub fn note(&mut self, at: Timestamp, push: Option<u64>, what: String) {
        if self.history.len() >= MOST_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(HistoryLine { at, push, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_between_its_dates_and_until_it_is_left() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let line = |begin: Option<i64>, end: Option<i64>, removed: Option<i64>| Membership {
            begin: begin.map(at),
            end: end.map(at),
            joined_at: at(5),
            removed_at: removed.map(at),
            ..Membership::default()
        };
        let cases = [
            (line(None, None, None), (true, Some(5), None)),
            (line(Some(10), None, None), (true, Some(10), None)),
            (line(Some(11), None, None), (false, None, None)),
            (line(None, Some(10), None), (false, Some(5), Some(10))),
            (line(None, Some(11), None), (true, Some(5), None)),
            (line(None, Some(9), Some(8)), (false, Some(5), Some(8))),
            (line(Some(9), None, Some(8)), (false, None, Some(8))),
        ];
        for (line, (active, began, ended)) in cases {
            let found = (line.is_active(at(10)), line.began(at(10)), line.ended(at(10)));
            assert_eq!(found, (active, began.map(at), ended.map(at)), "{line:?}");
        }
    }
}
