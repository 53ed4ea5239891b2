//! Where the pages of a list begin that is read page by page over a long time, for AMSs that count rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The rows at which the pages of one list begin. A site may give fewer rows than it was asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::adapters::ams) struct PageStarts(Arc<Mutex<BTreeMap<u32, usize>>>);

/// Rows of a page that follows no other, after a restart.
const GUESSED: usize = 100;

impl PageStarts {
    /// Where a page begins. One that follows no other, after a restart, is guessed.
    pub(in crate::adapters::ams) fn of(&self, page: u32) -> usize {
        let starts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = usize::try_from(page.saturating_sub(1)).unwrap_or(usize::MAX);
        starts.get(&page).copied().unwrap_or_else(|| before.saturating_mul(GUESSED))
    }

    /// Where the page after this one begins.
    pub(in crate::adapters::ams) fn note(&self, page: u32, next: Option<usize>) {
        let mut starts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if page == 1 {
            starts.clear();
        }
        starts.extend(next.map(|next| (page.saturating_add(1), next)));
    }
}
