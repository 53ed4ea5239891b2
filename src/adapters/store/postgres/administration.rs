//! What administrators do, in PostgreSQL: the audit log, emergency access, OpenID clients, the environment.

use std::sync::Arc;

use super::PostgresStore;
use super::changes::{Change, note};
use super::statement::{QueryConnection, QueryResult, column, only, values};
use crate::adapters::store::administration::{Administration, EnvironmentChoice, Opening, Registered};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::rows::signed;
use crate::adapters::store::sealed::{Bound, ClientBody, Vault, from_column, to_column};
use crate::adapters::store::sessions::Once;
use crate::domain::audit::{Entry, Kept};
use crate::domain::client::{Client, ClientId};
use crate::domain::mapping::Edit;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

impl Administration for PostgresStore {
    fn append<'a>(&'a self, entry: &'a Entry) -> StoreFuture<'a, ()> {
        let needs = (Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (vault, entry)| {
            Box::pin(async move { insert_entry(connection, vault, entry).await.map(drop) })
        }))
    }

    fn entries(&self, before: u64, count: u16) -> StoreFuture<'_, Vec<Kept>> {
        Box::pin(async move {
            let rows = self.engine.read((signed(before), i64::from(count)), |connection, (before, count)| {
                Box::pin(async move {
                    let select =
                        "SELECT number, sealed FROM audit_log WHERE number < $1 ORDER BY number DESC LIMIT $2";
                    let arguments = values![*before, *count];
                    connection.all(select, arguments, |row| Ok((column(row, 0)?, column(row, 1)?))).await
                })
            });
            let open = |(number, sealed): (i64, Vec<u8>)| {
                let entry = self.vault.open(&sealed, Bound::AuditEntry(number))?;
                Ok(Kept { number: u64::try_from(number).unwrap_or_default(), entry })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }

    fn put_link<'a>(&'a self, link: &'a Once, until: Timestamp, entry: &'a Entry) -> StoreFuture<'a, ()> {
        let needs = (*link, to_column(until), Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (link, until, vault, entry)| {
            Box::pin(async move {
                let insert = "INSERT INTO emergency_links (link, until) VALUES ($1, $2)";
                connection.change(insert, values![&link.0[..], *until]).await?;
                insert_entry(connection, vault, entry).await.map(drop)
            })
        }))
    }

    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> StoreFuture<'a, Opening> {
        let needs = (*link, *session, to_column(until), Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (link, session, until, vault, entry)| {
            Box::pin(async move {
                let opening = use_link(connection, *link, entry.at).await?;
                if opening == Opening::Opened {
                    let over = "DELETE FROM emergency_sessions WHERE until <= $1";
                    connection.change(over, values![to_column(entry.at)]).await?;
                    let insert = "INSERT INTO emergency_sessions (key, until) VALUES ($1, $2)";
                    connection.change(insert, values![&session.0[..], *until]).await?;
                    insert_entry(connection, vault, entry).await?;
                }
                Ok(opening)
            })
        }))
    }

    fn emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, Option<Timestamp>> {
        Box::pin(self.engine.read(*session, |connection, session| {
            Box::pin(async move {
                let select = "SELECT until FROM emergency_sessions WHERE key = $1";
                let until = connection.first(select, values![&session.0[..]], only).await?;
                Ok(until.map(from_column))
            })
        }))
    }

    fn end_emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, bool> {
        Box::pin(self.engine.write(*session, |connection, session| {
            Box::pin(async move {
                let delete = "DELETE FROM emergency_sessions WHERE key = $1";
                Ok(connection.change(delete, values![&session.0[..]]).await? > 0)
            })
        }))
    }

    fn clients(&self) -> StoreFuture<'_, Vec<Registered>> {
        Box::pin(async move {
            let rows = self.engine.read((), |connection, ()| {
                Box::pin(async move {
                    let select = "SELECT id, revision, sealed FROM openid_clients ORDER BY id COLLATE \"C\"";
                    connection
                        .all(select, &[], |row| Ok((column(row, 0)?, column(row, 1)?, column(row, 2)?)))
                        .await
                })
            });
            let open = |(id, revision, sealed): (String, i64, Vec<u8>)| {
                let ClientBody { client, last } =
                    self.vault.open(&sealed, Bound::Client { id: &id, revision })?;
                Ok(Registered { client, revision: revision.unsigned_abs(), last })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }

    fn put_client<'a>(
        &'a self,
        seen: Option<u64>,
        client: &'a Client,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool> {
        let last = Edit { by: entry.actor.clone(), at: entry.at };
        let inside = ClientBody { client: client.clone(), last };
        let needs = (seen, inside, Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (seen, inside, vault, entry)| {
            Box::pin(async move {
                let id = inside.client.id.as_str();
                if revision_of(connection, id).await? != *seen {
                    return Ok(false);
                }
                // The entry's number never comes again, so it is a good revision of what the entry tells about.
                let revision = insert_entry(connection, vault, entry).await?;
                let sealed = vault.seal(inside, Bound::Client { id, revision })?;
                let write = "INSERT INTO openid_clients (id, revision, sealed) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed";
                connection.change(write, values![id, revision, sealed]).await?;
                note(connection, Change::Client(id)).await?;
                Ok(true)
            })
        }))
    }

    fn remove_client<'a>(&'a self, seen: u64, id: &'a ClientId, entry: &'a Entry) -> StoreFuture<'a, bool> {
        let needs = (seen, id.clone(), Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (seen, id, vault, entry)| {
            Box::pin(async move {
                let id = id.as_str();
                if revision_of(connection, id).await? != Some(*seen) {
                    return Ok(false);
                }
                insert_entry(connection, vault, entry).await?;
                for delete in [
                    "DELETE FROM openid_clients WHERE id = $1",
                    "DELETE FROM grants WHERE client = $1",
                    "DELETE FROM client_sessions WHERE client = $1",
                    "DELETE FROM back_channel WHERE client = $1 AND state = 'pending'",
                ] {
                    connection.change(delete, values![id]).await?;
                }
                note(connection, Change::Client(id)).await?;
                Ok(true)
            })
        }))
    }

    fn environment_choice(&self) -> StoreFuture<'_, Option<EnvironmentChoice>> {
        Box::pin(self.engine.read((), |connection, ()| {
            Box::pin(async move {
                let select = "SELECT configured, chosen FROM environment_choice";
                let read = |row: &tokio_postgres::Row| {
                    Ok(EnvironmentChoice { configured: column(row, 0)?, chosen: column(row, 1)? })
                };
                connection.first(select, &[], read).await
            })
        }))
    }

    fn choose_environment<'a>(
        &'a self,
        choice: &'a EnvironmentChoice,
        entry: &'a Entry,
    ) -> StoreFuture<'a, ()> {
        let needs = (choice.clone(), Arc::clone(&self.vault), entry.clone());
        Box::pin(self.engine.write(needs, |connection, (choice, vault, entry)| {
            Box::pin(async move {
                let write = "INSERT INTO environment_choice (only_one, configured, chosen) VALUES (1, $1, $2)
                   ON CONFLICT (only_one) DO UPDATE SET configured = excluded.configured, chosen = excluded.chosen";
                connection.change(write, values![choice.configured, choice.chosen]).await?;
                note(connection, Change::Environment).await?;
                insert_entry(connection, vault, entry).await.map(drop)
            })
        }))
    }
}

