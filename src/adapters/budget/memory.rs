//! A ledger of calls that nobody shares and no restart finds: for commands that make a few calls beside a gateway.

use std::sync::{Mutex, PoisonError};

use crate::adapters::store::StoreFuture;
use crate::adapters::store::calls::{Calls, LedgerAnswer};
use crate::domain::budget::{Ledger, LedgerStep};
use crate::domain::time::Timestamp;

/// A ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Ledger>);

impl Calls for MemoryLedger {
    fn step_ledger(&self, now: Timestamp, step: LedgerStep) -> StoreFuture<'_, LedgerAnswer> {
        Box::pin(async move {
            let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = ledger.take(now, step);
            Ok(LedgerAnswer { taken, ledger: ledger.clone(), at: now })
        })
    }
}
