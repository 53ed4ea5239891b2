//! The directory in memory: who is on file, with what is asked about all of them often. The records themselves are in the store.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;

use crate::domain::parts::{Part, Parts};
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// So old may the lists of somebody get who is not signed in.
pub(super) const LISTS_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Lists that cannot be read are tried again after this time.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(1);

/// What memory has of a person: about a hundred bytes with the id.
#[derive(Debug, Clone, Copy, Default)]
struct OnFile {
    /// When the person alone was last read. Microseconds since 1970.
    read: i64,
    /// When a page of everybody last had the person.
    listed: i64,
    /// When the lists are to be read that no roster tells of.
    due: i64,
    /// What the last page of everybody said, as a number.
    said: u64,
    /// When a read of the person was last meant to bring the contact, and did not.
    contact_tried: i64,
    /// Something that is needed was never read.
    is_unread: bool,
}

/// Where the contact of a person comes from, which a subscriber shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContactSource {
    /// Nobody shows it.
    Unwanted,
    /// A page of everybody has it. Whoever has none after a day is read alone.
    Everybody,
    /// A read of the person alone.
    Person,
}

/// Everybody on file.
#[derive(Debug, Default)]
pub(super) struct Index {
    people: HashMap<IndividualId, OnFile>,
    /// Since when contacts are wanted; 0: they are not.
    contact_since: i64,
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

    /// Takes what is on file about a person. `needed`: the parts that no roster tells of.
    pub(super) fn put(&mut self, record: &Record, needed: &Parts, contact: ContactSource, now: Timestamp) {
        match contact {
            ContactSource::Unwanted => self.contact_since = 0,
            _ if self.contact_since == 0 => self.contact_since = now.as_microsecond(),
            _ => {}
        }
        let read = |part| record.confirmed.of(part).filter(|_| record.has_codes(part, needed.codes(part)));
        let oldest = needed.of_one_person().map(read).min();
        let person = self.people.entry(record.id.clone()).or_default();
        person.read =
            person.read.max(record.confirmed.of(Part::SecurityRoles).map_or(0, Timestamp::as_microsecond));
        person.is_unread = oldest == Some(None);
        let lists = match oldest {
            // None of them matters.
            None => i64::MAX,
            // One was never read.
            Some(None) => i64::MIN,
            Some(Some(at)) => after(at, LISTS_EVERY),
        };
        let contact = match contact {
            _ if record.contact.is_some() => i64::MAX,
            ContactSource::Unwanted => i64::MAX,
            ContactSource::Everybody => later(person.contact_tried.max(self.contact_since)),
            ContactSource::Person if person.contact_tried == 0 => i64::MIN,
            ContactSource::Person => later(person.contact_tried),
        };
        // However long ago that was, it is no more urgent than what is due now.
        let contact = if contact <= now.as_microsecond() { i64::MIN } else { contact };
        person.due = lists.min(contact);
    }

    /// A read of the person did not bring the contact; it is not tried again for a day.
    pub(super) fn note_contact_tried(&mut self, id: &IndividualId, now: Timestamp) {
        if let Some(person) = self.people.get_mut(id) {
            person.contact_tried = now.as_microsecond();
        }
    }

    /// The lists of a person could not be read now.
    pub(super) fn put_off(&mut self, id: &IndividualId, now: Timestamp) {
        if let Some(person) = self.people.get_mut(id) {
            person.due = person.due.max(after(now, PUT_OFF));
        }
    }

    /// Whether the last page of everybody that was kept said this of the person, at `since` or later. What it said before may be erased.
    pub(super) fn was_listed_as(&self, id: &IndividualId, said: u64, since: Timestamp) -> bool {
        let since = since.as_microsecond().max(1);
        self.people.get(id).is_some_and(|person| person.listed >= since && person.said == said)
    }

