//! Work over everybody on file, in the background and with progress: one run at a time, whose answer is kept until it is asked for something
//! else, or is too old.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::store::StoreError;
use crate::domain::time::Timestamp;

/// An answer older than this is worked out again: people have been read from the AMS meanwhile, and time has passed.
const KEPT: SignedDuration = SignedDuration::from_mins(2);

/// How far a preview is.
#[derive(Debug, Clone)]
pub enum PreviewState<Found> {
    /// Some people have been looked at.
    Running {
        /// So many.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// All have.
    Done(Arc<Previewed<Found>>),
    /// It could not be finished. Asking again begins again.
    Failed(StoreError),
    /// The draft is at another revision by now; ask for that one.
    Outdated,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed<Found> {
    /// The published version that it is compared with.
    pub version: u64,
    /// The instant for which everybody was decided.
    pub at: Timestamp,
    /// The answer.
    pub preview: Found,
}

/// Of which draft, compared with which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PreviewOf {
    pub(super) revision: u64,
    pub(super) version: u64,
}

type PreviewOutcome<Found> = Option<Result<Arc<Previewed<Found>>, StoreError>>;

/// A preview under way, or its answer.
struct Run<Found> {
    of: PreviewOf,
    done: Arc<AtomicUsize>,
    total: usize,
    outcome: watch::Receiver<PreviewOutcome<Found>>,
    stop: CancellationToken,
}

/// One preview at a time.
pub(super) struct PreviewRuns<Found> {
    run: Mutex<Option<Run<Found>>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl<Found: Send + Sync + 'static> PreviewRuns<Found> {
    pub(super) fn new() -> PreviewRuns<Found> {
        PreviewRuns { run: Mutex::default(), stop: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// How far the run is that answers this. `None`: one has to begin.
    pub(super) fn state(&self, of: PreviewOf, now: Timestamp) -> Option<PreviewState<Found>> {
        let mut held = self.run();
        let run = held.as_ref().filter(|run| run.of == of)?;
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

    /// Begins `work`, which counts along, unless the same is under way.
    pub(super) fn begin<Work>(
        &self,
        of: PreviewOf,
        total: usize,
        now: Timestamp,
        work: impl FnOnce(Arc<AtomicUsize>) -> Work,
    ) -> PreviewState<Found>
    where
        Work: Future<Output = Result<Found, StoreError>> + Send + 'static,
    {
        let mut held = self.run();
        if let Some(run) = held.as_ref().filter(|run| run.of == of && run.is_under_way()) {
            // Somebody pressed at the same moment.
            return run.progress();
        }
        if let Some(run) = held.take() {
            run.stop.cancel();
        }
        let (tell, outcome) = watch::channel(None);
        let (done, stop) = (Arc::new(AtomicUsize::new(0)), self.stop.child_token());
        let run = Run { of, done: Arc::clone(&done), total, outcome, stop: stop.clone() };
        let state = run.progress();
        *held = Some(run);
        let work = work(done);
        self.tasks.spawn(stop.run_until_cancelled_owned(async move {
            let version = of.version;
            let answer = work.await.map(|preview| Arc::new(Previewed { version, at: now, preview }));
            tell.send_replace(Some(answer));
        }));
        state
    }

    /// Stops the preview that is under way, and forgets the answer.
    pub(super) fn cancel(&self) {
        if let Some(run) = self.run().take() {
            run.stop.cancel();
        }
    }

    /// Ends what runs, for good.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn run(&self) -> MutexGuard<'_, Option<Run<Found>>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Found> Run<Found> {
    /// Neither answered nor stopped.
    fn is_under_way(&self) -> bool {
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }

    fn progress(&self) -> PreviewState<Found> {
        PreviewState::Running { done: self.done.load(Ordering::Relaxed), total: self.total }
    }
}
