//! A file as it was at one moment, while a gateway goes on writing into it.

use std::path::Path;

use rusqlite::OpenFlags;

use super::raw::select_rows;
use super::schema::{STEPS, connect, present_or_empty};
use super::statement::{column, first};
use super::worker::StoreWorker;
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::raw::RawRows;
use crate::adapters::store::tables::{RawRow, Table, TablesFound};

/// How much work may wait.
const QUEUE: usize = 8;

/// The rows of one moment. It needs no key.
pub(crate) struct SqliteSnapshot(StoreWorker);

impl SqliteSnapshot {
    /// Takes it. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no store, [`StoreError::Older`] and [`StoreError::Newer`] if it is of another release,
    /// [`StoreError::Unavailable`] if it cannot be read.
    pub(crate) fn take(path: &Path) -> Result<SqliteSnapshot, StoreError> {
        let missing = || StoreError::Missing(path.display().to_string());
        if !path.exists() {
            return Err(missing());
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // The first read begins the snapshot, and nothing ends it before the connection is closed.
        let begun = connection.execute_batch("BEGIN");
        begun.map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
        match present_or_empty(&connection, STEPS)? {
            TablesFound::Empty => Err(missing()),
            _ => Ok(SqliteSnapshot(StoreWorker::reading(connection, QUEUE)?)),
        }
    }

    /// Whether the pages of the file are whole. It does not open what is sealed.
    pub(crate) async fn check_pages(&self) -> Result<(), StoreError> {
        let told =
            self.0.run(|connection| first(connection, "PRAGMA integrity_check(1)", [], column::<String>));
        match told.await?.as_deref() {
            Some("ok") => Ok(()),
            _ => Err(StoreError::Damaged("page of the file")),
        }
    }
}

impl RawRows for SqliteSnapshot {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(self.0.run(move |connection| select_rows(connection, table, after, limit)))
    }
}
