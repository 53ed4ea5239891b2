//! What must survive a restart, behind ports of one concern each.
//!
//! A port is a file of this folder: its methods, and the plain values that go through them. What a row hides is in `sealed`, for
//! every store alike; statements of one engine are in that engine's folder and nowhere else. `contract` has the stories that
//! every store must pass.

pub(crate) mod administration;
pub mod calls;
#[cfg(test)]
mod contract;
pub mod deliveries;
mod delivery_rows;
pub(crate) mod directory;
mod error;
pub(crate) mod grants;
pub(crate) mod mappings;
pub(crate) mod outbox;
pub mod postgres;
pub(crate) mod raw;
mod records;
pub(crate) mod resealing;
mod rows;
mod sealed;
pub mod sessions;
pub mod sqlite;
pub(crate) mod tables;
pub(crate) mod transfer;
pub mod waiting;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use self::administration::Administration;
use self::calls::Calls;
use self::deliveries::Deliveries;
use self::directory::Directory;
use self::grants::Grants;
use self::mappings::{Mappings, RoleLists};
use self::outbox::Outbox;
use self::resealing::Resealing;
use self::sessions::Sessions;
use self::waiting::WaitingLine;
use crate::adapters::keys::assertion::StoredKey;
use crate::adapters::keys::data_keys::DataKeys;
use crate::domain::community::CommunityText;
use crate::domain::rule::Rules;
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
    /// Records whose person was last seen in the AMS before this, if no session rests on them.
    pub records_before: Timestamp,
}

/// How busy the connections to a server are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLoad {
    /// Connections that are open.
    pub connections: usize,
    /// Those of them that are in use.
    pub in_use: usize,
    /// How much work waits for one.
    pub waiting: usize,
    /// How long the server took to answer last. `None`: it was not asked.
    pub round_trip: Option<Duration>,
}

/// What may trouble a gateway although its store answers. The operator's to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreDoubt {
    /// The server's clock is so much ahead of this machine's; behind, if negative.
    #[error("the clocks of the server and of this machine are {} apart", _0.abs())]
    Skew(SignedDuration),
    /// What one session notifies reaches no other: a pooler stands between.
    #[error("notifications of the server do not arrive here")]
    NoNotifications,
}

/// A whole store: every port, and what the gateway keeps for itself.
pub trait Store:
    Sessions
    + Directory
    + Mappings<Rules>
    + Mappings<CommunityText>
    + RoleLists
    + Administration
    + Grants
    + Outbox
    + Deliveries
    + Calls
    + WaitingLine
    + Resealing
{
    /// The keys with which everything of this store is sealed, and what its gateways give away.
    fn data_keys(&self) -> Arc<DataKeys>;

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
    /// How busy the connections are. `None`: there is no server.
    fn load(&self) -> Option<StoreLoad> {
        None
    }

    /// What may trouble a gateway although the store answers. `now`: by this machine's clock.
    fn doubts(&self, now: Timestamp) -> StoreFuture<'_, Vec<StoreDoubt>> {
        let _none = now;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// How many writes have failed since it was opened; those that were committed together count as one.
    fn write_failures(&self) -> u64;
}
