//! One person: read when something says so, and what is on file of everybody.

use std::collections::BTreeSet;

use super::beliefs::Believed;
use super::index::{ContactSource, LISTS_EVERY};
use super::signed_in::SOON;
use super::tasks::has_own_lists_read;
use super::{DirectoryUpdater, Hitch};
use crate::adapters::budget::Priority;
use crate::domain::directory::plan::WhyRead;
use crate::domain::directory::roster_name::RosterKind;
use crate::domain::parts::{Part, Parts};
use crate::domain::record::{IndividualId, Record};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;
use crate::flows::refresh::{Questions, ReadOutcome};

impl DirectoryUpdater {
    /// What is read of one person: the mapping's parts without those that rosters tell of. Without an id: as a rule.
    pub(super) fn needed_of(&self, id: Option<&IndividualId>) -> Parts {
        let now = self.parts.clock.now();
        let beliefs = &self.parts.beliefs;
        self.with_rules(|rules| beliefs.grounds().still_needed(rules, id, None, now))
    }

    /// What is read of one person for this reason: beside [`DirectoryUpdater::needed_of`] the lists that may have changed. `known`: what is on
    /// file.
    fn questions(&self, id: &IndividualId, why: WhyRead, known: Option<&Record>) -> Questions {
        let now = self.parts.clock.now();
        let (mut needed, mut parts) = (self.needed_of(Some(id)), self.with_rules(Rules::parts));
        let mut asked = BTreeSet::new();
        let mut others_known_at = None;
        match why {
            WhyRead::Missing | WhyRead::Held => {
                asked = self.parts.beliefs.state().missing_lists(id);
                for (part, at) in self.without_news(id, known, &needed) {
                    if !asked.contains(&part) {
                        needed.remove(part);
                        others_known_at =
                            Some(others_known_at.map_or(at, |before: Timestamp| before.min(at)));
                    }
                }
            }
            WhyRead::Changed if self.reads_own_seats(now) => asked.extend([Part::Committees]),
            WhyRead::Changed | WhyRead::ListTooOld | WhyRead::NewNeed => {}
        }
        for part in Part::LISTS {
            if !needed.has(part) && !asked.contains(&part) {
                parts.remove(part);
            }
        }
        Questions { parts, others_known_at }
    }

    /// The needed lists of a person of which the change feed has named nothing since they were read, each with that instant.
    fn without_news(
        &self,
        id: &IndividualId,
        known: Option<&Record>,
        needed: &Parts,
    ) -> Vec<(Part, Timestamp)> {
        let state = self.parts.beliefs.state();
        let settings = self.parts.beliefs.feed_settings();
        let read = |part| known.filter(|it| it.has_codes(part, needed.codes(part)))?.confirmed.of(part);
        let lists = Part::LISTS.into_iter().filter(|part| needed.has(*part));
        let lists = lists.filter_map(|part| Some((part, read(part)?)));
        lists.filter(|(part, at)| state.feed.has_no_news(settings, id, *part, *at)).collect()
    }

    /// Whether the seats of whoever has changed are read from their own list, because all rosters take more calls.
    fn reads_own_seats(&self, now: Timestamp) -> bool {
        let supplies = self.parts.ams.supplies();
        let wanted = self.wanted_rosters();
        let state = self.parts.beliefs.state();
        supplies.has_feed
            && state.feed.covers(self.parts.beliefs.feed_settings(), Part::Committees)
            && has_own_lists_read(&supplies, RosterKind::Committee)
            && state.changed_seats.are_cheaper_than(state.calls_of_seats(&wanted), now)
    }

    /// Looks at rules that look at all that is to be read: the mapping in force, with a draft that waits.
    pub(super) fn with_rules<T>(&self, look: impl FnOnce(&Rules) -> T) -> T {
        look(&self.parts.beliefs.to_be_read(&self.parts.rules.load().rules))
    }

    pub(super) fn put_in_index(&self, record: &Record) {
        let needed = self.needed_of(Some(&record.id));
        self.index().put(record, &needed, self.contact_source(), self.parts.clock.now());
    }

    fn contact_source(&self) -> ContactSource {
        match self.parts.beliefs.wants_contact() {
            false => ContactSource::Unwanted,
            true if self.parts.ams.supplies().everybody_has_contact => ContactSource::Everybody,
            true => ContactSource::Person,
        }
    }

    fn lacks_contact(&self, record: &Record) -> bool {
        self.parts.beliefs.wants_contact() && record.contact.is_none()
    }

    pub(super) async fn read_person(
        &self,
        id: &IndividualId,
        why: WhyRead,
        priority: Priority,
    ) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let known = self.parts.store.record(self.environment(), id).await?;
        if why == WhyRead::ListTooOld {
            // Perhaps the feed says that nothing has changed.
            let whole = known.as_ref().filter(|record| !self.lacks_contact(record));
            if let Some(confirmed) = whole.and_then(|record| self.parts.beliefs.confirmed(record)) {
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
        let questions = self.questions(id, why, known.as_ref());
        let person = self.parts.visits.person_of(id);
        let reading =
            self.parts.refresh.read_anybody(self.environment(), id, person.as_deref(), questions, priority);
        match reading.await? {
            ReadOutcome::Read(record) => {
                if self.lacks_contact(&record) {
                    self.index().note_contact_tried(id, now);
                }
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
        for record in &signed_in {
            self.put_in_index(record);
            if self.lacks_contact(record) {
                // A sign-in does not wait for it, and a community may.
                let now = self.parts.clock.now();
                self.parts.beliefs.want(&record.id, WhyRead::ListTooOld, now, SOON);
            }
        }
    }

    /// Keeps what is known of somebody now, and lets their sessions have it.
    pub(super) async fn take_in(&self, record: &Record) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let joined = self.parts.store.put_record(self.environment(), record, now).await?;
        self.parts.beliefs.changed_people().note([&joined.id]);
        self.parts.visits.take_in(&joined).await?;
        self.put_in_index(&joined);
        Ok(())
    }

    pub(super) fn environment(&self) -> &str {
        self.parts.ams.environment()
    }
}

impl Believed {
    /// The own lists of somebody who is missing somewhere: they say whether the person is really gone from there. All lists, where nothing says
    /// what is missing.
    fn missing_lists(&self, id: &IndividualId) -> BTreeSet<Part> {
        let of_rosters = self.rosters.iter().filter(|(_, it)| it.absentees().people().contains_key(id));
        let of_losses = self.losses.get(id).into_iter().flat_map(|losses| losses.parts());
        let lists: BTreeSet<Part> = of_rosters.map(|(name, _)| name.kind().part()).chain(of_losses).collect();
        let is_in_doubt = self.absences.contains_key(id)
            || self.sweep.as_ref().is_some_and(|sweep| sweep.absentees().people().contains_key(id));
        if lists.is_empty() && !is_in_doubt { BTreeSet::from(Part::LISTS) } else { lists }
    }
}