/// Until the transaction ends, nobody else adds an audit entry. Who decides by what administrators have changed does this first.
pub(super) async fn hold_audit_log(connection: &QueryConnection<'_>) -> QueryResult<()> {
    connection.change("SELECT FROM audit_counter FOR UPDATE", &[]).await.map(drop)
}

/// Adds an audit entry, within the transaction of what it tells about. Its number is known only there, so it is sealed there.
///
/// The log itself counts too: its rows may have been copied here from another store.
pub(super) async fn insert_entry(
    connection: &QueryConnection<'_>,
    vault: &Vault,
    entry: &Entry,
) -> QueryResult<i64> {
    hold_audit_log(connection).await?;
    let count = "UPDATE audit_counter SET number =
                   greatest(number, coalesce((SELECT max(number) FROM audit_log), 0)) + 1 RETURNING number";
    let number: Option<i64> = connection.first(count, &[], only).await?;
    let number = number.ok_or(StoreError::Damaged("count of the audit entries"))?;
    let sealed = vault.seal(entry, Bound::AuditEntry(number))?;
    connection
        .change("INSERT INTO audit_log (number, sealed) VALUES ($1, $2)", values![number, sealed])
        .await?;
    Ok(number)
}

/// Uses a link up, if it is good. Links are few, so old ones are simply kept, and it can be said why one does not open.
async fn use_link(connection: &QueryConnection<'_>, link: Once, now: Timestamp) -> QueryResult<Opening> {
    let select = "SELECT until, used FROM emergency_links WHERE link = $1 FOR UPDATE";
    let found: Option<(i64, i64)> =
        connection.first(select, values![&link.0[..]], |row| Ok((column(row, 0)?, column(row, 1)?))).await?;
    Ok(match found {
        None => Opening::Unknown,
        Some((until, 0)) if until <= to_column(now) => Opening::Expired,
        Some((_, 0)) => {
            let spend = "UPDATE emergency_links SET used = 1 WHERE link = $1";
            connection.change(spend, values![&link.0[..]]).await?;
            Opening::Opened
        }
        Some(_) => Opening::Used,
    })
}

/// The state of a client that is there now. Nobody else changes it until the transaction ends.
async fn revision_of(connection: &QueryConnection<'_>, id: &str) -> QueryResult<Option<u64>> {
    hold_audit_log(connection).await?;
    let select = "SELECT revision FROM openid_clients WHERE id = $1";
    let found: Option<i64> = connection.first(select, values![id], only).await?;
    Ok(found.map(i64::unsigned_abs))
}
