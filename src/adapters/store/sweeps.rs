//! How far a sweep over all members has come, so that it goes on after a restart; and the AMS's lists as last read.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// How far a sweep has come.
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

/// Keeps sweeps. One per environment.
pub trait SweepStore: Send + Sync + 'static {
    /// The last sweep, finished or not.
    fn state<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<SweepState>, StoreError>>;

    /// Begins a new one; whatever an old one left undone is forgotten.
    fn begin<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Adds a page of members, and names the page that is next. Tells how many of them had not been listed before.
    fn listed<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Some of those who are still to be read.
    fn left<'a>(
        &'a self,
        environment: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<IndividualId>, StoreError>>;

    /// One member is done.
    fn done<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
        failed: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The sweep is over.
    fn finish<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Keeps the AMS's lists.
pub trait CatalogueStore: Send + Sync + 'static {
    /// The lists as last read.
    fn catalogue<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<Catalogue>, StoreError>>;

    /// Keeps the lists.
    fn put_catalogue<'a>(
        &'a self,
        environment: &'a str,
        catalogue: &'a Catalogue,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}
