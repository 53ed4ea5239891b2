//! Sealing again, in the background, what was sealed before another secret key was put first (`store.secret_keys`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::SharedClock;
use crate::adapters::store::resealing::PassPlace;
use crate::adapters::store::{Store, StoreError};
use crate::domain::time::Timestamp;

/// The rest between two batches, so that visitors do not notice.
const REST: Duration = Duration::from_millis(20);

/// After an error of the store.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// How long older keys are kept once nothing in the store needs them, for what they sealed in cookies: longer than any of these lives.
const KEYS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How often it is looked whether they can go.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// How much is left.
#[derive(Debug, Default)]
pub struct ResealProgress(AtomicU64);

impl ResealProgress {
    /// Values that are still sealed with an older key.
    pub fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, left: u64) {
        self.0.store(left, Ordering::Relaxed);
    }

    fn less(&self, sealed: u64) {
        self.set(self.left().saturating_sub(sealed));
    }
}

/// Seals everything again, then forgets the older keys. Returns when there are none, or at `stop`; a restart goes on where it was.
pub async fn run(
    store: Arc<dyn Store>,
    progress: Arc<ResealProgress>,
    clock: SharedClock,
    stop: CancellationToken,
) {
    let Some(renewed) = store.data_keys().renewed() else { return };
    let work = async {
        while let Err(error) = seal_all(&*store, &progress).await {
            tracing::error!(%error, "What is stored could not be sealed again; it is tried later");
            tokio::time::sleep(TRY_AGAIN).await;
        }
        let renewed = Timestamp::from_nanosecond(renewed.into()).unwrap_or(Timestamp::MIN);
        loop {
            // What does not open stays as it is, and its key with it.
            let is_time = clock.now().duration_since(renewed) > KEYS_ARE_KEPT;
            if is_time && store.forget_older_keys().await == Ok(true) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    // Between two batches nothing is half done.
    stop.run_until_cancelled(work).await;
}

async fn seal_all(store: &dyn Store, progress: &ResealProgress) -> Result<(), StoreError> {
    let left = store.sealed_with_older().await?;
    progress.set(left);
    if left > 0 {
        tracing::info!(left, "What is stored is sealed again for the first secret key");
    }
    let (mut place, mut damaged) = (PassPlace::default(), 0);
    loop {
        let batch = store.seal_batch(place).await?;
        progress.less(batch.sealed);
        damaged += batch.damaged;
        match batch.next {
            Some(next) => place = next,
            None => break,
        }
        if batch.sealed > 0 {
            tokio::time::sleep(REST).await;
        }
    }
    progress.set(damaged);
    if damaged > 0 {
        tracing::error!(damaged, "Some of what is stored does not open and was left as it is");
    }
    tracing::info!(
        "Everything is sealed for the first secret key; those that it replaced can be taken out of store.secret_keys"
    );
    Ok(())
}
