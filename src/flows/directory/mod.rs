//! Keeps the directory in step with the AMS: decides what to ask next, asks it, and takes in what comes.
//!
//! `domain::directory` decides; `tasks` says what there is to do; `feed`, `rosters`, `sweep`, `people` and `events` each do one kind of it;
//! `beliefs` is what all of them, and the sign-ins beside them, share.

mod beliefs;
mod events;
mod feed;
mod index;
mod kept;
mod own_lists;
mod people;
mod rosters;
mod signed_in;
mod status;
mod sweep;
mod tasks;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::AmsReading;
use crate::adapters::budget::{Budget, Priority};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::adapters::store::sessions::Sessions;
use crate::domain::directory::plan::{Due, NextCall, Task, WhyRead, next_call};
use crate::domain::directory::roster_name::RosterName;
use crate::domain::directory::settings::{DirectorySettings, PeopleOnFile};
use crate::domain::parts::Parts;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;
use crate::flows::person::{PublishedRules, RefreshError};
use crate::flows::public_events::PublicEvents;
use crate::flows::refresh::Refresh;
use crate::flows::visit::Visits;

use self::beliefs::AFTER_CHANGE;
pub use self::beliefs::{Beliefs, SignedInProgress};
pub use self::kept::{believe_kept, kept_rosters};
pub(in crate::flows) use self::own_lists::HeldReading;
pub use self::status::{DirectoryStatus, HeldAbsences, RosterStatus};

use self::index::Index;

/// While nothing is due it is looked again this often, for a clock that was moved and a mapping that was published.
const LOOK: Duration = Duration::from_secs(1);

/// An AMS may take seconds for an answer; so many calls are under way at a time. The budget is the real limit.
const AT_ONCE: usize = 4;

/// An AMS that gives no answers is tried this often.
const WHILE_SILENT: Duration = Duration::from_secs(5);

/// So many people that hooks have named wait to be read at most; more are left to feed and sweep.
const MOST_HINTS: usize = 10_000;

/// Whoever a hook names is not read more often.
const BETWEEN_HINTS: SignedDuration = SignedDuration::from_secs(30);

/// What the directory is kept with.
pub struct DirectoryParts {
    /// The AMS that is live.
    pub ams: Arc<dyn AmsReading>,
    /// Keeps the records.
    pub store: Arc<dyn Directory>,
    /// Keeps the sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Sessions in memory.
    pub visits: Arc<Visits>,
    /// Reads one person.
    pub refresh: Arc<Refresh>,
    /// What is believed.
    pub beliefs: Arc<Beliefs>,
    /// Says what is needed.
    pub rules: PublishedRules,
    /// Keeps the AMS's events. `None`: nobody wants them, or the AMS does not list them.
    pub events: Option<Arc<PublicEvents>>,
    /// The budget of calls.
    pub budget: Arc<Budget>,
    /// The clock.
    pub clock: SharedClock,
    /// How it is kept.
    pub settings: DirectorySettings,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
enum Hitch {
    #[error(transparent)]
    Ams(#[from] AmsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Person(#[from] RefreshError),
    /// The AMS does not find somebody, which does not count yet.
    #[error("the AMS does not find the person")]
    NotFound,
    /// Each person's own list must do.
    #[error("the AMS has no roster {0}, or does not say so")]
    NoRoster(RosterName),
}

/// Keeps the directory of one AMS environment in step.
pub struct DirectoryUpdater {
    parts: DirectoryParts,
    index: Mutex<Index>,
    /// What was needed of a person when the index was filled.
    /// Which parts, and whether contacts are wanted.
    indexed_for: Mutex<Option<(Parts, bool)>>,
    wake: Notify,
    in_flight: Mutex<BTreeSet<Task>>,
    silence: Mutex<Silence>,
    hooked: Mutex<Option<Timestamp>>,
}

/// Where absences are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldPlace {
    /// On a roster.
    Roster(RosterName),
    /// In the sweep over everybody.
    Sweep,
    /// On people's own lists.
    OwnLists,
}

/// That the AMS gives no answers: said once a minute.
#[derive(Default)]
struct Silence {
    since: Option<Timestamp>,
    said: Option<Timestamp>,
}

impl DirectoryUpdater {
    /// One that does nothing until [`DirectoryUpdater::run`].
    pub fn new(parts: DirectoryParts) -> Arc<DirectoryUpdater> {
        Arc::new(DirectoryUpdater {
            parts,
            index: Mutex::default(),
            indexed_for: Mutex::default(),
            wake: Notify::new(),
            in_flight: Mutex::default(),
            silence: Mutex::default(),
            hooked: Mutex::default(),
        })
    }

