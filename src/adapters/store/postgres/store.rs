//! What the gateway keeps for itself, in PostgreSQL: signing keys, deleting what is over, and whether it can write.

use super::sessions::end_sessions;
use super::statement::{column, only, values};
use super::{BATCH, PostgresStore};
use crate::adapters::keys::assertion::StoredKey;
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::outbox::SETTLED_IS_KEPT;
use crate::adapters::store::sealed::{KeyRow, to_column};
use crate::adapters::store::{Purge, Store};
use crate::domain::time::Timestamp;

impl PostgresStore {
    /// Deletes in batches, each in a transaction of its own. The statement takes an instant and the size of a batch.
    async fn delete_old(&self, statement: &'static str, before: Timestamp) -> Result<(), StoreError> {
        let needs = (statement, to_column(before));
        let batch = || {
            self.engine.write(needs, |connection, (statement, before)| {
                Box::pin(async move { connection.change(statement, values![*before, BATCH]).await })
            })
        };
        while batch().await? == BATCH.unsigned_abs() {}
        Ok(())
    }

    /// Ends sessions in batches. The statement selects their keys, and takes what that of [`PostgresStore::delete_old`] takes.
    async fn end_old(&self, select: &'static str, before: Timestamp) -> Result<(), StoreError> {
        let needs = (select, to_column(before));
        let batch = || {
            self.engine.write(needs, |connection, (select, before)| {
                Box::pin(async move { end_sessions(connection, select, values![*before, BATCH]).await })
            })
        };
        while i64::try_from(batch().await?.len()) == Ok(BATCH) {}
        Ok(())
    }
}

impl Store for PostgresStore {
    fn keys(&self) -> StoreFuture<'_, Vec<StoredKey>> {
        Box::pin(async move {
            let rows = self.engine.read((), |connection, ()| {
                Box::pin(async move {
                    let select =
                        "SELECT id, algorithm, created, signs_from, sealed FROM signing_keys ORDER BY created, id";
                    let read = |row: &tokio_postgres::Row| {
                        Ok(KeyRow {
                            id: column(row, 0)?,
                            algorithm: column(row, 1)?,
                            created: column(row, 2)?,
                            signs_from: column(row, 3)?,
                            sealed: column(row, 4)?,
                        })
                    };
                    connection.all(select, &[], read).await
                })
            });
            rows.await?.into_iter().map(|row| self.vault.open_key(row)).collect()
        })
    }

    fn put_key<'a>(&'a self, key: &'a StoredKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let row = self.vault.seal_key(key)?;
            self.engine
                .write(row, |connection, row| {
                    Box::pin(async move {
                        let KeyRow { id, algorithm, created, signs_from, sealed } = row;
                        // The name is the key's digest, so a key of the same name is the same key.
                        let insert = "INSERT INTO signing_keys (id, algorithm, created, signs_from, sealed)
                                      VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
                        let arguments = values![*id, *algorithm, *created, *signs_from, *sealed];
                        connection.change(insert, arguments).await.map(drop)
                    })
                })
                .await
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // A row that is gone again when it is committed: the commit waits for the disk all the same.
            let asked = self.engine.write((), |connection, ()| {
                Box::pin(async move {
                    let row = &[0_u8; 32][..];
                    let insert = "INSERT INTO uses (once, until) VALUES ($1, 0) ON CONFLICT DO NOTHING";
                    connection.change(insert, values![row]).await?;
                    connection.change("DELETE FROM uses WHERE once = $1", values![row]).await?;
                    connection.first("SELECT 1 FROM canary", &[], only::<i32>).await
                })
            });
            asked.await?.map(drop).ok_or(StoreError::WrongKey)
        })
    }

    fn in_place(&self) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn answers(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let asked = self.engine.read((), |connection, ()| {
                Box::pin(connection.first("SELECT 1 FROM canary", &[], only::<i32>))
            });
            asked.await?.map(drop).ok_or(StoreError::WrongKey)
        })
    }

    fn purge<'a>(&'a self, purge: &'a Purge) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let Purge { now, created_before, seen_before, records_before } = *purge;
            self.end_old("SELECT key FROM sessions WHERE created < $1 LIMIT $2", created_before).await?;
            self.end_old("SELECT key FROM sessions WHERE last_seen < $1 LIMIT $2", seen_before).await?;
            self.delete_old(
                "DELETE FROM uses WHERE once IN (SELECT once FROM uses WHERE until < $1 LIMIT $2)",
                now,
            )
            .await?;
            // A record that somebody just writes or signs in with is left alone.
            self.delete_old(
                "DELETE FROM records WHERE rowid IN (
                   SELECT r.rowid FROM records r WHERE r.as_of < $1 AND NOT EXISTS (
                     SELECT 1 FROM sessions s WHERE s.environment = r.environment AND s.person = r.person
                   ) LIMIT $2 FOR UPDATE SKIP LOCKED)",
                records_before,
            )
            .await?;
            self.delete_old(
                "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE ends < $1 LIMIT $2)",
                now,
            )
            .await?;
            // Nothing can come of a grant whose code was not exchanged in time.
            self.delete_old(
                "DELETE FROM grants WHERE id IN (
                   SELECT grant_id FROM grant_tokens WHERE kind = 'code' AND used IS NULL AND ends < $1 LIMIT $2)",
                now,
            )
            .await?;
            // Used codes and refresh tokens stay as long as their grant, so that a second use is seen.
            self.delete_old(
                "DELETE FROM grant_tokens WHERE token IN (
                   SELECT token FROM grant_tokens WHERE kind = 'access' AND ends < $1 LIMIT $2)",
                now,
            )
            .await?;
            self.delete_old(
                "DELETE FROM back_channel WHERE id IN (
                   SELECT id FROM back_channel WHERE state <> 'pending' AND changed < $1 LIMIT $2)",
                now.checked_sub(SETTLED_IS_KEPT).unwrap_or(Timestamp::MIN),
            )
            .await
        })
    }

    fn write_failures(&self) -> u64 {
        self.engine.failures()
    }
}
