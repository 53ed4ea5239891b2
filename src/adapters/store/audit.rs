//! The audit log at rest: sealed entries that can be added and read, and neither changed nor removed.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::sealed::Vault;
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::domain::audit::{Entry, Kept};

/// The audit log.
pub trait AuditLog: Send + Sync + 'static {
    /// Adds an entry.
    fn append<'a>(&'a self, entry: &'a Entry) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The newest entries with a number below `before`, newest first, at most `count`.
    fn entries(&self, before: u64, count: u16) -> BoxFuture<'_, Result<Vec<Kept>, StoreError>>;
}

impl AuditLog for SqliteStore {
    fn append<'a>(&'a self, entry: &'a Entry) -> BoxFuture<'a, Result<(), StoreError>> {
        let (vault, entry) = (Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| insert_entry(connection, &vault, &entry)))
    }

    fn entries(&self, before: u64, count: u16) -> BoxFuture<'_, Result<Vec<Kept>, StoreError>> {
        Box::pin(async move {
            let before = i64::try_from(before).unwrap_or(i64::MAX);
            let rows = self.reader.run(move |connection| select_entries(connection, before, count)).await?;
            let open = |(number, sealed): (i64, Vec<u8>)| {
                let entry = self.vault.open_value(&sealed, &entry_context(number), "audit entry")?;
                Ok(Kept { number: u64::try_from(number).unwrap_or_default(), entry })
            };
            rows.into_iter().map(open).collect()
        })
    }
}

/// Adds an entry, within the transaction of what it tells about. Its number is known only there, so it is sealed there.
pub(super) fn insert_entry(connection: &Connection, vault: &Vault, entry: &Entry) -> Result<(), StoreError> {
    let number: i64 = connection
        .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM audit_log")?
        .query_row([], |row| row.get(0))?;
    let sealed = vault.seal_value(entry, &entry_context(number))?;
    connection
        .prepare_cached("INSERT INTO audit_log (number, sealed) VALUES (?1, ?2)")?
        .execute(params![number, sealed])?;
    Ok(())
}

fn select_entries(
    connection: &Connection,
    before: i64,
    count: u16,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT number, sealed FROM audit_log WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![before, count], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry_context(number: i64) -> Vec<u8> {
    context(&[b"audit entry", &number.to_be_bytes()])
}
