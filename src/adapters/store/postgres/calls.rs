//! The ledger of calls to the AMS in PostgreSQL: one row, locked while a step is taken.

use super::PostgresStore;
use super::statement::{QueryConnection, QueryResult, only, values};
use crate::adapters::store::calls::{Calls, LedgerAnswer};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::domain::budget::{Ledger, LedgerStep};
use crate::domain::time::Timestamp;

impl Calls for PostgresStore {
    fn step_ledger(&self, now: Timestamp, step: LedgerStep) -> StoreFuture<'_, LedgerAnswer> {
        Box::pin(
            self.engine.write((now, step), |connection, (now, step)| Box::pin(take(connection, *now, *step))),
        )
    }
}

async fn take(
    connection: &QueryConnection<'_>,
    now: Timestamp,
    step: LedgerStep,
) -> QueryResult<LedgerAnswer> {
    let select = "SELECT ledger FROM call_ledger FOR UPDATE";
    let text: Option<String> = connection.first(select, &[], only).await?;
    let ledger = text.map(|text| serde_json::from_str::<Ledger>(&text)).transpose();
    let mut ledger = ledger.map_err(|_| StoreError::Damaged("ledger of calls"))?.unwrap_or_default();
    let taken = ledger.take(now, step);
    if taken {
        let text = serde_json::to_string(&ledger)
            .map_err(|error| StoreError::Unavailable(format!("the ledger cannot be written: {error}")))?;
        connection.change("UPDATE call_ledger SET ledger = $1", values![text]).await?;
    }
    Ok(LedgerAnswer { taken, ledger, at: now })
}
