//! Reading a people file of GrowthZone: JSON, in which a date may be written relative to today.

use std::collections::HashSet;
use std::path::Path;

use jiff::civil::Date;
use serde_json::Value;

use super::model::People;
use crate::sim::people::relative_dates;

/// Why a people file was refused. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
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
    /// A contact without a number, or two with the same number or login.
    #[error("the people file is not in order: {0}")]
    Ambiguous(String),
}

/// Reads a people file, dates relative to `today`.
pub fn from_file(path: &Path, today: Date) -> Result<People, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| FileError::Unreadable { path: path.display().to_string(), reason })?;
    from_json(&text, today)
}

/// Reads the text of a people file, dates relative to `today`.
pub fn from_json(text: &str, today: Date) -> Result<People, FileError> {
    // Read as people first: only then does an error of shape carry its line and column.
    let _: People = serde_json::from_str(text)?;
    let mut json: Value = serde_json::from_str(text)?;
    relative_dates(&mut json, today);
    let all: People = serde_json::from_value(json)?;
    let mut seen = HashSet::new();
    for (place, it) in all.people.iter().enumerate() {
        if it.contact_id.parse::<u64>().is_err() {
            let who = it.full_name();
            return Err(FileError::Ambiguous(format!("contact {} ({who}) lacks a number", place + 1)));
        }
        let username = it.login.as_ref().map(|login| login.username.as_str());
        for key in [Some(it.contact_id.as_str()), username].into_iter().flatten() {
            if !seen.insert(key.to_ascii_lowercase()) {
                return Err(FileError::Ambiguous(format!("{key} belongs to two contacts")));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_file_is_read_with_its_dates_or_refused_with_the_reason() {
        let text = r#"{"people":[{"contactId":"1","memberships":[{"startDate":"today+1"}]}]}"#;
        let people = from_json(text, date(2026, 12, 31)).unwrap().people;
        assert_eq!(people[0].memberships[0].start_date.as_deref(), Some("2027-01-01T00:00:00"));
        let check = |text: &str, part: &str| {
            let error = from_json(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"contactId":"1","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"contactId":"1"},{"contactId":"1"}]}"#, "two contacts");
        check(r#"{"people":[{"contactId":"one","firstName":"Nobody"}]}"#, "contact 1 (Nobody)");
    }
}
