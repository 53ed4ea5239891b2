//! Grants in PostgreSQL.

use super::PostgresStore;
use super::statement::{digest, only, values};
use super::tokens::{delete_grant, hold_grant_of, insert_token, mark_used, renew, select_token};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::grants::{
    GrantId, Grants, NewToken, Renewal, Renewed, StoredGrant, TokenKey, TokenKind, Use, WAITING_CODES,
};
use crate::adapters::store::rows::TokenRow;
use crate::adapters::store::sealed::{Bound, to_column};
use crate::domain::client::{Scopes, scopes_in};
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

impl Grants for PostgresStore {
    fn put_grant<'a>(&'a self, grant: &'a StoredGrant, code: NewToken, tell: bool) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let StoredGrant { id, session, client, ends, grant } = grant.clone();
            let (ends, sid) = (to_column(ends), grant.sid.clone());
            let bound = Bound::Grant { id: &id.0, session, client: &client, ends };
            let sealed = self.vault.seal(&grant, bound)?;
            let person = grant.subject().as_bytes();
            let message = self.vault.seal_bytes(person, Bound::Message { client: &client, sid: &sid })?;
            let message = tell.then_some((sid, message));
            let needs = (id, session, client, ends, sealed, code, message);
            let putting = self.engine.write(needs, |connection, needs| {
                Box::pin(async move {
                    let (id, session, client, ends, sealed, code, message) = needs;
                    // Whoever ends the session now waits for this grant, or this one finds it gone.
                    let insert = "INSERT INTO grants (id, session, client, ends, sealed)
                                  SELECT $1, key, $3, $4, $5 FROM sessions WHERE key = $2 FOR KEY SHARE";
                    let given = connection
                        .change(insert, values![&id.0[..], &session.0[..], *client, *ends, *sealed])
                        .await?;
                    if given == 0 {
                        return Ok(false);
                    }
                    insert_token(connection, *id, code).await?;
                    connection
                        .change(
                            "DELETE FROM grants WHERE id IN (
                               SELECT g.id FROM grants g JOIN grant_tokens t ON t.grant_id = g.id
                               WHERE g.session = $1 AND g.client = $2 AND t.kind = 'code' AND t.used IS NULL
                               ORDER BY t.ends DESC OFFSET $3)",
                            values![&session.0[..], *client, i64::from(WAITING_CODES)],
                        )
                        .await?;
                    if let Some((sid, message)) = message {
                        let insert = "INSERT INTO client_sessions (session, client, sid, sealed)
                                      VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
                        connection.change(insert, values![&session.0[..], *client, *sid, *message]).await?;
                    }
                    Ok(true)
                })
            });
            putting.await
        })
    }

    fn use_code(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Use> {
        Box::pin(async move {
            let using = self.engine.write((key, to_column(now)), |connection, (key, now)| {
                Box::pin(async move {
                    hold_grant_of(connection, *key).await?;
                    let Some(row) = select_token(connection, *key, TokenKind::Code).await? else {
                        return Ok(None);
                    };
                    if row.used.is_some() {
                        delete_grant(connection, row.grant.id).await?;
                        return Ok(Some(Err(())));
                    }
                    if row.is_over(*now) {
                        return Ok(None);
                    }
                    mark_used(connection, *key, *now, "").await?;
                    Ok(Some(Ok(row.grant)))
                })
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
            let found = self
                .engine
                .read(key, |connection, key| Box::pin(select_token(connection, *key, TokenKind::Refresh)));
            let alive = found.await?.filter(|row| !row.is_over(to_column(now)));
            alive.map(|row| row.grant.open(&self.vault)).transpose()
        })
    }

    fn renew(&self, renewal: Renewal, now: Timestamp) -> StoreFuture<'_, Renewed> {
        Box::pin(
            self.engine.write((renewal, now), |connection, (renewal, now)| {
                Box::pin(renew(connection, renewal, *now))
            }),
        )
    }

    fn put_tokens(&self, grant: GrantId, tokens: Vec<NewToken>) -> StoreFuture<'_, bool> {
        Box::pin(self.engine.write((grant, tokens), |connection, (grant, tokens)| {
            Box::pin(async move {
                let alive = "SELECT FROM grants WHERE id = $1 FOR KEY SHARE";
                if connection.change(alive, values![&grant.0[..]]).await? == 0 {
                    return Ok(false);
                }
                for token in tokens {
                    insert_token(connection, *grant, token).await?;
                }
                Ok(true)
            })
        }))
    }

    fn access(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Option<(StoredGrant, Scopes)>> {
        Box::pin(async move {
            let found = self
                .engine
                .read(key, |connection, key| Box::pin(select_token(connection, *key, TokenKind::Access)));
            let alive = found.await?.filter(|row| !row.is_over(to_column(now)));
            let open = |row: TokenRow| Ok((row.grant.open(&self.vault)?, scopes_in(&row.scopes)));
            alive.map(open).transpose()
        })
    }

    fn end_grant(&self, grant: GrantId) -> StoreFuture<'_, ()> {
        Box::pin(self.engine.write(grant, |connection, grant| Box::pin(delete_grant(connection, *grant))))
    }

    fn sessions_with_grants<'a>(
        &'a self,
        client: &'a str,
        after: Option<SessionKey>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<SessionKey>> {
        let after = after.map(|key| key.0.to_vec()).unwrap_or_default();
        let needs = (client.to_owned(), after, i64::from(limit));
        Box::pin(self.engine.read(needs, |connection, (client, after, limit)| {
            Box::pin(async move {
                let select = "SELECT DISTINCT session FROM grants WHERE client = $1 AND session > $2
                              ORDER BY session LIMIT $3";
                let read = |row: &_| digest(row, 0).map(SessionKey);
                connection.all(select, values![*client, *after, *limit], read).await
            })
        }))
    }

    fn end_grants_of<'a>(&'a self, client: &'a str, sessions: Vec<SessionKey>) -> StoreFuture<'a, ()> {
        let sessions: Vec<Vec<u8>> = sessions.iter().map(|key| key.0.to_vec()).collect();
        Box::pin(self.engine.write((client.to_owned(), sessions), |connection, (client, sessions)| {
            Box::pin(async move {
                // Sessions first, as whoever ends one: a grant that is just being given is either there or comes later.
                let hold = "SELECT key FROM sessions WHERE key = ANY ($1) ORDER BY key FOR UPDATE";
                connection.change(hold, values![*sessions]).await?;
                let end = "DELETE FROM grants WHERE session = ANY ($1) AND client = $2 RETURNING session";
                let ended: Vec<Vec<u8>> = connection.all(end, values![*sessions, *client], only).await?;
                for statement in [
                    "INSERT INTO back_channel (client, sid, sealed)
                     SELECT client, sid, sealed FROM client_sessions WHERE session = ANY ($1) AND client = $2",
                    "DELETE FROM client_sessions WHERE session = ANY ($1) AND client = $2",
                ] {
                    connection.change(statement, values![ended, *client]).await?;
                }
                Ok(())
            })
        }))
    }

    fn revoke<'a>(&'a self, key: TokenKey, client: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(self.engine.write((key, client.to_owned()), |connection, (key, client)| {
            Box::pin(async move {
                for delete in [
                    "DELETE FROM grants WHERE client = $2 AND id IN (
                       SELECT grant_id FROM grant_tokens WHERE token = $1 AND kind = 'refresh')",
                    "DELETE FROM grant_tokens WHERE token = $1 AND kind = 'access' AND grant_id IN (
                       SELECT id FROM grants WHERE client = $2)",
                ] {
                    connection.change(delete, values![&key.0[..], *client]).await?;
                }
                Ok(())
            })
        }))
    }
}
