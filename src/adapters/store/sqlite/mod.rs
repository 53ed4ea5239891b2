//! The store in one SQLite file.
//!
//! One file for each port says which statement does what; `schema` has the file and its tables, `lock` who may run on it,
//! `worker` the threads. Writes go through one thread and are committed in groups; reads have a thread of their own. Sealing and
//! opening are done by the caller's thread, so that the writer, of which there is one, only writes.

mod administration;
mod calls;
mod directory;
mod grants;
mod in_place;
pub(crate) mod lock;
mod mappings;
mod outbox;
mod rules_files;
mod schema;
mod sessions;
mod statement;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod tokens;
mod waiting;
mod worker;

use std::path::Path;
use std::sync::Arc;

use self::in_place::InPlace;
use self::worker::StoreWorker;
use super::error::StoreError;
use super::sealed::Vault;
use crate::adapters::keys::seal::SecretKey;

/// How much work may wait, for each of the two threads.
const QUEUE: usize = 1024;

/// How many rows one piece of work touches at most, so that a purge does not hold up a sign-in.
const BATCH: u16 = 500;

/// Everything in one file.
///
/// Dropping it finishes what is queued and joins its threads, so it blocks for a moment.
pub struct SqliteStore {
    vault: Arc<Vault>,
    in_place: Arc<InPlace>,
    // Dropped before the writer, so that the writer is the last connection: that one folds the log into the file.
    reader: StoreWorker,
    writer: StoreWorker,
}

impl SqliteStore {
    /// Opens the file; makes it, readable to nobody else, if there is none. Blocks: call it at start.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if the file was made with another key; it is left as it was.
    /// [`StoreError::File`] if it has a second name.
    /// [`StoreError::Unavailable`] if its directory does not exist, or it cannot be read, or it is not a file of ours.
    pub fn open(path: &Path, key: &SecretKey) -> Result<SqliteStore, StoreError> {
        let vault = Arc::new(Vault::new(key)?);
        let writer = schema::open_writer(path, &vault)?;
        let in_place = Arc::new(InPlace::of(path)?);
        let watched = Arc::clone(&in_place);
        let writer = StoreWorker::writing(writer, QUEUE, move || watched.check())?;
        let reader = StoreWorker::reading(schema::open_reader(path)?, QUEUE)?;
        Ok(SqliteStore { vault, in_place, reader, writer })
    }
}
