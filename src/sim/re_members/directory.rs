//! Who is on file, found by any of their keys, and when each record last changed.

use std::collections::HashMap;

use jiff::Timestamp;

use super::switches::Covers;
use crate::sim::control::Refusal;
use crate::sim::people::{Committee, Environment, Event, Organization, People, Person};

#[derive(Debug)]
pub(super) struct Directory {
    pub(super) people: Vec<Person>,
    pub(super) organizations: Vec<Organization>,
    pub(super) committees: Vec<Committee>,
    pub(super) events: Vec<Event>,
    /// Id, record number and e-mails, in lower case. Two people may share an e-mail, in different environments too.
    places: HashMap<String, Vec<usize>>,
    changed: HashMap<String, Changed>,
}

/// When a person last changed.
#[derive(Debug, Clone, Copy)]
struct Changed {
    /// Names, addresses or login.
    profile: Timestamp,
    anything: Timestamp,
}

/// A person before and after a change.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) before: Person,
    pub(super) after: Person,
}

impl Directory {
    pub(super) fn new(people: People) -> Directory {
        let People { people, organizations, committees, events } = people;
        let (places, changed) = (HashMap::new(), HashMap::new());
        let mut directory = Directory { people, organizations, committees, events, places, changed };
        directory.index();
        directory
    }

    fn index(&mut self) {
        self.places.clear();
        self.index_from(0);
    }

    /// Those at this place and after it are not in the index.
    fn index_from(&mut self, first: usize) {
        for (place, person) in self.people.iter().enumerate().skip(first) {
            for key in keys(person) {
                let places = self.places.entry(key.to_ascii_lowercase()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
    }

    fn matching<'a>(&'a self, environment: Environment, key: &str) -> impl Iterator<Item = &'a Person> {
        let places = self.places.get(&key.to_ascii_lowercase()).into_iter().flatten();
        places.filter_map(|place| self.people.get(*place)).filter(move |person| person.exists_in(environment))
    }

    /// By id, record number or e-mail.
    pub(super) fn find(&self, environment: Environment, key: &str) -> Option<&Person> {
        self.matching(environment, key).next()
    }

    /// By id, record number or e-mail, in whichever environment.
    pub(super) fn find_anywhere(&self, key: &str) -> Option<&Person> {
        let place = self.places.get(&key.to_ascii_lowercase()).and_then(|places| places.first());
        place.and_then(|place| self.people.get(*place))
    }

    /// By id only.
    pub(super) fn find_id(&self, environment: Environment, id: &str) -> Option<&Person> {
        self.matching(environment, id).find(|person| person.id.eq_ignore_ascii_case(id))
    }

    /// By the e-mail that the person signs in with.
    pub(super) fn find_login(&self, environment: Environment, email: &str) -> Option<&Person> {
        let signs_in =
            |person: &&Person| person.login_email().is_some_and(|login| login.eq_ignore_ascii_case(email));
        self.matching(environment, email.trim()).find(signs_in)
    }

    pub(super) fn all(&self, environment: Environment) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.exists_in(environment))
    }

    pub(super) fn organization(&self, key: &str) -> Option<&Organization> {
        self.organizations.iter().find(|it| it.record_number == key || it.id.eq_ignore_ascii_case(key))
    }

    pub(super) fn changed_at(&self, id: &str, covers: Covers) -> Option<Timestamp> {
        let changed = self.changed.get(id)?;
        Some(match covers {
            Covers::Everything => changed.anything,
            Covers::Profiles => changed.profile,
        })
    }

    /// The id of the person that one with this key replaces, if any. Refused: other keys of theirs belong to somebody else.
    pub(super) fn replaced_by(&self, key: &str, person: &Person) -> Result<Option<String>, Refusal> {
        let replaced = self.find_anywhere(key).map(|known| known.id.clone());
        let taken = [&person.id, &person.record_number]
            .into_iter()
            .find(|own| self.find_anywhere(own).is_some_and(|other| Some(&other.id) != replaced.as_ref()));
        match taken {
            Some(taken) => Err(Refusal::Wrong(format!("{taken} belongs to somebody else"))),
            None => Ok(replaced),
        }
    }

    pub(super) fn add(&mut self, person: Person, now: Timestamp) {
        self.changed.insert(person.id.clone(), Changed { profile: now, anything: now });
        self.people.push(person);
        self.index_from(self.people.len() - 1);
    }

    /// Changes the person with this key in whichever environment. A change of nothing counts as one of the profile.
    pub(super) fn edit(
        &mut self,
        key: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Person),
    ) -> Option<Edit> {
        let place = self.places.get(&key.to_ascii_lowercase()).and_then(|places| places.first()).copied();
        let person = place.and_then(|place| self.people.get_mut(place))?;
        let before = person.clone();
        change(person);
        let after = person.clone();
        let same_keys = keys(&after).eq(keys(&before));
        let in_profile = profile(&after) != profile(&before) || after == before;
        let earlier = self.changed.get(&before.id).map_or(Timestamp::MIN, |changed| changed.profile);
        let profile = if in_profile { now } else { earlier };
        self.changed.insert(after.id.clone(), Changed { profile, anything: now });
        if !same_keys {
            self.index();
        }
        Some(Edit { before, after })
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Person> {
        let place = self.people.iter().position(|person| person.id.eq_ignore_ascii_case(id))?;
        let gone = self.people.remove(place);
        self.changed.remove(&gone.id);
        self.index();
        Some(gone)
    }
}

/// What the record itself says, without what hangs on it.
fn profile(person: &Person) -> impl PartialEq + '_ {
    let Person { record_number, first_name, last_name, title, email, profile, .. } = person;
    let Person { user, is_deceased, overrides, .. } = person;
    (record_number, first_name, last_name, title, email, profile, user, is_deceased, overrides)
}

fn keys(person: &Person) -> impl Iterator<Item = &str> {
    [Some(person.id.as_str()), Some(&person.record_number), person.email.as_deref(), person.login_email()]
        .into_iter()
        .flatten()
}
