//! What is believed of one roster: who is on it, with which entries, and since when.
//!
//! Entries and cancellations are statements and take effect at once. Who is not in a whole reading is an absence (`brake`). Kept out: how
//! a roster is read, and what its entries do to a record (`overlay`).

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::rows::{RosterCancellation, RosterEntry, RosterLine, RosterReading, RosterRow};
use super::brake::{Absentee, Absentees, CONFIRMED_APART};
use crate::domain::fold;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// A person whose own list has what the roster lacks is asked about again after this time, which doubles up to the longest.
const FIRST_DISPUTE: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_DISPUTE: SignedDuration = SignedDuration::from_hours(6);

/// What the AMS's own list of committees or events says about the roster's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// The code is on it.
    Yes,
    /// The list has others, and not this one.
    No,
    /// It was not asked for, or says nothing.
    Unknown,
}

/// What a reading has changed in what is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterChange {
    /// Whose entries differ now, with the last instant at which they were known to be as before.
    pub changed: BTreeMap<IndividualId, Timestamp>,
    /// Whose own list must say what a cancellation meant that names no line.
    pub ask: BTreeSet<IndividualId>,
    /// The answer was empty and is not believed: read the roster again at this instant, together with the AMS's list of committees or
    /// events.
    pub read_again: Option<Timestamp>,
    /// Somebody was taken off lately. With this reading their own lists may be overruled ([`Roster::overrules`]) that were not before.
    pub settles: bool,
}

/// The roster does not have somebody whose own list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Dispute {
    at: Timestamp,
    until: Timestamp,
    times: u32,
}

/// The roster had somebody, and the answer was empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct EmptyAnswer {
    first: Timestamp,
    again: Timestamp,
}

/// How it stands with a person on a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterStanding<'r> {
    /// On it with these lines, as of that instant.
    On(&'r [RosterLine], Timestamp),
    /// Not on it.
    Off,
}

type PeopleOn = BTreeMap<IndividualId, Vec<RosterLine>>;

/// What is believed of one roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    people: PeopleOn,
    /// The codes that its rows gave, folded: the mapping may name a committee by its name.
    codes: BTreeSet<String>,
    whole_at: Timestamp,
    whole_before: Option<Timestamp>,
    confirmed_at: Timestamp,
    has_dates: bool,
    absentees: Absentees,
    disputes: BTreeMap<IndividualId, Dispute>,
    /// Numbers of lines that were cancelled. A list of registrations may go on naming them.
    cancelled: BTreeSet<String>,
    doubt: Option<EmptyAnswer>,
    /// So many whole readings are to come until nobody's own list says anything against what they were taken off.
    unsettled: u8,
}

/// What [`Roster::overrules`] takes.
const READINGS_THAT_OVERRULE: u8 = 2;

impl Roster {
    /// The first whole reading, at `at`. There is nothing yet that an absence could be told from.
    pub fn first(reading: RosterReading, at: Timestamp) -> Roster {
        let mut roster = Roster {
            people: PeopleOn::new(),
            codes: BTreeSet::new(),
            whole_at: at,
            whole_before: None,
            confirmed_at: at,
            has_dates: true,
            absentees: Absentees::default(),
            disputes: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            doubt: None,
            unsettled: 0,
        };
        roster.cancel(&reading.cancelled, at, &mut RosterChange::default());
        roster.people = roster.by_person(reading);
        roster.has_dates = roster.people.is_empty() || have_dates(&roster.people);
        roster
    }

    /// Takes a reading from the first page to the last, begun at `at`, with the whole list of cancellations. `listed` counts only for an
    /// empty answer that is read again.
    pub fn read_whole(&mut self, reading: RosterReading, listed: Listed, at: Timestamp) -> RosterChange {
        let mut change = RosterChange::default();
        let before = self.confirmed_at;
        self.cancel(&reading.cancelled, before, &mut change);
        let read = self.by_person(reading);
        change.read_again = self.doubts(&read, at, listed);
        if change.read_again.is_some() {
            return change;
        }
        let first_empty = self.doubt.take().map(|doubt| doubt.first);
        let absent = self.absent_from(&read, at);
        let asked = self.people.len();
        let mut gone = BTreeMap::new();
        if let Some(first) = first_empty.filter(|first| read.is_empty() && *first < at) {
            // The empty answer that was not believed then counts as the first of two.
            gone = self.absentees.take_reading(asked, &absent, before, first);
            if listed == Listed::No {
                self.absentees.hold(at);
            }
        }
        gone.extend(self.absentees.take_reading(asked, &absent, before, at));
        self.remove(gone, &mut change);
        self.disputes.retain(|id, _| !read.contains_key(id));
        if !read.is_empty() {
            self.has_dates = have_dates(&read);
        }
        for (id, lines) in read {
            self.put(id, lines, before, &mut change);
        }
        (self.whole_before, self.whole_at, self.confirmed_at) = (Some(self.whole_at), at, at);
        change.settles = self.unsettled > 0;
        self.unsettled = self.unsettled.saturating_sub(1);
        change
    }

