//! The audit log at rest: sealed entries that can be added and read, and neither changed nor removed.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::audit::{Entry, Kept};

/// The audit log.
pub trait AuditLog: Send + Sync + 'static {
    /// Adds an entry.
    fn append<'a>(&'a self, entry: &'a Entry) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The newest entries with a number below `before`, newest first, at most `count`.
    fn entries(&self, before: u64, count: u16) -> BoxFuture<'_, Result<Vec<Kept>, StoreError>>;
}
