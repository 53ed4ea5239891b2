//! The ledger of calls to the AMS in SQLite: one row.

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::statement::{SqlResult, change, column, first};
use crate::adapters::store::calls::{Calls, LedgerAnswer};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::domain::budget::{Ledger, LedgerStep};
use crate::domain::time::Timestamp;

impl Calls for SqliteStore {
    fn step_ledger(&self, now: Timestamp, step: LedgerStep) -> StoreFuture<'_, LedgerAnswer> {
        // The writer is one thread, so nobody comes between reading and writing.
        Box::pin(self.writer.run(move |connection| {
            let mut ledger = read(connection)?;
            let taken = ledger.take(now, step);
            if taken {
                let text = serde_json::to_string(&ledger).map_err(|error| {
                    StoreError::Unavailable(format!("the ledger cannot be written: {error}"))
                })?;
                let write = "INSERT INTO call_ledger (one, ledger) VALUES (1, ?1)
                             ON CONFLICT (one) DO UPDATE SET ledger = excluded.ledger";
                change(connection, write, params![text])?;
            }
            Ok(LedgerAnswer { taken, ledger, at: now })
        }))
    }
}

fn read(connection: &Connection) -> SqlResult<Ledger> {
    let text = first(connection, "SELECT ledger FROM call_ledger", [], column::<String>)?;
    let ledger = text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(ledger.map_err(|_| StoreError::Damaged("ledger of calls"))?.unwrap_or_default())
}
