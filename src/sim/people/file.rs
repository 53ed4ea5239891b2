//! Reading a people file: JSON, in which a date may be written relative to today.
//!
//! `today`, `today+30` and `today-20T15:19:07.183` become days and moments, so that a file stays right in any year.
//! Every other text is kept as it is. What a people file has in it is a matter of each simulator.

use std::collections::HashSet;
use std::path::Path;

use jiff::Span;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::People;

/// Why a people file was refused. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The file could not be read.
    #[error("cannot read the people file {path}: {reason}")]
    Unreadable {
        /// Which file.
        path: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Not JSON, or not the shape of a people file.
    #[error("the people file is not in order: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Two people who could not be told apart, or one who has no key.
    #[error("the people file is not in order: {0}")]
    Ambiguous(String),
}

/// The content of a people file of one simulator.
pub trait PeopleFile: DeserializeOwned {
    /// Refuses records that lack a key, or that could not be told apart.
    fn refuse_ambiguous(&self) -> Result<(), PeopleError>;
}

/// The keys of the records that were looked at. Case does not tell two of them apart.
#[derive(Debug, Default)]
pub struct SeenKeys(HashSet<String>);

impl SeenKeys {
    /// Takes the keys of one more record in; `what` such records are, as in `people`.
    pub fn take_in<'a>(
        &mut self,
        keys: impl IntoIterator<Item = &'a str>,
        what: &str,
    ) -> Result<(), PeopleError> {
        for key in keys {
            if !self.0.insert(key.to_ascii_lowercase()) {
                return Err(PeopleError::Ambiguous(format!("{key} belongs to two {what}")));
            }
        }
        Ok(())
    }
}

/// Reads a people file, dates relative to `today`.
pub fn from_file<P: PeopleFile>(path: &Path, today: Date) -> Result<P, PeopleError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| PeopleError::Unreadable { path: path.display().to_string(), reason })?;
    from_json(&text, today)
}

/// Reads the text of a people file, dates relative to `today`.
pub fn from_json<P: PeopleFile>(text: &str, today: Date) -> Result<P, PeopleError> {
    // Read as people first: only then does an error of shape carry its line and column.
    let _: P = serde_json::from_str(text)?;
    let mut json: Value = serde_json::from_str(text)?;
    relative_dates(&mut json, today);
    let people: P = serde_json::from_value(json)?;
    people.refuse_ambiguous()?;
    Ok(people)
}

/// Puts days and moments in place of the texts that count from `today`.
pub fn relative_dates(json: &mut Value, today: Date) {
    match json {
        Value::String(text) => {
            if let Some(date) = relative_date(text, today) {
                *text = date;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| relative_dates(item, today)),
        Value::Object(members) => members.values_mut().for_each(|member| relative_dates(member, today)),
        _ => {}
    }
}

/// `today-20T15:19:07.183` → `2026-05-02T15:19:07.183`; without a time of day it is midnight.
fn relative_date(text: &str, today: Date) -> Option<String> {
    let rest = text.strip_prefix("today")?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, "00:00:00"));
    let days: i32 = if days.is_empty() { 0 } else { days.parse().ok()? };
    let date = today.checked_add(Span::new().try_days(days).ok()?).ok()?;
    Some(format!("{date}T{time}"))
}

impl PeopleFile for People {
    fn refuse_ambiguous(&self) -> Result<(), PeopleError> {
        let mut seen = SeenKeys::default();
        for (place, person) in self.people.iter().enumerate() {
            let keys = [Some(person.id.as_str()), Some(&person.record_number), person.login_email()];
            for key in keys.into_iter().flatten() {
                if key.trim().is_empty() {
                    let (place, who) = (place + 1, person.full_name());
                    let lacks = format!("person {place} ({who}) lacks id or recordNumber");
                    return Err(PeopleError::Ambiguous(lacks));
                }
                seen.take_in([key], "people")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_are_counted_from_today_and_other_text_is_kept() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(relative_date(text, date(2026, 12, 31)).as_deref(), expected, "{text}");
        };
        check("today", Some("2026-12-31T00:00:00"));
        check("today+1", Some("2027-01-01T00:00:00"));
        check("today-366", Some("2025-12-30T00:00:00"));
        check("today-1T15:19:51.99", Some("2026-12-30T15:19:51.99"));
        check("today or never", None);
        check("2026-02-30T00:00:00", None);
        check("today+99999999", None);
    }

    #[test]
    fn a_bad_people_file_is_refused_with_its_reason() {
        let check = |text: &str, part: &str| {
            let error = from_json::<People>(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"id":"a","recordNumber":"1","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"id":"a","recordNumber":"1"},{"id":"A","recordNumber":"2"}]}"#, "two people");
        check(r#"{"people":[{"firstName":"Nobody"}]}"#, "person 1 (Nobody)");
    }
}
