//! Any number of invented people from a seed: the same number and seed always give the same people.
//!
//! Every tenth record is a company; people after it may be its staff. Types, groups, committees, events and products are those
//! of the named cast.

use jiff::civil::Date;

use super::model::{Account, Belonging, CustomField, Customer, CustomerType, Purchase, Registration, Seat};
use super::profile::Profile;
use crate::sim::dice::{Dice, FIRST_NAMES, LAST_NAMES, midnight};
use crate::sim::guid;

const FIRST_NUMBER: u64 = 500_000;
const COMPANY_EVERY: u64 = 10;

/// A stream of `count` invented records, with dates around `today`.
pub fn generate(count: u64, seed: u64, today: Date) -> impl Iterator<Item = Customer> {
    (0..count).map(move |place| record(place, seed, today))
}

fn id(place: u64, seed: u64) -> String {
    guid::from_bytes(Dice::new(seed, place).bytes())
}

fn record(place: u64, seed: u64, today: Date) -> Customer {
    let dice = &mut Dice::new(seed, place);
    let unique_id = guid::from_bytes(dice.bytes());
    let last = dice.pick(LAST_NAMES, "Abara");
    let base = Customer { unique_id, internal_identifier: FIRST_NUMBER + place, ..Customer::default() };
    if place.is_multiple_of(COMPANY_EVERY) {
        let email = Some(format!("office.{place}@companies.example"));
        let name = format!("{last} Works {place}");
        let company = Customer { customer_type: CustomerType::Company, name, email, ..base };
        return member(company, dice.pick(&["Corporate", "Small Business"], "Corporate"), dice, today);
    }
    let first = dice.pick(FIRST_NAMES, "Aino");
    let ascii: String = last.chars().filter(char::is_ascii_alphabetic).collect();
    let email = format!("{first}.{ascii}.{place}@people.example").to_ascii_lowercase();
    let mut person = Customer {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: Some(email),
        account: dice.once_in(20, false).then(Account::default),
        active: dice.once_in(100, false),
        approved: dice.once_in(60, false),
        ..base
    };
    match dice.below(5) {
        0 | 1 => person = member(person, dice.pick(&["Individual", "Student"], "Individual"), dice, today),
        2 | 3 => {
            person.parent = Some(id(place - place % COMPANY_EVERY, seed));
            person.has_seat = dice.once_in(2, true);
        }
        _ => {}
    }
    if dice.once_in(8, true) {
        let role = dice.pick(&["Chair", "Member"], "Member").to_owned();
        person.committees.push(Seat {
            committee: dice.pick(&["Safety", "Education"], "Safety").to_owned(),
            role,
            term_start: Some(dice.day(today, -800, 60)),
            term_end: if dice.once_in(3, true) { None } else { Some(dice.day(today, -60, 400)) },
            status: "Active".to_owned(),
            inherited: false,
        });
    }
    if dice.once_in(6, true) {
        let join_date = Some(dice.day(today, -900, 0));
        person.groups.push(Belonging { group: "Water Section".to_owned(), join_date });
    }
    if dice.once_in(6, true) {
        let cancelled = dice.once_in(10, true);
        person.registrations.push(Registration {
            event: dice.pick(&["Annual Meeting", "Safety Webinar"], "Annual Meeting").to_owned(),
            ticket: "Full".to_owned(),
            number: format!("R-{place}"),
            registration_date: Some(dice.moment(today, -200, 0)),
            cancelled,
            cancellation_date: if cancelled { Some(dice.moment(today, -20, 0)) } else { None },
            payment_status: "Paid".to_owned(),
            ..Registration::default()
        });
    }
    if dice.once_in(6, true) {
        person.purchases.push(Purchase {
            order: format!("O-{place}"),
            product: dice.pick(&["Recorded Webinar", "Journal"], "Journal").to_owned(),
            purchase_date: Some(dice.moment(today, -500, 0)),
            ..Purchase::default()
        });
    }
    if dice.once_in(4, true) {
        let value = dice.pick(&["West", "East", "North|South"], "West").into();
        person.custom_fields.push(CustomField { name: "Region".to_owned(), value });
    }
    if dice.once_in(4, true) {
        person.profile = Some(Box::new(Profile {
            member_profile: dice.pick(&["<p>Builds piers.</p>", "Plans bridges."], "").to_owned(),
            image: format!("https://www.acme.example/images/{place}.jpg"),
            phone: format!("555-{:04}", dice.below(10_000)),
            hide_on_website: dice.once_in(10, true),
            ..Profile::default()
        }));
    }
    person
}

fn member(record: Customer, of: &str, dice: &mut Dice, today: Date) -> Customer {
    let begin = dice.below(900) as i32 - 700;
    let joined = Some(dice.day(today, -4000, -700));
    Customer {
        member_type: Some(of.to_owned()),
        original_join_date: joined.clone(),
        member_since: joined,
        membership_expires: if dice.once_in(20, true) { None } else { Some(midnight(today, begin + 364)) },
        auto_renew: dice.once_in(3, true),
        ..record
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
        let few: Vec<Customer> = generate(50, 7, today).collect();
        assert_eq!(few, generate(80, 7, today).take(50).collect::<Vec<_>>());
        assert_ne!(few, generate(50, 8, today).collect::<Vec<_>>());
    }

    #[test]
    fn five_thousand_records_are_all_different_and_of_every_kind() {
        let all: Vec<Customer> = generate(5_000, 1, date(2026, 6, 1)).collect();
        let ids: HashSet<&str> = all.iter().map(|it| it.unique_id.as_str()).collect();
        let accounts: HashSet<&str> = all.iter().filter_map(Customer::account_email).collect();
        assert_eq!(ids.len(), 5_000);
        assert_eq!(accounts.len(), all.iter().filter(|it| it.account_email().is_some()).count());
        let some = |test: fn(&Customer) -> bool| all.iter().any(test);
        assert!(some(|it| it.customer_type == CustomerType::Company) && some(|it| !it.active));
        assert!(some(|it| it.has_seat) && some(|it| !it.approved) && some(|it| it.member_type.is_none()));
        let staff: Vec<&Customer> = all.iter().filter(|it| it.parent.is_some()).collect();
        assert!(staff.len() > 1_000);
        for it in staff {
            let above = all.iter().find(|other| Some(&other.unique_id) == it.parent.as_ref()).unwrap();
            assert_eq!(above.customer_type, CustomerType::Company);
        }
    }
}