    /// Takes what was added and cancelled since `since`. The roster is confirmed as of `at` if that leaves no gap.
    pub fn read_since(&mut self, reading: RosterReading, since: Timestamp, at: Timestamp) -> RosterChange {
        let mut change = RosterChange::default();
        let before = self.confirmed_at;
        self.cancel(&reading.cancelled, before, &mut change);
        for (id, added) in self.by_person(reading) {
            let mut lines = self.people.get(&id).cloned().unwrap_or_default();
            for line in added {
                let same = |known: &RosterLine| match &line.number {
                    Some(number) => known.number.as_ref() == Some(number),
                    None => *known == line,
                };
                lines.retain(|known| !same(known));
                lines.push(line);
            }
            self.absentees.settle(&id);
            self.put(id, lines, before, &mut change);
        }
        if since <= self.confirmed_at {
            self.confirmed_at = at;
        }
        change
    }

    /// The person's own list, read at `at`, has these lines of this roster (at least one). Whether that changes anything.
    pub fn confirm_present(&mut self, id: &IndividualId, lines: Vec<RosterLine>, at: Timestamp) -> bool {
        let missing = self.absentees.people().get(id).map(|one| one.since);
        // A list that is older than what the roster said is no answer to it.
        if lines.is_empty() || at < missing.unwrap_or(self.whole_at) {
            return false;
        }
        if missing.is_some() {
            self.absentees.settle(id);
            let times = self.disputes.get(id).map_or(0, |known| known.times.saturating_add(1));
            let wait = match times {
                0 => SignedDuration::ZERO,
                _ => (FIRST_DISPUTE * 2_i32.saturating_pow(times.min(10))).min(LONGEST_DISPUTE),
            };
            let until = at.checked_add(wait).unwrap_or(at);
            self.disputes.insert(id.clone(), Dispute { at, until, times });
        }
        for number in lines.iter().filter_map(|line| line.number.as_ref()) {
            self.cancelled.remove(number);
        }
        let mut change = RosterChange::default();
        self.put(id.clone(), lines, at, &mut change);
        !change.changed.is_empty()
    }

    /// The person's own list, read at `at`, has nothing of this roster. `Some`: the absence counts now; with the last instant at which the
    /// person was on it. Nobody but those who are missing is taken off by this.
    pub fn confirm_absent(&mut self, id: &IndividualId, at: Timestamp) -> Option<Timestamp> {
        if self.absentees.people().get(id).is_some_and(|one| at < one.since) {
            return None;
        }
        let gone = self.absentees.confirm_absent(id, at)?;
        self.people.remove(id);
        self.unsettled = READINGS_THAT_OVERRULE;
        self.disputes.remove(id);
        Some(gone.seen)
    }

    /// An administrator ends the hold: who is missing is not on the roster.
    pub fn release(&mut self) -> RosterChange {
        let mut change = RosterChange::default();
        let released = self.absentees.release();
        self.remove(released, &mut change);
        change
    }

