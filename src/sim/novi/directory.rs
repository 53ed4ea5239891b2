//! Who is on file, found by id, account or number, and when each record last changed.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::people::{Committee, Customer, Event, Group, MemberType, People, Product};
use crate::sim::people::Environment;

#[derive(Debug)]
pub(super) struct Directory {
    pub(super) customers: Vec<Customer>,
    pub(super) member_types: Vec<MemberType>,
    pub(super) groups: Vec<Group>,
    pub(super) committees: Vec<Committee>,
    pub(super) events: Vec<Event>,
    pub(super) products: Vec<Product>,
    /// Ids in lower case.
    places: HashMap<String, usize>,
    changed: HashMap<String, Timestamp>,
}

impl Directory {
    /// Each record last changed at some instant of the year before `now`.
    pub(super) fn new(people: People, now: Timestamp) -> Directory {
        let People { people, member_types, groups, committees, events, products } = people;
        let changed = people.iter().map(|it| {
            let age = SignedDuration::from_hours(24 * (30 + (it.internal_identifier % 300) as i64));
            let parts = SignedDuration::from_micros((it.internal_identifier % 1000) as i64 * 997);
            (it.unique_id.to_ascii_lowercase(), now.checked_sub(age + parts).unwrap_or(now))
        });
        let (places, changed) = (HashMap::new(), changed.collect());
        let mut directory = Directory {
            customers: people,
            member_types,
            groups,
            committees,
            events,
            products,
            places,
            changed,
        };
        directory.index();
        directory
    }

    fn index(&mut self) {
        let id = |(place, it): (usize, &Customer)| (it.unique_id.to_ascii_lowercase(), place);
        self.places = self.customers.iter().enumerate().map(id).collect();
    }

    /// By id.
    pub(super) fn find(&self, id: &str) -> Option<&Customer> {
        let place = self.places.get(&id.to_ascii_lowercase())?;
        self.customers.get(*place)
    }

    /// By id, number or e-mail, as a person at the control may write it.
    pub(super) fn find_anyhow(&self, key: &str) -> Option<&Customer> {
        let by_email = |it: &&Customer| {
            let emails = [it.account_email(), it.email.as_deref()];
            emails.into_iter().flatten().any(|email| email.eq_ignore_ascii_case(key))
        };
        let by_number = |it: &&Customer| key.parse() == Ok(it.internal_identifier);
        let found = self.find(key).or_else(|| self.customers.iter().find(by_number));
        found.or_else(|| self.customers.iter().find(by_email))
    }

    /// By the e-mail of the user account.
    pub(super) fn find_account(&self, environment: Environment, email: &str) -> Option<&Customer> {
        let signs_in = |it: &&Customer| {
            it.exists_in(environment) && it.account_email().is_some_and(|own| own.eq_ignore_ascii_case(email))
        };
        self.customers.iter().find(signs_in)
    }

    /// Everything on file at a site.
    pub(super) fn all(&self, environment: Environment) -> impl Iterator<Item = &Customer> {
        self.customers.iter().filter(move |it| it.exists_in(environment))
    }

    /// By name.
    pub(super) fn member_type(&self, name: &str) -> Option<&MemberType> {
        self.member_types.iter().find(|it| it.name.eq_ignore_ascii_case(name))
    }

    /// By name or id.
    pub(super) fn group(&self, key: &str) -> Option<&Group> {
        let is_it = |it: &&Group| it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key);
        self.groups.iter().find(is_it)
    }

    /// By name or id.
    pub(super) fn committee(&self, key: &str) -> Option<&Committee> {
        let is_it =
            |it: &&Committee| it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key);
        self.committees.iter().find(is_it)
    }

    /// By name or id.
    pub(super) fn event(&self, key: &str) -> Option<&Event> {
        let is_it = |it: &&Event| it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key);
        self.events.iter().find(is_it)
    }

    /// By name or id.
    pub(super) fn product(&self, key: &str) -> Option<&Product> {
        let is_it =
            |it: &&Product| it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key);
        self.products.iter().find(is_it)
    }

    pub(super) fn changed_at(&self, id: &str) -> Timestamp {
        self.changed.get(&id.to_ascii_lowercase()).copied().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn touch(&mut self, id: &str, now: Timestamp) {
        self.changed.insert(id.to_ascii_lowercase(), now);
    }

    /// Changes the record with this id. Nothing if there is none.
    pub(super) fn edit<T>(&mut self, id: &str, change: impl FnOnce(&mut Customer) -> T) -> Option<T> {
        let place = self.places.get(&id.to_ascii_lowercase())?;
        let changed = self.customers.get_mut(*place).map(change);
        if self.find(id).is_none_or(|it| !it.unique_id.eq_ignore_ascii_case(id)) {
            self.index();
        }
        changed
    }

    pub(super) fn add(&mut self, customer: Customer) {
        self.customers.push(customer);
        self.index();
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.customers.retain(|it| !it.unique_id.eq_ignore_ascii_case(id));
        self.changed.remove(&id.to_ascii_lowercase());
        self.index();
    }
}
