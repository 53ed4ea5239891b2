//! Values of a record as they are sent: strict in Push v2, lenient in Push v1.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value};

use super::fields::{Field, FieldKind, Version};
use super::model::Fields;
use super::switches::UnknownFields;

/// Reads one record, and notes what is strange in it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) version: Version,
    /// Where a date of version 1 without an offset belongs.
    pub(super) zone: &'a TimeZone,
    pub(super) unknown: UnknownFields,
    pub(super) notes: Vec<String>,
}

impl Reader<'_> {
    /// The fields of an object by their table. `besides` are the names that others read.
    pub(super) fn fields(
        &mut self,
        what: &str,
        object: &Map<String, Value>,
        table: &[Field],
        besides: &[&str],
    ) -> Result<Fields, String> {
        let known: Vec<&str> = table.iter().map(|field| field.named(self.version)).collect();
        self.only(what, object, &[besides, &known].concat())?;
        let mut fields = Fields::new();
        for field in table {
            let name = field.named(self.version);
            let Some(value) = object.get(name).filter(|_| !name.is_empty()) else { continue };
            let value = self.value(field.kind, value).map_err(|why| format!("{what}.{name}: {why}"))?;
            if let Some(value) = value {
                fields.insert(field.name.to_owned(), value);
            }
        }
        Ok(fields)
    }

    /// Notes or refuses the names that nobody reads.
    pub(super) fn only(
        &mut self,
        what: &str,
        object: &Map<String, Value>,
        known: &[&str],
    ) -> Result<(), String> {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            let note = format!("{what}.{name} is no known field");
            match self.unknown {
                UnknownFields::Ignored => self.notes.push(note),
                UnknownFields::Refused => return Err(note),
            }
        }
        Ok(())
    }

    /// The objects of a list; a list that is absent has none.
    pub(super) fn objects<'v>(
        &self,
        object: &'v Map<String, Value>,
        name: &str,
    ) -> Result<Vec<&'v Map<String, Value>>, String> {
        match object.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let item =
                    |item: &'v Value| item.as_object().ok_or_else(|| format!("{name} holds no objects"));
                items.iter().map(item).collect()
            }
            Some(_) => Err(format!("{name} is no list")),
        }
    }

    /// A text that must be there.
    pub(super) fn key(&self, what: &str, object: &Map<String, Value>, name: &str) -> Result<String, String> {
        let text = object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        text.map(str::to_owned).ok_or_else(|| format!("{what}.{name} is required"))
    }

    /// A yes or no that is no when it is absent.
    pub(super) fn flag(&self, object: &Map<String, Value>, name: &str) -> Result<bool, String> {
        let value = self.value(FieldKind::Flag, object.get(name).unwrap_or(&Value::Null));
        Ok(value.map_err(|why| format!("{name}: {why}"))?.and_then(|it| it.as_bool()).unwrap_or(false))
    }

    /// A value as it is kept; none where it is cleared.
    fn value(&self, kind: FieldKind, value: &Value) -> Result<Option<Value>, String> {
        match (kind, value) {
            (_, Value::Null) => Ok(None),
            (_, Value::String(text)) if text.is_empty() && (kind == FieldKind::Text || self.is_lenient()) => {
                Ok(None)
            }
            (FieldKind::Text, Value::String(_)) => Ok(Some(value.clone())),
            (FieldKind::Text, Value::Number(number)) => Ok(Some(number.to_string().into())),
            (FieldKind::Flag, Value::Bool(_)) => Ok(Some(value.clone())),
            (FieldKind::Flag, Value::String(text)) if self.is_lenient() => match text.as_str() {
                "True" | "true" => Ok(Some(true.into())),
                "False" | "false" => Ok(Some(false.into())),
                _ => Err("is neither true nor false".to_owned()),
            },
            (FieldKind::Flag, _) => Err("is neither true nor false".to_owned()),
            (FieldKind::Instant, Value::String(text)) => {
                let at = if self.is_lenient() { lenient(text, self.zone) } else { strict(text) };
                at.map(|at| Some(at.to_string().into()))
                    .ok_or_else(|| "is no date of the right form".to_owned())
            }
            _ => Err("is of the wrong type".to_owned()),
        }
    }

    fn is_lenient(&self) -> bool {
        self.version == Version::V1
    }
}

/// `yyyy-MM-ddTHH:mm:ss.fffZ`, or with an offset such as `+01:00` in place of the Z.
pub(super) fn strict(text: &str) -> Option<Timestamp> {
    const SHAPE: &str = "0000-00-00T00:00:00.000";
    let (civil, zone) = text.split_at_checked(SHAPE.len())?;
    let fits = |(letter, shape): (char, char)| {
        if shape == '0' { letter.is_ascii_digit() } else { letter == shape }
    };
    let has_zone =
        zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']) && zone.get(3..4) == Some(":"));
    if !has_zone || !civil.chars().zip(SHAPE.chars()).all(fits) {
        return None;
    }
    text.parse().ok()
}

/// With or without time of day and offset, or as in the United States.
fn lenient(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil = text.parse::<DateTime>().ok();
    let american = || {
        let (day, time) = text.split_once(' ').unwrap_or((text, "12:00:00 AM"));
        let day = Date::strptime("%m/%d/%Y", day).ok()?;
        let time = jiff::civil::Time::strptime("%I:%M:%S %p", time).ok()?;
        Some(day.to_datetime(time))
    };
    let zoned: Zoned = civil.or_else(american)?.to_zoned(zone.clone()).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_two_takes_dates_of_one_form_only() {
        for text in
            ["2026-01-31T23:59:59.000Z", "2026-01-31T23:59:59.123+01:00", "2026-01-31T23:59:59.123-05:00"]
        {
            assert!(strict(text).is_some(), "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T23:59:59Z",
            "2026-01-31T23:59:59.000",
            "2026-01-31T23:59:59.000+0100",
            "2026-01-31 23:59:59.000Z",
            "2026-02-31T23:59:59.000Z",
            "2026-01-31T23:59:59.0000Z",
            "01/31/2026",
            "2026-01-31T23:59:59.00é",
        ] {
            assert_eq!(strict(text), None, "{text}");
        }
    }

    #[test]
    fn version_one_takes_dates_as_people_write_them() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (text, expected) in [
            ("2026-01-31", Some("2026-01-31T05:00:00Z")),
            ("2026-01-31T10:00:00", Some("2026-01-31T15:00:00Z")),
            ("2026-01-31T10:00:00.000Z", Some("2026-01-31T10:00:00Z")),
            ("1/31/2026", Some("2026-01-31T05:00:00Z")),
            ("1/31/2026 3:05:00 PM", Some("2026-01-31T20:05:00Z")),
            ("31.1.2026", None),
            ("soon", None),
        ] {
            assert_eq!(lenient(text, &zone).map(|it| it.to_string()).as_deref(), expected, "{text}");
        }
    }
}
