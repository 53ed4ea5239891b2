//! One individual as a line of a file of records: the record, and each part beside it as GrowthZone gives it. `explain` reads such lines.

use serde_json::{Map, Value};

use super::contact::SaidOfContact;
use super::lists::{self, NumberedThing};
use super::memberships::{self, TypeNames};
use super::places::{self, ListPlace};
use super::status::StatusWords;
use super::{certifications, contact, custom_fields, relationships};
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::json::{JsonEntry, Malformed, each};
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
    let individual = line.remove("individual").ok_or(NoRecord::NoIndividual)?;
    let words = StatusWords::default();
    let row = contact(&individual, &words, as_of)?;
    let (mut record, standing) = (row.record, row.standing);
    let mut warnings = std::mem::take(&mut record.warnings);
    let inside = |name: &str| JsonEntry::of(&individual).and_then(|entry| entry.get(name)).cloned();
    let mut part = |name: &str, within: &str| {
        line.remove(name).filter(|value| !value.is_null()).or_else(|| inside(within))
    };

    let own = rows(part("memberships", "Memberships"));
    let given = rows(part("organization_memberships", "OrganizationMemberships"));
    record.memberships = noted(Part::Memberships, &mut warnings, |said| {
        let own = memberships::rows(&own, &words, &TypeNames::new(), said);
        let given = memberships::rows(&given, &words, &TypeNames::new(), said);
        memberships::joined(standing, Some(own), given, said)
    });
    let groups = part("groups", "Groups").map(enveloped);
    let committees = part("committees", "Committees").map(enveloped);
    let of = |part, body: Option<Value>, warnings: &mut Vec<RecordWarning>| {
        let places = noted(part, warnings, |said| body.and_then(|body| places::of_contact(&body, said)));
        places.map(|places| places.on).unwrap_or_default()
    };
    let (on, seats) = (
        of(Part::Groups, groups.clone(), &mut warnings),
        of(Part::Committees, committees.or(groups), &mut warnings),
    );
    record.groups = Some(on.iter().map(ListPlace::place).collect());
    record.committees = Some(seats.iter().map(ListPlace::seat).collect());
    let mut said = SaidOfContact { notes: part("custom_fields", "Fields"), ..SaidOfContact::default() };
    let fields = said.notes.clone().map(|body| match body {
        Value::Array(fields) => serde_json::json!({ "Fields": fields }),
        body => body,
    });
    record.custom_fields = noted(Part::CustomFields, &mut warnings, |said| {
        fields.and_then(|body| custom_fields(&body, said)).unwrap_or_default()
    });
    let held = rows(part("certifications", "Certifications"));
    record.certifications =
        Some(noted(Part::Certifications, &mut warnings, |said| certifications(&held, said)));
    let ties = rows(part("relationships", "ContactOrgs"));
    record.relationships = Some(noted(Part::Relationships, &mut warnings, |said| relationships(&ties, said)));
    said.organizations = ties;
    said.addresses = rows(part("addresses", "Addresses"));
    said.phones = rows(part("phones", "Phones"));
    record.contact = said.contact(&individual, standing).filter(|it| *it != Contact::default()).map(Box::new);
    let attended = rows(part("registrations", "Registrations"));
    record.registrations = Some(noted(Part::Registrations, &mut warnings, |said| {
        each(attended.iter().collect(), "registration", said, |row, _| registration(row))
    }));
    if !rows(part("purchases", "Purchases")).is_empty() {
        let said =
            "GrowthZone has no `purchases` that are read; what stands there is passed over.".to_owned();
        warnings.push(RecordWarning { part: Part::Purchases, said });
    }
    record.purchases = Some(Vec::new());
    for part in Part::ALL {
        record.confirmed.set(part, Some(as_of));
    }
    let unknown = line.into_iter().map(|(key, _)| key.chars().take(40).collect::<String>());
    warnings.extend(unknown.map(|key| {
        let said = format!("`{key}` is not a part of a record; it is passed over.");
        RecordWarning { part: Part::Profile, said }
    }));
    record.warnings = warnings;
    Ok(record)
}

/// Rows in an envelope, an array, or one alone.
fn rows(part: Option<Value>) -> Vec<Value> {
    match part {
        None => Vec::new(),
        Some(Value::Array(rows)) => rows,
        Some(Value::Object(mut object)) => match object.remove("Results") {
            Some(Value::Array(rows)) => rows,
            Some(other) => vec![other],
            None => vec![Value::Object(object)],
        },
        Some(other) => vec![other],
    }
}

/// Lists of a contact in the shape of the call that brings them.
fn enveloped(part: Value) -> Value {
    match part {
        Value::Array(rows) => serde_json::json!({ "Groups": rows }),
        body => body,
    }
}

fn registration(row: &Value) -> Result<Registration, Malformed> {
    let entry = JsonEntry::of(row).ok_or(Malformed)?;
    let code = crate::domain::code::Code::parse(&entry.name("EventId")?).ok_or(Malformed)?;
    let event = NumberedThing {
        number: code.as_str().to_owned(),
        name: None,
        joinable: None,
        start: super::date(&entry, "StartDate"),
        end: super::date(&entry, "EndDate"),
    };
    lists::attendance(&entry, &event, &code)
}
