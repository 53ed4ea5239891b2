//! The store in one SQLite file: which statement does what.
//!
//! Writes go through one thread and are committed in groups; reads have a thread of their own. Sealing and opening are done by
//! the caller's thread, so that the writer, of which there is one, only writes.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::sealed::{KeyRow, RecordRow, SessionRow, Vault, to_column};
use super::worker::Worker;
use super::{Once, Store, StoreError, StoredKey, Sweep, schema};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::SecretKey;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

/// How much work may wait, for each of the two threads.
const QUEUE: usize = 1024;

/// How many rows one piece of work touches at most, so that a sweep does not hold up a sign-in.
const BATCH: u16 = 500;

/// Sessions, records, used tokens and keys in one file.
///
/// Dropping it finishes what is queued and joins its threads, so it blocks for a moment.
pub struct SqliteStore {
    pub(super) vault: Arc<Vault>,
    // Dropped before the writer, so that the writer is the last connection: that one folds the log into the file.
    pub(super) reader: Worker,
    pub(super) writer: Worker,
}

impl SqliteStore {
    /// Opens the file; makes it, readable to nobody else, if there is none. Blocks: call it at start.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if the file was made with another key; it is left as it was.
    /// [`StoreError::Unavailable`] if its directory does not exist, or it cannot be read, or it is not a file of ours.
    pub fn open(path: &Path, key: &SecretKey) -> Result<SqliteStore, StoreError> {
        let vault = Arc::new(Vault::new(key)?);
        let writer = Worker::writing(schema::open_writer(path, &vault)?, QUEUE)?;
        let reader = Worker::reading(schema::open_reader(path)?, QUEUE)?;
        Ok(SqliteStore { vault, reader, writer })
    }

    /// How many writes have failed since it was opened; those that were committed together count as one.
    pub fn write_failures(&self) -> u64 {
        self.writer.failures()
    }

    /// Deletes in batches, with room for other work between them. The statement takes an instant and the size of a batch.
    pub(super) async fn delete_old(
        &self,
        statement: &'static str,
        before: Timestamp,
    ) -> Result<(), StoreError> {
        let before = to_column(before);
        let batch = move |connection: &Connection| {
            Ok(connection.prepare_cached(statement)?.execute(params![before, BATCH])?)
        };
        while self.writer.run(batch).await? == usize::from(BATCH) {}
        Ok(())
    }
}

