//! The store in one SQLite file.
//!
//! One file for each port says which statement does what; `schema` has the file and its tables, `lock` who may run on it,
//! `worker` the threads. Writes go through one thread and are committed in groups; reads have a thread of their own. Sealing and
//! opening are done by the caller's thread wherever the row is known before, so that the writer, of which there is one, hardly does more
//! than write.

mod administration;
mod calls;
mod deliveries;
mod directory;
pub(crate) mod filling;
mod grants;
mod in_place;
pub(crate) mod lock;
mod mappings;
mod outbox;
mod raw;
mod records;
mod schema;
mod secrets;
mod sessions;
pub(crate) mod snapshot;
mod statement;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod tokens;
mod waiting;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use self::in_place::InPlace;
use self::schema::STEPS;
use self::worker::StoreWorker;
use super::error::StoreError;
use super::sealed::{Vault, to_column};
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::secret::SecretKeys;
use crate::domain::time::Timestamp;

/// How much work may wait, for each of the two threads.
const QUEUE: usize = 1024;

/// How many rows one piece of work touches at most, so that a purge does not hold up a sign-in.
const BATCH: u16 = 500;

/// Everything in one file.
///
/// Dropping it finishes what is queued and joins its threads, so it blocks for a moment.
pub struct SqliteStore {
    vault: Arc<Vault>,
    keys: Arc<DataKeys>,
    in_place: Arc<InPlace>,
    // Dropped before the writer, so that the writer is the last connection: that one folds the log into the file.
    reader: StoreWorker,
    writer: StoreWorker,
}

impl SqliteStore {
    /// Opens the file; makes it, readable to nobody else, if there is none. Blocks: call it at start.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if none of the keys opens it, [`StoreError::Older`] and [`StoreError::Newer`] if it is of another
    /// release; it is left as it was.
    /// [`StoreError::File`] if it has a second name.
    /// [`StoreError::Unavailable`] if its directory does not exist, or it cannot be read, or it is not a file of ours.
    pub fn open(path: &Path, secrets: &SecretKeys) -> Result<SqliteStore, StoreError> {
        let (writer, keys) = schema::open_writer(path, secrets, STEPS)?;
        SqliteStore::with(path, writer, keys)
    }

    /// Opens the file as the gateway on it, whose secret keys are from now on those that open it. Blocks, as [`SqliteStore::open`].
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    pub fn open_for_gateway(
        path: &Path,
        secrets: &SecretKeys,
        now: Timestamp,
    ) -> Result<SqliteStore, StoreError> {
        let (writer, _) = schema::open_writer(path, secrets, STEPS)?;
        let keys = secrets::bring_in_line(&writer, secrets, to_column(now))?;
        SqliteStore::with(path, writer, keys)
    }

    /// Brings a file of an older release to this one, all or nothing. Gives the backup that it took before, or nothing if it is of
    /// this release. No gateway may run on it. Blocks.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    pub fn upgrade(path: &Path, secrets: &SecretKeys, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        let backup = in_place::dated(path, "before-upgrade", now);
        Ok(schema::upgrade(path, &backup, secrets, STEPS)?.then_some(backup))
    }

    fn with(path: &Path, writer: Connection, keys: DataKeys) -> Result<SqliteStore, StoreError> {
        let (vault, keys) = (Arc::new(Vault::new(&keys)?), Arc::new(keys));
        let reader = schema::open_reader(path)?;
        let in_place = Arc::new(InPlace::of(path)?);
        let watched = Arc::clone(&in_place);
        let writer = StoreWorker::writing(writer, QUEUE, move || watched.check())?;
        let reader = StoreWorker::reading(reader, QUEUE)?;
        Ok(SqliteStore { vault, keys, in_place, reader, writer })
    }
}
