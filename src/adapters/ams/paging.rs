//! Pages of lists, for AMSs that count rows: how many a page may have, reading a list to its end, and where its pages begin.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::AmsError;

/// Rows asked for at a time.
const PAGE: usize = 100;
/// Where 100 are refused, no fewer than this are asked for.
const SMALLEST_PAGE: usize = 10;
/// More pages than any list fills; one that goes on is broken.
const MOST_PAGES: usize = 2_000;

/// How many rows a call may ask for, as it was learnt.
#[derive(Debug)]
pub(in crate::adapters::ams) struct PageSize(AtomicUsize);

impl Default for PageSize {
    fn default() -> PageSize {
        PageSize(AtomicUsize::new(PAGE))
    }
}

impl PageSize {
    pub(in crate::adapters::ams) fn rows(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// So many were refused: half as many from now on, however many lists learn it at once. False: it cannot be that.
    pub(in crate::adapters::ams) fn halve(&self, refused: usize) -> bool {
        let half = refused / 2;
        let may_be_less = half >= SMALLEST_PAGE;
        if may_be_less {
            self.0.fetch_min(half, Ordering::Relaxed);
        }
        may_be_less
    }

    /// It was not the size that was refused.
    pub(in crate::adapters::ams) fn reset(&self) {
        self.0.store(PAGE, Ordering::Relaxed);
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::adapters::ams) struct ListPage {
    pub(in crate::adapters::ams) rows: Vec<Value>,
    /// The row at which the next page begins. `None`: this was the last.
    pub(in crate::adapters::ams) next: Option<usize>,
}

/// How a list was answered.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::adapters::ams) enum ListReply<T> {
    /// With rows, or with none.
    Rows(T),
    /// The AMS does not have it.
    Missing,
    /// The key has no right to it.
    Forbidden,
}

impl<T> ListReply<T> {
    /// What came. `None`: there is no such list for this key.
    pub(in crate::adapters::ams) fn rows(self) -> Option<T> {
        if let ListReply::Rows(rows) = self { Some(rows) } else { None }
    }
}

/// All rows. `most_pages` bounds the calls; `Rows(None)`: it would take more.
pub(in crate::adapters::ams) async fn whole<P, F>(
    name: &str,
    most_pages: usize,
    page: P,
) -> Result<ListReply<Option<Vec<Value>>>, AmsError>
where
    P: Fn(usize) -> F,
    F: Future<Output = Result<ListReply<ListPage>, AmsError>>,
{
    let (mut rows, mut offset) = (Vec::new(), 0);
    for _ in 0..most_pages.min(MOST_PAGES) {
        match page(offset).await? {
            ListReply::Rows(page) => {
                rows.extend(page.rows);
                match page.next {
                    Some(next) => offset = next,
                    None => return Ok(ListReply::Rows(Some(rows))),
                }
            }
            ListReply::Missing => return Ok(ListReply::Missing),
            ListReply::Forbidden => return Ok(ListReply::Forbidden),
        }
    }
    if most_pages < MOST_PAGES {
        return Ok(ListReply::Rows(None));
    }
    Err(AmsError::Unreadable(format!("`{name}` goes on without an end")))
}

/// The rows at which the pages of a list begin that is read page by page over a long time. A site may give fewer rows than it was asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::adapters::ams) struct PageStarts(Arc<Mutex<BTreeMap<u32, usize>>>);

impl PageStarts {
    /// Where a page begins. One that follows no other, after a restart, is guessed.
    pub(in crate::adapters::ams) fn of(&self, page: u32) -> usize {
        let starts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = usize::try_from(page.saturating_sub(1)).unwrap_or(usize::MAX);
        starts.get(&page).copied().unwrap_or_else(|| before.saturating_mul(PAGE))
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
