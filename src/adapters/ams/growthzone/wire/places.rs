//! Lists on which somebody is: the same rows are places in groups and seats on committees.

use std::collections::BTreeMap;

use serde_json::Value;

use super::date;
use crate::adapters::ams::json::{JsonEntry, Malformed};
use crate::domain::record::{CommitteeSeat, GroupPlace};
use crate::domain::time::AmsDate;

/// A place on a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters::ams) struct ListPlace {
    /// The list's number.
    pub(in crate::adapters::ams) list: String,
    /// Its name.
    pub(in crate::adapters::ams) name: Option<String>,
    /// Whether people put themselves on it. `None`: that is not said.
    pub(in crate::adapters::ams) joinable: Option<bool>,
    /// What is said about the place itself.
    pub(in crate::adapters::ams) detail: PlaceDetail,
}

/// Role and term on a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters::ams) struct PlaceDetail {
    /// The role. `None`: not told.
    pub(in crate::adapters::ams) role: Option<String>,
    pub(in crate::adapters::ams) start: AmsDate,
    pub(in crate::adapters::ams) end: AmsDate,
    /// It is over.
    pub(in crate::adapters::ams) is_over: bool,
}

impl PlaceDetail {
    /// Reads a row with role, dates and flag. An empty role is one that is told.
    pub(in crate::adapters::ams) fn of(row: &JsonEntry<'_>) -> Result<PlaceDetail, Malformed> {
        let role = if row.has("Role") { Some(row.text("Role")?.unwrap_or_default()) } else { None };
        Ok(PlaceDetail {
            role,
            start: date(row, "JoinDate"),
            end: date(row, "DropDate"),
            is_over: row.flag("IsActive")? == Some(false),
        })
    }

    /// Whether the call tells anything about places.
    pub(in crate::adapters::ams) fn is_told(&self) -> bool {
        self.role.is_some() || self.start != AmsDate::Absent || self.end != AmsDate::Absent
    }
}

impl ListPlace {
    /// As a seat. Whether people may join by themselves counts as yes until it is told.
    pub(in crate::adapters::ams) fn seat(&self) -> CommitteeSeat {
        CommitteeSeat {
            committee: self.list.clone(),
            committee_name: self.name.clone(),
            position: None,
            position_name: self.detail.role.clone().filter(|role| !role.is_empty()),
            position_unread: self.detail.role.is_none(),
            self_joinable: self.joinable != Some(false) && !self.list.is_empty(),
            start_date: self.detail.start.clone(),
            end_date: self.detail.end.clone(),
            cancelled: self.detail.is_over,
        }
    }

    /// As a place in a group.
    pub(in crate::adapters::ams) fn place(&self) -> GroupPlace {
        GroupPlace {
            group: self.list.clone(),
            group_name: self.name.clone(),
            self_joinable: self.joinable != Some(false) && !self.list.is_empty(),
            start_date: self.detail.start.clone(),
            end_date: self.detail.end.clone(),
            inherited: false,
            cancelled: self.detail.is_over,
        }
    }
}

/// The lists of a contact, out of `Groups` and `GroupMembers`, and of all lists named there whether people join by themselves.
#[derive(Debug, Default, PartialEq)]
pub(in crate::adapters::ams) struct ListPlaces {
    /// Where the contact is.
    pub(in crate::adapters::ams) on: Vec<ListPlace>,
    /// By number.
    pub(in crate::adapters::ams) joinable: BTreeMap<String, bool>,
}

/// Reads the answer about a contact's lists. `None`: it names none, on or off.
pub(in crate::adapters::ams) fn of_contact(body: &Value, warnings: &mut Vec<String>) -> Option<ListPlaces> {
    let entry = JsonEntry::of(body)?;
    let lists = ["Groups", "GroupMembers"].map(|name| entry.get(name).and_then(Value::as_array));
    if lists.iter().all(Option::is_none) {
        return None;
    }
    let (mut places, mut off) = (ListPlaces::default(), Vec::new());
    for row in lists.into_iter().flatten().flatten() {
        match read(row) {
            Ok(row) => {
                if let (Some(joinable), false) = (row.place.joinable, row.place.list.is_empty()) {
                    places.joinable.insert(row.place.list.clone(), joinable);
                }
                if row.is_removed {
                    off.push(row.place.list);
                } else if row.is_on && !places.on.iter().any(|known| known.list == row.place.list) {
                    places.on.push(row.place);
                }
            }
            Err(Malformed) => {
                warnings.push("An entry of a list cannot be understood; it grants nothing.".to_owned());
                places.on.push(ListPlace::default());
            }
        }
    }
    places.on.retain(|place| place.list.is_empty() || !off.contains(&place.list));
    Some(places)
}

struct PlaceRow {
    place: ListPlace,
    is_on: bool,
    is_removed: bool,
}

/// On it is who is selected or has a number of the place, and is not removed.
fn read(row: &Value) -> Result<PlaceRow, Malformed> {
    let row = JsonEntry::of(row).ok_or(Malformed)?;
    let number = row.text("ContactGroupId")?;
    let has_number = number.is_some_and(|number| !number.trim_start_matches('0').is_empty());
    Ok(PlaceRow {
        is_on: row.flag("IsSelected")? == Some(true) || has_number,
        is_removed: row.flag("IsRemoved")? == Some(true),
        place: ListPlace {
            list: row.name("GroupId")?,
            name: row.text("Name")?,
            joinable: row.flag("IsMemberJoinable")?,
            detail: PlaceDetail::of(&row)?,
        },
    })
}
