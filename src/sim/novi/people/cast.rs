//! The named cast: invented people and companies, one for each rule that a login gateway has to get right.
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
        assert!(all.people.len() >= 20);
        for it in &all.people {
            assert!(it.email.as_ref().is_none_or(|email| email.ends_with(".example")), "{it:?}");
            assert_eq!((it.unique_id.len(), it.unique_id.get(14..15)), (36, Some("4")), "{it:?}");
            assert!(!it.note.is_empty() && it.internal_identifier > 0, "{it:?}");
            let above = |parent: &String| all.people.iter().any(|other| other.unique_id == *parent);
            assert!(it.parent.iter().all(above), "{it:?}");
            let purchaser = it.registrations.iter().filter_map(|it| it.purchaser.as_ref());
            assert!(purchaser.into_iter().all(above), "{it:?}");
            assert!(it.member_type.iter().all(|name| all.member_types.iter().any(|it| it.name == *name)));
            assert!(it.groups.iter().all(|entry| all.groups.iter().any(|it| it.name == entry.group)));
            for seat in &it.committees {
                let committee = all.committees.iter().find(|it| it.name == seat.committee).unwrap();
                assert!(committee.roles.iter().any(|role| role.name == seat.role), "{seat:?}");
            }
            for registration in &it.registrations {
                let event = all.events.iter().find(|it| it.name == registration.event).unwrap();
                assert!(event.tickets.iter().any(|ticket| ticket.name == registration.ticket));
            }
            assert!(it.purchases.iter().all(|entry| all.products.iter().any(|it| it.name == entry.product)));
        }
    }
}
