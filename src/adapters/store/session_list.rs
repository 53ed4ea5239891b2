//! The list of live sessions, as administrators see it.

use rusqlite::params;

use super::sealed::{SessionRow, to_column};
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::record::IndividualId;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

/// Which sessions of one environment.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of this person only.
    pub of: Option<IndividualId>,
    /// Beyond this one: the last of the page before.
    pub after: Option<(Timestamp, SessionKey)>,
}

/// The sessions that we hold. Those that are over by age may still be among them.
pub trait SessionList: Send + Sync + 'static {
    /// At most `limit` sessions, latest first.
    fn list<'a>(
        &'a self,
        environment: &'a str,
        which: &'a Which,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Session>, StoreError>>;
}

impl SessionList for SqliteStore {
    fn list<'a>(
        &'a self,
        environment: &'a str,
        which: &'a Which,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Session>, StoreError>> {
        Box::pin(async move {
            let person = which.of.as_ref().map(|id| self.vault.person(environment, id));
            // The first page begins after a place that no session can have.
            let (created, key) =
                which.after.map_or((i64::MAX, [0xff; 32]), |(created, key)| (to_column(created), key.0));
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT key, environment, person, host, created, last_seen, sealed FROM sessions
                     WHERE environment = ?1 AND (?2 IS NULL OR person = ?2) AND (created, key) < (?3, ?4)
                     ORDER BY created DESC, key DESC LIMIT ?5",
                )?;
                let rows = select.query_map(params![of, person, created, key, limit], |row| {
                    Ok(SessionRow {
                        key: SessionKey(row.get(0)?),
                        environment: row.get(1)?,
                        person: row.get(2)?,
                        host: row.get(3)?,
                        created: row.get(4)?,
                        last_seen: row.get(5)?,
                        sealed: row.get(6)?,
                    })
                })?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            });
            rows.await?.into_iter().map(|row| self.vault.open_session(row)).collect()
        })
    }
}
