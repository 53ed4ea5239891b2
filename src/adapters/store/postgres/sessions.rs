//! Visitors in PostgreSQL: sessions, what was used once, long addresses.

use std::net::IpAddr;

use tokio_postgres::Row;

use super::changes::{Change, note};
use super::statement::{Argument, QueryConnection, QueryResult, column, digest, only, values};
use super::{BATCH, PostgresStore, records};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::records::{Readings, SealedRecord, the_one};
use crate::adapters::store::sealed::{Bound, SessionRow, to_column};
use crate::adapters::store::sessions::{
    LongAddressKey, MOST_ADDRESSES, MOST_ADDRESSES_OF_A_NETWORK, Once, SessionFilter, Sessions,
};
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

impl Sessions for PostgresStore {
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
            let begun = self.engine.write((readings, session), |connection, (readings, session)| {
                Box::pin(async move {
                    let kept = records::put(connection, readings).await?;
                    insert_session(connection, session).await?;
                    Ok(kept)
                })
            });
            the_one(begun.await?)
        })
    }

    fn session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<(Session, Record)>> {
        Box::pin(async move {
            let found = self.engine.read(*key, |connection, key| Box::pin(select_session(connection, *key)));
            let Some((session, record)) = found.await? else { return Ok(None) };
            let session = self.vault.open_session(session)?;
            let record = self.vault.open_record_of(&session.environment, &session.individual, &record)?;
            Ok(Some((session, record)))
        })
    }

    fn touch<'a>(&'a self, seen: &'a [(SessionKey, Timestamp)]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut seen = seen.to_vec();
            // In the order of their keys, so that two who touch the same sessions do not wait for each other.
            seen.sort_unstable();
            for batch in seen.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
                let keys: Vec<Vec<u8>> = batch.iter().map(|(key, _)| key.0.to_vec()).collect();
                let instants: Vec<i64> = batch.iter().map(|(_, instant)| to_column(*instant)).collect();
                self.engine
                    .write((keys, instants), |connection, (keys, instants)| {
                        Box::pin(async move {
                            let update = "UPDATE sessions SET last_seen = seen.instant FROM (
                                 SELECT key, max(instant) AS instant FROM unnest($1, $2) AS s (key, instant)
                                 GROUP BY key ORDER BY key) AS seen
                               WHERE sessions.key = seen.key AND last_seen < seen.instant";
                            connection.change(update, values![*keys, *instants]).await.map(drop)
                        })
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
            let person = filter.of.as_ref().map(|id| self.vault.person(environment, id).to_vec());
            // The first page begins after a place that no session can have.
            let (created, key) =
                filter.after.map_or((i64::MAX, [0xff; 32]), |(created, key)| (to_column(created), key.0));
            let needs = (environment.to_owned(), person, created, key.to_vec(), i64::from(limit));
            let rows =
                self.engine.read(needs, |connection, (environment, person, created, key, limit)| {
                    Box::pin(async move {
                        connection.all(
                    "SELECT key, environment, person, host, created, last_seen, sealed FROM sessions
                     WHERE environment = $1 AND ($2 IS NULL OR person = $2) AND (created, key) < ($3, $4)
                     ORDER BY created DESC, key DESC LIMIT $5",
                    values![*environment, *person, *created, *key, *limit],
                    read_session,
                ).await
                    })
                });
            rows.await?.into_iter().map(|row| self.vault.open_session(row)).collect()
        })
    }

    fn end_session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        Box::pin(self.engine.write(*key, |connection, key| {
            Box::pin(async move {
                let select = "SELECT key FROM sessions WHERE key = $1";
                end_sessions(connection, select, values![&key.0[..]]).await.map(drop)
            })
        }))
    }

    fn end_sessions_of<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> StoreFuture<'a, Vec<SessionKey>> {
        let person = self.vault.person(environment, id).to_vec();
        Box::pin(self.engine.write((environment.to_owned(), person), |connection, (environment, person)| {
            Box::pin(async move {
                let select = "SELECT key FROM sessions WHERE environment = $1 AND person = $2 ORDER BY key";
                end_sessions(connection, select, values![*environment, *person]).await
            })
        }))
    }

    fn use_once<'a>(&'a self, once: &'a Once, until: Timestamp) -> StoreFuture<'a, bool> {
        // A use that has ended counts until it is purged: in doubt, it was used before.
        Box::pin(self.engine.write((once.0, to_column(until)), |connection, (once, until)| {
            Box::pin(async move {
                let insert = "INSERT INTO uses (once, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                Ok(connection.change(insert, values![&once[..], *until]).await? == 1)
            })
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
            let network = self.vault.network(network).to_vec();
            let sealed = self.vault.seal(address, Bound::LongAddress(&key.0))?;
            let needs = (key, network, sealed, to_column(now), to_column(until));
            self.engine
                .write(needs, |connection, (key, network, sealed, now, until)| {
                    Box::pin(async move {
                        make_room(connection, network, *now).await?;
                        connection
                            .change(
                                "INSERT INTO long_addresses (key, network, until, sealed) VALUES ($1, $2, $3, $4)",
                                values![&key.0[..], *network, *until, *sealed],
                            )
                            .await
                            .map(drop)
                    })
                })
                .await
        })
    }

    fn kept_address(&self, key: LongAddressKey, now: Timestamp) -> StoreFuture<'_, Option<String>> {
        Box::pin(async move {
            let found = self.engine.read((key, to_column(now)), |connection, (key, now)| {
                Box::pin(async move {
                    let select = "SELECT sealed FROM long_addresses WHERE key = $1 AND until > $2";
                    connection.first(select, values![&key.0[..], *now], only::<Vec<u8>>).await
                })
            });
            found.await?.map(|sealed| self.vault.open(&sealed, Bound::LongAddress(&key.0))).transpose()
        })
    }
}