    /// The person was on a page of everybody at `at`, which said this and was kept.
    pub(super) fn list(&mut self, id: &IndividualId, said: u64, at: Timestamp) {
        let person = self.people.entry(id.clone()).or_default();
        (person.listed, person.said) = (at.as_microsecond(), said);
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

    /// Those who have been on no page since `since`, and were not read alone since they should have been on one. `expected` tells when that was,
    /// by when they were on one before.
    pub(super) fn overdue(
        &self,
        since: Timestamp,
        expected: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Vec<IndividualId> {
        let is_overdue = |person: &OnFile| {
            let listed = Timestamp::from_microsecond(person.listed).ok().filter(|listed| *listed < since);
            let due = listed.and_then(&expected);
            due.is_some_and(|due| person.read < due.as_microsecond())
        };
        self.people.iter().filter(|(_, person)| is_overdue(person)).map(|(id, _)| id.clone()).collect()
    }

    /// Those whose lists are due first, with that instant, at most so many. What was never read is due now.
    pub(super) fn first_due(&self, count: usize, now: Timestamp) -> Vec<(IndividualId, Timestamp)> {
        let due = self.people.iter().map(|(id, person)| (person.due, id));
        let mut due: Vec<(i64, &IndividualId)> = due.filter(|(at, _)| *at < i64::MAX).collect();
        if count < due.len() {
            due.select_nth_unstable(count);
            due.truncate(count);
        }
        let instant = |at: i64| Timestamp::from_microsecond(at).ok().filter(|_| at > i64::MIN).unwrap_or(now);
        due.into_iter().map(|(at, id)| (id.clone(), instant(at))).collect()
    }

    /// Those of these people whose records lack something that is needed and was never read.
    pub(super) fn unread_of<'p>(
        &self,
        people: impl IntoIterator<Item = &'p IndividualId>,
    ) -> Vec<&'p IndividualId> {
        let is_unread = |id: &IndividualId| self.people.get(id).is_some_and(|person| person.is_unread);
        people.into_iter().filter(|id| is_unread(id)).collect()
    }

    /// The person is no longer on file.
    pub(super) fn remove(&mut self, id: &IndividualId) {
        self.people.remove(id);
    }
}

/// A day after this many microseconds.
fn later(at: i64) -> i64 {
    at.saturating_add(i64::try_from(LISTS_EVERY.as_micros()).unwrap_or(i64::MAX))
}

