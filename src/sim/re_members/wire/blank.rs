//! How what is absent looks in JSON, and the members of an object.

use serde_json::{Map, Value, json};

use crate::sim::people::Person;

/// The members of a value that is written as an object.
pub(in super::super) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// How the fields of a record are empty: some as null, some as "" or [], differently from person to person.
pub(super) struct Blank {
    null: bool,
}

impl Blank {
    pub(super) fn of(person: &Person) -> Blank {
        Blank { null: person.record_number.ends_with(['1', '3', '5', '7', '9']) }
    }

    pub(super) fn text(&self) -> Value {
        if self.null { Value::Null } else { json!("") }
    }

    pub(super) fn list(&self, items: Vec<Value>) -> Value {
        if items.is_empty() && self.null { Value::Null } else { Value::Array(items) }
    }
}
