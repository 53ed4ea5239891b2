//! The sweep over everybody, page by page, and who is missing when it has come to its end.
//!
//! Which people were on its pages is known from the directory itself: each page confirms theirs. Kept out: the pages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::brake::{Absentee, Absentees, CONFIRMED_APART};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// As long as nobody knows how many pages there are.
const PAGE_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// Pages shift while they are read: somebody may come so many pages later than the last time.
const SLACK: usize = 1;

/// How far the sweep has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberSweep {
    started: Timestamp,
    page: u32,
    page_at: Option<Timestamp>,
    people: u64,
    /// How many pages there are, by the AMS or by the last sweep.
    pages: Option<u32>,
    /// When the last sweep that came to its end began, and how many people it found.
    before: Option<(Timestamp, u64)>,
    empty_since: Option<Timestamp>,
    absentees: Absentees,
    /// When each page of this sweep was read, and each of the last. After a restart that is not known, and nobody is overdue for a while.
    #[serde(skip)]
    read: Vec<Timestamp>,
    #[serde(skip)]
    read_before: Vec<Timestamp>,
}

/// How a sweep goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepStep {
    /// With the next page.
    NextPage,
    /// The answer was empty where there had been people: the same page is read again at this instant.
    ReadAgain(Timestamp),
    /// It is at its end: [`MemberSweep::finish`].
    AtEnd,
}

impl MemberSweep {
    /// The first sweep.
    pub fn first(at: Timestamp) -> MemberSweep {
        MemberSweep {
            started: at,
            page: 1,
            page_at: None,
            people: 0,
            pages: None,
            before: None,
            empty_since: None,
            absentees: Absentees::default(),
            read: Vec::new(),
            read_before: Vec::new(),
        }
    }

    /// Takes the page that is next, with so many people on it; `pages`: how many there are, if the AMS says so.
    pub fn take_page(
        &mut self,
        people: usize,
        is_last: bool,
        pages: Option<u32>,
        at: Timestamp,
    ) -> SweepStep {
        self.page_at = Some(at);
        self.pages = pages.or(self.pages);
        if people == 0 && self.page == 1 && self.before.is_some_and(|(_, people)| people > 0) {
            let first = self.empty_since.filter(|first| *first <= at).unwrap_or(at);
            self.empty_since = Some(first);
            if at.duration_since(first) < CONFIRMED_APART {
                return SweepStep::ReadAgain(first.checked_add(CONFIRMED_APART).unwrap_or(first));
            }
        } else {
            self.empty_since = None;
        }
        self.read.push(at);
        self.people = self.people.saturating_add(u64::try_from(people).unwrap_or(u64::MAX));
        if is_last {
            self.pages = Some(self.page);
            return SweepStep::AtEnd;
        }
        self.page = self.page.saturating_add(1);
        // There are more pages than the last time.
        self.pages = self.pages.map(|pages| pages.max(self.page));
        SweepStep::NextPage
    }

    /// Ends the sweep at `at` and begins the next. `asked`: how many people it should have found; `absent`: those of them that it did not find.
    /// Tells whose absence counts now; who is missing for the first time, or held, is asked about one by one.
    pub fn finish(
        &mut self,
        asked: usize,
        absent: &BTreeSet<IndividualId>,
        at: Timestamp,
    ) -> BTreeMap<IndividualId, Absentee> {
        let seen = self.before.map_or(self.started, |(started, _)| started);
        let gone = self.absentees.take_reading(asked, absent, seen, at);
        if self.empty_since.take().is_some() {
            self.absentees.hold(at);
        }
        self.before = Some((self.started, self.people));
        (self.started, self.page, self.people) = (at, 1, 0);
        self.read_before = std::mem::take(&mut self.read);
        gone
    }

    /// When somebody that the last sweep had on a page at `listed` should have been on a page of this one. `None`: not yet, or nobody knows.
    pub fn expected(&self, listed: Timestamp) -> Option<Timestamp> {
        // `listed` may have been cut to whole microseconds.
        let micros = Timestamp::as_microsecond;
        self.before.filter(|(from, _)| micros(*from) <= micros(listed))?;
        let page = self.read_before.partition_point(|read| micros(*read) < micros(listed));
        let is_known = page < self.read_before.len() && page + SLACK < self.read.len();
        self.read.get(page).copied().filter(|_| is_known)
    }

    /// The person was read and is there.
    pub fn confirm_present(&mut self, id: &IndividualId) {
        self.absentees.settle(id);
    }

    /// The AMS was asked about this person alone and does not have them. Whether the absence counts now.
    pub fn confirm_absent(&mut self, id: &IndividualId, at: Timestamp) -> Option<Absentee> {
        self.absentees.confirm_absent(id, at)
    }

    /// An administrator ends the hold.
    pub fn release(&mut self) -> BTreeMap<IndividualId, Absentee> {
        self.absentees.release()
    }

    /// Who is missing, and whether that is held.
    pub fn absentees(&self) -> &Absentees {
        &self.absentees
    }

    /// When this sweep began. Whoever was confirmed by a page since then was on it.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// The page that is next, from 1, and how many there are, if that is known.
    pub fn progress(&self) -> (u32, Option<u32>) {
        (self.page, self.pages)
    }

    /// When the last sweep that came to its end began, and how many people it found.
    pub fn before(&self) -> Option<(Timestamp, u64)> {
        self.before
    }

    /// When the last page was read, and how soon the next is due so that a sweep takes `sweep_every`.
    pub fn page_times(&self, sweep_every: SignedDuration) -> (Option<Timestamp>, SignedDuration) {
        let pages = self.pages.map(|pages| i32::try_from(pages.max(1)).unwrap_or(i32::MAX));
        (self.page_at, pages.map_or(PAGE_EVERY.min(sweep_every), |pages| sweep_every / pages))
    }
}

#[cfg(test)]
mod tests;
