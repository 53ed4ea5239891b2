//! Reading a people file: JSON, in which a date may be written relative to today.
//!
//! `today`, `today+30` and `today-20T15:19:07.183` become days and moments, so that a file stays right in any year.
//! Every other text is kept as it is.

use std::collections::HashSet;
use std::path::Path;

use jiff::Span;
use jiff::civil::Date;
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

/// Reads a people file, dates relative to `today`.
pub fn from_file(path: &Path, today: Date) -> Result<People, PeopleError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| PeopleError::Unreadable { path: path.display().to_string(), reason })?;
    from_json(&text, today)
}

/// Reads the text of a people file, dates relative to `today`.
pub fn from_json(text: &str, today: Date) -> Result<People, PeopleError> {
    // Read as people first: only then does an error of shape carry its line and column.
    let _: People = serde_json::from_str(text)?;
    let mut json: Value = serde_json::from_str(text)?;
    relative_dates(&mut json, today);
    let people: People = serde_json::from_value(json)?;
    refuse_ambiguous(&people)?;
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

fn refuse_ambiguous(people: &People) -> Result<(), PeopleError> {
    let mut seen = HashSet::new();
    for (place, person) in people.people.iter().enumerate() {
        let keys = [Some(person.id.as_str()), Some(&person.record_number), person.login_email()];
        for key in keys.into_iter().flatten() {
            if key.trim().is_empty() {
                let who = person.full_name();
                return Err(PeopleError::Ambiguous(format!(
                    "person {} ({who}) lacks id or recordNumber",
                    place + 1
                )));
            }
            if !seen.insert(key.to_ascii_lowercase()) {
                return Err(PeopleError::Ambiguous(format!("{key} belongs to two people")));
            }
        }
    }
    Ok(())
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
            let error = from_json(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"id":"a","recordNumber":"1","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"id":"a","recordNumber":"1"},{"id":"A","recordNumber":"2"}]}"#, "two people");
        check(r#"{"people":[{"firstName":"Nobody"}]}"#, "person 1 (Nobody)");
    }
}
