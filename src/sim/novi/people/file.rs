//! What is Novi's own in a people file: by what its records are told apart.

use super::model::People;
use crate::sim::people::{PeopleError, PeopleFile, SeenKeys};

/// Two records may share an e-mail, but not an account.
impl PeopleFile for People {
    fn refuse_ambiguous(&self) -> Result<(), PeopleError> {
        let mut seen = SeenKeys::default();
        for (place, it) in self.people.iter().enumerate() {
            if it.unique_id.trim().is_empty() {
                let (place, who) = (place + 1, it.full_name());
                return Err(PeopleError::Ambiguous(format!("record {place} ({who}) lacks uniqueId")));
            }
            let keys = [Some(it.unique_id.as_str()), it.account_email()];
            seen.take_in(keys.into_iter().flatten(), "records")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::sim::people::from_json;

    #[test]
    fn a_file_is_read_with_its_dates_or_refused_with_the_reason() {
        let text = r#"{"people":[{"uniqueId":"a","firstName":"A","membershipExpires":"today+1"}]}"#;
        let People { people, .. } = from_json(text, date(2026, 12, 31)).unwrap();
        assert_eq!(people[0].membership_expires.as_deref(), Some("2027-01-01T00:00:00"));
        let check = |text: &str, part: &str| {
            let error = from_json::<People>(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"uniqueId":"a","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"uniqueId":"a"},{"uniqueId":"A"}]}"#, "two records");
        check(r#"{"people":[{"firstName":"Nobody"}]}"#, "record 1 (Nobody)");
        let shared = r#"{"people":[{"uniqueId":"a","email":"x@y.example","account":{}},{"uniqueId":"b","email":"x@y.example"}]}"#;
        assert_eq!(from_json::<People>(shared, date(2026, 1, 1)).unwrap().people.len(), 2);
    }
}
