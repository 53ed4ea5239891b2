//! A record of a push, once it was read: the same from both versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::model::{Fields, GroupKind, Item};

/// Everything that one push says about a contact.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) contact_id: String,
    /// Only the id counts then.
    pub(super) deleted: bool,
    pub(super) profile: Fields,
    pub(super) lines: Vec<Line>,
    pub(super) details: BTreeMap<String, Vec<Value>>,
    /// As it was received.
    pub(super) raw: Value,
}

/// A line in a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// What version 1 says that the group is; version 2 says it by the type.
    pub(super) kind: Option<GroupKind>,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) group_type: String,
    pub(super) sub_type: String,
    pub(super) role: String,
    pub(super) parent: String,
    pub(super) since: Option<Timestamp>,
    pub(super) begin: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
}

impl Line {
    /// Whether it counts at an instant.
    pub(super) fn is_active(&self, now: Timestamp) -> bool {
        self.begin.is_none_or(|begin| begin <= now) && self.end.is_none_or(|end| now < end)
    }

    pub(super) fn of(fields: &Fields, kind: Option<GroupKind>) -> Line {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let instant = |name: &str| text(name).parse().ok();
        Line {
            kind,
            group: text("group"),
            name: text("name"),
            group_type: text("type"),
            sub_type: text("subType"),
            role: text("role"),
            parent: text("parent"),
            since: instant("since"),
            begin: instant("begin"),
            end: instant("end"),
        }
    }
}

/// What a push does to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListMode {
    Replace,
    Add,
    Remove,
}

/// A change of a list.
#[derive(Clone, Debug)]
pub(super) struct ListChange {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) mode: ListMode,
    pub(super) contacts: Vec<String>,
}

/// One thing that waits in the queue.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Contact(Box<Record>),
    Meeting(Item),
    Product(Item),
    List(ListChange),
}

impl Change {
    /// By what it is known.
    pub(super) fn id(&self) -> &str {
        match self {
            Change::Contact(record) => &record.contact_id,
            Change::Meeting(item) | Change::Product(item) => &item.id,
            Change::List(change) => &change.id,
        }
    }

    pub(super) fn what(&self) -> &'static str {
        match self {
            Change::Contact(_) => "contact",
            Change::Meeting(_) => "meeting",
            Change::Product(_) => "product",
            Change::List(_) => "list",
        }
    }
}
