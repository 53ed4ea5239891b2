//! The line in front of the sign-in in SQLite.

use rusqlite::{Connection, Row, params};

use super::statement::{SqlResult, all, change, column, first};
use super::{BATCH, SqliteStore};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::sealed::{from_column, to_column};
use crate::adapters::store::waiting::{KeptPlace, NewPlace, WaitingLine};
use crate::domain::time::Timestamp;
use crate::domain::waiting::{KnownVisitor, PlaceKey, WaitingNetwork, WaitingPlace, round};

impl WaitingLine for SqliteStore {
    fn take_place<'a>(&'a self, new: &'a NewPlace<'a>) -> StoreFuture<'a, KeptPlace> {
        let NewPlace { key, network, known, now, .. } = *new;
        let environment = new.environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            if let Some(kept) = select(connection, &environment, key)? {
                return Ok(kept);
            }
            let of_all = "SELECT min(round) FROM waiting WHERE environment = ?1";
            let first_of_all = first(connection, of_all, [&environment], column::<Option<i64>>)?.flatten();
            let of_network = "SELECT max(round) FROM waiting WHERE environment = ?1 AND network = ?2";
            let last = first(connection, of_network, params![environment, network.0], column::<Option<i64>>)?;
            let round = round(first_of_all, last.flatten());
            change(
                connection,
                "INSERT INTO waiting (key, environment, network, known, round, asked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![key.0, environment, network.0, known.map(|it| it.0), round, to_column(now)],
            )?;
            let place = WaitingPlace { key, number: connection.last_insert_rowid(), round, network, known };
            Ok(KeptPlace { place, asked: now })
        }))
    }

    fn waiting_place<'a>(
        &'a self,
        environment: &'a str,
        key: PlaceKey,
    ) -> StoreFuture<'a, Option<KeptPlace>> {
        let environment = environment.to_owned();
        Box::pin(self.reader.run(move |connection| select(connection, &environment, key)))
    }

    fn waiting_line<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Vec<KeptPlace>> {
        let environment = environment.to_owned();
        Box::pin(self.reader.run(move |connection| {
            all(
                connection,
                "SELECT key, number, round, network, known, asked FROM waiting WHERE environment = ?1
                 ORDER BY number",
                [environment],
                read,
            )
        }))
    }

    fn note_asked<'a>(&'a self, asked: &'a [(PlaceKey, Timestamp)]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for batch in asked.chunks(BATCH.into()) {
                let batch = batch.to_vec();
                let write = move |connection: &Connection| {
                    let update = "UPDATE waiting SET asked = ?2 WHERE key = ?1 AND asked < ?2";
                    for (key, at) in batch {
                        change(connection, update, params![key.0, to_column(at)])?;
                    }
                    Ok(())
                };
                self.writer.run(write).await?;
            }
            Ok(())
        })
    }

    fn leave_line<'a>(&'a self, keys: &'a [PlaceKey]) -> StoreFuture<'a, ()> {
        let keys = keys.to_vec();
        Box::pin(self.writer.run(move |connection| {
            for key in keys {
                change(connection, "DELETE FROM waiting WHERE key = ?1", [key.0])?;
            }
            Ok(())
        }))
    }

    fn forget_waiting(&self, before: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let before = to_column(before);
            let delete = move |connection: &Connection| {
                let old = "DELETE FROM waiting WHERE number IN (SELECT number FROM waiting WHERE asked < ?1 LIMIT ?2)";
                change(connection, old, params![before, BATCH])
            };
            while self.writer.run(delete).await? == usize::from(BATCH) {}
            Ok(())
        })
    }
}

fn select(connection: &Connection, environment: &str, key: PlaceKey) -> SqlResult<Option<KeptPlace>> {
    first(
        connection,
        "SELECT key, number, round, network, known, asked FROM waiting WHERE environment = ?1 AND key = ?2",
        params![environment, key.0],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptPlace> {
    let place = WaitingPlace {
        key: PlaceKey(row.get(0)?),
        number: row.get(1)?,
        round: row.get(2)?,
        network: WaitingNetwork(row.get(3)?),
        known: row.get::<_, Option<[u8; 32]>>(4)?.map(KnownVisitor),
    };
    Ok(KeptPlace { place, asked: from_column(row.get(5)?) })
}
