//! Which fields of an individual this environment sends. One that it never sent for anybody says nothing about the first who lacks it
//! (docs/ams/remembers.md, "People").

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::wire;
use crate::domain::parts::Part;
use crate::domain::record::Record;

/// The parts that come with the individual, and the fields that they stand in.
const FIELDS: [(Part, &str); 3] = [
    (Part::Memberships, "memberships"),
    (Part::SecurityRoles, "securityRoles"),
    (Part::CustomFields, "customFields"),
];

/// The parts whose field was ever there, be it empty.
#[derive(Debug, Default)]
pub(super) struct SeenFields(Mutex<BTreeSet<Part>>);

impl SeenFields {
    /// Takes the individual of a record. What nobody was ever sent counts as not read.
    pub(super) fn judge(&self, individual: &Value, record: &mut Record) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (part, field) in FIELDS {
            if wire::sends(individual, field) {
                seen.insert(part);
            } else if !seen.contains(&part) {
                record.confirmed.set(part, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapters::ams::re_members::wire::Fetched;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_field_that_nobody_was_sent_is_unknown_and_one_that_somebody_was_sent_is_none() {
        let seen = SeenFields::default();
        let known = |individual: Value| {
            let fetched = Fetched { individual: individual.clone(), ..Fetched::default() };
            let mut record = wire::record(&fetched, Timestamp::UNIX_EPOCH).unwrap();
            seen.judge(&individual, &mut record);
            FIELDS.map(|(part, _)| record.has_read(part, None))
        };
        assert_eq!(known(json!({ "id": "a" })), [false, false, false]);
        assert_eq!(
            known(json!({ "id": "a", "memberships": [], "SecurityRoles": null })),
            [true, true, false]
        );
        assert_eq!(known(json!([{ "id": "b" }])), [true, true, false]);
        assert_eq!(known(json!({ "dataList": [{ "id": "b", "customFields": "" }] })), [true, true, true]);
        assert_eq!(known(json!({ "id": "c" })), [true, true, true]);
    }
}