async fn insert_session(connection: &QueryConnection<'_>, session: &SessionRow) -> QueryResult<()> {
    let SessionRow { key, environment, person, host, created, last_seen, sealed } = session;
    connection
        .change(
            "INSERT INTO sessions (key, environment, person, host, created, last_seen, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![&key.0[..], *environment, &person[..], *host, *created, *last_seen, *sealed],
        )
        .await
        .map(drop)
}

fn read_session(row: &Row) -> QueryResult<SessionRow> {
    Ok(SessionRow {
        key: SessionKey(digest(row, 0)?),
        environment: column(row, 1)?,
        person: digest(row, 2)?,
        host: column(row, 3)?,
        created: column(row, 4)?,
        last_seen: column(row, 5)?,
        sealed: column(row, 6)?,
    })
}

/// The row of a session, and the sealed record of its person.
async fn select_session(
    connection: &QueryConnection<'_>,
    key: SessionKey,
) -> QueryResult<Option<(SessionRow, SealedRecord)>> {
    connection
        .first(
            "SELECT s.key, s.environment, s.person, s.host, s.created, s.last_seen, s.sealed,
               r.person, r.sealed, r.listed
             FROM sessions s JOIN records r ON r.environment = s.environment AND r.person = s.person
             WHERE s.key = $1",
            values![&key.0[..]],
            |row| Ok((read_session(row)?, records::read_sealed_from(row, 7)?)),
        )
        .await
}

/// Ends the sessions whose keys the statement selects, and tells which. Everything that ends a session comes here: its grants go
/// with it by the tables' own rule, and each client that wants to hear of the end gets a message.
///
/// The sessions are locked first: of two who end one session, the second finds it gone, and a grant that is just being given is
/// either there or refused.
pub(super) async fn end_sessions(
    connection: &QueryConnection<'_>,
    select: &str,
    arguments: &[Argument<'_>],
) -> QueryResult<Vec<SessionKey>> {
    let keys = connection.all(&format!("{select} FOR UPDATE"), arguments, |row| digest(row, 0)).await?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ended: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
    connection
        .change(
            "INSERT INTO back_channel (client, sid, sealed)
             SELECT client, sid, sealed FROM client_sessions WHERE session = ANY ($1)",
            values![ended],
        )
        .await?;
    connection.change("DELETE FROM sessions WHERE key = ANY ($1)", values![ended]).await?;
    note(connection, Change::Sessions(&ended)).await?;
    Ok(keys.into_iter().map(SessionKey).collect())
}

/// Deletes addresses that are over, and the oldest where there are too many, so that one more has room.
async fn make_room(connection: &QueryConnection<'_>, network: &[u8], now: i64) -> QueryResult<()> {
    connection.change("DELETE FROM long_addresses WHERE until <= $1", values![now]).await?;
    connection
        .change(
            "DELETE FROM long_addresses WHERE network = $1 AND key NOT IN (
               SELECT key FROM long_addresses WHERE network = $1 ORDER BY until DESC LIMIT $2)",
            values![network, i64::from(MOST_ADDRESSES_OF_A_NETWORK.saturating_sub(1))],
        )
        .await?;
    let held: Option<i64> = connection.first("SELECT count(*) FROM long_addresses", &[], only).await?;
    if held >= Some(i64::from(MOST_ADDRESSES)) {
        connection
            .change(
                "DELETE FROM long_addresses WHERE key = (
                   SELECT key FROM long_addresses WHERE network = (
                     SELECT network FROM long_addresses GROUP BY network ORDER BY count(*) DESC, network LIMIT 1
                   ) ORDER BY until LIMIT 1)",
                &[],
            )
            .await?;
    }
    Ok(())
}
