//! Figures as they are kept for a moment.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::sync::watch;

use crate::adapters::store::StoreError;
use crate::domain::community::CommunityFigures;
use crate::domain::time::Timestamp;

/// Figures, and when they were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedFigures {
    /// The figures.
    pub figures: CommunityFigures,
    /// As of then.
    pub at: Timestamp,
    /// How long the counting took.
    pub took: Duration,
    /// By the clock that nobody sets.
    pub(super) steady: Duration,
}

impl CountedFigures {
    /// A sample.
    #[cfg(test)]
    pub(crate) fn sample(figures: CommunityFigures, at: Timestamp, took: Duration) -> CountedFigures {
        CountedFigures { figures, at, took, steady: Duration::ZERO }
    }
}

/// What there is of figures.
#[derive(Debug, Clone)]
pub struct FiguresAnswer {
    /// The latest. `None`: they are counted for the first time.
    pub counted: Option<Arc<CountedFigures>>,
    /// Newer ones are being counted, and so many people have been seen.
    pub counting: Option<usize>,
}

pub(super) type CountOutcome = Option<Result<Arc<CountedFigures>, StoreError>>;

/// What is kept.
#[derive(Default)]
pub(super) struct KeptFigures {
    pub(super) latest: Option<Arc<CountedFigures>>,
    pub(super) under_way: Option<(watch::Receiver<CountOutcome>, Arc<AtomicUsize>)>,
}
