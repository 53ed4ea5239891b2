//! One person: read when something says so, and what is on file of everybody.

use super::index::LISTS_EVERY;
use super::{DirectoryUpdater, Hitch};
use crate::adapters::budget::Priority;
use crate::domain::directory::plan::WhyRead;
use crate::domain::parts::Parts;
use crate::domain::record::{IndividualId, Record};
use crate::domain::rule::Rules;
use crate::flows::refresh::ReadOutcome;

impl DirectoryUpdater {
    /// What is read of one person: the mapping's parts without those that rosters tell of. Without an id: as a rule.
    pub(super) fn needed_of(&self, id: Option<&IndividualId>) -> Parts {
        let now = self.parts.clock.now();
        let beliefs = &self.parts.beliefs;
        self.with_rules(|rules| beliefs.grounds().still_needed(rules, id, None, now))
    }

    /// Looks at rules that look at all that is to be read: the mapping in force, with a draft that waits.
    pub(super) fn with_rules<T>(&self, look: impl FnOnce(&Rules) -> T) -> T {
        look(&self.parts.beliefs.to_be_read(&self.parts.rules.load().rules))
    }

    pub(super) fn put_in_index(&self, record: &Record) {
        let needed = self.needed_of(Some(&record.id));
        self.index().put(record, &needed);
    }

    pub(super) async fn read_person(
        &self,
        id: &IndividualId,
        why: WhyRead,
        priority: Priority,
    ) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        if why == WhyRead::ListTooOld {
            // Perhaps the feed says that nothing has changed.
            let known = self.parts.store.record(self.environment(), id).await?;
            if let Some(confirmed) = known.as_ref().and_then(|record| self.parts.beliefs.confirmed(record)) {
                let fresh = now.checked_sub(LISTS_EVERY).unwrap_or(now);
                let needed = self.needed_of(Some(id));
                if needed.of_one_person().all(|part| {
                    let is_read = confirmed.has_codes(part, needed.codes(part));
                    is_read && confirmed.confirmed.of(part).is_some_and(|at| at > fresh)
                }) {
                    self.take_in(&confirmed).await?;
                    self.parts.beliefs.state().reads.remove(id);
                    return Ok(());
                }
            }
        }
        // Whether the person is on a roster or not is asked of their own list.
        let parts = match why {
            WhyRead::Missing | WhyRead::Held => self.with_rules(Rules::parts),
            _ => self.needed_of(Some(id)),
        };
        let person = self.parts.visits.person_of(id);
        let reading =
            self.parts.refresh.read_anybody(self.environment(), id, person.as_deref(), parts, priority);
        match reading.await? {
            ReadOutcome::Read(record) => {
                self.put_in_index(&record);
                let needed = self.needed_of(Some(id));
                let lacks_some = needed.of_one_person().any(|part| record.confirmed.of(part).is_none());
                // What is kept for now is as old as it was, and the second reading has its own time. What did not come now does not come
                // at once.
                if lacks_some || self.parts.beliefs.has_losses(id) {
                    self.index().put_off(id, now);
                }
            }
            ReadOutcome::Gone => self.index().remove(id),
            ReadOutcome::NotFound => {
                self.index().put_off(id, now);
                return Err(Hitch::NotFound);
            }
        }
        Ok(())
    }

    /// Whoever has signed in is on file.
    pub(super) fn look_after_index(&self) {
        let signed_in = std::mem::take(&mut self.parts.beliefs.state().signed_in);
        signed_in.iter().for_each(|record| self.put_in_index(record));
    }

    /// Keeps what is known of somebody now, and lets their sessions have it.
    pub(super) async fn take_in(&self, record: &Record) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let joined = self.parts.store.put_record(self.environment(), record, now).await?;
        self.parts.visits.take_in(&joined).await?;
        self.put_in_index(&joined);
        Ok(())
    }

    pub(super) fn environment(&self) -> &str {
        self.parts.ams.environment()
    }
}
