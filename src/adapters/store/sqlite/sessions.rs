//! Visitors in SQLite: sessions, what was used once, long addresses.

use std::net::IpAddr;

use rusqlite::{Connection, Params, Row, params};

use super::statement::{SqlResult, all, change, column, first};
use super::{BATCH, SqliteStore, records};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::records::{Readings, SealedRecord, the_one};
use crate::adapters::store::sealed::{Bound, SessionRow, to_column};
use crate::adapters::store::sessions::{
    LongAddressKey, MOST_ADDRESSES, MOST_ADDRESSES_OF_A_NETWORK, Once, SessionFilter, Sessions,
};
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

impl Sessions for SqliteStore {
    fn begin_session<'a>(&'a self, session: &'a Session, record: &'a Record) -> StoreFuture<'a, Record> {
        Box::pin(async move {
            if session.individual != record.id {
                return Err(StoreError::Unavailable(
                    "a session needs the record of its own person".to_owned(),
                ));
            }
            let Session { environment, created, .. } = session;
            let readings = Readings::new(&self.vault, environment, std::slice::from_ref(record), *created);
            let session = self.vault.seal_session(session)?;
            let begin = move |connection: &Connection| {
                let kept = records::put(connection, &readings)?;
                insert_session(connection, &session)?;
                Ok(kept)
            };
            the_one(self.writer.run(begin).await?)
        })
    }

    fn session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<(Session, Record)>> {
        Box::pin(async move {
            let key = *key;
            let found = self.reader.run(move |connection| select_session(connection, key)).await?;
            let Some((session, record)) = found else { return Ok(None) };
            let session = self.vault.open_session(session)?;
            let record = self.vault.open_record_of(&session.environment, &session.individual, &record)?;
            Ok(Some((session, record)))
        })
    }

    fn touch<'a>(&'a self, seen: &'a [(SessionKey, Timestamp)]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for batch in seen.chunks(BATCH.into()) {
                let batch = batch.to_vec();
                self.writer
                    .run(move |connection| {
                        let update = "UPDATE sessions SET last_seen = ?2 WHERE key = ?1 AND last_seen < ?2";
                        for (key, instant) in batch {
                            change(connection, update, params![key.0, to_column(instant)])?;
                        }
                        Ok(())
                    })
                    .await?;
            }
            Ok(())
        })
    }

    fn list_sessions<'a>(
        &'a self,
        environment: &'a str,
        filter: &'a SessionFilter,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Session>> {
        Box::pin(async move {
            let person = filter.of.as_ref().map(|id| self.vault.person(environment, id));
            // The first page begins after a place that no session can have.
            let (created, key) =
                filter.after.map_or((i64::MAX, [0xff; 32]), |(created, key)| (to_column(created), key.0));
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| {
                all(
                    connection,
                    "SELECT key, environment, person, host, created, last_seen, sealed FROM sessions
                     WHERE environment = ?1 AND (?2 IS NULL OR person = ?2) AND (created, key) < (?3, ?4)
                     ORDER BY created DESC, key DESC LIMIT ?5",
                    params![of, person, created, key, limit],
                    read_session,
                )
            });
            rows.await?.into_iter().map(|row| self.vault.open_session(row)).collect()
        })
    }

    fn end_session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        let key = *key;
        Box::pin(self.writer.run(move |connection| {
            end_sessions(connection, "SELECT key FROM sessions WHERE key = ?1", [key.0])?;
            Ok(())
        }))
    }

    fn end_sessions_of<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> StoreFuture<'a, Vec<SessionKey>> {
        let person = self.vault.person(environment, id);
        let environment = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            end_sessions(
                connection,
                "SELECT key FROM sessions WHERE environment = ?1 AND person = ?2",
                params![environment, person],
            )
        }))
    }

    fn use_once<'a>(&'a self, once: &'a Once, until: Timestamp) -> StoreFuture<'a, bool> {
        let (once, until) = (once.0, to_column(until));
        // A use that has ended counts until it is purged: in doubt, it was used before.
        Box::pin(self.writer.run(move |connection| {
            let insert = "INSERT INTO uses (once, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            Ok(change(connection, insert, params![once, until])? == 1)
        }))
    }

    fn keep_address<'a>(
        &'a self,
        key: LongAddressKey,
        network: IpAddr,
        address: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let network = self.vault.network(network);
            let sealed = self.vault.seal(address, Bound::LongAddress(&key.0))?;
            let work = move |connection: &Connection| {
                make_room(connection, &network, to_column(now), MOST_ADDRESSES_OF_A_NETWORK, MOST_ADDRESSES)?;
                change(
                    connection,
                    "INSERT INTO long_addresses (key, network, until, sealed) VALUES (?1, ?2, ?3, ?4)",
                    params![key.0, network, to_column(until), sealed],
                )?;
                Ok(())
            };
            self.writer.run(work).await
        })
    }

    fn kept_address(&self, key: LongAddressKey, now: Timestamp) -> StoreFuture<'_, Option<String>> {
        Box::pin(async move {
            let now = to_column(now);
            let select = "SELECT sealed FROM long_addresses WHERE key = ?1 AND until > ?2";
            let found = self
                .reader
                .run(move |connection| first(connection, select, params![key.0, now], column::<Vec<u8>>));
            let sealed = found.await?;
            sealed.map(|sealed| self.vault.open(&sealed, Bound::LongAddress(&key.0))).transpose()
        })
    }
}