/// Microseconds since 1970.
fn after(at: Timestamp, by: SignedDuration) -> i64 {
    at.checked_add(by).unwrap_or(Timestamp::MAX).as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::domain::parts::{Confirmed, ReadCodes};

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
    }

    fn id(name: &str) -> IndividualId {
        IndividualId::parse(name).unwrap()
    }

    fn record(name: &str, purchases: Option<Timestamp>) -> Record {
        let mut record = crate::adapters::ams::kinds::Kind::default()
            .record(serde_json::json!({ "individual": { "id": name } }).as_object().unwrap().clone(), at(0))
            .unwrap();
        record.confirmed = Confirmed::at(at(0), Part::OF_THE_INDIVIDUAL);
        record.confirmed.set(Part::Purchases, purchases);
        record
    }

    #[test]
    fn lists_are_due_a_day_after_they_were_read_and_put_off_if_they_cannot_be() {
        let lists = Parts { purchases: true, ..Parts::default() };
        let mut index = Index::default();
        index.put(&record("read", Some(at(0))), &lists, ContactSource::Unwanted, at(0));
        index.put(&record("never", None), &lists, ContactSource::Unwanted, at(0));
        index.put(&record("later", Some(at(5))), &lists, ContactSource::Unwanted, at(0));
        index.put(&record("nothing-needed", None), &Parts::default(), ContactSource::Unwanted, at(0));
        let sorted = |mut due: Vec<(IndividualId, Timestamp)>| {
            due.sort();
            due
        };
        assert_eq!(sorted(index.first_due(2, at(1))), [(id("never"), at(1)), (id("read"), at(24))]);
        index.put_off(&id("never"), at(1));
        assert_eq!(index.first_due(1, at(1)), [(id("never"), at(2))]);
        index.put_off(&id("read"), at(1));
        assert_eq!(
            sorted(index.first_due(9, at(1))),
            [(id("later"), at(29)), (id("never"), at(2)), (id("read"), at(24))]
        );
    }

    #[test]
    fn whoever_has_no_contact_is_read_alone_once_a_day_until_there_is_one() {
        let none = Parts::default();
        let due = |index: &Index, hour| index.first_due(1, at(hour)).first().map(|(_, at)| *at);
        let mut jane = record("jane", None);
        let mut index = Index::default();
        index.put(&jane, &none, ContactSource::Unwanted, at(1));
        assert_eq!(due(&index, 1), None);
        index.put(&jane, &none, ContactSource::Person, at(1));
        assert_eq!(due(&index, 1), Some(at(1)), "nothing else brings it");
        index.note_contact_tried(&jane.id, at(1));
        index.put(&jane, &none, ContactSource::Person, at(1));
        assert_eq!(due(&index, 1), Some(at(25)), "a read did not bring it");
        index.put(&jane, &none, ContactSource::Person, at(900));
        assert_eq!(due(&index, 900), Some(at(900)), "late, and no more urgent than what is due now");
        jane.contact = Some(Box::default());
        index.put(&jane, &none, ContactSource::Person, at(1));
        assert_eq!(due(&index, 1), None);
        // Where pages of everybody have it, they are waited for.
        let mut index = Index::default();
        jane.contact = None;
        index.put(&jane, &none, ContactSource::Everybody, at(1));
        assert_eq!(due(&index, 1), Some(at(25)));
        index.put(&jane, &none, ContactSource::Everybody, at(30));
        assert_eq!(due(&index, 30), Some(at(30)), "no page had it within a day");
    }

    #[test]
    fn who_was_read_for_other_codes_is_unread() {
        let parts = |code: &str| {
            let mut parts = Parts::default();
            parts.add(Part::Purchases, Some(&Code::parse(code).unwrap()));
            parts
        };
        let mut read = record("jane", Some(at(0)));
        let mut codes = ReadCodes::default();
        codes.add(&Code::parse("GALA").unwrap());
        read.partly.set(Part::Purchases, Some(codes));
        let people = [id("jane"), id("nobody")];
        for (needed, unread) in [(parts("GALA"), 0), (parts("BOOK"), 1), (Parts::default(), 0)] {
            let mut index = Index::default();
            index.put(&read, &needed, ContactSource::Unwanted, at(0));
            assert_eq!(index.unread_of(&people).len(), unread, "{needed:?}");
            index.put_off(&id("jane"), at(1));
            assert_eq!(index.unread_of(&people).len(), unread, "put off is not read: {needed:?}");
        }
    }

    #[test]
    fn security_roles_are_due_as_lists_are() {
        let mut index = Index::default();
        index.put(
            &record("read", None),
            &Parts { security_roles: true, ..Parts::default() },
            ContactSource::Unwanted,
            at(0),
        );
        assert_eq!(index.first_due(9, at(1)), [(id("read"), at(24))]);
    }

    #[test]
    fn only_what_was_kept_of_a_page_is_as_before() {
        let mut index = Index::default();
        assert!(!index.was_listed_as(&id("jane"), 0, Timestamp::MIN), "never on a page");
        index.list(&id("jane"), 7, at(1));
        for (said, since, expected) in [(7, 1, true), (8, 1, false), (7, 2, false)] {
            assert_eq!(index.was_listed_as(&id("jane"), said, at(since)), expected, "{said} {since}");
        }
        index.list(&id("joe"), 7, at(3));
        let (asked, absent) = index.listed_since(at(1), at(2));
        assert_eq!((asked, absent), (2, BTreeSet::from([id("jane")])));
    }

    #[test]
    fn overdue_is_who_was_listed_then_and_neither_listed_nor_read_since() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let id = |text: &str| IndividualId::parse(text).unwrap();
        let mut index = Index::default();
        for (person, second) in [("early", 10), ("again", 11), ("read", 12), ("later", 20)] {
            index.list(&id(person), 1, at(second));
        }
        index.list(&id("again"), 1, at(31));
        index.people.get_mut(&id("read")).unwrap().read = at(32).as_microsecond();
        let by = |until: i64| move |listed: Timestamp| (listed <= at(until)).then(|| at(32));
        assert_eq!(index.overdue(at(30), by(15)), [id("early")]);
        assert_eq!(index.overdue(at(30), by(20)).len(), 2);
        index.people.get_mut(&id("read")).unwrap().read = at(31).as_microsecond();
        assert_eq!(index.overdue(at(30), by(15)).len(), 2, "a reading from before the page says nothing");
    }
}
