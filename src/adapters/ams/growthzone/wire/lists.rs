//! Reads lists of the association: what there is to choose from, who is on a list, who attends an event, who has changed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use super::places::{ListPlace, PlaceDetail};
use super::{date, id_in, is_individual};
use crate::adapters::ams::cancelled::is_cancelled;
use crate::adapters::ams::json::{JsonEntry, Malformed};
use crate::domain::catalogue::{Choice, EventChoice, plain_day};
use crate::domain::code::Code;
use crate::domain::directory::roster::{RosterEntry, RosterLine, RosterRow};
use crate::domain::fold;
use crate::domain::record::{IndividualId, Registration};
use crate::domain::time::AmsDate;

/// Something with a number and a name. One without a name is passed over.
pub(in crate::adapters::ams) fn choices(rows: &[Value], number: &str) -> Vec<Choice> {
    let choice = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let (code, label) = (row.text(number).ok()??, row.text("Name").ok()?);
        Some(Choice { label: label.unwrap_or_else(|| code.clone()), code })
    };
    sorted(rows.iter().filter_map(choice).collect())
}

/// By label; of two with one code the first stays.
pub(in crate::adapters::ams) fn sorted(mut choices: Vec<Choice>) -> Vec<Choice> {
    choices.sort_by(|a, b| (&a.label, &a.code).cmp(&(&b.label, &b.code)));
    let mut seen = std::collections::BTreeSet::new();
    choices.retain(|choice| seen.insert(fold::folded(&choice.code)));
    choices
}

/// Names by number.
pub(in crate::adapters::ams) fn names(rows: &[Value], number: &str) -> BTreeMap<String, String> {
    let named = rows.iter().filter_map(JsonEntry::of);
    named.filter_map(|row| Some((row.text(number).ok()??, row.text("Name").ok()??))).collect()
}

/// Events, latest first.
pub(in crate::adapters::ams) fn events(rows: &[Value]) -> Vec<EventChoice> {
    let event = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let code = row.text("EventId").ok()??;
        let label = row.text("Name").ok()?.unwrap_or_else(|| code.clone());
        Some(EventChoice { code, label, first_day: plain_day(&date(&row, "StartDate")) })
    };
    let mut events: Vec<EventChoice> = rows.iter().filter_map(event).collect();
    events.sort_by(|a, b| {
        (Reverse(a.first_day), &a.label, &a.code).cmp(&(Reverse(b.first_day), &b.label, &b.code))
    });
    events
}

/// A list or an event, as the rows on it do not tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ams) struct NumberedThing {
    pub(in crate::adapters::ams) number: String,
    pub(in crate::adapters::ams) name: Option<String>,
    /// Of a list: whether people put themselves on it.
    pub(in crate::adapters::ams) joinable: Option<bool>,
    pub(in crate::adapters::ams) start: AmsDate,
    pub(in crate::adapters::ams) end: AmsDate,
}

/// The one that a rule means: by its number, else by its name.
pub(in crate::adapters::ams) fn meant(rows: &[Value], number: &str, code: &Code) -> Option<NumberedThing> {
    let by = |name: &str| {
        let mut entries = rows.iter().filter_map(JsonEntry::of);
        entries.find(|row| row.text(name).ok().flatten().is_some_and(|said| code.matches(&said)))
    };
    let row = by(number).or_else(|| by("Name"))?;
    // The number goes into a path.
    let said = row.text(number).ok().flatten()?;
    let is_plain = said.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain.then(|| NumberedThing {
        number: said,
        name: row.text("Name").ok().flatten(),
        joinable: row.flag("IsMemberJoinable").unwrap_or(Some(true)),
        start: date(&row, "StartDate"),
        end: date(&row, "EndDate"),
    })
}

/// Who is on a list, with what is said about each place. Organizations may be on it too; they are nobody here.
pub(in crate::adapters::ams) fn members(rows: &[Value]) -> Vec<(IndividualId, Option<PlaceDetail>)> {
    let row = |row: &Value| {
        let row = JsonEntry::of(row)?;
        if is_individual(&row) == Some(false) {
            return None;
        }
        Some((id_in(&row, "ContactId")?, PlaceDetail::of(&row).ok()))
    };
    rows.iter().filter_map(row).collect()
}

/// A member of a list as a row of its roster. Of one that cannot be understood it is not known what it is.
pub(in crate::adapters::ams) fn seat_row(
    person: IndividualId,
    detail: Option<PlaceDetail>,
    list: &NumberedThing,
) -> RosterRow {
    let place = detail.map_or_else(ListPlace::default, |detail| ListPlace {
        list: list.number.clone(),
        name: list.name.clone(),
        joinable: list.joinable,
        detail,
    });
    RosterRow { person, line: RosterLine { number: None, entry: RosterEntry::Seat(place.seat()) } }
}

/// Who attends an event, under the code by which it was asked for. Guests are nobody, and who has cancelled stays with that mark.
pub(in crate::adapters::ams) fn attendees(
    rows: &[Value],
    event: &NumberedThing,
    code: &Code,
) -> Vec<RosterRow> {
    let row = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let person = id_in(&row, "AttendeeContactId").or_else(|| id_in(&row, "ContactId"))?;
        let found = attendance(&row, event, code).unwrap_or_default();
        Some(RosterRow { person, line: RosterLine { number: None, entry: RosterEntry::Registration(found) } })
    };
    rows.iter().filter_map(row).collect()
}

/// One attendance.
pub(in crate::adapters::ams) fn attendance(
    row: &JsonEntry<'_>,
    event: &NumberedThing,
    code: &Code,
) -> Result<Registration, Malformed> {
    Ok(Registration {
        event: code.as_str().to_owned(),
        registration_date: date(row, "RegistrationDate"),
        event_start: event.start.clone(),
        event_end: event.end.clone(),
        cancelled: is_cancelled(row, "registration", &mut Vec::new())?,
    })
}

/// A row of the feed of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ams) struct FeedRow {
    pub(in crate::adapters::ams) contact: IndividualId,
    pub(in crate::adapters::ams) is_organization: bool,
    /// As it is written.
    pub(in crate::adapters::ams) stamp: Option<String>,
    pub(in crate::adapters::ams) at: AmsDate,
}

/// The rows of the feed. One without a contact is about nobody.
pub(in crate::adapters::ams) fn changes(rows: &[Value]) -> Vec<FeedRow> {
    let change = |row: &Value| {
        let row = JsonEntry::of(row)?;
        Some(FeedRow {
            contact: id_in(&row, "ContactId")?,
            is_organization: row.text("SystemContactTypeId").ok().flatten().is_some_and(|kind| kind == "2"),
            stamp: row.text("ModifiedDate").ok().flatten(),
            at: date(&row, "ModifiedDate"),
        })
    };
    rows.iter().filter_map(change).collect()
}
