//! Lists as re:Members writes them: in three shapes.

use serde_json::{Map, Value};

use crate::adapters::ams::json::JsonEntry;

/// The entries of an answer: an envelope's `dataList`, an array's items, or the one object. Null and `""` have none.
///
/// Anything else is handed back as it is, so that its reader notices that it is no entry.
pub(crate) fn items(body: &Value) -> Vec<&Value> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::Array(entries) => entries.iter().filter(|entry| !entry.is_null()).collect(),
        Value::Object(object) => match JsonEntry::from(object).lookup("dataList") {
            Some(inner) => items(inner),
            None if is_empty_envelope(object) => Vec::new(),
            None => vec![body],
        },
        _ => vec![body],
    }
}

/// [`items`], taken out of the answer instead of borrowed from it.
pub(crate) fn items_owned(body: Value) -> Vec<Value> {
    match body {
        Value::Array(mut entries) => {
            entries.retain(|entry| !entry.is_null());
            entries
        }
        Value::Object(mut object) if object.contains_key("dataList") => {
            items_owned(object.remove("dataList").unwrap_or_default())
        }
        body => items(&body).into_iter().cloned().collect(),
    }
}

/// Whether an object has a member of this name that is not null.
pub(crate) fn says(value: &Value, name: &str) -> bool {
    JsonEntry::of(value).is_some_and(|entry| entry.get(name).is_some())
}

fn is_empty_envelope(object: &Map<String, Value>) -> bool {
    object.is_empty() || object.len() == 1 && JsonEntry::from(object).lookup("pageNumber").is_some()
}