impl Store for SqliteStore {
    fn begin_session<'a>(
        &'a self,
        session: &'a Session,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if session.individual != record.id {
                return Err(StoreError::Unavailable(
                    "a session needs the record of its own person".to_owned(),
                ));
            }
            let record = self.vault.seal_record(&session.environment, record)?;
            let session = self.vault.seal_session(session)?;
            self.writer
                .run(move |connection| {
                    write_record(connection, &record)?;
                    insert_session(connection, &session)
                })
                .await
        })
    }

    fn session<'a>(
        &'a self,
        key: &'a SessionKey,
    ) -> BoxFuture<'a, Result<Option<(Session, Record)>, StoreError>> {
        Box::pin(async move {
            let key = *key;
            let found = self.reader.run(move |connection| select_session(connection, key)).await?;
            let Some((session, record)) = found else { return Ok(None) };
            let session = self.vault.open_session(session)?;
            let record = self.vault.open_record(&session.environment, &session.individual, &record)?;
            Ok(Some((session, record)))
        })
    }

    fn touch<'a>(&'a self, seen: &'a [(SessionKey, Timestamp)]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            for batch in seen.chunks(BATCH.into()) {
                let batch = batch.to_vec();
                self.writer
                    .run(move |connection| {
                        let mut update = connection.prepare_cached(
                            "UPDATE sessions SET last_seen = ?2 WHERE key = ?1 AND last_seen < ?2",
                        )?;
                        for (key, instant) in batch {
                            update.execute(params![key.0, to_column(instant)])?;
                        }
                        Ok(())
                    })
                    .await?;
            }
            Ok(())
        })
    }

    fn end_session<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, Result<(), StoreError>> {
        let key = *key;
        Box::pin(self.writer.run(move |connection| {
            connection.prepare_cached("DELETE FROM sessions WHERE key = ?1")?.execute([key.0])?;
            Ok(())
        }))
    }

    fn end_sessions_of<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> BoxFuture<'a, Result<Vec<SessionKey>, StoreError>> {
        let person = self.vault.person(environment, id);
        let environment = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            let mut delete = connection.prepare_cached(
                "DELETE FROM sessions WHERE environment = ?1 AND person = ?2 RETURNING key",
            )?;
            let ended = delete.query_map(params![environment, person], |row| row.get(0).map(SessionKey))?;
            Ok(ended.collect::<Result<_, _>>()?)
        }))
    }

    fn put_record<'a>(
        &'a self,
        environment: &'a str,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let record = self.vault.seal_record(environment, record)?;
            self.writer.run(move |connection| write_record(connection, &record)).await
        })
    }

    fn use_once<'a>(&'a self, once: &'a Once, until: Timestamp) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (once, until) = (once.0, to_column(until));
        // A use that has ended counts until it is swept: on doubt, it was used before.
        Box::pin(self.writer.run(move |connection| {
            let mut insert = connection
                .prepare_cached("INSERT INTO uses (once, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            Ok(insert.execute(params![once, until])? == 1)
        }))
    }

    fn sweep<'a>(&'a self, sweep: &'a Sweep) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.delete_old(
                "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE created < ?1 LIMIT ?2)",
                sweep.created_before,
            )
            .await?;
            self.delete_old(
                "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE last_seen < ?1 LIMIT ?2)",
                sweep.seen_before,
            )
            .await?;
            self.delete_old(
                "DELETE FROM uses WHERE once IN (SELECT once FROM uses WHERE until < ?1 LIMIT ?2)",
                sweep.now,
            )
            .await?;
            self.delete_old(
                "DELETE FROM records WHERE rowid IN (
                   SELECT r.rowid FROM records r WHERE r.as_of < ?1 AND NOT EXISTS (
                     SELECT 1 FROM sessions s WHERE s.environment = r.environment AND s.person = r.person
                   ) LIMIT ?2)",
                sweep.records_before,
            )
            .await
        })
    }

    fn keys(&self) -> BoxFuture<'_, Result<Vec<StoredKey>, StoreError>> {
        Box::pin(async move {
            let rows = self.reader.run(select_keys).await?;
            rows.into_iter().map(|row| self.vault.open_key(row)).collect()
        })
    }

    fn put_key<'a>(&'a self, key: &'a StoredKey) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let row = self.vault.seal_key(key)?;
            self.writer
                .run(move |connection| {
                    // The name is the key's digest, so a key of the same name is the same key.
                    connection.execute(
                        "INSERT INTO signing_keys (id, algorithm, created, signs_from, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT DO NOTHING",
                        params![row.id, row.algorithm, row.created, row.signs_from, row.sealed],
                    )?;
                    Ok(())
                })
                .await
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // A row that is gone again when it is committed: its pages reach the disk all the same. An empty commit, one that
            // is rolled back, or a row overwritten with itself would not, and so would not find a full disk.
            self.writer
                .run(|connection| {
                    connection.execute_batch(
                        "INSERT INTO uses (once, until) VALUES (zeroblob(32), 0);
                         DELETE FROM uses WHERE once = zeroblob(32)",
                    )?;
                    Ok(())
                })
                .await?;
            self.reader
                .run(|connection| Ok(connection.query_row("SELECT 1 FROM canary", [], |_| Ok(()))?))
                .await
        })
    }
}

/// Keeps a record, unless a later one of that person is there already: a slow answer does not undo a fresh one.
fn write_record(connection: &Connection, record: &RecordRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO records (environment, person, as_of, sealed, email, record_number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET as_of = excluded.as_of, sealed = excluded.sealed,
               email = excluded.email, record_number = excluded.record_number
             WHERE excluded.as_of >= records.as_of",
        )?
        .execute(params![
            record.environment,
            record.person,
            record.as_of,
            record.sealed,
            record.email,
            record.record_number,
        ])?;
    Ok(())
}

fn insert_session(connection: &Connection, session: &SessionRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sessions (key, environment, person, host, created, last_seen, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            session.key.0,
            session.environment,
            session.person,
            session.host,
            session.created,
            session.last_seen,
            session.sealed,
        ])?;
    Ok(())
}

/// The row of a session, and the sealed record of its person.
fn select_session(
    connection: &Connection,
    key: SessionKey,
) -> Result<Option<(SessionRow, Vec<u8>)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT s.environment, s.person, s.host, s.created, s.last_seen, s.sealed, r.sealed
         FROM sessions s JOIN records r ON r.environment = s.environment AND r.person = s.person
         WHERE s.key = ?1",
    )?;
    let found = select
        .query_row([key.0], |row| {
            let session = SessionRow {
                key,
                environment: row.get(0)?,
                person: row.get(1)?,
                host: row.get(2)?,
                created: row.get(3)?,
                last_seen: row.get(4)?,
                sealed: row.get(5)?,
            };
            Ok((session, row.get(6)?))
        })
        .optional()?;
    Ok(found)
}

fn select_keys(connection: &Connection) -> Result<Vec<KeyRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, algorithm, created, signs_from, sealed FROM signing_keys ORDER BY created, id",
    )?;
    let rows = select.query_map([], |row| {
        Ok(KeyRow {
            id: row.get(0)?,
            algorithm: row.get(1)?,
            created: row.get(2)?,
            signs_from: row.get(3)?,
            sealed: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
