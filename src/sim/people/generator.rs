//! Any number of invented people from a seed: the same number and seed always give the same people.
//!
//! Each person is made from the seed and their own place alone, so that the stream needs no memory and may be cut.

use jiff::civil::Date;

use super::model::{
    Certification, CustomField, Environment, Membership, Person, Purchase, Registration, Relationship, Seat,
    User,
};
use super::profile::{Phone, Profile};
use crate::sim::dice::{Dice, FIRST_NAMES, LAST_NAMES, midnight};
use crate::sim::guid;

const MEMBERSHIPS: &[(&str, &str)] = &[
    ("Individual", "INDIV"),
    ("Student", "STUDENT"),
    ("Retired", "RETIRED"),
    ("Corporate Gold", "CORPGOLD"),
];
const FIRST_RECORD_NUMBER: u64 = 500_000;

/// A stream of `count` invented people, with dates around `today`. Codes are those of the named cast.
pub fn generate(count: u64, seed: u64, today: Date) -> impl Iterator<Item = Person> {
    (0..count).map(move |place| person(place, &mut Dice::new(seed, place), today))
}

fn person(place: u64, dice: &mut Dice, today: Date) -> Person {
    let id = guid::from_bytes(dice.bytes());
    let (first, last) = (dice.pick(FIRST_NAMES, "Aino"), dice.pick(LAST_NAMES, "Abara"));
    let ascii: String = last.chars().filter(char::is_ascii_alphabetic).collect();
    let email = format!("{first}.{ascii}.{place}@people.example").to_ascii_lowercase();
    let mut person = Person {
        id,
        record_number: (FIRST_RECORD_NUMBER + place).to_string(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: Some(email),
        user: dice
            .once_in(20, false)
            .then(|| User { is_approved: dice.once_in(50, false), ..User::default() }),
        only_in: None::<Environment>,
        is_deceased: dice.once_in(200, true),
        old_shape: dice.once_in(10, true),
        ..Person::default()
    };
    for _ in 0..dice.below(3) {
        person.memberships.push(membership(dice, today));
    }
    if dice.once_in(8, true) {
        person.committees.push(seat(dice, today));
    }
    if dice.once_in(6, true) {
        let date = dice.moment(today, -200, 0);
        let number = format!("R-{place}");
        let event = dice.pick(&["ANNUAL26", "WEBINAR1"], "ANNUAL26").to_owned();
        person.registrations.push(Registration {
            event,
            registration_date: Some(date),
            registration_number: number,
            ..Registration::default()
        });
    }
    if dice.once_in(6, true) {
        person.purchases.push(Purchase {
            order_number: format!("O-{place}"),
            product_code: dice.pick(&["WEB1", "BOOK7"], "WEB1").to_owned(),
            product_name: "Recorded webinar".to_owned(),
            purchase_date: Some(dice.moment(today, -500, 0)),
        });
    }
    if dice.once_in(12, true) {
        let expire_date = Some(dice.day(today, -30, 700));
        person.certifications.push(Certification {
            code: "CPA".into(),
            name: "Certified Programme Analyst".into(),
            expire_date,
        });
    }
    if dice.once_in(5, true) {
        person.relationships.push(Relationship {
            name: "Employee".into(),
            reciprocal_name: "Employer".into(),
            organization: dice.pick(&["20011", "20012"], "20011").to_owned(),
            is_primary: true,
            start_date: Some(dice.day(today, -2000, -30)),
            end_date: dice.once_in(4, true).then(|| dice.day(today, -60, 60)),
        });
    }
    if dice.once_in(4, true) {
        let value = dice.pick(&["ocean", "policy", "ocean|policy", "Ocean|ice"], "ocean").to_owned();
        person.custom_fields.push(CustomField { name: "topics".into(), caption: "Topics".into(), value });
    }
    if dice.once_in(100, true) {
        person.security_roles.push("Staff".into());
    }
    if dice.once_in(4, true) {
        person.profile = Some(Box::new(profile(place, dice)));
    }
    person
}

fn profile(place: u64, dice: &mut Dice) -> Profile {
    Profile {
        image_uri: Some(format!("https://members.acme.example:443/images/{place}.img")),
        hidden_in_directory: dice.once_in(10, true),
        phones: vec![Phone {
            number: format!("555-{:04}", dice.below(10_000)),
            type_name: dice.pick(&["Work", "Mobile", "Home"], "Work").to_owned(),
            show_in_directory: dice.once_in(3, false),
            ..Phone::default()
        }],
        ..Profile::default()
    }
}

fn membership(dice: &mut Dice, today: Date) -> Membership {
    let (name, code) = dice.pick(MEMBERSHIPS, ("Individual", "INDIV"));
    let begin = dice.below(900) as i32 - 700;
    let term = |days: i32| Some(midnight(today, begin + days));
    Membership {
        membership_type: name.to_owned(),
        code: code.to_owned(),
        join_date: dice.once_in(10, false).then(|| dice.day(today, -4000, -700)),
        effective_date: term(0),
        expire_date: if dice.once_in(15, true) { None } else { term(364) },
        grace_expire_date: if dice.once_in(3, true) { term(394) } else { None },
        terminate_date: if dice.once_in(25, true) { term(180) } else { None },
        inherited_membership_benefits: code == "CORPGOLD",
        renewal_url: String::new(),
    }
}

fn seat(dice: &mut Dice, today: Date) -> Seat {
    let (position, position_code) =
        dice.pick(&[("Chair", "CHAIR"), ("Member", "MEMBER")], ("Member", "MEMBER"));
    let committee = dice.pick(&["EDU", "FIN"], "EDU");
    Seat {
        committee: committee.to_owned(),
        position: position.to_owned(),
        position_code: position_code.to_owned(),
        code: format!("{committee}-{:03}", dice.below(1000)),
        start_date: Some(dice.day(today, -800, 60)),
        end_date: if dice.once_in(3, true) { None } else { Some(dice.day(today, -60, 400)) },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_and_a_longer_stream_begins_alike() {
        let today = date(2026, 6, 1);
        let few: Vec<Person> = generate(50, 7, today).collect();
        let more: Vec<Person> = generate(80, 7, today).take(50).collect();
        assert_eq!(few, more);
        assert_ne!(few, generate(50, 8, today).collect::<Vec<_>>());
    }

    #[test]
    fn ten_thousand_people_are_all_different_and_of_every_kind() {
        let people: Vec<Person> = generate(10_000, 1, date(2026, 6, 1)).collect();
        let distinct = |key: fn(&Person) -> &str| people.iter().map(key).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|person| &person.id), 10_000);
        assert_eq!(distinct(|person| person.email.as_deref().unwrap()), 10_000);
        let some = |test: fn(&Person) -> bool| people.iter().any(test);
        assert!(some(|person| person.user.is_none()) && some(|person| person.is_deceased));
        assert!(some(|person| person.memberships.len() == 2) && some(|person| person.memberships.is_empty()));
        assert!(some(|person| person.user.as_ref().is_some_and(|user| !user.is_approved)));
    }
}
