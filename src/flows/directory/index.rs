//! The directory in memory: who is on file, with what is asked about all of them often. The records themselves are in the store.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;

use crate::domain::parts::{Part, Parts};
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// What memory has of a person: about a hundred bytes with the id.
#[derive(Debug, Clone, Copy, Default)]
struct OnFile {
    /// When the person alone was last read. Microseconds since 1970.
    read: i64,
    /// When a page of everybody last had the person.
    listed: i64,
    /// When the oldest list was confirmed that no roster tells of.
    lists: i64,
    /// What the last page of everybody said, as a number.
    said: u64,
}

/// Everybody on file.
#[derive(Debug, Default)]
pub(super) struct Index {
    people: HashMap<IndividualId, OnFile>,
}

impl Index {
    /// Whether the person is on file.
    pub(super) fn has(&self, id: &IndividualId) -> bool {
        self.people.contains_key(id)
    }

    /// How many are.
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether the person alone was read within this time.
    pub(super) fn was_read_within(&self, id: &IndividualId, now: Timestamp, within: SignedDuration) -> bool {
        let now = now.as_microsecond();
        let recent =
            |read: i64| read <= now && now - read < i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
        self.people.get(id).is_some_and(|person| recent(person.read))
    }

    /// Takes what is on file about a person. `lists`: the parts that no roster tells of.
    pub(super) fn put(&mut self, record: &Record, lists: &Parts) {
        let oldest = lists.lists().map(|part| micros(record.confirmed.of(part))).min();
        let person = self.people.entry(record.id.clone()).or_default();
        person.read = person.read.max(micros(record.confirmed.of(Part::SecurityRoles)));
        person.lists = oldest.unwrap_or(i64::MAX);
    }

    /// The person was on a page of everybody at `at`, which said this. Whether that is what the last page said.
    pub(super) fn list(&mut self, id: &IndividualId, said: u64, at: Timestamp) -> bool {
        let person = self.people.entry(id.clone()).or_default();
        person.listed = at.as_microsecond();
        std::mem::replace(&mut person.said, said) == said
    }

    /// Those who were on a page since `from`, and those of them who were not since `since`.
    pub(super) fn listed_since(&self, from: Timestamp, since: Timestamp) -> (usize, BTreeSet<IndividualId>) {
        let (from, since) = (from.as_microsecond(), since.as_microsecond());
        let expected = self.people.iter().filter(|(_, person)| person.listed >= from);
        let mut asked = 0;
        let absent = expected.filter(|(_, person)| {
            asked += 1;
            person.listed < since
        });
        let absent = absent.map(|(id, _)| id.clone()).collect();
        (asked, absent)
    }

    /// Those whose lists were confirmed longest ago, with that instant. `None`: never.
    pub(super) fn oldest_lists(&self, count: usize) -> Vec<(IndividualId, Option<Timestamp>)> {
        let mut all: Vec<(i64, &IndividualId)> = self
            .people
            .iter()
            .map(|(id, person)| (person.lists, id))
            .filter(|(at, _)| *at < i64::MAX)
            .collect();
        let count = count.min(all.len());
        if count == 0 {
            return Vec::new();
        }
        if count < all.len() {
            all.select_nth_unstable(count);
        }
        all.truncate(count);
        let instant = |at: i64| if at == 0 { None } else { Timestamp::from_microsecond(at).ok() };
        all.into_iter().map(|(at, id)| (id.clone(), instant(at))).collect()
    }

    /// The person is no longer on file.
    pub(super) fn remove(&mut self, id: &IndividualId) {
        self.people.remove(id);
    }
}

fn micros(at: Option<Timestamp>) -> i64 {
    at.map_or(0, Timestamp::as_microsecond)
}
