//! How long the pages of lists are, which re:Members does not say (docs/ams/remembers.md, "Pages of a list").

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many rows a page of each list has, as far as that was seen: the largest that was followed by more.
#[derive(Debug, Default)]
pub(super) struct PageSizes(Mutex<BTreeMap<&'static str, usize>>);

impl PageSizes {
    /// What was seen of a list; 0: nothing.
    pub(super) fn of(&self, list: &str) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(list).copied().unwrap_or_default()
    }

    /// A page of so many rows was followed by more.
    pub(super) fn seen(&self, list: &'static str, followed: usize) {
        let mut sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = sizes.entry(list).or_default();
        *size = followed.max(*size);
    }
}
