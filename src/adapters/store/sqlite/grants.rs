//! Grants in SQLite.

use rusqlite::params;

use super::SqliteStore;
use super::statement::{all, change, column, first};
use super::tokens::{delete_grant, insert_token, mark_used, renew, select_token};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::grants::{
    GrantId, Grants, NewToken, Renewal, Renewed, StoredGrant, TokenKey, TokenKind, Use, WAITING_CODES,
};
use crate::adapters::store::rows::TokenRow;
use crate::adapters::store::sealed::{Bound, to_column};
use crate::domain::client::{Scopes, scopes_in};
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

impl Grants for SqliteStore {
    fn put_grant<'a>(&'a self, grant: &'a StoredGrant, code: NewToken, tell: bool) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let StoredGrant { id, session, client, ends, grant } = grant.clone();
            let (ends, sid) = (to_column(ends), grant.sid.clone());
            let bound = Bound::Grant { id: &id.0, session, client: &client, ends };
            let sealed = self.vault.seal(&grant, bound)?;
            let person = grant.subject().as_bytes();
            let message = self.vault.seal_bytes(person, Bound::Message { client: &client, sid: &sid })?;
            let putting = self.writer.run(move |connection| {
                let insert = "INSERT INTO grants (id, session, client, ends, sealed)
                              SELECT ?1, key, ?3, ?4, ?5 FROM sessions WHERE key = ?2";
                if change(connection, insert, params![id.0, session.0, client, ends, sealed])? == 0 {
                    return Ok(false);
                }
                insert_token(connection, id, &code)?;
                change(
                    connection,
                    "DELETE FROM grants WHERE id IN (
                       SELECT g.id FROM grants g JOIN grant_tokens t ON t.grant_id = g.id
                       WHERE g.session = ?1 AND g.client = ?2 AND t.kind = 'code' AND t.used IS NULL
                       ORDER BY t.ends DESC LIMIT -1 OFFSET ?3)",
                    params![session.0, client, WAITING_CODES],
                )?;
                if tell {
                    change(
                        connection,
                        "INSERT INTO client_sessions (session, client, sid, sealed) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT DO NOTHING",
                        params![session.0, client, sid, message],
                    )?;
                }
                Ok(true)
            });
            putting.await
        })
    }

    fn use_code(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Use> {
        Box::pin(async move {
            let now = to_column(now);
            let using = self.writer.run(move |connection| {
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
            });
            Ok(match using.await? {
                Some(Ok(row)) => Use::First(Box::new(row.open(&self.vault)?)),
                Some(Err(())) => Use::Again,
                None => Use::Unknown,
            })
        })
    }

    fn of_refresh_token(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Option<StoredGrant>> {
        Box::pin(async move {
            let found =
                self.reader.run(move |connection| select_token(connection, key, TokenKind::Refresh)).await?;
            let alive = found.filter(|row| !row.is_over(to_column(now)));
            alive.map(|row| row.grant.open(&self.vault)).transpose()
        })
    }

    fn renew(&self, renewal: Renewal, now: Timestamp) -> StoreFuture<'_, Renewed> {
        Box::pin(self.writer.run(move |connection| renew(connection, &renewal, now)))
    }

    fn put_tokens(&self, grant: GrantId, tokens: Vec<NewToken>) -> StoreFuture<'_, bool> {
        Box::pin(self.writer.run(move |connection| {
            let alive = first(connection, "SELECT 1 FROM grants WHERE id = ?1", [grant.0], column::<i64>)?;
            if alive.is_none() {
                return Ok(false);
            }
            for token in &tokens {
                insert_token(connection, grant, token)?;
            }
            Ok(true)
        }))
    }

    fn access(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Option<(StoredGrant, Scopes)>> {
        Box::pin(async move {
            let found =
                self.reader.run(move |connection| select_token(connection, key, TokenKind::Access)).await?;
            let alive = found.filter(|row| !row.is_over(to_column(now)));
            let open = |row: TokenRow| Ok((row.grant.open(&self.vault)?, scopes_in(&row.scopes)));
            alive.map(open).transpose()
        })
    }

    fn end_grant(&self, grant: GrantId) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.run(move |connection| delete_grant(connection, grant)))
    }

    fn sessions_with_grants<'a>(
        &'a self,
        client: &'a str,
        after: Option<SessionKey>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<SessionKey>> {
        let (client, after) = (client.to_owned(), after.map(|key| key.0.to_vec()).unwrap_or_default());
        Box::pin(self.reader.run(move |connection| {
            all(
                connection,
                "SELECT DISTINCT session FROM grants WHERE client = ?1 AND session > ?2 ORDER BY session LIMIT ?3",
                params![client, after, limit],
                |row| row.get(0).map(SessionKey),
            )
        }))
    }

    fn end_grants_of<'a>(&'a self, client: &'a str, sessions: Vec<SessionKey>) -> StoreFuture<'a, ()> {
        let client = client.to_owned();
        Box::pin(self.writer.run(move |connection| {
            for session in &sessions {
                let of = params![session.0, client];
                if change(connection, "DELETE FROM grants WHERE session = ?1 AND client = ?2", of)? > 0 {
                    let leave = "INSERT INTO back_channel (client, sid, sealed)
                                 SELECT client, sid, sealed FROM client_sessions WHERE session = ?1 AND client = ?2";
                    change(connection, leave, of)?;
                    let told = "DELETE FROM client_sessions WHERE session = ?1 AND client = ?2";
                    change(connection, told, of)?;
                }
            }
            Ok(())
        }))
    }

    fn revoke<'a>(&'a self, key: TokenKey, client: &'a str) -> StoreFuture<'a, ()> {
        let client = client.to_owned();
        Box::pin(self.writer.run(move |connection| {
            change(
                connection,
                "DELETE FROM grants WHERE client = ?2 AND id IN (
                   SELECT grant_id FROM grant_tokens WHERE token = ?1 AND kind = 'refresh')",
                params![key.0, client],
            )?;
            change(
                connection,
                "DELETE FROM grant_tokens WHERE token = ?1 AND kind = 'access' AND grant_id IN (
                   SELECT id FROM grants WHERE client = ?2)",
                params![key.0, client],
            )
            .map(drop)
        }))
    }
}
