//! What must survive a restart: sessions, records, used tokens, keys.
//!
//! The port is narrow and asynchronous; the SQLite behind it runs on threads of its own. Records and keys are sealed before
//! they are written; session ids are stored as digests only. `sqlite` has the statements, `schema` the file and its tables,
//! `lock` who may run on it, `worker` the threads, `sealed` what a row holds. Tests use the same on a temporary file,
//! but where a store has to fail at a word of the test.

use super::BoxFuture;
use crate::domain::client::Algorithm;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

pub mod audit;
pub mod choices;
pub mod clients;
pub mod find;
pub mod grants;
pub mod known;
pub mod links;
pub mod lock;
pub mod long_addresses;
pub mod mappings;
pub mod role_lists;
mod schema;
mod sealed;
pub mod session_list;
mod sqlite;
pub mod sweeps;
#[cfg(test)]
mod tests;
mod worker;

pub use sqlite::SqliteStore;

/// The store cannot answer. Our fault; the operator finds the cause in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file or server is not usable.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored cannot be read with the key in use.
    #[error("the store was written with another secret key")]
    WrongKey,
    /// A newer release has changed the file in a way that this one does not know.
    #[error("the file was written by a newer release")]
    Newer,
    /// Another gateway runs on it.
    #[error(
        "another gateway runs on the store {0}; stop that one first, or give this one a store of its own"
    )]
    InUse(String),
    /// The queue to the store is full.
    #[error("the store is overloaded")]
    Busy,
}

/// What a one-time use is remembered by: a digest of the token or state that must not come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Once(pub [u8; 32]);

/// A signing key as the store keeps it, unsealed.
pub struct StoredKey {
    /// Its public name (`kid`).
    pub id: String,
    /// With what it signs.
    pub algorithm: Algorithm,
    /// PKCS#8 bytes of the private key.
    pub pkcs8: Vec<u8>,
    /// When it was made, and published.
    pub created: Timestamp,
    /// It does not sign before.
    pub signs_from: Timestamp,
}

/// The store.
pub trait Store: Send + Sync + 'static {
    /// Writes a new session together with the record it rests on: both or neither.
    fn begin_session<'a>(
        &'a self,
        session: &'a Session,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A session with the latest record of its person in the same environment. `None`: unknown or ended.
    fn session<'a>(
        &'a self,
        key: &'a SessionKey,
    ) -> BoxFuture<'a, Result<Option<(Session, Record)>, StoreError>>;

    /// Moves `last_seen` forward for these sessions; unknown ones are skipped.
    fn touch<'a>(&'a self, seen: &'a [(SessionKey, Timestamp)]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends a session. Ending one that is over is done already.
    fn end_session<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends every session of a person; tells which.
    fn end_sessions_of<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> BoxFuture<'a, Result<Vec<SessionKey>, StoreError>>;

    /// Keeps a record that was read anew.
    fn put_record<'a>(
        &'a self,
        environment: &'a str,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Remembers a one-time use until `until`. `false`: it was used before.
    fn use_once<'a>(&'a self, once: &'a Once, until: Timestamp) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Forgets what is over: sessions created before or last seen before these instants, uses that ended before `now`,
    /// and records that no session rests on and that are older than `records_before`.
    fn sweep<'a>(&'a self, sweep: &'a Sweep) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Every signing key, oldest first.
    fn keys(&self) -> BoxFuture<'_, Result<Vec<StoredKey>, StoreError>>;

    /// Keeps a new signing key.
    fn put_key<'a>(&'a self, key: &'a StoredKey) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Whether the store answers and can write as of now (`/readyz`, `check`). Leaves it as it was.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// What [`Store::sweep`] forgets.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// The present.
    pub now: Timestamp,
    /// Sessions begun before this are over.
    pub created_before: Timestamp,
    /// Sessions last seen before this are over.
    pub seen_before: Timestamp,
    /// Records read before this that no session rests on are forgotten.
    pub records_before: Timestamp,
}
