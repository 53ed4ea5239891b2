//! Looking whether the store is still where it was opened, so that a deleted or replaced file is told of before anybody misses it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::adapters::store::{Store, StoreError};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);

/// Every so many times, what is still wrong is told again: once a minute.
const TELL_EVERY: u32 = 12;

/// Looks until `stop`, and logs what became of the file.
pub async fn run(store: Arc<dyn Store>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // How often in a row it was found wrong.
    let mut wrong = 0_u32;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match store.in_place().await {
            Err(StoreError::File(fault)) => {
                if wrong.is_multiple_of(TELL_EVERY) {
                    let remedy = fault.remedy();
                    tracing::error!(%fault, remedy, "The file of the store is not in its place; nothing more is saved");
                }
                wrong = wrong.wrapping_add(1);
            }
            // Whoever needs the store tells of other errors.
            Ok(()) | Err(_) => {
                if wrong > 0 {
                    tracing::info!("The file of the store is in its place again");
                }
                wrong = 0;
            }
        }
    }
}
