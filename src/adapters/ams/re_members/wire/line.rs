//! One individual as a line of a file of records: the profile, and each part beside it as re:Members gives it.
//!
//! `explain` reads such lines; the administration shows one to people, without what may be a secret.

use serde_json::{Map, Value};

use super::contact::contact;
use super::lenient::{items, items_owned, says};
use super::{Fetched, record as record_of};
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::json::leave_out_secrets;
use crate::domain::contact::Contact;
use crate::domain::parts::{Part, Partly};
use crate::domain::record::{Record, RecordWarning};
use crate::domain::time::Timestamp;

/// Reads a line. It holds all there is: a part that stands neither beside the individual nor inside it is absent, not unread.
pub(crate) fn record(mut line: Map<String, Value>, as_of: Timestamp) -> Result<Record, NoRecord> {
    let individual = line.remove("individual").unwrap_or_default();
    let embedded = |name: &str| items(&individual).first().is_some_and(|individual| says(individual, name));
    let mut part = |name: &str| match line.remove(name) {
        Some(part) if !part.is_null() => Some(items_owned(part)),
        _ => (!embedded(name)).then(Vec::new),
    };
    let committees = part("committees");
    let registrations = part("registrations");
    let purchases = part("purchases");
    let certifications = part("certifications");
    let relationships = part("relationships");
    let fetched = Fetched {
        individual,
        committees,
        registrations,
        purchases,
        certifications,
        relationships,
        partly: Partly::default(),
    };
    let mut record = record_of(&fetched, as_of)?;
    record.contact = contact(&fetched.individual).filter(|it| *it != Contact::default()).map(Box::new);
    // re:Members has no groups, so nobody is in one.
    record.groups = Some(Vec::new());
    record.confirmed.set(Part::Groups, Some(as_of));
    let unknown = line.into_iter().map(|(key, _)| key.chars().take(40).collect::<String>());
    record.warnings.extend(unknown.map(|key| {
        let said = format!("`{key}` is not a part of a record; it is passed over.");
        RecordWarning { part: Part::Profile, said }
    }));
    Ok(record)
}

/// What was said about a person, as a line.
pub(crate) fn said(fetched: &Fetched) -> Value {
    let Fetched { individual, committees, registrations, purchases, certifications, relationships, .. } =
        fetched;
    let parts = [
        ("committees", committees),
        ("registrations", registrations),
        ("purchases", purchases),
        ("certifications", certifications),
        ("relationships", relationships),
    ];
    let mut line = Map::new();
    line.insert("individual".to_owned(), individual.clone());
    for (name, part) in parts {
        if let Some(entries) = part {
            line.insert(name.to_owned(), entries.clone().into());
        }
    }
    let mut line = Value::Object(line);
    leave_out_secrets(&mut line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_be_a_secret_is_left_out_and_a_flag_stays() {
        let user = json!({ "loginEmail": "a@b.example", "mustChangePassword": true, "Password": "x" });
        let individual = json!({ "id": "1", "user": user, "portal": [{ "ssoToken": "y" }] });
        let said = said(&Fetched { individual, committees: Some(Vec::new()), ..Fetched::default() });
        assert_eq!(
            said,
            json!({ "individual": { "id": "1", "user": { "loginEmail": "a@b.example", "mustChangePassword": true },
                    "portal": [{}] }, "committees": [] })
        );
    }
}
