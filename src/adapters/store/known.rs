//! Everybody whose record is held: read in pages, and opened where the reader has the time for it.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::record::Record;

/// Reads all records of an environment.
pub trait KnownPeople: Send + Sync + 'static {
    /// How many records are held.
    fn count<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<usize, StoreError>>;

    /// The next records after `after` (0: from the beginning), at most `count`. None are left when the page is empty.
    fn page<'a>(
        &'a self,
        environment: &'a str,
        after: i64,
        count: u16,
    ) -> BoxFuture<'a, Result<SealedPage, StoreError>>;
}

/// Records that are still sealed. Opening them takes time, so it is not for an asynchronous task.
pub struct SealedPage {
    /// Where the next page goes on.
    pub last: i64,
    /// How many records there are.
    pub len: usize,
    pub(super) open: Box<dyn Iterator<Item = Result<Record, StoreError>> + Send>,
}

impl SealedPage {
    /// Opens one after the other.
    pub fn open(self) -> impl Iterator<Item = Result<Record, StoreError>> {
        self.open
    }
}
