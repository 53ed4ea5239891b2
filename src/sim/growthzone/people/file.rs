//! What is GrowthZone's own in a people file: by what its records are told apart.

use super::model::People;
use crate::sim::people::{PeopleError, PeopleFile, SeenKeys};

impl PeopleFile for People {
    fn refuse_ambiguous(&self) -> Result<(), PeopleError> {
        let mut seen = SeenKeys::default();
        for (place, it) in self.people.iter().enumerate() {
            if it.contact_id.parse::<u64>().is_err() {
                let (place, who) = (place + 1, it.full_name());
                return Err(PeopleError::Ambiguous(format!("contact {place} ({who}) lacks a number")));
            }
            let username = it.login.as_ref().map(|login| login.username.as_str());
            let keys = [Some(it.contact_id.as_str()), username];
            seen.take_in(keys.into_iter().flatten(), "contacts")?;
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
        let text = r#"{"people":[{"contactId":"1","memberships":[{"startDate":"today+1"}]}]}"#;
        let People { people, .. } = from_json(text, date(2026, 12, 31)).unwrap();
        assert_eq!(people[0].memberships[0].start_date.as_deref(), Some("2027-01-01T00:00:00"));
        let check = |text: &str, part: &str| {
            let error = from_json::<People>(text, date(2026, 1, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{", "line 1");
        check(r#"{"people":[{"contactId":"1","surname":"x"}]}"#, "unknown field `surname`");
        check(r#"{"people":[{"contactId":"1"},{"contactId":"1"}]}"#, "two contacts");
        check(r#"{"people":[{"contactId":"one","firstName":"Nobody"}]}"#, "contact 1 (Nobody)");
    }
}
