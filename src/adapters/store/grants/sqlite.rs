//! Grants and messages in the SQLite file: which statement does what.

use jiff::SignedDuration;
use rusqlite::{Connection, Row, params};

use super::tokens::{TokenRow, insert_token, mark_used, renew, select_token};
use super::{
    Fate, GrantId, Grants, Message, NewToken, Renewal, Renewed, Room, StoredGrant, TokenKey, TokenKind, Told,
    Unsettled, Use,
};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::adapters::store::sealed::{Vault, damaged, from_column, to_column};
use crate::adapters::store::{SqliteStore, StoreError};
use crate::domain::client::{Scopes, scopes_in};
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// Codes of one session for one client that may wait to be exchanged. A browser has a few tabs; whoever asks for more loses the
/// oldest, and cannot fill the store.
const WAITING_CODES: u16 = 16;

/// How long the fate of a message is kept.
const TOLD_IS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A row of `grants`.
pub(super) struct GrantRow {
    pub(super) id: GrantId,
    session: SessionKey,
    client: String,
    pub(super) ends: i64,
    sealed: Vec<u8>,
}

impl GrantRow {
    pub(super) const COLUMNS: &str = "g.id, g.session, g.client, g.ends, g.sealed";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
        Ok(GrantRow {
            id: GrantId(row.get(0)?),
            session: SessionKey(row.get(1)?),
            client: row.get(2)?,
            ends: row.get(3)?,
            sealed: row.get(4)?,
        })
    }

    pub(super) fn open(self, vault: &Vault) -> Result<StoredGrant, StoreError> {
        let context = grant_context(self.id, self.session, &self.client, self.ends);
        let plain = vault.sealer.open(&self.sealed, &context).ok_or_else(|| damaged("grant"))?;
        let grant = serde_json::from_slice(&plain).map_err(|_| damaged("grant"))?;
        Ok(StoredGrant {
            id: self.id,
            session: self.session,
            client: self.client,
            ends: from_column(self.ends),
            grant,
        })
    }
}

fn grant_context(id: GrantId, session: SessionKey, client: &str, ends: i64) -> Vec<u8> {
    context(&[b"grant", &id.0, &session.0, client.as_bytes(), &ends.to_be_bytes()])
}

fn message_context(client: &str, sid: &str) -> Vec<u8> {
    context(&[b"client session", client.as_bytes(), sid.as_bytes()])
}

pub(super) fn delete_grant(connection: &Connection, grant: GrantId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM grants WHERE id = ?1")?.execute([grant.0])?;
    Ok(())
}

/// Every client for which a message waits, by one look into the index for each.
fn clients_with_messages(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = connection.prepare_cached(
        "WITH RECURSIVE found (client) AS (
           SELECT min(client) FROM back_channel WHERE state = 'pending'
           UNION ALL
           SELECT (SELECT min(client) FROM back_channel WHERE state = 'pending' AND client > found.client)
           FROM found WHERE client IS NOT NULL)
         SELECT client FROM found WHERE client IS NOT NULL",
    )?;
    let clients = select.query_map([], |row| row.get(0))?;
    Ok(clients.collect::<Result<_, _>>()?)
}

