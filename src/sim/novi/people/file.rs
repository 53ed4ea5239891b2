//! Reading a people file of Novi: JSON, in which a date may be written relative to today.

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
    /// A record without a key, or two with the same one.
    #[error("the people file is not in order: {0}")]
    Ambiguous(String),
}

/// Reads a people file, dates relative to `today`.
pub fn from_file(path: &Path, today: Date) -> Result<People, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| FileError::Unreadable { path: path.display().to_string(), reason })?;
    from_json(&text, today)
}

/// Reads the text of a people file, dates relative to `today`. Two records may share an e-mail, but not an account.
pub fn from_json(text: &str, today: Date) -> Result<People, FileError> {
    // Read as people first: only then does an error of shape carry its line and column.
    let _: People = serde_json::from_str(text)?;
    let mut json: Value = serde_json::from_str(text)?;
    relative_dates(&mut json, today);
    let all: People = serde_json::from_value(json)?;
    let mut seen = HashSet::new();
    for (place, it) in all.people.iter().enumerate() {
        if it.unique_id.trim().is_empty() {
            let who = it.full_name();
            return Err(FileError::Ambiguous(format!("record {} ({who}) lacks uniqueId", place + 1)));
        }
        for key in [Some(it.unique_id.as_str()), it.account_email()].into_iter().flatten() {
            if !seen.insert(key.to_ascii_lowercase()) {
                return Err(FileError::Ambiguous(format!("{key} belongs to two records")));
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
        let text = r#"{"people":[{"uniqueId":"a","firstName":"A","membershipExpires":"today+1"}]}"#;
        let people = from_json(text, date(2026, 12, 31)).unwrap().people;
        assert_eq!(people[0].membership_expires.as_deref(), Some("2027-01-01T00:00:00"));
        let check = |text: &str, part: &str| {
            let error = from_json(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"uniqueId":"a","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"uniqueId":"a"},{"uniqueId":"A"}]}"#, "two records");
        check(r#"{"people":[{"firstName":"Nobody"}]}"#, "record 1 (Nobody)");
        let shared = r#"{"people":[{"uniqueId":"a","email":"x@y.example","account":{}},{"uniqueId":"b","email":"x@y.example"}]}"#;
        assert_eq!(from_json(shared, date(2026, 1, 1)).unwrap().people.len(), 2);
    }
}
