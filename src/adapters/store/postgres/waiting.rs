//! The line in front of the sign-in in PostgreSQL.

use tokio_postgres::Row;

use super::statement::{QueryConnection, QueryResult, column, digest, only, values};
use super::{BATCH, PostgresStore};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::sealed::{from_column, to_column};
use crate::adapters::store::waiting::{KeptPlace, NewPlace, WaitingLine};
use crate::domain::time::Timestamp;
use crate::domain::waiting::{KnownVisitor, PlaceKey, WaitingNetwork, WaitingPlace, round};

impl WaitingLine for PostgresStore {
    fn take_place<'a>(&'a self, new: &'a NewPlace<'a>) -> StoreFuture<'a, KeptPlace> {
        let NewPlace { key, network, known, now, .. } = *new;
        let needs = (new.environment.to_owned(), key, network, known, to_column(now));
        Box::pin(self.engine.write(needs, |connection, (environment, key, network, known, now)| {
            Box::pin(async move {
                let of_all = "SELECT min(round) FROM waiting WHERE environment = $1";
                let first: Option<Option<i64>> =
                    connection.first(of_all, values![*environment], only).await?;
                let of_network = "SELECT max(round) FROM waiting WHERE environment = $1 AND network = $2";
                let last: Option<Option<i64>> =
                    connection.first(of_network, values![*environment, &network.0[..]], only).await?;
                let round = round(first.flatten(), last.flatten());
                let known = known.map(|known| known.0.to_vec());
                let insert = "INSERT INTO waiting (key, environment, network, known, round, asked)
                              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
                connection
                    .change(insert, values![&key.0[..], *environment, &network.0[..], known, round, *now])
                    .await?;
                let kept = select(connection, environment, *key).await?;
                kept.ok_or_else(|| StoreError::Unavailable("the key of a place is taken".to_owned()).into())
            })
        }))
    }

    fn waiting_place<'a>(
        &'a self,
        environment: &'a str,
        key: PlaceKey,
    ) -> StoreFuture<'a, Option<KeptPlace>> {
        Box::pin(self.engine.read((environment.to_owned(), key), |connection, (environment, key)| {
            Box::pin(select(connection, environment, *key))
        }))
    }

    fn waiting_line<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Vec<KeptPlace>> {
        Box::pin(self.engine.read(environment.to_owned(), |connection, environment| {
            Box::pin(async move {
                let all =
                    "SELECT key, number, round, network, known, asked FROM waiting WHERE environment = $1
                           ORDER BY number";
                connection.all(all, values![*environment], read).await
            })
        }))
    }

    fn note_asked<'a>(&'a self, asked: &'a [(PlaceKey, Timestamp)]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut asked = asked.to_vec();
            // In the order of their keys, so that two who write the same places do not wait for each other.
            asked.sort_unstable();
            for batch in asked.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
                let keys: Vec<Vec<u8>> = batch.iter().map(|(key, _)| key.0.to_vec()).collect();
                let instants: Vec<i64> = batch.iter().map(|(_, at)| to_column(*at)).collect();
                let write = self.engine.write((keys, instants), |connection, (keys, instants)| {
                    Box::pin(async move {
                        let update = "UPDATE waiting SET asked = seen.instant FROM (
                             SELECT key, max(instant) AS instant FROM unnest($1, $2) AS s (key, instant)
                             GROUP BY key ORDER BY key) AS seen
                           WHERE waiting.key = seen.key AND asked < seen.instant";
                        connection.change(update, values![*keys, *instants]).await.map(drop)
                    })
                });
                write.await?;
            }
            Ok(())
        })
    }

    fn leave_line<'a>(&'a self, keys: &'a [PlaceKey]) -> StoreFuture<'a, ()> {
        let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.0.to_vec()).collect();
        Box::pin(self.engine.write(keys, |connection, keys| {
            Box::pin(async move {
                connection.change("DELETE FROM waiting WHERE key = ANY($1)", values![*keys]).await.map(drop)
            })
        }))
    }

    fn forget_waiting(&self, before: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.engine.write(to_column(before), |connection, before| {
            Box::pin(async move {
                connection.change("DELETE FROM waiting WHERE asked < $1", values![*before]).await.map(drop)
            })
        }))
    }
}

async fn select(
    connection: &QueryConnection<'_>,
    environment: &str,
    key: PlaceKey,
) -> QueryResult<Option<KeptPlace>> {
    let select = "SELECT key, number, round, network, known, asked FROM waiting
                  WHERE environment = $1 AND key = $2";
    connection.first(select, values![environment, &key.0[..]], read).await
}

fn read(row: &Row) -> QueryResult<KeptPlace> {
    let known: Option<Vec<u8>> = column(row, 4)?;
    let known = known.map(|bytes| bytes.try_into().map_err(|_| StoreError::Damaged("place in line")));
    let place = WaitingPlace {
        key: PlaceKey(digest(row, 0)?),
        number: column(row, 1)?,
        round: column(row, 2)?,
        network: WaitingNetwork(digest(row, 3)?),
        known: known.transpose()?.map(KnownVisitor),
    };
    Ok(KeptPlace { place, asked: from_column(column(row, 5)?) })
}
