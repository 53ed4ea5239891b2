//! Reading records again: one flight per person, in the background unless the record is too old to be believed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::person::{Lately, Person, PublishedRules, RefreshError};
use super::tally::Tally;
use crate::adapters::ams::Ams;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::directory::Directory;
use crate::adapters::store::sessions::Sessions;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// Persons who may wait for a background refresh; a hint beyond that is dropped and comes again with the next request.
const QUEUE: usize = 10_000;

/// Refreshes that run side by side. The budget of calls is the real limit.
const WORKERS: usize = 4;

/// After a failure a person is left alone for this long.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(15);

/// The AMS must say twice, at least this far apart, that it no longer knows somebody. Once may be a mishap: an answer 404 has
/// been seen for tokens that had expired (docs/ams/remembers.md, "Tokens").
const GONE_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Reads records again.
pub struct Refresh {
    ams: Arc<dyn Ams>,
    sessions: Arc<dyn Sessions>,
    directory: Arc<dyn Directory>,
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
        rules: PublishedRules,
        clock: SharedClock,
    ) -> (Refresh, Queue) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Refresh { ams, sessions, directory, rules, clock, queue, tally: Tally::default() }, Queue(waiting))
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
        if let Some((when, error)) = &lately.failed
            && now >= *when
            && now.duration_since(*when) < AFTER_FAILURE
        {
            return Err(error.clone());
        }
        let outcome = self.read_and_keep(person, &mut lately, priority).await;
        self.tally.note(if outcome.is_ok() { "completed" } else { "failed" });
        lately.failed = outcome.as_ref().err().map(|error| (self.clock.now(), error.clone()));
        outcome
    }

    async fn read_and_keep(
        &self,
        person: &Person,
        lately: &mut Lately,
        priority: Priority,
    ) -> Result<(), RefreshError> {
        let parts = self.rules.load().rules.parts();
        // While a visitor waits only so much is read; the rest follows in the background.
        let waits_for_it = priority == Priority::Person;
        let Some(record) = self.ams.read(person.id(), parts.clone(), priority).await? else {
            let now = self.clock.now();
            let since = *lately.missing_since.get_or_insert(now);
            if now.duration_since(since) < GONE_AFTER {
                return Err(RefreshError::Missing);
            }
            tracing::info!(individual.id = %person.id(), "The AMS no longer knows this person; the sessions end");
            person.set_gone();
            return self.end_sessions(person).await;
        };
        lately.missing_since = None;
        let stored = self.directory.put_record(person.environment(), &record, self.clock.now()).await;
        if !waits_for_it && !record.has_all(&parts) {
            person.set_read_as_far_as_it_goes(record.as_of());
        }
        let now = self.clock.now();
        person.renew(Arc::new(record), &self.rules.load(), now);
        if !person.held(&self.rules.load(), now).standing.decision.admitted {
            // A session that is over stays over, even when the AMS changes its mind.
            tracing::info!(individual.id = %person.id(), "The AMS no longer admits this person; the sessions end");
            person.set_gone();
            return self.end_sessions(person).await;
        }
        stored?;
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
            let believed = person.record().as_of();
            if let Err(error) = self.read(&person, believed, Priority::Refresh).await {
                tracing::warn!(individual.id = %person.id(), %error, "A record could not be read again");
            }
            person.refresh_asked.store(false, Ordering::Release);
        }
    }
}
