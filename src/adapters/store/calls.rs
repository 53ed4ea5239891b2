//! The port for the budget of calls to the AMS: one ledger for the whole installation.

use super::error::StoreFuture;
use crate::domain::budget::{Ledger, LedgerStep};
use crate::domain::time::Timestamp;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAnswer {
    /// The step was taken: the call may start now.
    pub taken: bool,
    /// The ledger after it.
    pub ledger: Ledger,
    /// The instant of the step by the store's own clock.
    pub at: Timestamp,
}

/// The ledger of calls, shared by every gateway on this store, and kept over a restart.
pub trait Calls: Send + Sync + 'static {
    /// Takes a step, or leaves the ledger as it is if the step may not be taken: one conditional write.
    fn step_ledger(&self, now: Timestamp, step: LedgerStep) -> StoreFuture<'_, LedgerAnswer>;
}
