//! Whether the AMS answers a part of people's records well: somebody else who had something there is read, at most once a minute.
//!
//! The canary shows that the AMS finds people. It may find them and still answer one of their lists with nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;
use tokio::sync::Mutex;

use super::canary::Canary;
use super::directory::Beliefs;
use crate::adapters::ams::Ams;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::directory::Directory;
use crate::domain::directory::own_lists::count_missed;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// So long an answer is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(1);

/// So many people who have something in a part are remembered.
const MOST_KNOWN: usize = 8;

/// So many of them are read at most: one may really have lost something.
const MOST_ASKED: usize = 3;

/// Reads somebody else.
pub(super) struct Witnesses {
    ams: Arc<dyn Ams>,
    directory: Arc<dyn Directory>,
    beliefs: Arc<Beliefs>,
    canary: Arc<Canary>,
    clock: SharedClock,
    /// Those who were last read with something in a part.
    known: std::sync::Mutex<BTreeMap<Part, VecDeque<IndividualId>>>,
    last: Mutex<BTreeMap<Part, (Timestamp, bool)>>,
    /// Whose reading last showed that a part is answered well, and when.
    shown: std::sync::Mutex<BTreeMap<Part, (Timestamp, IndividualId)>>,
}

impl Witnesses {
    /// Of this AMS; what is known of people is in `directory`.
    pub(super) fn new(
        ams: Arc<dyn Ams>,
        directory: Arc<dyn Directory>,
        beliefs: Arc<Beliefs>,
        canary: Arc<Canary>,
        clock: SharedClock,
    ) -> Witnesses {
        let (known, last, shown) =
            (std::sync::Mutex::default(), Mutex::default(), std::sync::Mutex::default());
        Witnesses { ams, directory, beliefs, canary, clock, known, last, shown }
    }

    /// This is on file, or was just read.
    pub(super) fn note(&self, record: &Record, rules: &Rules) {
        let now = self.clock.now();
        let has = |part: &Part| count_missed(record, *part, &rules.time_zone, now).all > 0;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for part in rules.parts().each().filter(has) {
            let of = known.entry(part).or_default();
            if of.front() != Some(&record.id) {
                of.retain(|one| *one != record.id);
                of.push_front(record.id.clone());
                of.truncate(MOST_KNOWN);
            }
        }
    }

    /// Learns from a reading that was wanted for another reason. Where it still has all that was `known`, it shows that the AMS answers that
    /// part well. Where it lacks something (`lost`), earlier readings no longer show that.
    pub(super) fn learn(&self, reading: &Record, known: &Record, lost: &BTreeSet<Part>, rules: &Rules) {
        let at = reading.as_of();
        let oldest = self.beliefs.grounds().oldest(at);
        let is_shown = |part: &Part| {
            reading.confirmed.of(*part) == Some(at)
                && known.confirmed.of(*part).is_some_and(|before| before >= oldest)
                && count_missed(known, *part, &rules.time_zone, at).full > 0
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for part in rules.parts().each() {
            if lost.contains(&part) {
                shown.remove(&part);
            } else if is_shown(&part) {
                shown.insert(part, (at, reading.id.clone()));
            }
        }
    }

    fn is_shown_by_another(&self, part: Part, besides: &IndividualId) -> bool {
        let now = self.clock.now();
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(&part).is_some_and(|(at, by)| by != besides && is_believed(*at, now))
    }

    /// Whether the AMS finds somebody who is there, and answers this part of somebody else as before. A reading of the last minute shows both;
    /// otherwise the AMS is asked. Where nobody else is known to have anything there, the canary must do.
    pub(super) async fn show(
        &self,
        part: Part,
        besides: &IndividualId,
        environment: &str,
        rules: &Rules,
    ) -> bool {
        if self.is_shown_by_another(part, besides) {
            return true;
        }
        if !self.canary.is_found().await {
            return false;
        }
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, is_well)) = last.get(&part)
            && is_believed(*at, now)
        {
            return *is_well;
        }
        let is_well = self.ask(part, besides, environment, rules).await;
        if !is_well {
            tracing::warn!(
                part = part.name(),
                "The AMS does not show of anybody what it had; what is missing there says nothing"
            );
        }
        last.insert(part, (self.clock.now(), is_well));
        is_well
    }

    async fn ask(&self, part: Part, besides: &IndividualId, environment: &str, rules: &Rules) -> bool {
        let known: Vec<IndividualId> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&part).into_iter().flatten().filter(|one| *one != besides).cloned().collect()
        };
        let now = self.clock.now();
        let oldest = self.beliefs.grounds().oldest(now);
        let mut on_file = Vec::new();
        for id in known {
            let Ok(Some(record)) = self.directory.record(environment, &id).await else { continue };
            let is_recent = record.confirmed.of(part).is_some_and(|at| at >= oldest);
            let count = count_missed(&record, part, &rules.time_zone, now);
            if is_recent && count.all > 0 && record.has_codes(part, rules.parts().codes(part)) {
                on_file.push((count, record));
            }
        }
        // Whoever has most shows best that a list is not merely shorter than it was, and rows that say little do not show that they lack
        // anything.
        if on_file.iter().any(|(count, _)| count.full > 0) {
            on_file.retain(|(count, _)| count.full > 0);
        }
        // Several may have lost something at the same time; those who are known to lack something are asked last.
        on_file
            .sort_by_key(|(count, before)| (self.beliefs.has_losses(&before.id), std::cmp::Reverse(*count)));
        on_file.truncate(MOST_ASKED);
        for (_, before) in &on_file {
            let reading = self.ams.read(&before.id, only(part, rules), Priority::Canary).await;
            if let Ok(Some(reading)) = reading
                && reading.confirmed.of(part).is_some()
                && !self.beliefs.lost_parts(&reading, before, rules).contains(&part)
            {
                return true;
            }
        }
        on_file.is_empty()
    }
}

fn is_believed(at: Timestamp, now: Timestamp) -> bool {
    (SignedDuration::ZERO..BELIEVED).contains(&now.duration_since(at))
}

/// The parts that a mapping looks at, without the lists but this one.
fn only(part: Part, rules: &Rules) -> Parts {
    let mut parts = rules.parts();
    Part::LISTS.into_iter().filter(|other| *other != part).for_each(|other| parts.remove(other));
    parts
}

#[cfg(test)]
mod tests;
