//! Any number of invented people from a seed: the same number and seed always give the same people.
//!
//! Every tenth contact is an organization; people after it may be its staff. Types, lists and events are those of the cast.

use jiff::civil::Date;

use super::model::{
    Certification, Contact, ContactType, EndType, Field, ListEntry, Login, Membership, Organization,
    Registration,
};
use super::profile::{Info, Profile};
use crate::sim::dice::{Dice, FIRST_NAMES, LAST_NAMES, midnight};

const FIRST_NUMBER: u64 = 5_000_000;
const ORGANIZATION_EVERY: u64 = 10;

/// A stream of `count` invented contacts, with dates around `today`.
pub fn generate(count: u64, seed: u64, today: Date) -> impl Iterator<Item = Contact> {
    (0..count).map(move |place| contact(place, &mut Dice::new(seed, place), today))
}

fn contact(place: u64, dice: &mut Dice, today: Date) -> Contact {
    let last = dice.pick(LAST_NAMES, "Abara");
    let contact_id = (FIRST_NUMBER + place).to_string();
    if place.is_multiple_of(ORGANIZATION_EVERY) {
        return Contact {
            contact_id,
            contact_type: ContactType::Organization,
            name: format!("{last} Works {place}"),
            email: Some(format!("office.{place}@companies.example")),
            memberships: vec![membership(place, ("Business", "Gold"), dice, today)],
            ..Contact::default()
        };
    }
    let first = dice.pick(FIRST_NAMES, "Aino");
    let ascii: String = last.chars().filter(char::is_ascii_alphabetic).collect();
    let name = format!("{first}.{ascii}.{place}").to_ascii_lowercase();
    let mut person = Contact {
        contact_id,
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: Some(format!("{name}@people.example")),
        login: dice.once_in(20, false).then(|| Login { username: name, ..Login::default() }),
        ..Contact::default()
    };
    match dice.below(5) {
        0 | 1 => person.memberships.push(membership(place, ("Individual", "Regular"), dice, today)),
        2 | 3 => person.organizations.push(Organization {
            organization: (FIRST_NUMBER + place - place % ORGANIZATION_EVERY).to_string(),
            title: "Staff".to_owned(),
            kind: dice.pick(&["Primary", "Staff"], "Staff").to_owned(),
        }),
        _ => {}
    }
    if dice.once_in(6, true) {
        person.lists.push(ListEntry {
            list: dice.pick(&["Safety Committee", "Newsletter"], "Newsletter").to_owned(),
            role: dice.pick(&["Chair", "Member"], "Member").to_owned(),
            join_date: Some(dice.day(today, -800, 30)),
            drop_date: dice.once_in(4, true).then(|| dice.day(today, -60, 60)),
            is_active: dice.once_in(10, false),
        });
    }
    if dice.once_in(6, true) {
        person.registrations.push(Registration {
            event: "Annual Meeting".to_owned(),
            registration_date: Some(dice.moment(today, -200, 0)),
            status: dice.pick(&["Registered", "Cancelled"], "Registered").to_owned(),
        });
    }
    if dice.once_in(12, true) {
        person.certifications.push(Certification {
            name: "Certified Planner".to_owned(),
            status: "Completed".to_owned(),
            start_date: Some(dice.day(today, -900, -400)),
            completed_date: Some(dice.day(today, -300, 0)),
        });
    }
    if dice.once_in(4, true) {
        let value = dice.pick(&["West", "East"], "West").to_owned();
        person.fields.push(Field { name: "Region".to_owned(), value });
    }
    if dice.once_in(4, true) {
        let value = format!("555-{:04}", dice.below(10_000));
        person.profile = Some(Box::new(Profile {
            image_url: format!("https://acme.growthzoneapp.example/images/{place}.png"),
            bio: dice.pick(&["Plans bridges.", "Builds piers."], "").to_owned(),
            phones: vec![Info { type_name: "Main".to_owned(), value }],
            ..Profile::default()
        }));
    }
    person
}

fn membership(place: u64, (kind, level): (&str, &str), dice: &mut Dice, today: Date) -> Membership {
    let begin = dice.below(900) as i32 - 700;
    Membership {
        membership_id: FIRST_NUMBER + place,
        kind: kind.to_owned(),
        level: level.to_owned(),
        status: dice.once_in(8, true).then(|| "Dropped".to_owned()),
        end_type: if dice.once_in(2, true) { EndType::Duration } else { EndType::Manual },
        start_date: Some(midnight(today, begin)),
        expiration_date: Some(midnight(today, begin + 364)),
        grace_period_expiration_date: dice.once_in(2, true).then(|| midnight(today, begin + 394)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_of_every_kind() {
        let today = date(2026, 6, 1);
        let few: Vec<Contact> = generate(50, 7, today).collect();
        let all: Vec<Contact> = generate(5_000, 7, today).collect();
        assert_eq!(few, all[..50]);
        assert_ne!(few, generate(50, 8, today).collect::<Vec<_>>());
        let ids: HashSet<&str> = all.iter().map(|it| it.contact_id.as_str()).collect();
        assert_eq!(ids.len(), 5_000);
        let some = |test: fn(&Contact) -> bool| all.iter().any(test);
        assert!(some(|it| it.contact_type == ContactType::Organization) && some(|it| it.login.is_none()));
        assert!(some(|it| it.memberships.iter().any(|it| it.status.is_some())));
        let related = all.iter().flat_map(|it| &it.organizations);
        assert!(related.into_iter().all(|tie| ids.contains(tie.organization.as_str())));
    }
}
