//! One individual as a line of a file of records: the record, and each part beside it as Novi gives it.
//!
//! `explain` reads such lines; the administration shows one to people, without what may be a secret.

use serde_json::{Map, Value};

use super::contact::contact;
use super::lists::attendance;
use super::{MemberFieldsSeen, opened, orders, place, record as record_of, seat};
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::json::{JsonEntry, Malformed, each, leave_out_secrets};
use crate::adapters::ams::warnings::noted;
use crate::domain::contact::Contact;
use crate::domain::parts::Part;
use crate::domain::record::{Record, RecordWarning, Registration};
use crate::domain::time::Timestamp;

/// Reads a line. It holds all there is: a part that stands neither beside the individual nor inside it is absent, not unread.
pub(in crate::adapters::ams) fn record(
    mut line: Map<String, Value>,
    as_of: Timestamp,
) -> Result<Record, NoRecord> {
    let individual = line.remove("individual").and_then(opened).ok_or(NoRecord::NoIndividual)?;
    let seen = MemberFieldsSeen::all();
    let mut record = record_of(&individual, &seen, as_of)?;
    record.contact = contact(&individual, &seen).filter(|it| *it != Contact::default()).map(Box::new);
    let mut warnings = Vec::new();
    let mut part = |name: &str| match line.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::Array(rows)) => Some(rows),
        Some(other) => Some(vec![other]),
    };
    if let Some(rows) = part("committees") {
        let rows = rows.iter().collect();
        let seats =
            noted(Part::Committees, &mut warnings, |said| each(rows, "committee", said, |row, _| seat(row)));
        record.committees = Some(seats);
    }
    if let Some(rows) = part("groups") {
        let rows = rows.iter().collect();
        let places =
            noted(Part::Groups, &mut warnings, |said| each(rows, "group", said, |row, _| place(row)));
        record.groups = Some(places);
    }
    let rows = part("registrations").unwrap_or_default();
    let attended = noted(Part::Registrations, &mut warnings, |said| {
        each(rows.iter().collect(), "registration", said, |row, _| registration(row))
    });
    let rows = part("purchases").unwrap_or_default();
    let bought = noted(Part::Purchases, &mut warnings, |said| {
        each(rows.iter().collect(), "purchase", said, |row, _| {
            orders::purchase(&JsonEntry::of(row).ok_or(Malformed)?, None)
        })
    });
    for (of, unsupplied) in [(Part::Certifications, "certifications"), (Part::Relationships, "relationships")]
    {
        if part(unsupplied).is_some() {
            let said = format!("Novi has no `{unsupplied}` of its own; what stands there is passed over.");
            warnings.push(RecordWarning { part: of, said });
        }
    }
    (record.registrations, record.purchases) = (Some(attended), Some(bought));
    record.certifications = Some(Vec::new());
    for part in Part::ALL {
        record.confirmed.set(part, Some(as_of));
    }
    record.warnings.extend(warnings);
    let unknown = line.into_iter().map(|(key, _)| key.chars().take(40).collect::<String>());
    record.warnings.extend(unknown.map(|key| {
        let said = format!("`{key}` is not a part of a record; it is passed over.");
        RecordWarning { part: Part::Profile, said }
    }));
    Ok(record)
}

fn registration(row: &Value) -> Result<Registration, Malformed> {
    let row = JsonEntry::of(row).ok_or(Malformed)?;
    let (start, end) = (row.date("StartDate"), row.date("EndDate"));
    attendance(&row, &row.name("EventUniqueID")?, &start, &end)
}

/// What was said about a person, as a line.
pub(in crate::adapters::ams) fn said(member: &Value) -> Value {
    let mut line = Map::new();
    line.insert("individual".to_owned(), member.clone());
    let mut line = Value::Object(line);
    leave_out_secrets(&mut line);
    line
}
