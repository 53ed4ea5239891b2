//! JSON as re:Members writes it: lists in three shapes, names in almost one case, values in almost one type.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::dates::date;
use crate::domain::time::AmsDate;

/// An entry could not be understood.
pub(super) struct Malformed;

/// The entries of an answer: an envelope's `dataList`, an array's items, or the one object. Null and `""` have none.
///
/// Anything else is handed back as it is, so that its reader notices that it is no entry.
pub(crate) fn items(body: &Value) -> Vec<&Value> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::Array(entries) => entries.iter().filter(|entry| !entry.is_null()).collect(),
        Value::Object(object) => match JsonEntry(object).lookup("dataList") {
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
    object.is_empty() || object.len() == 1 && JsonEntry(object).lookup("pageNumber").is_some()
}

/// One JSON object.
#[derive(Clone, Copy)]
pub(super) struct JsonEntry<'a>(&'a Map<String, Value>);

impl<'a> JsonEntry<'a> {
    pub(super) fn of(value: &'a Value) -> Option<JsonEntry<'a>> {
        value.as_object().map(JsonEntry)
    }

    /// Whether there is such a member, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    /// A member that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.lookup(name).filter(|value| !value.is_null())
    }

    /// A member that must be an object.
    pub(super) fn object(&self, name: &str) -> Result<JsonEntry<'a>, Malformed> {
        self.get(name).and_then(JsonEntry::of).ok_or(Malformed)
    }

    /// Text, trimmed; numbers and booleans as they are written. `None`: missing, null or empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Malformed> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = text_of(value)?;
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// Text that must be there.
    pub(super) fn name(&self, name: &str) -> Result<String, Malformed> {
        self.text(name)?.ok_or(Malformed)
    }

    /// Several values as the AMS joins them, with `|`; a list is joined in the same way.
    pub(super) fn values(&self, name: &str) -> Result<String, Malformed> {
        match self.get(name) {
            Some(Value::Array(values)) => {
                let texts: Result<Vec<_>, Malformed> = values.iter().map(text_of).collect();
                Ok(texts?.join("|"))
            }
            _ => Ok(self.text(name)?.unwrap_or_default()),
        }
    }

    /// A yes or a no, however written. `None`: missing, null or empty.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Malformed> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(value) => match text_of(value)?.trim() {
                "" => Ok(None),
                "1" => Ok(Some(true)),
                "0" => Ok(Some(false)),
                text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                _ => Err(Malformed),
            },
        }
    }

    /// A date; what is not text is unreadable.
    pub(super) fn date(&self, name: &str) -> AmsDate {
        match self.get(name) {
            None => AmsDate::Absent,
            Some(Value::String(text)) => date(text),
            Some(_) => AmsDate::Unreadable(String::new()),
        }
    }

    /// By exact name, else without regard to case.
    fn lookup(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).or_else(|| {
            let mut others = self.0.iter();
            others.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    }
}

/// A value as text.
fn text_of(value: &Value) -> Result<Cow<'_, str>, Malformed> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Ok(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Array(_) | Value::Object(_) | Value::Null => Err(Malformed),
    }
}
