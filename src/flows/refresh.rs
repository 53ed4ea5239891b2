//! Reading records again: one flight per person, in the background unless the record is too old to be believed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::canary::Canary;
use super::directory::{Beliefs, HeldReading};
use super::person::{Person, PublishedRules, RefreshError};
use super::tally::Tally;
use super::witnesses::Witnesses;
use crate::adapters::ams::Ams;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::adapters::store::sessions::Sessions;
use crate::domain::directory::absence::AbsenceVerdict;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::time::Timestamp;

/// Persons who may wait for a background refresh; a hint beyond that is dropped and comes again with the next request.
const QUEUE: usize = 10_000;

/// Refreshes that run side by side. The budget of calls is the real limit.
const WORKERS: usize = 4;

/// After a failure a person is left alone for this long.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(15);

/// Whoever says that they have changed is read at once, once within this time.
const CHECK_AGAIN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What came of a person's wish to be read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckedAgain {
    /// The person was read.
    Read,
    /// The AMS was asked less than a minute ago; it was not asked now.
    JustChecked,
}

/// What came of reading somebody.
#[derive(Debug)]
pub enum ReadOutcome {
    /// What is known of them now.
    Read(Box<Record>),
    /// The AMS does not find them, which does not count yet.
    NotFound,
    /// The AMS no longer knows them; their sessions have ended.
    Gone,
}

/// What to ask about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// The parts to ask for.
    pub parts: Parts,
    /// The other parts were read at this instant or later, and the change feed has named nothing since.
    pub others_known_at: Option<Timestamp>,
}

impl From<Parts> for Questions {
    fn from(parts: Parts) -> Questions {
        Questions { parts, others_known_at: None }
    }
}

/// Reads records again.
pub struct Refresh {
    ams: Arc<dyn Ams>,
    sessions: Arc<dyn Sessions>,
    directory: Arc<dyn Directory>,
    beliefs: Arc<Beliefs>,
    canary: Arc<Canary>,
    witnesses: Witnesses,
    rules: PublishedRules,
    clock: SharedClock,
    queue: mpsc::Sender<Arc<Person>>,
    /// How refreshes end.
    pub tally: Tally,
}

/// The waiting persons; [`Refresh::run`] works them off.
pub struct Queue(mpsc::Receiver<Arc<Person>>);

