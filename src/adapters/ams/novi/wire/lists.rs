//! Reads lists: what there is to choose from, who sits on a committee, who attends an event, who has changed.

use std::cmp::Reverse;

use serde_json::Value;

use super::seat;
use crate::adapters::ams::json::{JsonEntry, Malformed};
use crate::domain::catalogue::{Choice, EventChoice, FieldChoice, plain_day};
use crate::domain::code::Code;
use crate::domain::directory::roster::{RosterEntry, RosterLine, RosterRow};
use crate::domain::fold;
use crate::domain::record::{CommitteeSeat, IndividualId, Registration};
use crate::domain::time::{AmsDate, Timestamp};

/// Something with an id and a name. One without a name is passed over.
pub(in crate::adapters::ams) fn choices(rows: &[Value]) -> Vec<Choice> {
    let choice = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let (code, label) = (row.text("UniqueID").ok()??, row.text("Name").ok()?);
        Some(Choice { label: label.unwrap_or_else(|| code.clone()), code })
    };
    let mut choices: Vec<Choice> = rows.iter().filter_map(choice).collect();
    choices.sort_by(|a, b| (&a.label, &a.code).cmp(&(&b.label, &b.code)));
    choices.dedup_by(|a, b| fold::folded(&a.code) == fold::folded(&b.code));
    choices
}

/// Events, latest first.
pub(in crate::adapters::ams) fn events(rows: &[Value]) -> Vec<EventChoice> {
    let event = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let code = row.text("UniqueID").ok()??;
        let label = row.text("Name").ok()?.unwrap_or_else(|| code.clone());
        Some(EventChoice { code, label, first_day: plain_day(&row.date("StartDate")) })
    };
    let mut events: Vec<EventChoice> = rows.iter().filter_map(event).collect();
    events.sort_by(|a, b| {
        (Reverse(a.first_day), &a.label, &a.code).cmp(&(Reverse(b.first_day), &b.label, &b.code))
    });
    events
}

/// Custom fields, by name.
pub(in crate::adapters::ams) fn custom_fields(rows: &[Value]) -> Vec<FieldChoice> {
    let field = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let name = row.text("Name").ok()?.or(row.text("CustomFieldName").ok()?)?;
        let values = row.values("Values").or_else(|Malformed| row.values("Options")).unwrap_or_default();
        let values = values.split('|').map(str::trim).filter(|value| !value.is_empty());
        Some(FieldChoice { label: name.clone(), values: values.map(str::to_owned).collect(), name })
    };
    let mut fields: Vec<FieldChoice> = rows.iter().filter_map(field).collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields.dedup_by(|a, b| fold::folded(&a.name) == fold::folded(&b.name));
    fields
}

/// The one of a list that a rule means: by its id, else by its name.
pub(in crate::adapters::ams) fn meant<'r>(rows: &'r [Value], code: &Code) -> Option<JsonEntry<'r>> {
    let by = |name: &str| {
        let mut entries = rows.iter().filter_map(JsonEntry::of);
        entries.find(|row| row.text(name).ok().flatten().is_some_and(|said| code.matches(&said)))
    };
    by("UniqueID").or_else(|| by("Name"))
}

/// A committee or an event, as its rows do not tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ams) struct ListedThing {
    /// Its id.
    pub(in crate::adapters::ams) id: String,
    /// Its name.
    pub(in crate::adapters::ams) name: Option<String>,
    /// First day, of an event.
    pub(in crate::adapters::ams) start: AmsDate,
    /// Last day, of an event.
    pub(in crate::adapters::ams) end: AmsDate,
}

impl ListedThing {
    /// Reads a row of the list. `None`: it has no id.
    pub(in crate::adapters::ams) fn of(row: &JsonEntry<'_>) -> Option<ListedThing> {
        Some(ListedThing {
            id: row.text("UniqueID").ok()??,
            name: row.text("Name").ok()?,
            start: row.date("StartDate"),
            end: row.date("EndDate"),
        })
    }
}

/// Seats of a committee. A row without a person is passed over; one that cannot be understood otherwise becomes a seat without a name.
pub(in crate::adapters::ams) fn seats(rows: &[Value], committee: &ListedThing) -> Vec<RosterRow> {
    let row = |row: &Value| {
        let person = person(&JsonEntry::of(row)?, &["MemberUniqueID", "CustomerUniqueID"])?;
        let found = seat(row).map_or_else(
            |Malformed| CommitteeSeat::default(),
            |found| CommitteeSeat {
                committee: committee.id.clone(),
                committee_name: found.committee_name.or_else(|| committee.name.clone()),
                ..found
            },
        );
        Some(RosterRow { person, line: RosterLine { number: None, entry: RosterEntry::Seat(found) } })
    };
    rows.iter().filter_map(row).collect()
}

/// Who attends an event. The purchaser is nobody here, and one who has cancelled stays with that mark.
pub(in crate::adapters::ams) fn attendees(rows: &[Value], event: &ListedThing) -> Vec<RosterRow> {
    let row = |row: &Value| {
        let entry = JsonEntry::of(row)?;
        let person = person(&entry, &["AttendeeCustomerUniqueId", "AttendeeUniqueID"])?;
        let found = attendance(&entry, &event.id, &event.start, &event.end).unwrap_or_default();
        let number = entry.text("RegistrationNumber").ok().flatten();
        Some(RosterRow { person, line: RosterLine { number, entry: RosterEntry::Registration(found) } })
    };
    rows.iter().filter_map(row).collect()
}

/// One attendance.
pub(in crate::adapters::ams) fn attendance(
    row: &JsonEntry<'_>,
    event: &str,
    start: &AmsDate,
    end: &AmsDate,
) -> Result<Registration, Malformed> {
    let flag = crate::adapters::ams::cancelled::is_cancelled(row, "registration", &mut Vec::new())?;
    Ok(Registration {
        event: event.to_owned(),
        registration_date: row.date("RegistrationDate"),
        event_start: start.clone(),
        event_end: end.clone(),
        cancelled: flag || !row.date("CancellationDate").is_absent(),
    })
}

fn person(row: &JsonEntry<'_>, names: &[&str]) -> Option<IndividualId> {
    let id = names.iter().find_map(|name| row.text(name).ok().flatten())?;
    IndividualId::parse(&id)
}

/// The people of the log of changes: of an inherited change it is the one who inherits, whichever of the two it names first.
pub(in crate::adapters::ams) fn of_activities(rows: &[Value]) -> Vec<IndividualId> {
    let names = &["DependentCustomerUniqueId", "MemberUniqueId"];
    rows.iter().filter_map(|row| person(&JsonEntry::of(row)?, names)).collect()
}

/// Who of the list of members has changed since then; one that does not say when has.
pub(in crate::adapters::ams) fn changed_since(rows: &[Value], since: Timestamp) -> Vec<IndividualId> {
    let changed = |row: &JsonEntry<'_>| match row.date("LastUpdatedDate") {
        AmsDate::Instant(at) => at >= since,
        _ => true,
    };
    let rows = rows.iter().filter_map(JsonEntry::of).filter(|row| changed(row) && !super::is_company(row));
    rows.filter_map(|row| super::id(&row).ok()).collect()
}

/// The earliest change on a page of the list of members.
pub(in crate::adapters::ams) fn earliest_change(rows: &[Value]) -> Option<Timestamp> {
    let at = |row: &Value| match JsonEntry::of(row)?.date("LastUpdatedDate") {
        AmsDate::Instant(at) => Some(at),
        _ => None,
    };
    rows.iter().filter_map(at).min()
}
