//! What administrators do, in SQLite: the audit log, emergency access, OpenID clients, the environment.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::store::administration::{Administration, EnvironmentChoice, Opening, Registered};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::sealed::{Bound, ClientBody, Vault, from_column, to_column};
use crate::adapters::store::sessions::Once;
use crate::domain::audit::{Entry, Kept};
use crate::domain::client::{Client, ClientId};
use crate::domain::mapping::Edit;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

impl Administration for SqliteStore {
    fn append<'a>(&'a self, entry: &'a Entry) -> StoreFuture<'a, ()> {
        self.write_with(entry, |_| Ok(()))
    }

    fn entries(&self, before: u64, count: u16) -> StoreFuture<'_, Vec<Kept>> {
        Box::pin(async move {
            let before = i64::try_from(before).unwrap_or(i64::MAX);
            let rows = self.reader.run(move |connection| {
                all(
                    connection,
                    "SELECT number, sealed FROM audit_log WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
                    params![before, count],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
            });
            let open = |(number, sealed): (i64, Vec<u8>)| {
                let entry = self.vault.open(&sealed, Bound::AuditEntry(number))?;
                Ok(Kept { number: u64::try_from(number).unwrap_or_default(), entry })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }

    fn put_link<'a>(&'a self, link: &'a Once, until: Timestamp, entry: &'a Entry) -> StoreFuture<'a, ()> {
        let (link, until) = (link.0, to_column(until));
        self.write_with(entry, move |connection| {
            change(
                connection,
                "INSERT INTO emergency_links (link, until) VALUES (?1, ?2)",
                params![link, until],
            )
            .map(drop)
        })
    }

    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> StoreFuture<'a, Opening> {
        let (link, session, vault, entry) = (*link, *session, Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            let opening = use_link(connection, link, entry.at)?;
            if opening == Opening::Opened {
                let now = to_column(entry.at);
                change(connection, "DELETE FROM emergency_sessions WHERE until <= ?1", [now])?;
                let insert = "INSERT INTO emergency_sessions (key, until) VALUES (?1, ?2)";
                change(connection, insert, params![session.0, to_column(until)])?;
                insert_entry(connection, &vault, &entry)?;
            }
            Ok(opening)
        }))
    }

    fn emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, Option<Timestamp>> {
        let session = *session;
        Box::pin(self.reader.run(move |connection| {
            let select = "SELECT until FROM emergency_sessions WHERE key = ?1";
            Ok(first(connection, select, [session.0], column)?.map(from_column))
        }))
    }

    fn end_emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, bool> {
        let session = *session;
        Box::pin(self.writer.run(move |connection| {
            Ok(change(connection, "DELETE FROM emergency_sessions WHERE key = ?1", [session.0])? > 0)
        }))
    }

    fn clients(&self) -> StoreFuture<'_, Vec<Registered>> {
        Box::pin(async move {
            let rows = self.reader.run(|connection| {
                let select = "SELECT id, revision, sealed FROM openid_clients ORDER BY id";
                all(connection, select, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
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
        let (vault, entry) = (Arc::clone(&self.vault), entry.clone());
        let last = Edit { by: entry.actor.clone(), at: entry.at };
        let inside = ClientBody { client: client.clone(), last };
        Box::pin(self.writer.run(move |connection| {
            let id = inside.client.id.as_str();
            if revision_of(connection, id)? != seen {
                return Ok(false);
            }
            // The entry's number never comes again, so it is a good revision of what the entry tells about.
            let revision = insert_entry(connection, &vault, &entry)?;
            let sealed = vault.seal(&inside, Bound::Client { id, revision })?;
            let write = "INSERT OR REPLACE INTO openid_clients (id, revision, sealed) VALUES (?1, ?2, ?3)";
            change(connection, write, params![id, revision, sealed])?;
            Ok(true)
        }))
    }

    fn remove_client<'a>(&'a self, seen: u64, id: &'a ClientId, entry: &'a Entry) -> StoreFuture<'a, bool> {
        let (vault, id, entry) = (Arc::clone(&self.vault), id.clone(), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            let id = id.as_str();
            if revision_of(connection, id)? != Some(seen) {
                return Ok(false);
            }
            insert_entry(connection, &vault, &entry)?;
            for delete in [
                "DELETE FROM openid_clients WHERE id = ?1",
                "DELETE FROM grants WHERE client = ?1",
                "DELETE FROM client_sessions WHERE client = ?1",
                "DELETE FROM back_channel WHERE client = ?1 AND state = 'pending'",
            ] {
                change(connection, delete, [id])?;
            }
            Ok(true)
        }))
    }

    fn environment_choice(&self) -> StoreFuture<'_, Option<EnvironmentChoice>> {
        Box::pin(self.reader.run(|connection| {
            first(connection, "SELECT configured, chosen FROM environment_choice", [], |row| {
                Ok(EnvironmentChoice { configured: row.get(0)?, chosen: row.get(1)? })
            })
        }))
    }

    fn choose_environment<'a>(
        &'a self,
        choice: &'a EnvironmentChoice,
        entry: &'a Entry,
    ) -> StoreFuture<'a, ()> {
        let EnvironmentChoice { configured, chosen } = choice.clone();
        self.write_with(entry, move |connection| {
            let write =
                "INSERT OR REPLACE INTO environment_choice (only_one, configured, chosen) VALUES (1, ?1, ?2)";
            change(connection, write, [configured, chosen]).map(drop)
        })
    }
}

impl SqliteStore {
    /// Writes something together with its audit entry.
    fn write_with<'a>(
        &'a self,
        entry: &Entry,
        write: impl FnOnce(&Connection) -> SqlResult<()> + Send + 'static,
    ) -> StoreFuture<'a, ()> {
        let (vault, entry) = (Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            write(connection)?;
            insert_entry(connection, &vault, &entry).map(drop)
        }))
    }
}

/// Adds an audit entry, within the transaction of what it tells about. Its number is known only there, so it is sealed there.
pub(super) fn insert_entry(connection: &Connection, vault: &Vault, entry: &Entry) -> SqlResult<i64> {
    let last: Option<i64> = first(connection, "SELECT coalesce(max(number), 0) FROM audit_log", [], column)?;
    let number = last.unwrap_or_default() + 1;
    let sealed = vault.seal(entry, Bound::AuditEntry(number))?;
    change(connection, "INSERT INTO audit_log (number, sealed) VALUES (?1, ?2)", params![number, sealed])?;
    Ok(number)
}

/// Uses a link up, if it is good. Links are few, so old ones are simply kept, and it can be said why one does not open.
fn use_link(connection: &Connection, link: Once, now: Timestamp) -> SqlResult<Opening> {
    let found: Option<(i64, bool)> =
        first(connection, "SELECT until, used FROM emergency_links WHERE link = ?1", [link.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(match found {
        None => Opening::Unknown,
        Some((_, true)) => Opening::Used,
        Some((until, false)) if until <= to_column(now) => Opening::Expired,
        Some(_) => {
            change(connection, "UPDATE emergency_links SET used = 1 WHERE link = ?1", [link.0])?;
            Opening::Opened
        }
    })
}

fn revision_of(connection: &Connection, id: &str) -> SqlResult<Option<u64>> {
    let found = first(connection, "SELECT revision FROM openid_clients WHERE id = ?1", [id], column)?;
    Ok(found.map(i64::unsigned_abs))
}
