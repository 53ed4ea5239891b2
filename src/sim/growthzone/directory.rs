//! Who is on file, found by number or login, when each contact last changed, and what became of those who are gone.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::people::{Contact, Event, List, MembershipType, People};

/// More removed contacts are not remembered: the oldest go first.
const MOST_GONE: usize = 10_000;

#[derive(Debug)]
pub(super) struct Directory {
    pub(super) contacts: Vec<Contact>,
    pub(super) membership_types: Vec<MembershipType>,
    pub(super) lists: Vec<List>,
    pub(super) events: Vec<Event>,
    pub(super) gone: Vec<(Contact, Timestamp)>,
    places: HashMap<String, usize>,
    changed: HashMap<String, Timestamp>,
}

impl Directory {
    /// Each contact last changed at some instant of the year before `now`.
    pub(super) fn new(people: People, now: Timestamp) -> Directory {
        let People { people, membership_types, lists, events } = people;
        let changed = people.iter().map(|it| {
            let number: u64 = it.contact_id.parse().unwrap_or_default();
            let age = SignedDuration::from_hours(24 * (30 + (number % 300) as i64));
            (it.contact_id.clone(), now.checked_sub(age).unwrap_or(now))
        });
        let (places, changed) = (HashMap::new(), changed.collect());
        let mut directory = Directory {
            contacts: people,
            membership_types,
            lists,
            events,
            gone: Vec::new(),
            places,
            changed,
        };
        directory.index();
        directory
    }

    fn index(&mut self) {
        let id = |(place, it): (usize, &Contact)| (it.contact_id.clone(), place);
        self.places = self.contacts.iter().enumerate().map(id).collect();
    }

    /// By number.
    pub(super) fn find(&self, id: &str) -> Option<&Contact> {
        self.contacts.get(*self.places.get(id)?)
    }

    /// By number, user name or e-mail, as a person at the control may write it.
    pub(super) fn find_anyhow(&self, key: &str) -> Option<&Contact> {
        let by_email = |it: &&Contact| it.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(key));
        let found = self.find(key).or_else(|| self.find_login(key));
        found.or_else(|| self.contacts.iter().find(by_email))
    }

    /// By the name to sign in with.
    pub(super) fn find_login(&self, username: &str) -> Option<&Contact> {
        let signs_in =
            |it: &&Contact| it.login.as_ref().is_some_and(|own| own.username.eq_ignore_ascii_case(username));
        self.contacts.iter().find(signs_in)
    }

    /// By name.
    pub(super) fn membership_type(&self, name: &str) -> Option<&MembershipType> {
        self.membership_types.iter().find(|it| it.name.eq_ignore_ascii_case(name))
    }

    /// By name or number.
    pub(super) fn list(&self, key: &str) -> Option<&List> {
        self.lists.iter().find(|it| it.name.eq_ignore_ascii_case(key) || key.parse() == Ok(it.group_id))
    }

    /// By name or number.
    pub(super) fn event(&self, key: &str) -> Option<&Event> {
        self.events.iter().find(|it| it.name.eq_ignore_ascii_case(key) || key.parse() == Ok(it.event_id))
    }

    pub(super) fn changed_at(&self, id: &str) -> Timestamp {
        self.changed.get(id).copied().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn touch(&mut self, id: &str, now: Timestamp) {
        self.changed.insert(id.to_owned(), now);
    }

    /// Changes the contact with this number. Nothing if there is none.
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Contact)) {
        if let Some(contact) = self.places.get(id).and_then(|place| self.contacts.get_mut(*place)) {
            change(contact);
            let was_renumbered = contact.contact_id != id;
            if was_renumbered {
                self.index();
            }
        }
    }

    pub(super) fn add(&mut self, contact: Contact) {
        self.gone.retain(|(it, _)| it.contact_id != contact.contact_id);
        self.contacts.push(contact);
        self.index();
    }

    pub(super) fn remove(&mut self, id: &str, now: Timestamp) {
        if let Some(contact) = self.find(id).cloned() {
            if self.gone.len() == MOST_GONE {
                self.gone.remove(0);
            }
            self.gone.push((contact, now));
        }
        self.contacts.retain(|it| it.contact_id != id);
        self.changed.remove(id);
        self.index();
    }
}
