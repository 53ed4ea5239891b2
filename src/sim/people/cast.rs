//! The named cast: invented people, one for each rule that a login gateway has to get right.
//!
//! They are kept as a people file beside this one, which is also the example of the format.

use jiff::civil::Date;

use super::file::from_json;
use super::model::People;

/// The named cast. All dates are counted from `today`, so the cast is right in any year.
pub fn cast(today: Date) -> People {
    // The file is part of the program, and a test reads it: an error cannot reach a user.
    from_json(include_str!("cast.json"), today).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_cast_can_be_read_and_names_nothing_that_is_not_on_file() {
        let people: People = from_json(include_str!("cast.json"), date(2028, 2, 29)).unwrap();
        assert!(people.people.len() >= 20);
        for person in &people.people {
            assert!(person.email.as_ref().is_none_or(|email| email.ends_with(".example")), "{person:?}");
            assert_eq!(person.id.len(), 36, "{}", person.id);
            assert_eq!(person.id.get(14..15), Some("4"), "{}", person.id);
            assert!(!person.note.is_empty(), "{person:?}");
            for seat in &person.committees {
                assert!(
                    people.committees.iter().any(|committee| committee.code == seat.committee),
                    "{seat:?}"
                );
            }
            for registration in &person.registrations {
                assert!(
                    people.events.iter().any(|event| event.code == registration.event),
                    "{registration:?}"
                );
            }
            for tie in &person.relationships {
                assert!(
                    people.organizations.iter().any(|it| it.record_number == tie.organization),
                    "{tie:?}"
                );
            }
        }
    }
}
