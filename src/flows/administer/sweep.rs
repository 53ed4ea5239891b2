//! Reading the records of all members, in the background, within the budget of calls, and on after a restart.
//!
//! First the list of members page by page, then each member's record. Whoever was read since the sweep began, by a sign-in
//! say, is not read again. The AMS being down makes it wait, not fail.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::AmsCatalogue;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::{Directory, SweepState};
use crate::domain::record::IndividualId;
use crate::flows::person::PublishedRules;

/// Members read side by side. The budget of calls is the real limit.
const SIDE_BY_SIDE: u32 = 4;

/// More pages than any association fills; a list that goes on is broken.
const MOST_PAGES: u32 = 20_000;

/// After a failure the sweep waits this long, twice as long after the next, up to the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What a sweep is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nothing; it has ended, was stopped, or has never begun.
    #[default]
    Idle,
    /// It reads.
    Reading,
    /// It waits before it tries again, because of this.
    Waiting(String),
}

/// How far a sweep is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepProgress {
    /// What it is doing now.
    pub doing: Doing,
    /// How far it has come. `None`: there never was one.
    pub state: Option<SweepState>,
}

/// What a sweep works with.
pub struct SweepParts {
    /// Lists the members and reads each.
    pub ams: Arc<dyn AmsCatalogue>,
    /// Keeps records, and how far it has come.
    pub directory: Arc<dyn Directory>,
    /// Says which parts of a record are needed.
    pub rules: PublishedRules,
    /// The AMS environment.
    pub environment: Arc<str>,
    /// The clock.
    pub clock: SharedClock,
}

/// Why a sweep pauses.
#[derive(Debug, thiserror::Error)]
enum Hitch {
    #[error(transparent)]
    Ams(#[from] AmsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The sweep of one environment.
pub struct Sweep {
    parts: SweepParts,
    progress: watch::Sender<SweepProgress>,
    wanted: watch::Sender<bool>,
}

impl Sweep {
    /// One that is idle until [`Sweep::run`] looks after it.
    pub fn new(parts: SweepParts) -> Sweep {
        Sweep {
            parts,
            progress: watch::Sender::new(SweepProgress::default()),
            wanted: watch::Sender::new(false),
        }
    }

    /// How far it is. The receiver can also wait for news.
    pub fn progress(&self) -> watch::Receiver<SweepProgress> {
        self.progress.subscribe()
    }

    /// Starts a sweep, or goes on with one that was stopped.
    pub async fn start(&self) -> Result<(), StoreError> {
        let SweepParts { directory, environment, clock, .. } = &self.parts;
        let unfinished = directory.sweep(environment).await?.is_some_and(|state| state.finished.is_none());
        if !unfinished {
            directory.begin_sweep(environment, clock.now()).await?;
        }
        self.wanted.send_replace(true);
        Ok(())
    }

    /// Stops it where it is; [`Sweep::start`] goes on from there.
    pub fn stop(&self) {
        self.wanted.send_replace(false);
    }

    /// Does what is asked for until `stop`. What was under way when the gateway stopped goes on.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        stop.run_until_cancelled(self.look_after()).await;
    }

    async fn look_after(&self) {
        let SweepParts { directory, environment, .. } = &self.parts;
        match directory.sweep(environment).await {
            Ok(Some(state)) => {
                self.tell(Doing::Idle, Some(state));
                if state.finished.is_none() {
                    self.wanted.send_replace(true);
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "How far a sweep has come cannot be read"),
        }
        let mut wanted = self.wanted.subscribe();
        loop {
            // The sender is ours, so waiting cannot fail.
            let _ = wanted.wait_for(|wanted| *wanted).await;
            let mut unwanted = self.wanted.subscribe();
            tokio::select! {
                () = self.to_the_end() => { self.wanted.send_replace(false); }
                _ = unwanted.wait_for(|wanted| !wanted) => {}
            }
            self.tell(Doing::Idle, None);
        }
    }

    /// Sweeps until all is read, however often it has to wait.
    async fn to_the_end(&self) {
        let mut pause = PAUSE;
        loop {
            match self.step().await {
                Ok(true) => return,
                Ok(false) => pause = PAUSE,
                Err(hitch) => {
                    tracing::warn!(error = %hitch, "The sweep over all members waits");
                    self.tell(Doing::Waiting(hitch.to_string()), None);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// A page of the list, or some members. `true`: nothing is left.
    async fn step(&self) -> Result<bool, Hitch> {
        let SweepParts { directory, environment, clock, ams, .. } = &self.parts;
        let Some(state) = directory.sweep(environment).await? else { return Ok(true) };
        self.tell(Doing::Reading, Some(state));
        if state.finished.is_some() {
            return Ok(true);
        }
        if let Some(page) = state.next_page {
            let members = ams.members(page, Priority::Sweep).await?;
            // A page without anybody new ends the list too: some tenants repeat the last page for ever.
            let next = (!members.is_empty() && page < MOST_PAGES).then_some(page + 1);
            let new = directory.add_to_sweep(environment, &members, next).await?;
            if new == 0 && next.is_some() {
                directory.add_to_sweep(environment, &[], None).await?;
            }
            return Ok(false);
        }
        let left = directory.left_of_sweep(environment, SIDE_BY_SIDE).await?;
        if left.is_empty() {
            directory.finish_sweep(environment, clock.now()).await?;
            let state = directory.sweep(environment).await?;
            self.tell(Doing::Idle, state);
            return Ok(true);
        }
        self.read(left, state).await?;
        Ok(false)
    }

    async fn read(&self, members: Vec<IndividualId>, state: SweepState) -> Result<(), Hitch> {
        let mut reading = JoinSet::new();
        for id in members {
            let SweepParts { ams, directory, rules, environment, clock } = &self.parts;
            let (ams, directory, clock) = (Arc::clone(ams), Arc::clone(directory), Arc::clone(clock));
            let environment = Arc::clone(environment);
            let parts = rules.load().rules.parts();
            reading.spawn(async move {
                let held = directory.record(&environment, &id).await?;
                if held.is_some_and(|record| record.as_of() >= state.started && record.has_all(&parts)) {
                    return Ok(directory.take_off_sweep(&environment, &id, false).await?);
                }
                let failed = match ams.read(&id, parts, Priority::Sweep).await {
                    Ok(Some(record)) => {
                        directory.put_record(&environment, &record, clock.now()).await?;
                        false
                    }
                    // This member's trouble alone; the next may do better.
                    Ok(None) | Err(AmsError::Unreadable(_)) => true,
                    Err(error) => return Err(Hitch::Ams(error)),
                };
                Ok(directory.take_off_sweep(&environment, &id, failed).await?)
            });
        }
        // All are waited for: what one of them met must not throw away what the others brought.
        let mut outcome = Ok(());
        while let Some(done) = reading.join_next().await {
            if let Ok(Err(hitch)) = done {
                outcome = Err(hitch);
            }
        }
        outcome
    }

    fn tell(&self, doing: Doing, state: Option<SweepState>) {
        self.progress.send_modify(|progress| {
            progress.doing = doing;
            progress.state = state.or(progress.state);
        });
    }
}
