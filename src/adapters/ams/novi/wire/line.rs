//! One individual as a line of a file of records: the record, and each part beside it as Novi gives it.
//!
//! `explain` reads such lines; the administration shows one to people, without what may be a secret.

use serde_json::{Map, Value};

use super::lists::attendance;
use super::{MemberFieldsSeen, opened, orders, place, record as record_of, seat};
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::json::{JsonEntry, Malformed, each, leave_out_secrets};
use crate::domain::parts::Part;
use crate::domain::record::{Record, Registration};
use crate::domain::time::Timestamp;

/// Reads a line. It holds all there is: a part that stands neither beside the individual nor inside it is absent, not unread.
pub(in crate::adapters::ams) fn record(
    mut line: Map<String, Value>,
    as_of: Timestamp,
) -> Result<Record, NoRecord> {
    let individual = line.remove("individual").and_then(opened).ok_or(NoRecord::NoIndividual)?;
    let mut record = record_of(&individual, &MemberFieldsSeen::all(), as_of)?;
    let mut warnings = Vec::new();
    let mut part = |name: &str| match line.remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::Array(rows)) => Some(rows),
        Some(other) => Some(vec![other]),
    };
    if let Some(rows) = part("committees") {
        record.committees = Some(each(rows.iter().collect(), "committee", &mut warnings, |row, _| seat(row)));
    }
    if let Some(rows) = part("groups") {
        record.groups = Some(each(rows.iter().collect(), "group", &mut warnings, |row, _| place(row)));
    }
    let rows = part("registrations").unwrap_or_default();
    let attended = each(rows.iter().collect(), "registration", &mut warnings, |row, _| registration(row));
    let rows = part("purchases").unwrap_or_default();
    let bought = each(rows.iter().collect(), "purchase", &mut warnings, |row, _| {
        orders::purchase(&JsonEntry::of(row).ok_or(Malformed)?, None)
    });
    for unsupplied in ["certifications", "relationships"] {
        if part(unsupplied).is_some() {
            warnings
                .push(format!("Novi has no `{unsupplied}` of its own; what stands there is passed over."));
        }
    }
    (record.registrations, record.purchases) = (Some(attended), Some(bought));
    record.certifications = Some(Vec::new());
    for part in Part::ALL {
        record.confirmed.set(part, Some(as_of));
    }
    record.warnings.extend(warnings);
    let unknown = line.into_iter().map(|(key, _)| key.chars().take(40).collect::<String>());
    record
        .warnings
        .extend(unknown.map(|key| format!("`{key}` is not a part of a record; it is passed over.")));
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
