//! The port for what is known of people and of the AMS: records, how far the reading of all members has come, the AMS's lists.

use super::error::{StoreError, StoreFuture};
use crate::domain::catalogue::Catalogue;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

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

/// How far the reading of all members has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepState {
    /// When it began.
    pub started: Timestamp,
    /// The next page of the list of members. `None`: the list has been read to its end.
    pub next_page: Option<u32>,
    /// Members listed so far.
    pub listed: u64,
    /// Members who are still to be read.
    pub left: u64,
    /// Members whose record could not be understood, or who were gone.
    pub failed: u64,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// What is known of people, environment by environment.
pub trait Directory: Send + Sync + 'static {
    /// Keeps a record, unless a later one of that person is there already: a slow answer does not undo a fresh one.
    fn put_record<'a>(&'a self, environment: &'a str, record: &'a Record) -> StoreFuture<'a, ()>;

    /// The record of one person.
    fn record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Option<Record>>;

    /// The records that carry this e-mail address, record number or id; rarely more than one. At most ten.
    fn find_records<'a>(&'a self, environment: &'a str, text: &'a str) -> StoreFuture<'a, Vec<Record>>;

    /// How many records are held.
    fn count_records<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, usize>;

    /// The next records after `after` (0: from the beginning), at most `count`. None are left when the page is empty.
    fn records<'a>(&'a self, environment: &'a str, after: i64, count: u16) -> StoreFuture<'a, SealedPage>;

    /// The last sweep over all members, finished or not.
    fn sweep<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<SweepState>>;

    /// Begins a new sweep; whatever an old one left undone is forgotten.
    fn begin_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()>;

    /// Adds a page of members to the sweep, and names the page that is next. Tells how many of them had not been listed before.
    fn add_to_sweep<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> StoreFuture<'a, u64>;

    /// Some of those who are still to be read.
    fn left_of_sweep<'a>(&'a self, environment: &'a str, limit: u32) -> StoreFuture<'a, Vec<IndividualId>>;

    /// One member is read, or cannot be.
    fn take_off_sweep<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
        failed: bool,
    ) -> StoreFuture<'a, ()>;

    /// The sweep is over.
    fn finish_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()>;

    /// The AMS's lists as last read.
    fn catalogue<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<Catalogue>>;

    /// Keeps the AMS's lists.
    fn put_catalogue<'a>(&'a self, environment: &'a str, catalogue: &'a Catalogue) -> StoreFuture<'a, ()>;
}
