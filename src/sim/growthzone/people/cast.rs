//! The named cast: invented people and organizations, one for each rule that a login gateway has to get right.
//!
//! They are kept as a people file beside this one, which is also the example of the format.

use jiff::civil::Date;

use super::model::People;
use crate::sim::people::from_json;

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
        let all: People = from_json(include_str!("cast.json"), date(2028, 2, 29)).unwrap();
        assert!(all.people.len() >= 18);
        let mut memberships = std::collections::HashSet::new();
        for it in &all.people {
            assert!(it.email.as_ref().is_none_or(|email| email.ends_with(".example")), "{it:?}");
            assert!(!it.note.is_empty() && it.contact_id.parse::<u64>().is_ok(), "{it:?}");
            assert!(it.login.as_ref().is_none_or(|login| !login.username.is_empty()), "{it:?}");
            let related = it.organizations.iter().map(|tie| &tie.organization);
            assert!(related.into_iter().all(|id| all.people.iter().any(|other| other.contact_id == *id)));
            for membership in &it.memberships {
                assert!(memberships.insert(membership.membership_id), "{membership:?}");
                let kind = all.membership_types.iter().find(|kind| kind.name == membership.kind).unwrap();
                assert!(kind.levels.contains(&membership.level), "{membership:?}");
            }
            assert!(it.lists.iter().all(|entry| all.lists.iter().any(|list| list.name == entry.list)));
            assert!(it.registrations.iter().all(|entry| all.events.iter().any(|it| it.name == entry.event)));
        }
    }
}
