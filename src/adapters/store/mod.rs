//! What must survive a restart, behind ports of one concern each.
//!
//! A port is a file of this folder: its methods, and the plain values that go through them. What a row hides is in `sealed`, for
//! every store alike; statements of one engine are in that engine's folder and nowhere else. `contract` has the stories that
//! every store must pass.

pub(crate) mod administration;
pub mod calls;
#[cfg(test)]
mod contract;
pub(crate) mod directory;
mod error;
pub(crate) mod grants;
pub(crate) mod mappings;
pub(crate) mod outbox;
pub mod postgres;
mod rows;
mod sealed;
pub mod sessions;
pub mod sqlite;
pub mod waiting;

use self::administration::Administration;
use self::calls::Calls;
use self::directory::Directory;
use self::grants::Grants;
use self::mappings::Mappings;
use self::outbox::Outbox;
use self::sessions::Sessions;
use self::waiting::WaitingLine;
use crate::adapters::keys::assertion::StoredKey;
use crate::domain::time::Timestamp;

pub use self::error::{FileFault, StoreError, StoreFuture};

/// What is over, for [`Store::purge`].
#[derive(Debug, Clone, Copy)]
pub struct Purge {
    /// The present.
    pub now: Timestamp,
    /// Sessions begun before this.
    pub created_before: Timestamp,
    /// Sessions last seen before this.
    pub seen_before: Timestamp,
    /// Records read before this, if no session rests on them.
    pub records_before: Timestamp,
}

/// A whole store: every port, and what the gateway keeps for itself.
pub trait Store:
    Sessions + Directory + Mappings + Administration + Grants + Outbox + Calls + WaitingLine
{
    /// Every signing key, oldest first.
    fn keys(&self) -> StoreFuture<'_, Vec<StoredKey>>;

    /// Keeps a new signing key. One of the same name is the same key.
    fn put_key<'a>(&'a self, key: &'a StoredKey) -> StoreFuture<'a, ()>;

    /// Deletes what is over: sessions and records as told, one-time uses, grants and tokens by their end, messages that were
    /// delivered or given up seven days ago.
    fn purge<'a>(&'a self, purge: &'a Purge) -> StoreFuture<'a, ()>;

    /// Whether the store answers and can write as of now (`/readyz`, `check`). Leaves it as it was.
    fn ping(&self) -> StoreFuture<'_, ()>;

    /// Whether the store is where it was opened: [`StoreError::File`] if its file was deleted, replaced or linked. From then on
    /// nothing that is written is confirmed. A store on a server always is.
    fn in_place(&self) -> StoreFuture<'_, ()>;

    /// Whether the store answers a question. Writes nothing, so it may be asked every second.
    fn answers(&self) -> StoreFuture<'_, ()>;

    /// How many writes have failed since it was opened; those that were committed together count as one.
    fn write_failures(&self) -> u64;
}
