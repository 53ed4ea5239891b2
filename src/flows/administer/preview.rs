//! Who is affected by the draft: every known person is decided twice, in the background, with progress.
//!
//! One preview runs at a time, and its answer is kept until draft or mapping change, or it is too old.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::known::Known;
use super::mapping::Mapping;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::domain::access::{Require, Site};
use crate::domain::mapping::Draft;
use crate::domain::preview::{self, Comparison, Preview};
use crate::domain::rule::Role;
use crate::domain::time::Timestamp;
use crate::flows::grant::PublishedClients;
use crate::flows::person::Published;

/// An answer older than this is worked out again: people have been read from the AMS meanwhile, and time has passed.
const KEPT: SignedDuration = SignedDuration::from_mins(2);

/// How far a preview is.
#[derive(Debug, Clone)]
pub enum PreviewState {
    /// Some people have been looked at.
    Running {
        /// So many.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// All have.
    Done(Arc<Previewed>),
    /// It could not be finished. Asking again begins again.
    Failed(StoreError),
    /// The draft is at another revision by now; ask for that one.
    Outdated,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// The published version that it is compared with.
    pub version: u64,
    /// The instant for which everybody was decided.
    pub at: Timestamp,
    /// The answer.
    pub preview: Preview,
}

type PreviewOutcome = Option<Result<Arc<Previewed>, StoreError>>;

/// A preview under way, or its answer.
struct Run {
    revision: u64,
    version: u64,
    done: Arc<AtomicUsize>,
    total: usize,
    outcome: watch::Receiver<PreviewOutcome>,
    stop: CancellationToken,
}

/// Previews, one at a time.
pub struct Previews {
    mapping: Arc<Mapping>,
    people: Known,
    /// What pages ask for.
    pages: ArcSwap<Vec<Require>>,
    clients: PublishedClients,
    admin_roles: Arc<[Role]>,
    clock: SharedClock,
    run: Mutex<Option<Run>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Previews {
    pub(super) fn new(
        mapping: Arc<Mapping>,
        people: Known,
        pages: Vec<Require>,
        clients: PublishedClients,
        admin_roles: Arc<[Role]>,
        clock: SharedClock,
    ) -> Previews {
        Previews {
            mapping,
            people,
            pages: ArcSwap::from_pointee(pages),
            clients,
            admin_roles,
            clock,
            run: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// How far the preview of a revision of the draft is; begins it when it is asked for first. Never waits for it.
    pub async fn preview(&self, revision: u64) -> Result<PreviewState, StoreError> {
        let draft = self.mapping.draft().await?;
        if draft.revision != revision {
            return Ok(PreviewState::Outdated);
        }
        let published = self.mapping.published();
        let now = self.clock.now();
        if let Some(state) = self.state(revision, published.version, now) {
            return Ok(state);
        }
        let total = self.people.count().await?;
        Ok(self.begin(draft, &published, total, now))
    }

    /// How far the run is that answers this. `None`: one has to begin.
    fn state(&self, revision: u64, version: u64, now: Timestamp) -> Option<PreviewState> {
        let mut held = self.run();
        let run = held.as_ref().filter(|run| run.revision == revision && run.version == version)?;
        let outcome = run.outcome.borrow().clone();
        match outcome {
            None => run.is_under_way().then(|| run.progress()),
            Some(Ok(previewed)) => {
                let age = now.duration_since(previewed.at);
                (SignedDuration::ZERO <= age && age < KEPT).then_some(PreviewState::Done(previewed))
            }
            Some(Err(error)) => {
                *held = None;
                Some(PreviewState::Failed(error))
            }
        }
    }

    fn begin(&self, draft: Draft, published: &Published, total: usize, now: Timestamp) -> PreviewState {
        let (revision, version) = (draft.revision, published.version);
        let comparison = Comparison::new(
            published.rules.clone(),
            draft.rules,
            now,
            self.requirements().into(),
            Arc::clone(&self.admin_roles),
        );
        let mut held = self.run();
        let same = |run: &&Run| run.revision == revision && run.version == version && run.is_under_way();
        if let Some(run) = held.as_ref().filter(same) {
            // Somebody pressed at the same moment.
            return run.progress();
        }
        if let Some(run) = held.take() {
            run.stop.cancel();
        }
        let (tell, outcome) = watch::channel(None);
        let (done, stop) = (Arc::new(AtomicUsize::new(0)), self.stop.child_token());
        let run = Run { revision, version, done: Arc::clone(&done), total, outcome, stop: stop.clone() };
        let state = run.progress();
        *held = Some(run);
        let people = self.people.clone();
        self.tasks.spawn(stop.run_until_cancelled_owned(async move {
            let preview = compare(&people, comparison, done, now).await;
            let answer = preview.map(|preview| Arc::new(Previewed { version, at: now, preview }));
            tell.send_replace(Some(answer));
        }));
        state
    }

    /// What pages and OpenID clients ask for at this moment.
    fn requirements(&self) -> Vec<Require> {
        let (pages, clients) = (self.pages.load(), self.clients.load());
        preview::each_once(pages.iter().chain(clients.all().map(|client| &client.require)))
    }

    /// Stops the preview that is under way, and forgets the answer.
    pub fn cancel(&self) {
        if let Some(run) = self.run().take() {
            run.stop.cancel();
        }
    }

    /// Takes over what the pages of these sites ask for, when the settings were read again.
    pub fn set_sites<'a>(&self, sites: impl IntoIterator<Item = &'a Site>) {
        self.pages.store(Arc::new(preview::requirements(sites)));
        self.cancel();
    }

    /// Ends what runs, for good.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn run(&self) -> MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// Neither answered nor stopped.
    fn is_under_way(&self) -> bool {
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }

    fn progress(&self) -> PreviewState {
        PreviewState::Running { done: self.done.load(Ordering::Relaxed), total: self.total }
    }
}

async fn compare(
    people: &Known,
    comparison: Comparison,
    done: Arc<AtomicUsize>,
    now: Timestamp,
) -> Result<Preview, StoreError> {
    let look = move |record: Result<_, _>, preview: &mut Preview| {
        match record {
            Ok(record) => comparison.add(&record, preview),
            Err(_) => preview.unreadable += 1,
        }
        std::ops::ControlFlow::Continue(())
    };
    let mut whole = Preview::default();
    people.scan(Arc::new(look), done, now).await?.into_iter().for_each(|part| whole.merge(part));
    // Sorting a hundred thousand names is work for another thread.
    tokio::task::spawn_blocking(move || whole.sorted())
        .await
        .map_err(|_| StoreError::Unavailable("sorting the preview was cut short".to_owned()))
}
