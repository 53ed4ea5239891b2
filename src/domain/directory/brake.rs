//! Who is missing from a list that was read whole, when that counts, and the brake: many absences at once are held.
//!
//! Rosters and sweeps share it. It knows absences only; what the AMS states never comes here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// Two answers that confirm an absence lie at least this far apart.
pub const CONFIRMED_APART: SignedDuration = SignedDuration::from_mins(1);

/// A held list is worked off within this time.
pub const HELD_AT_MOST: SignedDuration = SignedDuration::from_hours(6);

/// Absences within this time are looked at together.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

/// More than half of a list and more than so many people: held.
const MANY: usize = 10;

/// More than a part in so many, and more than so many people, within [`TOGETHER`]: held.
const PART_IN: usize = 50;
const FEW: usize = 3;

/// The people who are missing from one list, as long as their absence does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absentees {
    people: BTreeMap<IndividualId, Absentee>,
    held_since: Option<Timestamp>,
    /// Those whose absence came to count lately, with the instant at which it was found.
    lately: BTreeMap<IndividualId, Timestamp>,
}

/// One who is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absentee {
    /// The last reading that had the person.
    pub seen: Timestamp,
    /// The first reading that had not.
    pub since: Timestamp,
    /// While the list is held: when an answer about this person alone first said so too.
    pub confirmed: Option<Timestamp>,
}

impl Absentees {
    /// Takes a whole reading at `at`, of which `absent` are missing out of `asked` people; who is in it was last seen at `seen` where
    /// nothing else is known. Tells whose absence counts now, and since when each was seen.
    pub fn take_reading(
        &mut self,
        asked: usize,
        absent: &BTreeSet<IndividualId>,
        seen: Timestamp,
        at: Timestamp,
    ) -> BTreeMap<IndividualId, Absentee> {
        self.people.retain(|id, _| absent.contains(id));
        self.end_hold_if_settled();
        for id in absent {
            let new = Absentee { seen: seen.min(at), since: at, confirmed: None };
            let known = self.people.entry(id.clone()).or_insert(new);
            // The clock was set back.
            if known.since > at {
                *known = new;
            }
        }
        let is_late = |since: Timestamp| since <= at && at.duration_since(since) <= TOGETHER;
        self.lately.retain(|id, since| is_late(*since) && !absent.contains(id));
        if self.held_since.is_none() && self.are_too_many(asked, is_late) {
            self.held_since = Some(at);
        }
        if self.held_since.is_some() { BTreeMap::new() } else { self.let_go(|one| one.since < at) }
    }

    fn are_too_many(&self, asked: usize, is_late: impl Fn(Timestamp) -> bool) -> bool {
        let missing = self.people.len();
        let late = self.people.values().filter(|one| is_late(one.since)).count() + self.lately.len();
        missing > MANY && missing.saturating_mul(2) > asked
            || late > FEW && late.saturating_mul(PART_IN) > asked.saturating_add(self.lately.len())
    }

    /// Holds all who are missing, whatever their number: something else is wrong with the list.
    pub fn hold(&mut self, at: Timestamp) {
        if !self.people.is_empty() {
            self.held_since.get_or_insert(at);
        }
    }

    /// An answer at `at` about this person alone says that they are not there. Whether the absence counts now: at once if the list is not
    /// held, else at the second such answer.
    pub fn confirm_absent(&mut self, id: &IndividualId, at: Timestamp) -> Option<Absentee> {
        let known = self.people.get_mut(id)?;
        if self.held_since.is_some() {
            match known.confirmed {
                Some(first) if first <= at && at.duration_since(first) >= CONFIRMED_APART => {}
                Some(first) if first <= at => return None,
                _ => {
                    known.confirmed = Some(at);
                    return None;
                }
            }
        }
        let gone = self.people.remove(id)?;
        self.lately.insert(id.clone(), gone.since);
        self.end_hold_if_settled();
        Some(gone)
    }

    /// The person is there, or a statement says that they are not: no absence is left to believe.
    pub fn settle(&mut self, id: &IndividualId) {
        self.people.remove(id);
        self.end_hold_if_settled();
    }

    /// An administrator has seen the hold and ends it: the absences count.
    pub fn release(&mut self) -> BTreeMap<IndividualId, Absentee> {
        let released = self.let_go(|_| true);
        self.held_since = None;
        // What was decided by hand is no sign of a mishap.
        self.lately.clear();
        released
    }

    fn let_go(&mut self, which: impl Fn(&Absentee) -> bool) -> BTreeMap<IndividualId, Absentee> {
        let (gone, left) = std::mem::take(&mut self.people).into_iter().partition(|(_, one)| which(one));
        self.people = left;
        self.lately.extend(gone.iter().map(|(id, one): (&IndividualId, &Absentee)| (id.clone(), one.since)));
        gone
    }

    fn end_hold_if_settled(&mut self) {
        if self.people.is_empty() {
            self.held_since = None;
        }
    }

    /// Since when these absences are held, if they are.
    pub fn held_since(&self) -> Option<Timestamp> {
        self.held_since
    }

    /// Those who are missing.
    pub fn people(&self) -> &BTreeMap<IndividualId, Absentee> {
        &self.people
    }

    /// Each who is to be asked about, with the instant from which an answer says something new.
    pub fn to_ask(&self) -> impl Iterator<Item = (&IndividualId, Timestamp)> {
        let from = |one: &Absentee| match one.confirmed {
            Some(first) => first.checked_add(CONFIRMED_APART).unwrap_or(first),
            None => one.since,
        };
        self.people.iter().map(move |(id, one)| (id, from(one)))
    }

    /// How soon each of them is to be asked about: a minute if they are few, half of [`HELD_AT_MOST`] if they are many, because each is
    /// asked about twice.
    pub fn ask_within(&self) -> SignedDuration {
        let for_each = i64::try_from(self.people.len()).unwrap_or(i64::MAX).saturating_mul(5);
        SignedDuration::from_secs(for_each.clamp(60, HELD_AT_MOST.as_secs() / 2))
    }
}

#[cfg(test)]
mod tests;