fn insert_session(connection: &Connection, session: &SessionRow) -> SqlResult<()> {
    let SessionRow { key, environment, person, host, created, last_seen, sealed } = session;
    change(
        connection,
        "INSERT INTO sessions (key, environment, person, host, created, last_seen, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![key.0, environment, person, host, created, last_seen, sealed],
    )?;
    Ok(())
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        key: SessionKey(row.get(0)?),
        environment: row.get(1)?,
        person: row.get(2)?,
        host: row.get(3)?,
        created: row.get(4)?,
        last_seen: row.get(5)?,
        sealed: row.get(6)?,
    })
}

/// The row of a session, and the sealed record of its person.
fn select_session(connection: &Connection, key: SessionKey) -> SqlResult<Option<(SessionRow, SealedRecord)>> {
    first(
        connection,
        "SELECT s.key, s.environment, s.person, s.host, s.created, s.last_seen, s.sealed,
           r.person, r.sealed, r.listed
         FROM sessions s JOIN records r ON r.environment = s.environment AND r.person = s.person
         WHERE s.key = ?1",
        [key.0],
        |row| {
            let record = SealedRecord { person: row.get(7)?, sealed: row.get(8)?, listed: row.get(9)? };
            Ok((read_session(row)?, record))
        },
    )
}

/// Ends the sessions whose keys the statement selects, and tells which. Everything that ends a session comes here: its grants go
/// with it by the tables' own rule, and each client that wants to hear of the end gets a message.
pub(super) fn end_sessions(
    connection: &Connection,
    select: &str,
    arguments: impl Params,
) -> SqlResult<Vec<SessionKey>> {
    let keys = all(connection, select, arguments, |row| row.get(0).map(SessionKey))?;
    for key in &keys {
        change(
            connection,
            "INSERT INTO back_channel (client, sid, sealed)
             SELECT client, sid, sealed FROM client_sessions WHERE session = ?1",
            [key.0],
        )?;
        change(connection, "DELETE FROM sessions WHERE key = ?1", [key.0])?;
    }
    Ok(keys)
}

/// Deletes addresses that are over, and the oldest where there are too many, so that one more has room.
pub(super) fn make_room(
    connection: &Connection,
    network: &[u8; 32],
    now: i64,
    most_of_a_network: u32,
    most: u32,
) -> SqlResult<()> {
    change(connection, "DELETE FROM long_addresses WHERE until <= ?1", [now])?;
    change(
        connection,
        "DELETE FROM long_addresses WHERE network = ?1 AND key NOT IN (
           SELECT key FROM long_addresses WHERE network = ?1 ORDER BY until DESC LIMIT ?2)",
        params![network, most_of_a_network.saturating_sub(1)],
    )?;
    if first(connection, "SELECT count(*) FROM long_addresses", [], column::<u32>)? >= Some(most) {
        change(
            connection,
            "DELETE FROM long_addresses WHERE key = (
               SELECT key FROM long_addresses WHERE network = (
                 SELECT network FROM long_addresses GROUP BY network ORDER BY count(*) DESC, network LIMIT 1
               ) ORDER BY until LIMIT 1)",
            [],
        )?;
    }
    Ok(())
}