    /// Keeps it in step until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        if self.parts.settings.in_step {
            stop.run_until_cancelled(self.go_on()).await;
        }
    }

    async fn go_on(self: &Arc<Self>) {
        while let Err(error) = self.take_up().await {
            tracing::warn!(%error, "The directory cannot be read from the store; it is tried again");
            tokio::time::sleep(LOOK * 5).await;
        }
        // They end with this future.
        let mut under_way = JoinSet::new();
        loop {
            while under_way.try_join_next().is_some() {}
            self.look_after_index();
            self.follow_needs().await;
            let now = self.parts.clock.now();
            let tasks = self.open_tasks(now);
            match next_call(&tasks, now, self.slot()) {
                NextCall::Call(due) if under_way.len() < self.at_once() => {
                    let (updater, due) = (Arc::clone(self), due.clone());
                    self.in_flight().insert(due.task.clone());
                    under_way.spawn(async move { updater.carry_out(&due).await });
                }
                NextCall::Call(_) => {
                    let _ = tokio::time::timeout(LOOK, under_way.join_next()).await;
                }
                NextCall::Wait(until) => {
                    let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                    self.rest(wait.min(LOOK)).await;
                }
                NextCall::Nothing => self.rest(LOOK).await,
            }
        }
    }

    fn at_once(&self) -> usize {
        let silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        if silence.since.is_some() { 1 } else { AT_ONCE }
    }

    /// What is being done now.
    fn in_flight(&self) -> MutexGuard<'_, BTreeSet<Task>> {
        // Nothing panics while it is held.
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn rest(&self, wait: Duration) {
        let _ = tokio::time::timeout(wait, self.wake.notified()).await;
    }

    /// The time from one call in the background to the next.
    fn slot(&self) -> SignedDuration {
        let calls = (self.parts.budget.rate().per_minute * 2 / 3).max(1);
        SignedDuration::from_mins(1) / i32::try_from(calls).unwrap_or(i32::MAX)
    }

    async fn carry_out(&self, due: &Due) {
        let priority = if due.is_awaited { Priority::Person } else { background(&due.task) };
        let outcome = match &due.task {
            Task::Feed => self.poll_feed(priority).await,
            Task::LookBack => self.look_back(priority).await,
            Task::Roster { name, with_list } => self.read_roster(&due.task, name, *with_list, priority).await,
            Task::RosterSince(name) => self.read_roster(&due.task, name, false, priority).await,
            Task::SweepPage => self.sweep_page(priority).await,
            Task::Events => self.read_events(priority).await,
            Task::Person(id, why) => self.read_person(id, *why, priority).await,
        };
        let now = self.parts.clock.now();
        self.note_outcome(due, outcome, now).await;
        self.in_flight().remove(&due.task);
        self.wake.notify_one();
    }

    async fn note_outcome(&self, due: &Due, outcome: Result<(), Hitch>, now: Timestamp) {
        let Err(hitch) = outcome else {
            self.parts.beliefs.state().failed.remove(&due.task);
            self.note_answer();
            return;
        };
        match &due.task {
            Task::Person(id, _) => {
                self.index().put_off(id, now);
                if let Some(read) = self.parts.beliefs.state().reads.get_mut(id) {
                    read.failed = Some(now);
                }
            }
            task => drop(self.parts.beliefs.state().failed.insert(task.clone(), now)),
        }
        match hitch {
            Hitch::NoRoster(name) => {
                self.note_answer();
                let was_absent = self.parts.beliefs.state().absent_rosters.insert(name.clone(), now);
                if was_absent.is_none() {
                    tracing::warn!(roster = %name, "The AMS has no such roster, or does not say so; each person is asked about");
                }
            }
            // It says nothing yet: neither that the AMS is well, nor that it is not. The canary tells.
            Hitch::NotFound => {}
            // There were more important calls.
            Hitch::Ams(AmsError::Busy) | Hitch::Person(RefreshError::Ams(AmsError::Busy)) => {}
            hitch => {
                self.note_hitch(&hitch, now);
                // An AMS that gives no answers is tried now and then, by all that is to be done together.
                tokio::time::sleep(WHILE_SILENT).await;
            }
        }
    }

    fn note_answer(&self) {
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        if silence.since.take().is_some() {
            silence.said = None;
            tracing::info!("The directory is being kept in step again");
        }
    }

    fn note_hitch(&self, hitch: &Hitch, now: Timestamp) {
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        silence.since.get_or_insert(now);
        let minute = SignedDuration::from_mins(1);
        if silence.said.is_none_or(|said| now.duration_since(said) >= minute || now < said) {
            silence.said = Some(now);
            tracing::warn!(error = %hitch, "The directory could not be kept in step; it is tried again");
        }
    }

    /// A hook of the AMS names people. They are read soon, each at most every half minute; nothing else follows from it.
    pub fn hinted(&self, people: &[IndividualId]) {
        let now = self.parts.clock.now();
        *self.hooked.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        if !self.parts.settings.in_step {
            // Nobody works the hints off; each person is read when they come.
            return;
        }
        let known = self.index();
        let mut state = self.parts.beliefs.state();
        for id in people {
            if state.reads.len() >= MOST_HINTS {
                break;
            }
            let is_wanted = self.parts.settings.people == PeopleOnFile::Members || known.has(id);
            if is_wanted {
                // The change may be later than the last read.
                let is_recent = known.was_read_within(id, now, BETWEEN_HINTS);
                let since = if is_recent { now + BETWEEN_HINTS } else { now };
                state.feed.hint(id, now);
                state.want(id, WhyRead::Changed, since, AFTER_CHANGE);
            }
        }
        drop(state);
        drop(known);
        self.wake.notify_one();
    }

    /// Ends a hold of absences: an administrator has seen it.
    pub async fn release(&self, place: &HeldPlace) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        match place {
            HeldPlace::OwnLists => self.parts.beliefs.release_losses(now),
            HeldPlace::Roster(name) => {
                let mut state = self.parts.beliefs.state();
                let changed = match state.rosters.get_mut(name) {
                    Some(roster) => !Arc::make_mut(roster).release().changed.is_empty(),
                    None => false,
                };
                state.unkept.insert(name.clone());
                self.parts.beliefs.put_in_force(&state, changed);
            }
            HeldPlace::Sweep => {
                let mut state = self.parts.beliefs.state();
                let gone = state.sweep.as_mut().map(|sweep| sweep.release()).unwrap_or_default();
                gone.keys().for_each(|id| state.want(id, WhyRead::Missing, now, AFTER_CHANGE));
            }
        }
        self.wake.notify_one();
        self.keep_rosters().await?;
        self.keep_sweep().await
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        // Nothing panics while it is held.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As what a call of a task is counted.
fn background(task: &Task) -> Priority {
    match task {
        Task::Feed | Task::LookBack | Task::Roster { .. } | Task::RosterSince(_) | Task::Events => {
            Priority::Catalogue
        }
        Task::Person(..) => Priority::Refresh,
        Task::SweepPage => Priority::Sweep,
    }
}