impl Grants for SqliteStore {
    fn put_grant<'a>(
        &'a self,
        grant: &'a StoredGrant,
        code: NewToken,
        tell: bool,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let (id, session, client, ends) =
                (grant.id, grant.session, grant.client.clone(), to_column(grant.ends));
            let plain = serde_json::to_vec(&grant.grant)
                .map_err(|error| StoreError::Unavailable(format!("a grant cannot be written: {error}")))?;
            let sealed = self.vault.sealer.seal(&plain, &grant_context(id, session, &client, ends))?;
            let (sid, person) = (grant.grant.sid.clone(), grant.grant.individual.as_str().as_bytes());
            let message = self.vault.sealer.seal(person, &message_context(&client, &sid))?;
            self.writer
                .run(move |connection| {
                    let mut insert = connection.prepare_cached(
                        "INSERT INTO grants (id, session, client, ends, sealed)
                         SELECT ?1, key, ?3, ?4, ?5 FROM sessions WHERE key = ?2",
                    )?;
                    if insert.execute(params![id.0, session.0, client, ends, sealed])? == 0 {
                        return Ok(false);
                    }
                    insert_token(connection, id, &code)?;
                    connection
                        .prepare_cached(
                            "DELETE FROM grants WHERE id IN (
                               SELECT g.id FROM grants g JOIN grant_tokens t ON t.grant_id = g.id
                               WHERE g.session = ?1 AND g.client = ?2 AND t.kind = 'code' AND t.used IS NULL
                               ORDER BY t.ends DESC LIMIT -1 OFFSET ?3)",
                        )?
                        .execute(params![session.0, client, WAITING_CODES])?;
                    if tell {
                        connection
                            .prepare_cached(
                                "INSERT INTO client_sessions (session, client, sid, sealed) VALUES (?1, ?2, ?3, ?4)
                                 ON CONFLICT DO NOTHING",
                            )?
                            .execute(params![session.0, client, sid, message])?;
                    }
                    Ok(true)
                })
                .await
        })
    }

    fn use_code(&self, key: TokenKey, now: Timestamp) -> BoxFuture<'_, Result<Use, StoreError>> {
        Box::pin(async move {
            let now = to_column(now);
            let found = self
                .writer
                .run(move |connection| {
                    let Some(row) = select_token(connection, key, TokenKind::Code)? else { return Ok(None) };
                    if row.used.is_some() {
                        delete_grant(connection, row.grant.id)?;
                        return Ok(Some(Err(())));
                    }
                    if row.is_over(now) {
                        return Ok(None);
                    }
                    mark_used(connection, key, now, "")?;
                    Ok(Some(Ok(row.grant)))
                })
                .await?;
            Ok(match found {
                Some(Ok(row)) => Use::First(Box::new(row.open(&self.vault)?)),
                Some(Err(())) => Use::Again,
                None => Use::Unknown,
            })
        })
    }

    fn of_refresh_token(
        &self,
        key: TokenKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredGrant>, StoreError>> {
        Box::pin(async move {
            let found =
                self.reader.run(move |connection| select_token(connection, key, TokenKind::Refresh)).await?;
            let alive = found.filter(|row| !row.is_over(to_column(now)));
            alive.map(|row| row.grant.open(&self.vault)).transpose()
        })
    }

    fn renew(&self, renewal: Renewal, now: Timestamp) -> BoxFuture<'_, Result<Renewed, StoreError>> {
        Box::pin(self.writer.run(move |connection| renew(connection, &renewal, now)))
    }

    fn put_tokens(&self, grant: GrantId, tokens: Vec<NewToken>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run(move |connection| {
            let mut select = connection.prepare_cached("SELECT 1 FROM grants WHERE id = ?1")?;
            if !select.exists([grant.0])? {
                return Ok(false);
            }
            for token in &tokens {
                insert_token(connection, grant, token)?;
            }
            Ok(true)
        }))
    }

    fn access(
        &self,
        key: TokenKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<(StoredGrant, Scopes)>, StoreError>> {
        Box::pin(async move {
            let found =
                self.reader.run(move |connection| select_token(connection, key, TokenKind::Access)).await?;
            let alive = found.filter(|row| !row.is_over(to_column(now)));
            let open = |row: TokenRow| Ok((row.grant.open(&self.vault)?, scopes_in(&row.scopes)));
            alive.map(open).transpose()
        })
    }

    fn end_grant(&self, grant: GrantId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.run(move |connection| delete_grant(connection, grant)))
    }

    fn revoke<'a>(&'a self, key: TokenKey, client: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let client = client.to_owned();
        Box::pin(self.writer.run(move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM grants WHERE client = ?2 AND id IN (
                       SELECT grant_id FROM grant_tokens WHERE token = ?1 AND kind = 'refresh')",
                )?
                .execute(params![key.0, client])?;
            connection
                .prepare_cached(
                    "DELETE FROM grant_tokens WHERE token = ?1 AND kind = 'access' AND grant_id IN (
                       SELECT id FROM grants WHERE client = ?2)",
                )?
                .execute(params![key.0, client])?;
            Ok(())
        }))
    }

    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        room: Room,
    ) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        Box::pin(async move {
            let (now, until) = (to_column(now), to_column(until));
            let rows = self
                .writer
                .run(move |connection| {
                    let mut take = connection.prepare_cached(
                        "UPDATE back_channel SET attempts = attempts + 1, next_try = ?2, changed = ?1 WHERE id IN (
                           SELECT id FROM back_channel WHERE state = 'pending' AND client = ?3 AND next_try <= ?1
                           ORDER BY next_try, id LIMIT ?4)
                         RETURNING id, client, sid, sealed, attempts",
                    )?;
                    let read = |row: &Row<'_>| {
                        let sealed: Vec<u8> = row.get(3)?;
                        let (id, client): (i64, String) = (row.get(0)?, row.get(1)?);
                        Ok((id, client, row.get::<_, String>(2)?, sealed, row.get(4)?))
                    };
                    let mut rows = Vec::new();
                    for client in clients_with_messages(connection)? {
                        let taken = u16::try_from(rows.len()).unwrap_or(room.most);
                        let wanted = room.each.min(room.most.saturating_sub(taken));
                        if wanted > 0 && !room.busy.contains(&client) {
                            let more = take.query_map(params![now, until, client, wanted], read)?;
                            rows.extend(more.collect::<Result<Vec<_>, _>>()?);
                        }
                    }
                    Ok(rows)
                })
                .await?;
            let open = |(id, client, sid, sealed, attempts): (i64, String, String, Vec<u8>, u32)| {
                let plain = self.vault.sealer.open(&sealed, &message_context(&client, &sid));
                let individual =
                    plain.and_then(|plain| IndividualId::parse(std::str::from_utf8(&plain).ok()?));
                // One row that was damaged does not hold up the others; it stays, and is seen in the list.
                individual.map(|individual| Message { id, client, sid, individual, attempts })
            };
            Ok(rows.into_iter().filter_map(open).collect())
        })
    }

    fn settle(&self, id: i64, fate: Fate, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        let (state, next_try, error) = match fate {
            Fate::Delivered => ("delivered", i64::MAX, None),
            Fate::Again { at, error } => ("pending", to_column(at), Some(error)),
            Fate::Failed { error } => ("failed", i64::MAX, Some(error)),
        };
        Box::pin(self.writer.run(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE back_channel SET state = ?2, next_try = ?3, last_error = ?4, changed = ?5 WHERE id = ?1",
                )?
                .execute(params![id, state, next_try, error, to_column(now)])?;
            Ok(())
        }))
    }

    fn told(&self, most: u16) -> BoxFuture<'_, Result<Vec<Told>, StoreError>> {
        Box::pin(self.reader.run(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT client, state, attempts, last_error, changed FROM back_channel ORDER BY id DESC LIMIT ?1",
            )?;
            let read = |row: &Row<'_>| {
                let changed: i64 = row.get(4)?;
                Ok(Told {
                    client: row.get(0)?,
                    state: row.get(1)?,
                    attempts: row.get(2)?,
                    last_error: row.get(3)?,
                    changed: (changed != 0).then(|| from_column(changed)),
                })
            };
            Ok(select.query_map([most], read)?.collect::<Result<_, _>>()?)
        }))
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Unsettled, StoreError>> {
        Box::pin(self.reader.run(|connection| {
            let mut count =
                connection.prepare_cached("SELECT count(*) FROM back_channel WHERE state = ?1")?;
            let mut of = |state: &str| count.query_row([state], |row| row.get::<_, i64>(0));
            let (pending, given_up) = (of("pending")?, of("failed")?);
            Ok(Unsettled { pending: pending.unsigned_abs(), given_up: given_up.unsigned_abs() })
        }))
    }

    fn sweep_grants(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.delete_old(
                "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE ends < ?1 LIMIT ?2)",
                now,
            )
            .await?;
            // Nothing can come any more of a grant whose code was not exchanged in time.
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
                now.checked_sub(TOLD_IS_KEPT).unwrap_or(Timestamp::MIN),
            )
            .await
        })
    }
}
