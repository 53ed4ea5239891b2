//! Emergency access at rest: links and the sessions that they open, found by digest alone.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::audit::insert_entry;
use super::sealed::{from_column, to_column};
use super::{Once, SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::audit::Entry;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// What opening a link came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The session is kept; the link is worth nothing any more.
    Opened,
    /// The link was opened before.
    Used,
    /// The link is too old.
    Expired,
    /// There is no such link.
    Unknown,
}

/// Links for operators, and the administration sessions that rest on them.
pub trait EmergencyDoor: Send + Sync + 'static {
    /// Keeps a link until `until`, together with the audit entry.
    fn put_link<'a>(
        &'a self,
        link: &'a Once,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Turns a link into a session that lasts until `until`, together with the audit entry: all or nothing.
    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<Opening, StoreError>>;

    /// Until when a session lasts. `None`: unknown or ended.
    fn emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<Option<Timestamp>, StoreError>>;

    /// Ends a session. `true`: there was one.
    fn end_emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

impl EmergencyDoor for SqliteStore {
    fn put_link<'a>(
        &'a self,
        link: &'a Once,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (link, vault, entry) = (*link, Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            connection.execute(
                "INSERT INTO emergency_links (link, until) VALUES (?1, ?2)",
                params![link.0, to_column(until)],
            )?;
            insert_entry(connection, &vault, &entry)
        }))
    }

    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<Opening, StoreError>> {
        let (link, session, vault, entry) = (*link, *session, Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            let opening = use_link(connection, link, entry.at)?;
            if opening == Opening::Opened {
                let now = to_column(entry.at);
                connection.execute("DELETE FROM emergency_sessions WHERE until <= ?1", [now])?;
                connection.execute(
                    "INSERT INTO emergency_sessions (key, until) VALUES (?1, ?2)",
                    params![session.0, to_column(until)],
                )?;
                insert_entry(connection, &vault, &entry)?;
            }
            Ok(opening)
        }))
    }

    fn emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<Option<Timestamp>, StoreError>> {
        let session = *session;
        Box::pin(self.reader.run(move |connection| {
            let until: Option<i64> = connection
                .prepare_cached("SELECT until FROM emergency_sessions WHERE key = ?1")?
                .query_row([session.0], |row| row.get(0))
                .optional()?;
            Ok(until.map(from_column))
        }))
    }

    fn end_emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let session = *session;
        Box::pin(self.writer.run(move |connection| {
            let ended = connection.execute("DELETE FROM emergency_sessions WHERE key = ?1", [session.0])?;
            Ok(ended > 0)
        }))
    }
}

/// Uses a link up, if it is good. Links are few, so old ones are simply kept, and their fate can be told apart.
fn use_link(connection: &Connection, link: Once, now: Timestamp) -> Result<Opening, StoreError> {
    let found: Option<(i64, bool)> = connection
        .prepare_cached("SELECT until, used FROM emergency_links WHERE link = ?1")?
        .query_row([link.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Opening::Unknown,
        Some((_, true)) => Opening::Used,
        Some((until, false)) if until <= to_column(now) => Opening::Expired,
        Some(_) => {
            connection.execute("UPDATE emergency_links SET used = 1 WHERE link = ?1", [link.0])?;
            Opening::Opened
        }
    })
}
