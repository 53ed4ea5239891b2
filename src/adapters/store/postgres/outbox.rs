//! Messages to OpenID clients, in PostgreSQL.

use tokio_postgres::Row;

use super::PostgresStore;
use super::statement::{QueryConnection, QueryResult, column, count, only, values};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::outbox::{
    DeliveryOutcome, DeliveryStatus, Message, MessageLimits, Outbox, Undelivered,
};
use crate::adapters::store::rows::MessageRow;
use crate::adapters::store::sealed::{from_column, to_column};
use crate::domain::time::Timestamp;

impl Outbox for PostgresStore {
    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limits: MessageLimits,
    ) -> StoreFuture<'_, Vec<Message>> {
        Box::pin(async move {
            let needs = (to_column(now), to_column(until), limits);
            let rows = self.engine.write(needs, |connection, (now, until, limits)| {
                Box::pin(async move {
                    let mut rows: Vec<MessageRow> = Vec::new();
                    for client in clients_with_messages(connection).await? {
                        let taken = u16::try_from(rows.len()).unwrap_or(limits.most);
                        let wanted = limits.each.min(limits.most.saturating_sub(taken));
                        if wanted > 0 && !limits.busy.contains(&client) {
                            // What somebody else is just taking is theirs.
                            let take =
                                "UPDATE back_channel SET attempts = attempts + 1, next_try = $2, changed = $1
                               WHERE id IN (
                                 SELECT id FROM back_channel
                                 WHERE state = 'pending' AND client = $3 AND next_try <= $1
                                 ORDER BY next_try, id LIMIT $4 FOR UPDATE SKIP LOCKED)
                               RETURNING id, client, sid, sealed, attempts";
                            let wanted = i64::from(wanted);
                            let arguments = values![*now, *until, client, wanted];
                            rows.extend(connection.all(take, arguments, read_message).await?);
                        }
                    }
                    Ok(rows)
                })
            });
            Ok(rows.await?.into_iter().filter_map(|row| row.open(&self.vault)).collect())
        })
    }

    fn settle(&self, id: i64, outcome: DeliveryOutcome, now: Timestamp) -> StoreFuture<'_, ()> {
        let (state, next_try, error) = match outcome {
            DeliveryOutcome::Delivered => ("delivered", i64::MAX, None),
            DeliveryOutcome::Again { at, error } => ("pending", to_column(at), Some(error)),
            DeliveryOutcome::Failed { error } => ("failed", i64::MAX, Some(error)),
        };
        let needs = (id, state, next_try, error, to_column(now));
        Box::pin(self.engine.write(needs, |connection, (id, state, next_try, error, now)| {
            Box::pin(async move {
                let settle =
                    "UPDATE back_channel SET state = $2, next_try = $3, last_error = $4, changed = $5
                              WHERE id = $1";
                connection.change(settle, values![*id, *state, *next_try, *error, *now]).await.map(drop)
            })
        }))
    }

    fn deliveries(&self, most: u16) -> StoreFuture<'_, Vec<DeliveryStatus>> {
        Box::pin(self.engine.read(i64::from(most), |connection, most| {
            Box::pin(async move {
                let select = "SELECT client, state, attempts, last_error, changed FROM back_channel
                              ORDER BY id DESC LIMIT $1";
                connection.all(select, values![*most], read_status).await
            })
        }))
    }

    fn undelivered(&self) -> StoreFuture<'_, Undelivered> {
        Box::pin(self.engine.read((), |connection, ()| {
            Box::pin(async move {
                let of = async |state: &str| {
                    let select = "SELECT count(*) FROM back_channel WHERE state = $1";
                    let count: Option<i64> = connection.first(select, values![state], only).await?;
                    QueryResult::Ok(count.unwrap_or_default().unsigned_abs())
                };
                Ok(Undelivered { pending: of("pending").await?, given_up: of("failed").await? })
            })
        }))
    }
}

fn read_message(row: &Row) -> QueryResult<MessageRow> {
    Ok(MessageRow {
        id: column(row, 0)?,
        client: column(row, 1)?,
        sid: column(row, 2)?,
        sealed: column(row, 3)?,
        attempts: count(row, 4)?,
    })
}

fn read_status(row: &Row) -> QueryResult<DeliveryStatus> {
    let changed: i64 = column(row, 4)?;
    Ok(DeliveryStatus {
        client: column(row, 0)?,
        state: column(row, 1)?,
        attempts: count(row, 2)?,
        last_error: column(row, 3)?,
        changed: (changed != 0).then(|| from_column(changed)),
    })
}

/// Every client for which a message waits, by one look into the index for each.
async fn clients_with_messages(connection: &QueryConnection<'_>) -> QueryResult<Vec<String>> {
    connection
        .all(
            "WITH RECURSIVE found (client) AS (
               (SELECT min(client) FROM back_channel WHERE state = 'pending')
               UNION ALL
               SELECT (SELECT min(client) FROM back_channel WHERE state = 'pending' AND client > found.client)
               FROM found WHERE client IS NOT NULL)
             SELECT client FROM found WHERE client IS NOT NULL",
            &[],
            only,
        )
        .await
}
