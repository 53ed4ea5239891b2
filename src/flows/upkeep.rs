//! What has to be done now and then: writing down which sessions were used, and forgetting what is over.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::role_lists::Lists;
use super::visit::Visits;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::{Purge, Store, StoreError};
use crate::domain::time::Timestamp;

/// How often the latest requests are written down. A crash forgets at most this much of a session's idle time.
const WRITE_DOWN: Duration = Duration::from_secs(15);

/// Every so many times, what is over is forgotten.
const SWEEP_EVERY: u32 = 20;

/// Keeps the store in step with memory until `stop`, and once more then.
///
/// Records that no session rests on are kept as long as they may be believed, or for `keep_records` if that is longer.
pub async fn run(
    visits: Arc<Visits>,
    store: Arc<dyn Store>,
    lists: Arc<Lists>,
    clock: SharedClock,
    keep_records: SignedDuration,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(WRITE_DOWN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut written_to = clock.now();
    let mut rounds = 0u32;
    loop {
        let stopping = stop.run_until_cancelled(ticks.tick()).await.is_none();
        let now = clock.now();
        match write_down(&visits, &*store, written_to).await {
            Ok(()) => written_to = now,
            Err(error) => {
                tracing::error!(%error, "The latest requests of sessions could not be written down")
            }
        }
        if let Err(error) = visits.end_what_is_left().await {
            tracing::error!(%error, "Sessions that have ended could not be removed from the store");
        }
        if stopping {
            return;
        }
        if rounds.is_multiple_of(SWEEP_EVERY) {
            if let Err(error) = store.purge(&over(&visits, keep_records, now)).await {
                tracing::error!(%error, "What is over could not be removed from the store");
            }
            if let Err(error) = lists.keep().await {
                tracing::error!(%error, "The list of managed roles could not be kept");
            }
        }
        rounds = rounds.wrapping_add(1);
    }
}

async fn write_down(visits: &Visits, store: &dyn Store, since: Timestamp) -> Result<(), StoreError> {
    let seen = visits.seen_since(since);
    if seen.is_empty() { Ok(()) } else { store.touch(&seen).await }
}

fn over(visits: &Visits, keep_records: SignedDuration, now: Timestamp) -> Purge {
    let limits = visits.limits();
    let before = |age| visits.jumps().back(now, age);
    Purge {
        now,
        created_before: before(limits.absolute),
        seen_before: before(limits.idle),
        records_before: before(limits.stale_limit.max(keep_records)),
    }
}
