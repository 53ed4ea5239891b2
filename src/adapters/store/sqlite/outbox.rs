//! Messages to OpenID clients, in SQLite.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::outbox::{
    DeliveryOutcome, DeliveryStatus, Message, MessageLimits, Outbox, Undelivered,
};
use crate::adapters::store::rows::MessageRow;
use crate::adapters::store::sealed::{from_column, to_column};
use crate::domain::time::Timestamp;

fn read_message(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    Ok(MessageRow {
        id: row.get(0)?,
        client: row.get(1)?,
        sid: row.get(2)?,
        sealed: row.get(3)?,
        attempts: row.get(4)?,
    })
}

impl Outbox for SqliteStore {
    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limits: MessageLimits,
    ) -> StoreFuture<'_, Vec<Message>> {
        Box::pin(async move {
            let (now, until) = (to_column(now), to_column(until));
            let rows = self.writer.run(move |connection| {
                let mut rows: Vec<MessageRow> = Vec::new();
                for client in clients_with_messages(connection)? {
                    let taken = u16::try_from(rows.len()).unwrap_or(limits.most);
                    let wanted = limits.each.min(limits.most.saturating_sub(taken));
                    if wanted > 0 && !limits.busy.contains(&client) {
                        rows.extend(all(
                            connection,
                            "UPDATE back_channel SET attempts = attempts + 1, next_try = ?2, changed = ?1 WHERE id IN (
                               SELECT id FROM back_channel WHERE state = 'pending' AND client = ?3 AND next_try <= ?1
                               ORDER BY next_try, id LIMIT ?4)
                             RETURNING id, client, sid, sealed, attempts",
                            params![now, until, client, wanted],
                            read_message,
                        )?);
                    }
                }
                Ok(rows)
            });
            Ok(rows.await?.into_iter().filter_map(|row: MessageRow| row.open(&self.vault)).collect())
        })
    }

    fn settle(&self, id: i64, outcome: DeliveryOutcome, now: Timestamp) -> StoreFuture<'_, ()> {
        let (state, next_try, error) = match outcome {
            DeliveryOutcome::Delivered => ("delivered", i64::MAX, None),
            DeliveryOutcome::Again { at, error } => ("pending", to_column(at), Some(error)),
            DeliveryOutcome::Failed { error } => ("failed", i64::MAX, Some(error)),
        };
        Box::pin(self.writer.run(move |connection| {
            change(
                connection,
                "UPDATE back_channel SET state = ?2, next_try = ?3, last_error = ?4, changed = ?5 WHERE id = ?1",
                params![id, state, next_try, error, to_column(now)],
            )
            .map(drop)
        }))
    }

    fn deliveries(&self, most: u16) -> StoreFuture<'_, Vec<DeliveryStatus>> {
        Box::pin(self.reader.run(move |connection| {
            let read = |row: &Row<'_>| {
                let changed: i64 = row.get(4)?;
                Ok(DeliveryStatus {
                    client: row.get(0)?,
                    state: row.get(1)?,
                    attempts: row.get(2)?,
                    last_error: row.get(3)?,
                    changed: (changed != 0).then(|| from_column(changed)),
                })
            };
            all(
                connection,
                "SELECT client, state, attempts, last_error, changed FROM back_channel ORDER BY id DESC LIMIT ?1",
                [most],
                read,
            )
        }))
    }

    fn undelivered(&self) -> StoreFuture<'_, Undelivered> {
        Box::pin(self.reader.run(|connection| {
            let count = |state: &str| {
                let select = "SELECT count(*) FROM back_channel WHERE state = ?1";
                let count: SqlResult<Option<i64>> = first(connection, select, [state], column);
                count.map(|count| count.unwrap_or_default().unsigned_abs())
            };
            Ok(Undelivered { pending: count("pending")?, given_up: count("failed")? })
        }))
    }
}

/// Every client for which a message waits, by one look into the index for each.
fn clients_with_messages(connection: &Connection) -> SqlResult<Vec<String>> {
    all(
        connection,
        "WITH RECURSIVE found (client) AS (
           SELECT min(client) FROM back_channel WHERE state = 'pending'
           UNION ALL
           SELECT (SELECT min(client) FROM back_channel WHERE state = 'pending' AND client > found.client)
           FROM found WHERE client IS NOT NULL)
         SELECT client FROM found WHERE client IS NOT NULL",
        [],
        column,
    )
}
