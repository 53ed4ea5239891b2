//! The bodies of webhooks: who they name. Nothing that they say of anybody is believed.

use serde_json::{Map, Value};

use super::is_guid;
use crate::domain::record::IndividualId;

/// The most people that one body names.
pub(in crate::adapters::ams) const MOST_HINTED: usize = 1000;

/// The people that a body names. `names_a_person`: whether a member of an object, by its name, is the id of a person.
pub(in crate::adapters::ams) fn people_named(
    body: &[u8],
    names_a_person: impl Fn(&Map<String, Value>, &str) -> bool + Copy,
) -> Vec<IndividualId> {
    let mut found = Vec::new();
    if let Ok(body) = serde_json::from_slice(body) {
        gather(&body, names_a_person, &mut found);
    }
    found
}

// The reader of JSON goes no deeper than 128 levels, and so neither does this.
fn gather(
    value: &Value,
    names_a_person: impl Fn(&Map<String, Value>, &str) -> bool + Copy,
    found: &mut Vec<IndividualId>,
) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| gather(entry, names_a_person, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(id) if names_a_person(members, name) && is_guid(id) => {
                        let id = IndividualId::parse(id);
                        found.extend(id.filter(|id| found.len() < MOST_HINTED && !found.contains(id)));
                    }
                    value => gather(value, names_a_person, found),
                }
            }
        }
        _ => {}
    }
}
