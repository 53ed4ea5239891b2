//! What was seen of lists, which re:Members does not say: how long their pages are, and how they end
//! (docs/ams/remembers.md, "Pages of a list").

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// So many lists are on their way at one time at most; with more the oldest pages are forgotten, which costs a call.
const MOST_READINGS: usize = 1000;

/// A person's own list of up to so many rows is taken as whole where pages are long.
const FEW: usize = 3;

/// Pages are long if they have so many times as many rows.
const LONG: usize = 8;

/// An answer without rows, other than an empty list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ListEnd {
    /// Success without a body.
    Blank,
    /// 404.
    NotFound,
    /// 400.
    BadRequest,
}

/// What was seen of all lists.
#[derive(Debug, Default)]
pub(super) struct SeenLists(Mutex<SeenSoFar>);

#[derive(Debug, Default)]
struct SeenSoFar {
    /// How many rows a page of each list has: the most that were followed by more.
    sizes: BTreeMap<&'static str, usize>,
    /// What came after pages that had rows.
    ends: BTreeSet<ListEnd>,
    /// The last page of each reading that one call after another goes through.
    last: BTreeMap<String, LastPage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LastPage {
    page: u32,
    rows: usize,
    digest: u64,
}

impl SeenLists {
    /// How many rows a page of this list has; 0: nobody has seen it.
    #[cfg(test)]
    fn size(&self, list: &str) -> usize {
        self.seen().size(list)
    }

    /// Whether a page of so many rows of a person's own list is surely its last: a longer one was followed by another, or it has few rows and
    /// every known page of any list has many times as many.
    pub(super) fn is_short(&self, list: &str, rows: usize) -> bool {
        let seen = self.seen();
        let shortest = || seen.sizes.values().copied().min().unwrap_or_default();
        rows < seen.size(list) || rows <= FEW && rows * LONG <= shortest()
    }

    /// A page of so many rows was followed by more.
    pub(super) fn followed(&self, list: &'static str, rows: usize) {
        self.seen().follow(list, rows);
    }

    /// This came after a page that had rows.
    pub(super) fn ended(&self, end: ListEnd) {
        self.seen().ends.insert(end);
    }

    /// Whether a list was seen to end so.
    pub(super) fn ends_lists(&self, end: ListEnd) -> bool {
        self.seen().ends.contains(&end)
    }

    /// Takes a page of a reading that goes on by calls of its own, and says whether it was the last. The rows of one that repeats the page
    /// before are taken away: page numbers past the end, or all of them, are not looked at.
    pub(super) fn is_last(
        &self,
        list: &'static str,
        reading: &str,
        page: u32,
        rows: &mut Vec<Value>,
    ) -> bool {
        let this = LastPage { page, rows: rows.len(), digest: digest(rows) };
        let mut seen = self.seen();
        let before = seen.last.get(reading).copied().filter(|before| before.page + 1 == page);
        if before.is_some_and(|before| before == LastPage { page: before.page, ..this }) {
            rows.clear();
        }
        if let Some(before) = before.filter(|_| !rows.is_empty()) {
            seen.follow(list, before.rows);
        }
        let is_last = rows.is_empty() || rows.len() < seen.size(list);
        seen.last.remove(reading);
        if !is_last {
            if seen.last.len() >= MOST_READINGS {
                seen.last.clear();
            }
            seen.last.insert(reading.to_owned(), this);
        }
        is_last
    }

    fn seen(&self) -> MutexGuard<'_, SeenSoFar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SeenSoFar {
    fn size(&self, list: &str) -> usize {
        self.sizes.get(list).copied().unwrap_or_default()
    }

    fn follow(&mut self, list: &'static str, rows: usize) {
        let size = self.sizes.entry(list).or_default();
        *size = rows.max(*size);
    }
}

/// Tells pages apart; rows differ in something if they are other rows.
fn digest(rows: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for row in rows {
        row.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(from: usize, count: usize) -> Vec<Value> {
        (from..from + count).map(|number| serde_json::json!({ "id": number })).collect()
    }

    #[test]
    fn a_page_is_the_last_if_it_is_short_empty_or_the_one_before() {
        let seen = SeenLists::default();
        assert!(!seen.is_last("A", "a", 1, &mut rows(0, 2)), "nobody knows how long a page is");
        assert!(!seen.is_last("A", "a", 2, &mut rows(2, 2)));
        assert_eq!(seen.size("A"), 2);
        let mut again = rows(2, 2);
        assert!(seen.is_last("A", "a", 3, &mut again) && again.is_empty());
        assert!(seen.is_last("A", "b", 1, &mut rows(0, 1)), "shorter than one that was followed");
        assert!(!seen.is_last("B", "b", 1, &mut rows(0, 1)), "of another list");
        assert!(seen.is_last("B", "b", 2, &mut Vec::new()));
        assert_eq!(seen.size("B"), 0, "nothing followed");
        assert!(!seen.is_last("B", "c", 7, &mut rows(0, 1)), "the page before was not seen");
    }

    #[test]
    fn a_few_rows_of_a_persons_own_list_are_all_where_pages_are_long() {
        let seen = SeenLists::default();
        assert!(!seen.is_short("Purchases", 1), "nobody knows how long a page is");
        seen.followed("Members", 25);
        assert!(seen.is_short("Purchases", 1) && seen.is_short("Purchases", 3));
        assert!(!seen.is_short("Purchases", 4), "so many may be a page");
        assert!(seen.is_short("Members", 24) && !seen.is_short("Members", 25));
        seen.followed("Committees", 2);
        assert!(!seen.is_short("Purchases", 1), "there are short pages here");
        assert!(seen.is_short("Committees", 1) && !seen.is_short("Committees", 2));
    }
}
