//! Reads the rows of lists that tell about many people (docs/ams/remembers.md, "Rosters", "Everybody").

use serde_json::Value;

use super::lenient::items;
use super::{Fetched, record};
use crate::adapters::ams::cancelled as status;
use crate::adapters::ams::json::JsonEntry;
use crate::domain::directory::roster::{RosterCancellation, RosterEntry, RosterLine, RosterRow};
use crate::domain::fold;
use crate::domain::parts::{Confirmed, Part};
use crate::domain::record::{CommitteeSeat, IndividualId, Record, Registration};
use crate::domain::time::{AmsDate, Timestamp};

/// A committee, as its rows do not name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitteeName {
    /// Its code.
    pub(crate) code: String,
    /// Its name, if it was asked for by that.
    pub(crate) name: Option<String>,
}

/// An event, as its rows do not tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventDays {
    /// Its code.
    pub(crate) code: String,
    /// Its first day.
    pub(crate) start: AmsDate,
    /// Its last day.
    pub(crate) end: AmsDate,
}

/// Seats of a committee. A row without a person is passed over; one that cannot be understood otherwise becomes a seat without a name.
pub(crate) fn seats(rows: &[Value], committee: &CommitteeName) -> Vec<RosterRow> {
    let seat = |row: &JsonEntry<'_>| {
        Some(CommitteeSeat {
            committee: committee.code.clone(),
            committee_name: committee.name.clone(),
            position: row.text("positionCode").ok()?,
            position_name: row.text("position").ok()?,
            start_date: row.date("startDate"),
            end_date: row.date("endDate"),
            cancelled: status::is_cancelled(row, "committee seat", &mut Vec::new()).ok()?,
            ..CommitteeSeat::default()
        })
    };
    let row = |row: &Value| {
        let row = JsonEntry::of(row)?;
        let entry = RosterEntry::Seat(seat(&row).unwrap_or_default());
        Some(RosterRow { person: person(&row)?, line: RosterLine { number: None, entry } })
    };
    rows.iter().filter_map(row).collect()
}

/// Registrations for an event. A guest's row grants nobody anything, whosever id it has, and one about an organization is about nobody.
pub(crate) fn registrations(rows: &[Value], event: &EventDays) -> Vec<RosterRow> {
    let registration = |row: &JsonEntry<'_>| {
        Some(Registration {
            event: event.code.clone(),
            registration_date: row.date("registrationDate"),
            event_start: event.start.clone(),
            event_end: event.end.clone(),
            cancelled: status::is_cancelled(row, "registration", &mut Vec::new()).ok()?,
        })
    };
    let row = |row: &Value| {
        let row = registrant(row)?;
        let entry = RosterEntry::Registration(registration(&row).unwrap_or_default());
        Some(RosterRow { person: person(&row)?, line: RosterLine { number: number(&row), entry } })
    };
    rows.iter().filter_map(row).collect()
}

/// Cancelled registrations. A row that has only cancelled sessions is about a registration that stands.
pub(crate) fn cancellations(rows: &[Value]) -> Vec<RosterCancellation> {
    let row = |row: &Value| {
        let row = registrant(row)?;
        let of_sessions = row.get("cancelledSessions").is_some_and(|sessions| !items(sessions).is_empty());
        let of_event = row.date("eventCancellationDate") != AmsDate::Absent;
        let stands = of_sessions && !of_event;
        if stands { None } else { Some(RosterCancellation { person: person(&row)?, number: number(&row) }) }
    };
    rows.iter().filter_map(row).collect()
}

/// A row of an event's list, unless it is about a guest or an organization.
fn registrant(row: &Value) -> Option<JsonEntry<'_>> {
    let row = JsonEntry::of(row)?;
    let kind = row.text("customerType").ok().flatten().unwrap_or_default();
    // What cannot be read there may be the number of a host.
    let is_own = matches!(row.text("guestOfRecordNumber"), Ok(None));
    (is_own && !kind.eq_ignore_ascii_case("organization")).then_some(row)
}

fn person(row: &JsonEntry<'_>) -> Option<IndividualId> {
    IndividualId::parse(&row.text("id").ok()??)
}

fn number(row: &JsonEntry<'_>) -> Option<String> {
    row.text("registrationNumber").ok()?
}

/// The committee of this name on the list of committees.
pub(crate) fn committee_of(rows: &[Value], name: &str) -> Option<CommitteeName> {
    let mut named = rows.iter().filter_map(|row| {
        let row = JsonEntry::of(row)?;
        let said = row.text("name").ok()??;
        let code = row.text("code").ok()??;
        (fold::folded(&said) == fold::folded(name)).then_some(CommitteeName { code, name: Some(said) })
    });
    named.next()
}

/// The event of this code on the list of events.
pub(crate) fn event_of(rows: &[Value], code: &str) -> Option<EventDays> {
    let mut coded = rows.iter().filter_map(|row| {
        let row = JsonEntry::of(row)?;
        let said = row.text("eventCode").ok()??;
        let (start, end) = (row.date("eventStartDate"), row.date("eventEndDate"));
        (fold::folded(&said) == fold::folded(code)).then_some(EventDays { code: said, start, end })
    });
    coded.next()
}

/// Whether a row of everybody has memberships. The list is one of members, so one without says nothing about them.
pub(crate) fn has_memberships(row: &Value) -> bool {
    has_entries(row, "memberships")
}

/// Whether a row of everybody has custom fields; `Some(false)`: it says that there are none.
pub(crate) fn custom_fields(row: &Value) -> Option<bool> {
    JsonEntry::of(row)?.get("customFields")?;
    Some(has_entries(row, "customFields"))
}

fn has_entries(row: &Value, name: &str) -> bool {
    let list = JsonEntry::of(row).and_then(|row| row.get(name));
    list.is_some_and(|list| items(list).iter().any(|entry| entry.is_object()))
}

/// A row of everybody, with only the parts that it brings; beside them who it is, which is not confirmed. `None`: about nobody.
pub(crate) fn one_of_everybody(row: Value, brings: &[Part], as_of: Timestamp) -> Option<Record> {
    let mut record = record(&Fetched { individual: row, ..Fetched::default() }, as_of).ok()?;
    record.confirmed = Confirmed::at(as_of, brings.iter().copied());
    (record.is_approved, record.is_deceased) = (None, false);
    record.security_roles.clear();
    if !brings.contains(&Part::Memberships) {
        record.memberships.clear();
    }
    if !brings.contains(&Part::CustomFields) {
        record.custom_fields.clear();
    }
    record.warnings.retain(|warning| brings.contains(&warning.part));
    (record.committees, record.registrations, record.purchases) = (None, None, None);
    (record.certifications, record.relationships) = (None, None);
    Some(record)
}

/// An id that stands alone in a list, or in an entry of one.
pub(crate) fn bare_id(row: &Value) -> Option<IndividualId> {
    match row {
        Value::String(text) => IndividualId::parse(text),
        entry => person(&JsonEntry::of(entry)?),
    }
}