    /// How it stands with a person.
    pub fn standing(&self, id: &IndividualId) -> RosterStanding<'_> {
        let Some(lines) = self.people.get(id) else { return RosterStanding::Off };
        let own = self.disputes.get(id).map(|own| own.at);
        let seen = own.or_else(|| self.absentees.people().get(id).map(|one| one.seen));
        RosterStanding::On(lines, seen.unwrap_or(self.confirmed_at))
    }

    /// Whether a person who is [`RosterStanding::Off`] is off it for certain, if their own list of `own` has it: two whole readings since then
    /// agree.
    pub fn overrules(&self, own: Timestamp) -> bool {
        self.whole_before.is_some_and(|before| before > own && self.whole_at > own)
    }

    /// Whether its rows gave this code.
    pub fn has_code(&self, said: &str) -> bool {
        self.codes.contains(&fold::folded(said))
    }

    /// Whether the rows say from when to when; otherwise dates and positions are unknown, and a person's own list decides.
    pub fn has_dates(&self) -> bool {
        self.has_dates
    }

    /// The last whole reading that was believed.
    pub fn whole_at(&self) -> Timestamp {
        self.whole_at
    }

    /// The last reading that says how the whole roster stands.
    pub fn confirmed_at(&self) -> Timestamp {
        self.confirmed_at
    }

    /// The last answer was empty and is not believed: when to read the roster again, together with the AMS's list of committees or events.
    pub fn read_again_at(&self) -> Option<Timestamp> {
        self.doubt.map(|doubt| doubt.again)
    }

    /// Who is on it.
    pub fn people(&self) -> impl ExactSizeIterator<Item = &IndividualId> {
        self.people.keys()
    }

    /// Who is missing, and whether that is held.
    pub fn absentees(&self) -> &Absentees {
        &self.absentees
    }

    /// An empty answer, although there was somebody: when to read again, if it is not to be believed yet.
    fn doubts(&mut self, read: &PeopleOn, at: Timestamp, listed: Listed) -> Option<Timestamp> {
        if !read.is_empty() || self.people.is_empty() {
            return None;
        }
        // A first answer that lies ahead: the clock was set back.
        let first = self.doubt.map(|doubt| doubt.first).filter(|first| *first <= at).unwrap_or(at);
        let apart = at.duration_since(first) >= CONFIRMED_APART;
        if apart && listed != Listed::Unknown {
            return None;
        }
        let from = if apart { at } else { first };
        let again = from.checked_add(CONFIRMED_APART).unwrap_or(from);
        self.doubt = Some(EmptyAnswer { first, again });
        Some(again)
    }

    fn absent_from(&self, read: &PeopleOn, at: Timestamp) -> BTreeSet<IndividualId> {
        let is_settled = |id: &IndividualId| {
            self.disputes
                .get(id)
                .is_some_and(|own| own.until > at && own.until.duration_since(at) <= LONGEST_DISPUTE)
        };
        self.people.keys().filter(|id| !read.contains_key(*id) && !is_settled(id)).cloned().collect()
    }

    /// The rows by person, without those that are cancelled.
    fn by_person(&mut self, reading: RosterReading) -> PeopleOn {
        let unnumbered = reading.cancelled.into_iter().filter(|it| it.number.is_none());
        let unnumbered: BTreeSet<IndividualId> = unnumbered.map(|it| it.person).collect();
        let mut people = PeopleOn::new();
        for RosterRow { person, line } in reading.rows {
            let code = fold::folded(line.entry.code());
            if !code.is_empty() && !self.codes.contains(&code) {
                self.codes.insert(code);
            }
            let is_cancelled = match &line.number {
                Some(number) => self.cancelled.contains(number),
                None => unnumbered.contains(&person),
            };
            if is_cancelled {
                continue;
            }
            let lines = people.entry(person).or_default();
            // Pages that shift while they are read bring a row twice.
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        people
    }

    fn put(
        &mut self,
        id: IndividualId,
        lines: Vec<RosterLine>,
        before: Timestamp,
        change: &mut RosterChange,
    ) {
        let known = self.people.get(&id).map_or(&[][..], Vec::as_slice);
        if known.len() != lines.len() || !lines.iter().all(|line| known.contains(line)) {
            change.changed.insert(id.clone(), before);
            self.people.insert(id, lines);
        }
    }

    fn remove(&mut self, gone: BTreeMap<IndividualId, Absentee>, change: &mut RosterChange) {
        for (id, one) in gone {
            if self.people.remove(&id).is_some() {
                self.unsettled = READINGS_THAT_OVERRULE;
                self.disputes.remove(&id);
                change.changed.insert(id, one.seen);
            }
        }
    }

    /// Takes off what is on a list of cancellations.
    fn cancel(&mut self, cancelled: &[RosterCancellation], before: Timestamp, change: &mut RosterChange) {
        for RosterCancellation { person, number } in cancelled {
            self.cancelled.extend(number.clone());
            let Some(lines) = self.people.get_mut(person) else { continue };
            let count = lines.len();
            lines.retain(|line| line.number != *number);
            if lines.len() < count {
                change.changed.insert(person.clone(), before);
            } else if number.is_none() {
                change.ask.insert(person.clone());
            }
            if lines.is_empty() {
                self.people.remove(person);
                self.unsettled = READINGS_THAT_OVERRULE;
                self.absentees.settle(person);
                self.disputes.remove(person);
            }
        }
    }
}

fn have_dates(people: &PeopleOn) -> bool {
    people.values().flatten().any(|line| line.entry.has_date())
}

#[cfg(test)]
mod tests;
