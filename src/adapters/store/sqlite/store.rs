//! What the gateway keeps for itself, in SQLite: signing keys, deleting what is over, and whether it can write.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::sessions::end_sessions;
use super::statement::{all, change, first};
use super::{BATCH, SqliteStore};
use crate::adapters::keys::assertion::StoredKey;
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::outbox::SETTLED_IS_KEPT;
use crate::adapters::store::sealed::{KeyRow, to_column};
use crate::adapters::store::{Purge, Store};
use crate::domain::time::Timestamp;

impl SqliteStore {
    /// Deletes in batches, with room for other work between them. The statement takes an instant and the size of a batch.
    async fn delete_old(&self, statement: &'static str, before: Timestamp) -> Result<(), StoreError> {
        let before = to_column(before);
        let batch = move |connection: &Connection| change(connection, statement, params![before, BATCH]);
        while self.writer.run(batch).await? == usize::from(BATCH) {}
        Ok(())
    }

    /// Ends sessions in batches. The statement selects their keys, and takes what that of [`SqliteStore::delete_old`] takes.
    async fn end_old(&self, select: &'static str, before: Timestamp) -> Result<(), StoreError> {
        let before = to_column(before);
        let batch = move |connection: &Connection| end_sessions(connection, select, params![before, BATCH]);
        while self.writer.run(batch).await?.len() == usize::from(BATCH) {}
        Ok(())
    }
}

impl Store for SqliteStore {
    fn keys(&self) -> StoreFuture<'_, Vec<StoredKey>> {
        Box::pin(async move {
            let rows = self.reader.run(|connection| {
                all(
                    connection,
                    "SELECT id, algorithm, created, signs_from, sealed FROM signing_keys ORDER BY created, id",
                    [],
                    |row| {
                        Ok(KeyRow {
                            id: row.get(0)?,
                            algorithm: row.get(1)?,
                            created: row.get(2)?,
                            signs_from: row.get(3)?,
                            sealed: row.get(4)?,
                        })
                    },
                )
            });
            rows.await?.into_iter().map(|row| self.vault.open_key(row)).collect()
        })
    }

    fn put_key<'a>(&'a self, key: &'a StoredKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let KeyRow { id, algorithm, created, signs_from, sealed } = self.vault.seal_key(key)?;
            let insert = move |connection: &Connection| {
                // The name is the key's digest, so a key of the same name is the same key.
                change(
                    connection,
                    "INSERT INTO signing_keys (id, algorithm, created, signs_from, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                    params![id, algorithm, created, signs_from, sealed],
                )
            };
            self.writer.run(insert).await.map(drop)
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
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
            self.answers().await
        })
    }

    fn answers(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let read =
                self.reader.run(|connection| first(connection, "SELECT 1 FROM canary", [], |_| Ok(())));
            match read.await? {
                Some(()) => Ok(()),
                None => Err(StoreError::WrongKey),
            }
        })
    }

    fn purge<'a>(&'a self, purge: &'a Purge) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let Purge { now, created_before, seen_before, records_before } = *purge;
            self.end_old("SELECT key FROM sessions WHERE created < ?1 LIMIT ?2", created_before).await?;
            self.end_old("SELECT key FROM sessions WHERE last_seen < ?1 LIMIT ?2", seen_before).await?;
            self.delete_old(
                "DELETE FROM uses WHERE once IN (SELECT once FROM uses WHERE until < ?1 LIMIT ?2)",
                now,
            )
            .await?;
            self.delete_old(
                "DELETE FROM records WHERE rowid IN (
                   SELECT r.rowid FROM records r WHERE r.as_of < ?1 AND NOT EXISTS (
                     SELECT 1 FROM sessions s WHERE s.environment = r.environment AND s.person = r.person
                   ) LIMIT ?2)",
                records_before,
            )
            .await?;
            self.delete_old(
                "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE ends < ?1 LIMIT ?2)",
                now,
            )
            .await?;
            // Nothing can come of a grant whose code was not exchanged in time.
            self.delete_old(
                "DELETE FROM grants WHERE id IN (
                   SELECT grant_id FROM grant_tokens WHERE kind = 'code' AND used IS NULL AND ends < ?1 LIMIT ?2)",
                now,
            )
            .await?;
            // Used codes and refresh tokens stay as long as their grant, so that a second use is seen.
            self.delete_old(
                "DELETE FROM grant_tokens WHERE token IN (
                   SELECT token FROM grant_tokens WHERE kind = 'access' AND ends < ?1 LIMIT ?2)",
                now,
            )
            .await?;
            self.delete_old(
                "DELETE FROM back_channel WHERE id IN (
                   SELECT id FROM back_channel WHERE state <> 'pending' AND changed < ?1 LIMIT ?2)",
                now.checked_sub(SETTLED_IS_KEPT).unwrap_or(Timestamp::MIN),
            )
            .await
        })
    }

    fn in_place(&self) -> StoreFuture<'_, ()> {
        let in_place = Arc::clone(&self.in_place);
        Box::pin(self.reader.run(move |_| Ok(in_place.check()?)))
    }

    fn write_failures(&self) -> u64 {
        self.writer.failures()
    }
}
