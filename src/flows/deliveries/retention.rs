//! Erasing what is kept of subscribers that nobody plans for any longer, and of environments that they are no longer told of.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Deliverer;
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::{RowsOf, SubscriberChange};

/// It is looked this often.
const LOOK: Duration = Duration::from_secs(3600);

impl Deliverer {
    /// Erases until `stop`, now and then.
    pub(super) async fn erase_until(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.erase_unused().await {
                tracing::error!(%error, "What is kept of former subscribers could not be erased; it is tried again");
            }
            if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
        }
    }

    /// Erases what is kept for nothing.
    pub(super) async fn erase_unused(&self) -> Result<(), StoreError> {
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        for name in store.subscribers().await? {
            let state = store.subscriber(&name).await?;
            if !self.subscribers().any(|ours| *ours == name) && state.is_unused(now) {
                store.erase_subscriber(&name).await?;
                tracing::info!(subscriber = %name, "Nobody has planned for a subscriber for a month; what it was told is erased here");
                continue;
            }
            for environment in state.unused(now) {
                store.erase_deliveries(RowsOf { subscriber: &name, environment }).await?;
                let erased = SubscriberChange::Erased { environment: environment.to_owned() };
                store.change_subscriber(&name, erased).await?;
                tracing::info!(subscriber = %name, environment, "What a subscriber was told of a former environment is erased here");
            }
        }
        Ok(())
    }
}
