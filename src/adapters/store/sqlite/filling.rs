//! A new file that is filled with the rows of another store. Until it is finished it has another name, and is no store.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use super::in_place::{beside, dated};
use super::raw::{insert_rows, select_rows};
use super::schema::{STEPS, connect, create_new, make_tables};
use super::sessions::end_sessions;
use super::worker::StoreWorker;
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::tables::{RawRow, Table};
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// How much work may wait.
const QUEUE: usize = 8;

/// A file that is being filled, in one transaction.
pub(crate) struct SqliteFilling {
    path: PathBuf,
    partial: PathBuf,
    worker: Option<StoreWorker>,
    /// What is there already is set aside under this name.
    aside: Option<PathBuf>,
}

impl SqliteFilling {
    /// Begins a file that is not there yet. Blocks.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] if it is; [`StoreError::Unavailable`] if it cannot be made.
    pub(crate) fn begin(path: &Path) -> Result<SqliteFilling, StoreError> {
        if path.exists() {
            return Err(StoreError::NotEmpty(path.display().to_string()));
        }
        SqliteFilling::beside(path, None)
    }

    /// Begins a file that takes the place of another, which gets a name with the date. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be made.
    pub(crate) fn replacing(path: &Path, now: Timestamp) -> Result<SqliteFilling, StoreError> {
        let aside = path.exists().then(|| dated(path, "replaced", now));
        SqliteFilling::beside(path, aside)
    }

    /// Where the file goes that was there.
    pub(crate) fn aside(&self) -> Option<&Path> {
        self.aside.as_deref()
    }

    fn beside(path: &Path, aside: Option<PathBuf>) -> Result<SqliteFilling, StoreError> {
        let partial = beside(path, ".partial");
        // What an earlier copy left that was broken off.
        remove(&partial);
        create_new(&partial)?;
        let connection = connect(&partial, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let begun = (|| {
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            make_tables(&connection, STEPS)
        })();
        begun.map_err(StoreError::from)?;
        let worker = Some(StoreWorker::reading(connection, QUEUE)?);
        Ok(SqliteFilling { path: path.to_owned(), partial, worker, aside })
    }

    fn worker(&self) -> Result<&StoreWorker, StoreError> {
        self.worker.as_ref().ok_or_else(|| StoreError::Unavailable("the file is finished".to_owned()))
    }
}

impl RawRows for SqliteFilling {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(async move {
            self.worker()?.run(move |connection| select_rows(connection, table, after, limit)).await
        })
    }
}

impl Filling for SqliteFilling {
    fn write<'a>(&'a self, table: &'static Table, rows: Vec<RawRow>) -> StoreFuture<'a, ()> {
        Box::pin(
            async move { self.worker()?.run(move |connection| insert_rows(connection, table, rows)).await },
        )
    }

    fn end_sessions<'a>(&'a self, keys: Vec<SessionKey>) -> StoreFuture<'a, ()> {
        let end = move |connection: &rusqlite::Connection| {
            for key in keys {
                end_sessions(connection, "SELECT key FROM sessions WHERE key = ?1", [key.0])?;
            }
            Ok(())
        };
        Box::pin(async move { self.worker()?.run(end).await })
    }

    fn finish(mut self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.worker()?.run(|connection| Ok(connection.execute_batch("COMMIT")?)).await?;
            let placed = tokio::task::spawn_blocking(move || {
                drop(self.worker.take());
                place(&self.partial, &self.path, self.aside.as_deref())
                    .map_err(|error| StoreError::Unavailable(format!("{}: {error}", self.path.display())))
            });
            placed.await.map_err(|_| StoreError::Unavailable("the copy was cut short".to_owned()))?
        })
    }
}

impl Drop for SqliteFilling {
    fn drop(&mut self) {
        drop(self.worker.take());
        // Once it is finished, there is nothing under this name.
        remove(&self.partial);
    }
}

/// Puts the finished file in its place, and that which was there aside with what lies beside it.
fn place(partial: &Path, path: &Path, aside: Option<&Path>) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    if let Some(aside) = aside {
        for ending in ["-wal", "-shm", ""] {
            match fs::rename(beside(path, ending), beside(aside, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    if path.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "somebody made this file meanwhile"));
    }
    fs::rename(partial, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn remove(partial: &Path) {
    for ending in ["", "-journal"] {
        // There is nothing to be done about one that stays; the next copy refuses it.
        let _ = fs::remove_file(beside(partial, ending));
    }
}
