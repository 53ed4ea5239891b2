//! What one person's own lists no longer have: held until a second reading agrees.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::beliefs::{Beliefs, Believed, MOST_READS, WantedRead};
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::directory::own_lists::{keep, lost_parts};
use crate::domain::directory::plan::WhyRead;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// The second reading begins so long after the first: a minute, and what a plan may be early.
const SECOND_AFTER: SignedDuration = SignedDuration::from_secs(75);

/// Where the AMS did not show that it is well, it is asked again after this time.
const WHILE_IN_DOUBT: SignedDuration = SignedDuration::from_mins(5);

/// The second reading comes within this time after it is due, if the budget allows it.
const WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// A reading as it is believed.
#[derive(Debug)]
pub(in crate::flows) struct HeldReading {
    /// With all that is not believed to be gone.
    pub(in crate::flows) record: Record,
    /// It lacks something that is not believed to be gone.
    pub(in crate::flows) is_held: bool,
}

impl Beliefs {
    /// The parts that lack something in a reading of one person, of those that the mapping looks at.
    pub(in crate::flows) fn lost_parts(
        &self,
        reading: &Record,
        known: &Record,
        rules: &Rules,
    ) -> BTreeSet<Part> {
        if !self.in_step() {
            return BTreeSet::new();
        }
        let needed = rules.parts();
        let oldest = self.grounds().oldest(reading.as_of());
        let mut lost = lost_parts(reading, known, &rules.time_zone, oldest);
        lost.retain(|part| needed.has(*part));
        lost
    }

    /// What a reading lacks that is on file is kept until a second reading agrees. This one is no second one: nobody asks the AMS whether it
    /// is well.
    pub(in crate::flows) async fn held_back(
        &self,
        directory: &dyn Directory,
        environment: &str,
        reading: Record,
        rules: &Rules,
    ) -> Result<HeldReading, StoreError> {
        let known = match self.in_step() {
            true => directory.record(environment, &reading.id).await?,
            false => None,
        };
        let Some(known) = known else { return Ok(HeldReading { record: reading, is_held: false }) };
        let lost = self.lost_parts(&reading, &known, rules);
        Ok(self.hold_back(reading, &known, &lost, None, rules))
    }

    /// Those of them that a reading at `at` lacks for the second time.
    pub(in crate::flows) fn lost_for_the_second_time(
        &self,
        id: &IndividualId,
        lost: &BTreeSet<Part>,
        at: Timestamp,
    ) -> BTreeSet<Part> {
        let state = self.state();
        state.losses.get(id).map(|known| known.second_time(lost, at)).unwrap_or_default()
    }

    /// A reading as it is believed, of which these parts lack something. `shown`: those of which the AMS has just shown that it answers them
    /// well; `None`: it was not asked, because a visitor waits.
    pub(in crate::flows) fn hold_back(
        &self,
        reading: Record,
        known: &Record,
        lost: &BTreeSet<Part>,
        shown: Option<&BTreeSet<Part>>,
        rules: &Rules,
    ) -> HeldReading {
        if !self.in_step() {
            return HeldReading { record: reading, is_held: false };
        }
        let mut record = reading;
        let at = record.as_of();
        let held = self.state().lose(&record, lost, shown, at);
        keep(&mut record, known, &held, &rules.time_zone);
        HeldReading { record, is_held: !held.is_empty() }
    }

    /// Whether somebody's own lists lack something that does not count yet.
    pub(in crate::flows) fn has_losses(&self, id: &IndividualId) -> bool {
        self.state().losses.contains_key(id)
    }

    /// An administrator has seen what people's own lists lack: with the next reading of each it counts.
    pub(super) fn release_losses(&self, now: Timestamp) {
        let mut state = self.state();
        let state = &mut *state;
        for (id, losses) in &mut state.losses {
            losses.release();
            let soon = WantedRead { why: WhyRead::Missing, since: now, within: WITHIN, failed: None };
            state.reads.insert(id.clone(), soon);
        }
    }
}

impl Believed {
    /// Takes a reading that lacks something, and asks for the next. Gives back what is not believed to be gone.
    fn lose(
        &mut self,
        reading: &Record,
        lost: &BTreeSet<Part>,
        shown: Option<&BTreeSet<Part>>,
        at: Timestamp,
    ) -> BTreeSet<Part> {
        let id = &reading.id;
        let is_told = self.losses.get(id).is_some_and(|losses| losses.are_told_of(reading));
        if lost.is_empty() && !is_told {
            return BTreeSet::new();
        }
        let losses = self.losses.entry(id.clone()).or_default();
        let none = BTreeSet::new();
        let before = losses.clone();
        let held = losses.take(reading, lost, shown.unwrap_or(&none), at);
        let is_doubted = losses.doubted_since().is_some();
        if shown.is_none() && is_doubted {
            // Nobody has asked the AMS, so it has not failed to show anything.
            *losses = before;
        }
        if losses.is_empty() {
            self.losses.remove(id);
            return held;
        }
        let wait = if is_doubted && shown.is_some() { WHILE_IN_DOUBT } else { SECOND_AFTER };
        let since = at.checked_add(wait).unwrap_or(at);
        let again = WantedRead { why: WhyRead::Missing, since, within: WITHIN, failed: None };
        // In place of a read that was wanted sooner: it would be none too soon, and say nothing new.
        if self.reads.len() < MOST_READS || self.reads.contains_key(id) {
            self.reads.insert(id.clone(), again);
        }
        held
    }

    /// People whose losses were found twice and are not believed, because the AMS did not show that it is well.
    ///
    /// Since when, and how many they are.
    pub(super) fn doubted_losses(&self) -> Option<(Timestamp, usize)> {
        let doubted = || self.losses.values().filter_map(|losses| losses.doubted_since());
        doubted().min().map(|since| (since, doubted().count()))
    }
}
