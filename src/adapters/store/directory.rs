//! The port for what is known of people and of the AMS: records, how far the reading of the AMS has come, the AMS's lists.

use super::error::{StoreError, StoreFuture};
use crate::domain::catalogue::Catalogue;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// How many people one transaction is about at most, so that a long list holds up no sign-in. No page of the AMS is longer.
pub(super) const MOST_AT_ONCE: usize = 250;

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

/// What is known of people, environment by environment.
pub trait Directory: Send + Sync + 'static {
    /// Keeps what was read of a person, joined part by part with the record that is there ([`Record::over`]), and gives back what is
    /// kept: a slow answer undoes nothing, and of readings at the same time none is lost. `now` is the present.
    fn put_record<'a>(
        &'a self,
        environment: &'a str,
        record: &'a Record,
        now: Timestamp,
    ) -> StoreFuture<'a, Record>;

    /// As [`Directory::put_record`] for a page of people, up to 250 of them in one transaction. Gives back what is kept, one record for
    /// each person, in no order.
    fn put_records<'a>(
        &'a self,
        environment: &'a str,
        records: &'a [Record],
        now: Timestamp,
    ) -> StoreFuture<'a, Vec<Record>>;

    /// These people were on a page that brings these parts, as it was at `at`, and nothing about them was new. It costs less than to
    /// keep them again. Parts that were never read stay unread, and people without a record stay unknown.
    fn confirm_records<'a>(
        &'a self,
        environment: &'a str,
        people: &'a [IndividualId],
        parts: &'a [Part],
        at: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// Erases the record of one person, unless a session rests on it. `false`: one does, or there is no record.
    fn forget_record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, bool>;

    /// The record of one person.
    fn record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Option<Record>>;

    /// The records that carry this e-mail address, record number or id; rarely more than one. At most ten.
    fn find_records<'a>(&'a self, environment: &'a str, text: &'a str) -> StoreFuture<'a, Vec<Record>>;

    /// How many records are held.
    fn count_records<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, usize>;

    /// The next records after `after` (0: from the beginning), at most `count`. None are left when the page is empty.
    fn records<'a>(&'a self, environment: &'a str, after: i64, count: u16) -> StoreFuture<'a, SealedPage>;

    /// The AMS's lists as last read.
    fn catalogue<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<Catalogue>>;

    /// Keeps the AMS's lists.
    fn put_catalogue<'a>(&'a self, environment: &'a str, catalogue: &'a Catalogue) -> StoreFuture<'a, ()>;

    /// What is kept by this name, such as `feed` or `roster/committee/EDU`.
    fn state<'a>(&'a self, environment: &'a str, name: &'a str) -> StoreFuture<'a, Option<Vec<u8>>>;

    /// Keeps something by name in place of what was there. It is sealed; the name is not, and tells nothing about a person.
    fn put_state<'a>(&'a self, environment: &'a str, name: &'a str, state: &'a [u8]) -> StoreFuture<'a, ()>;

    /// All that is kept by names with this beginning, in the order of the names.
    fn states<'a>(&'a self, environment: &'a str, prefix: &'a str)
    -> StoreFuture<'a, Vec<(String, Vec<u8>)>>;

    /// Removes what is kept by this name. Removing what is not there is done already.
    fn remove_state<'a>(&'a self, environment: &'a str, name: &'a str) -> StoreFuture<'a, ()>;
}
