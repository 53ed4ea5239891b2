//! JSON objects as AMSs write them: names in almost one case, values in almost one type.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::dates::date;
use crate::domain::record::Quantity;
use crate::domain::time::AmsDate;

/// An entry could not be understood.
pub(in crate::adapters::ams) struct Malformed;

/// One JSON object.
#[derive(Clone, Copy)]
pub(in crate::adapters::ams) struct JsonEntry<'a>(&'a Map<String, Value>);

impl<'a> From<&'a Map<String, Value>> for JsonEntry<'a> {
    fn from(object: &'a Map<String, Value>) -> JsonEntry<'a> {
        JsonEntry(object)
    }
}

impl<'a> JsonEntry<'a> {
    pub(in crate::adapters::ams) fn of(value: &'a Value) -> Option<JsonEntry<'a>> {
        value.as_object().map(JsonEntry)
    }

    /// Whether there is such a member, be it null.
    pub(in crate::adapters::ams) fn has(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    /// A member that is there and not null.
    pub(in crate::adapters::ams) fn get(&self, name: &str) -> Option<&'a Value> {
        self.lookup(name).filter(|value| !value.is_null())
    }

    /// A member that must be an object.
    pub(in crate::adapters::ams) fn object(&self, name: &str) -> Result<JsonEntry<'a>, Malformed> {
        self.get(name).and_then(JsonEntry::of).ok_or(Malformed)
    }

    /// Text, trimmed; numbers and booleans as they are written. `None`: missing, null or empty.
    pub(in crate::adapters::ams) fn text(&self, name: &str) -> Result<Option<String>, Malformed> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = text_of(value)?;
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// Text that must be there.
    pub(in crate::adapters::ams) fn name(&self, name: &str) -> Result<String, Malformed> {
        self.text(name)?.ok_or(Malformed)
    }

    /// Several values as the AMS joins them, with `|`; a list is joined in the same way.
    pub(in crate::adapters::ams) fn values(&self, name: &str) -> Result<String, Malformed> {
        match self.get(name) {
            Some(Value::Array(values)) => {
                let texts: Result<Vec<_>, Malformed> = values.iter().map(text_of).collect();
                Ok(texts?.join("|"))
            }
            _ => Ok(self.text(name)?.unwrap_or_default()),
        }
    }

    /// A yes or a no, however written. `None`: missing, null or empty.
    pub(in crate::adapters::ams) fn flag(&self, name: &str) -> Result<Option<bool>, Malformed> {
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
    pub(in crate::adapters::ams) fn date(&self, name: &str) -> AmsDate {
        match self.get(name) {
            None => AmsDate::Absent,
            Some(Value::String(text)) => date(text),
            Some(_) => AmsDate::Unreadable(String::new()),
        }
    }

    /// All members of this name, in whatever case it is written.
    pub(in crate::adapters::ams) fn all(&self, name: &str) -> impl Iterator<Item = &'a Value> {
        let members = self.0.iter();
        members.filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// By exact name, else without regard to case.
    pub(in crate::adapters::ams) fn lookup(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).or_else(|| {
            let mut others = self.0.iter();
            others.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    }
}

/// A value as text.
pub(in crate::adapters::ams) fn text_of(value: &Value) -> Result<Cow<'_, str>, Malformed> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Ok(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Array(_) | Value::Object(_) | Value::Null => Err(Malformed),
    }
}

/// Reads each entry; one that cannot be understood says nothing, with a warning.
pub(in crate::adapters::ams) fn each<T: Default>(
    entries: Vec<&Value>,
    kind: &str,
    warnings: &mut Vec<String>,
    read: impl Fn(&Value, &mut Vec<String>) -> Result<T, Malformed>,
) -> Vec<T> {
    each_or(entries, kind, warnings, read, T::default)
}

/// Reads each entry; one that cannot be understood becomes a `nameless` one, with a warning.
pub(in crate::adapters::ams) fn each_or<T>(
    entries: Vec<&Value>,
    kind: &str,
    warnings: &mut Vec<String>,
    read: impl Fn(&Value, &mut Vec<String>) -> Result<T, Malformed>,
    nameless: fn() -> T,
) -> Vec<T> {
    let mut understood = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        understood.push(read(entry, warnings).unwrap_or_else(|Malformed| {
            warnings
                .push(format!("The {kind} at place {} cannot be understood; it grants nothing.", index + 1));
            nameless()
        }));
    }
    understood
}

/// A flag; `in_doubt` when it is there but is neither yes nor no.
pub(in crate::adapters::ams) fn flag(
    entry: &JsonEntry<'_>,
    name: &str,
    in_doubt: bool,
    warnings: &mut Vec<String>,
) -> Option<bool> {
    entry.flag(name).unwrap_or_else(|Malformed| {
        warnings.push(format!("`{name}` is neither true nor false; it is taken as {in_doubt}."));
        Some(in_doubt)
    })
}

/// How many a line is about.
pub(in crate::adapters::ams) fn quantity(entry: &JsonEntry<'_>, name: &str) -> Quantity {
    match entry.text(name) {
        Ok(None) => Quantity::default(),
        Ok(Some(text)) => units(&text).map_or(Quantity::Unreadable, Quantity::Units),
        Err(Malformed) => Quantity::Unreadable,
    }
}

/// A whole number, also where it is written with a fraction of nothing, such as `2.00`.
fn units(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok())?
}

/// Removes members whose names speak of secrets. No known answer about a person has one; a tenant may add fields.
pub(in crate::adapters::ams) fn leave_out_secrets(value: &mut Value) {
    const MARKS: [&str; 4] = ["password", "token", "secret", "ssn"];
    match value {
        Value::Object(members) => {
            let is_flag = |value: &Value| matches!(value, Value::Bool(_) | Value::Null);
            members.retain(|name, value| {
                let name = name.to_ascii_lowercase();
                is_flag(value) || !MARKS.iter().any(|mark| name.contains(mark))
            });
            members.values_mut().for_each(leave_out_secrets);
        }
        Value::Array(entries) => entries.iter_mut().for_each(leave_out_secrets),
        _ => {}
    }
}