impl Refresh {
    /// Refreshes from `ams`, kept in `directory`.
    pub fn new(
        ams: Arc<dyn Ams>,
        sessions: Arc<dyn Sessions>,
        directory: Arc<dyn Directory>,
        beliefs: Arc<Beliefs>,
        canary: Arc<Canary>,
        rules: PublishedRules,
        clock: SharedClock,
    ) -> (Refresh, Queue) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let witnesses = Witnesses::new(
            Arc::clone(&ams),
            Arc::clone(&directory),
            Arc::clone(&beliefs),
            Arc::clone(&canary),
            Arc::clone(&clock),
        );
        let tally = Tally::default();
        let refresh =
            Refresh { ams, sessions, directory, beliefs, canary, witnesses, rules, clock, queue, tally };
        (refresh, Queue(waiting))
    }

    /// Asks for a refresh in the background; never waits.
    pub fn hint(&self, person: &Arc<Person>) {
        if person.refresh_asked.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.queue.try_send(Arc::clone(person)).is_err() {
            person.refresh_asked.store(false, Ordering::Release);
        }
    }

    pub(super) async fn is_on_file(&self, environment: &str, id: &IndividualId) -> bool {
        self.directory.record(environment, id).await.is_ok_and(|found| found.is_some())
    }

    /// The parts that must be asked for about somebody, beside what is known of them. A store that cannot tell knows nothing.
    pub(super) async fn needed(&self, environment: &str, id: Option<&IndividualId>) -> Parts {
        let known = match id.filter(|_| self.beliefs.in_step()) {
            Some(id) => self.directory.record(environment, id).await.unwrap_or_default(),
            None => None,
        };
        self.beliefs.needed(&self.rules.load().rules, id, known.as_ref(), self.clock.now())
    }

    /// Somebody has signed in, and this is what is known now.
    pub(super) fn note_signed_in(&self, record: &Arc<Record>) {
        self.witnesses.note(record, &self.beliefs.to_be_read(&self.rules.load().rules));
        self.beliefs.note_signed_in(record);
        self.beliefs.changed_people().note([&record.id]);
    }

    /// This is on file.
    pub(super) fn note_on_file(&self, record: &Record) {
        self.witnesses.note(record, &self.beliefs.to_be_read(&self.rules.load().rules));
    }

    /// A reading as it is believed by all who look at it ([`Beliefs::held_back`]).
    pub(super) async fn held_back(
        &self,
        environment: &str,
        reading: Record,
    ) -> Result<HeldReading, StoreError> {
        let published = self.rules.load_full();
        let rules = self.beliefs.to_be_read(&published.rules);
        self.beliefs.held_back(&*self.directory, environment, reading, &rules).await
    }

    /// The same for a reading that may be the second one, unless somebody waits for it.
    async fn judged(
        &self,
        environment: &str,
        reading: Record,
        person: Option<&Person>,
        priority: Priority,
    ) -> Result<HeldReading, StoreError> {
        if !self.beliefs.in_step() {
            return Ok(HeldReading { record: reading, is_held: false });
        }
        let on_file = self.directory.record(environment, &reading.id).await?;
        let known = match (on_file, person) {
            (Some(known), Some(person)) => known.over(&person.record(), self.clock.now()),
            (Some(known), None) => known,
            (None, Some(person)) => Record::clone(&person.record()),
            (None, None) => return Ok(HeldReading { record: reading, is_held: false }),
        };
        let published = self.rules.load_full();
        let (rules, at) = (&*self.beliefs.to_be_read(&published.rules), reading.as_of());
        let lost = self.beliefs.lost_parts(&reading, &known, rules);
        if priority == Priority::Person {
            self.witnesses.learn(&reading, &known, &lost, rules);
            return Ok(self.beliefs.hold_back(reading, &known, &lost, None, rules));
        }
        let mut shown = BTreeSet::new();
        for part in self.beliefs.lost_for_the_second_time(&reading.id, &lost, at) {
            if self.witnesses.show(part, &reading.id, environment, rules).await {
                shown.insert(part);
            }
        }
        self.witnesses.learn(&reading, &known, &lost, rules);
        Ok(self.beliefs.hold_back(reading, &known, &lost, Some(&shown), rules))
    }

    /// Reads a record again, unless somebody has done so since `believed`. Those who come together share one call and
    /// its failure.
    pub async fn read(
        &self,
        person: &Person,
        believed: Timestamp,
        priority: Priority,
    ) -> Result<(), RefreshError> {
        let mut lately = person.reading.lock().await;
        if person.is_gone() {
            return self.end_sessions(person).await;
        }
        let now = self.clock.now();
        if person.record().as_of() > believed && person.record().as_of() <= now {
            return Ok(());
        }
        if let Some(confirmed) = self.beliefs.confirmed(&person.record()) {
            person.renew(Arc::new(confirmed), &self.rules.load(), now);
            if person.record().as_of() > believed {
                return Ok(());
            }
        }
        if let Some((when, error)) = &lately.failed
            && now >= *when
            && now.duration_since(*when) < AFTER_FAILURE
        {
            return Err(error.clone());
        }
        let parts = {
            // While a visitor waits only so much is read; the rest follows in the background.
            let known = (priority == Priority::Person).then(|| person.record());
            self.beliefs.needed(&self.rules.load().rules, Some(person.id()), known.as_deref(), now)
        };
        let outcome =
            self.read_one(person.environment(), person.id(), Some(person), parts.into(), priority).await;
        let outcome = match outcome {
            Ok(ReadOutcome::NotFound) => Err(RefreshError::Missing),
            other => other.map(drop),
        };
        self.tally.note(if outcome.is_ok() { "completed" } else { "failed" });
        lately.failed = outcome.as_ref().err().map(|error| (self.clock.now(), error.clone()));
        outcome
    }

    /// Reads somebody who may be signed in (`person`) or not.
    pub async fn read_anybody(
        &self,
        environment: &str,
        id: &IndividualId,
        person: Option<&Person>,
        questions: Questions,
        priority: Priority,
    ) -> Result<ReadOutcome, RefreshError> {
        // Held so that a visitor who waits for the same does not ask once more.
        let _reading = match person {
            Some(person) => Some(person.reading.lock().await),
            None => None,
        };
        self.read_one(environment, id, person, questions, priority).await
    }

    /// Somebody who is signed in says that they have changed. All that the mapping looks at is read at once, lists and all: rosters may be
    /// older than the change.
    pub async fn check_again(&self, person: &Person) -> Result<CheckedAgain, RefreshError> {
        if !person.may_check_again(self.clock.now(), CHECK_AGAIN_EVERY) {
            return Ok(CheckedAgain::JustChecked);
        }
        let parts = self.beliefs.to_be_read(&self.rules.load().rules).parts();
        let (environment, id) = (person.environment(), person.id());
        let outcome = self.read_anybody(environment, id, Some(person), parts.into(), Priority::Person).await;
        self.tally.note(if outcome.is_ok() { "completed" } else { "failed" });
        match outcome? {
            ReadOutcome::Read(_) | ReadOutcome::Gone => Ok(CheckedAgain::Read),
            ReadOutcome::NotFound => Err(RefreshError::Missing),
        }
    }

    async fn read_one(
        &self,
        environment: &str,
        id: &IndividualId,
        person: Option<&Person>,
        Questions { parts, others_known_at }: Questions,
        priority: Priority,
    ) -> Result<ReadOutcome, RefreshError> {
        let Some(record) = self.ams.read(id, parts.clone(), priority).await? else {
            return self.not_found(environment, id, person).await;
        };
        let whole = self.beliefs.needed(&self.rules.load().rules, Some(id), None, self.clock.now());
        let reading = record.clone();
        let HeldReading { record, is_held } = self.judged(environment, record, person, priority).await?;
        // Rosters have readings of their own to compare with, so they take it as it came.
        // What a reading without a limit does not bring, another would not bring either.
        let is_whole = reading.has_all(&whole) || priority != Priority::Person;
        let whole_as_of = others_known_at.map_or(reading.as_of(), |at| at.min(reading.as_of()));
        self.beliefs.note_read(&reading, (is_whole && !is_held).then_some(whole_as_of));
        // What is only kept for now shows nothing.
        self.witnesses.note(&reading, &self.beliefs.to_be_read(&self.rules.load().rules));
        let stored = self.directory.put_record(environment, &record, self.clock.now()).await;
        self.beliefs.changed_people().note([id]);
        if let Some(person) = person {
            self.renew(person, record, &parts, priority).await?;
        }
        Ok(ReadOutcome::Read(Box::new(stored?)))
    }

    async fn not_found(
        &self,
        environment: &str,
        id: &IndividualId,
        person: Option<&Person>,
    ) -> Result<ReadOutcome, RefreshError> {
        let is_canary_found = self.canary.is_found().await;
        if self.beliefs.not_found(id, is_canary_found, self.clock.now()) != AbsenceVerdict::Counts {
            return Ok(ReadOutcome::NotFound);
        }
        self.beliefs.changed_people().note_gone(id, self.clock.now());
        tracing::info!(individual.id = %id, "The AMS no longer knows this person; the sessions end");
        if let Some(person) = person {
            person.set_gone();
        }
        self.sessions.end_sessions_of(environment, id).await?;
        Ok(ReadOutcome::Gone)
    }

    async fn renew(
        &self,
        person: &Person,
        record: Record,
        parts: &Parts,
        priority: Priority,
    ) -> Result<(), RefreshError> {
        if priority != Priority::Person && !record.has_all(parts) {
            person.set_read_as_far_as_it_goes(record.as_of());
        }
        person.renew(Arc::new(record), &self.rules.load(), self.clock.now());
        self.end_if_not_admitted(person).await
    }

    /// Somebody that the AMS no longer admits is signed out.
    pub(super) async fn end_if_not_admitted(&self, person: &Person) -> Result<(), RefreshError> {
        if !person.held(&self.rules.load(), self.clock.now()).standing.decision.admitted {
            // A session that is over stays over, even when the AMS changes its mind.
            tracing::info!(individual.id = %person.id(), "The AMS no longer admits this person; the sessions end");
            person.set_gone();
            return self.end_sessions(person).await;
        }
        Ok(())
    }

    async fn end_sessions(&self, person: &Person) -> Result<(), RefreshError> {
        self.sessions.end_sessions_of(person.environment(), person.id()).await?;
        Ok(())
    }

    /// Works off the queue until `stop`.
    pub async fn run(self: Arc<Self>, queue: Queue, stop: CancellationToken) {
        let queue = Arc::new(tokio::sync::Mutex::new(queue.0));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..WORKERS {
            let (refresh, queue, stop) = (Arc::clone(&self), Arc::clone(&queue), stop.clone());
            workers.spawn(async move { stop.run_until_cancelled(refresh.work(&queue)).await });
        }
        while workers.join_next().await.is_some() {}
    }

    async fn work(&self, queue: &tokio::sync::Mutex<mpsc::Receiver<Arc<Person>>>) {
        loop {
            // The lock is held only while waiting for the next one, so that workers take turns.
            let Some(person) = queue.lock().await.recv().await else { return };
            self.work_off(&person).await;
            person.refresh_asked.store(false, Ordering::Release);
        }
    }

    async fn work_off(&self, person: &Person) {
        let (record, now) = (person.record(), self.clock.now());
        let held = person.held(&self.rules.load(), now);
        if !person.is_being_read(&held) {
            if let Some(confirmed) = self.beliefs.confirmed(&record) {
                person.renew(Arc::new(confirmed), &self.rules.load(), now);
            }
            if !self.beliefs.note_old(&person.record(), &self.rules.load().rules, now) {
                person.put_off_hints(now);
                return;
            }
        }
        if let Err(error) = self.read(person, record.as_of(), Priority::Refresh).await {
            tracing::warn!(individual.id = %person.id(), %error, "A record could not be read again");
        }
    }
}
