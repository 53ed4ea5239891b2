//! The store, opened, and what it says about how to start.

use std::sync::Arc;

use crate::adapters::store::choices::Choices;
use crate::adapters::store::lock::GatewayLock;
use crate::adapters::store::{SqliteStore, StoreError};
use crate::config::Settings;
use crate::flows::administer::environment::is_switched;

/// Opens the store off the runtime's own threads, and gives the settings back. No other gateway may run on it while the lock
/// is held: a logout at one would leave the session alive in the other's memory.
pub(super) async fn open_store(
    settings: Settings,
) -> Result<(Settings, Arc<SqliteStore>, GatewayLock), StoreError> {
    let opening = tokio::task::spawn_blocking(move || {
        // The lock first: opening may bring the tables to this release under a gateway of an older one.
        let lock = GatewayLock::take(&settings.store.path)?;
        let store = SqliteStore::open(&settings.store.path, &settings.store.secret_key)?;
        Ok((settings, Arc::new(store), lock))
    });
    opening.await.unwrap_or_else(|_| Err(StoreError::Unavailable("opening it was cut short".to_owned())))
}

/// Puts the environment first that an administrator chose, if one was chosen in place of what the configuration still says.
pub(super) async fn with_chosen_environment(
    mut settings: Settings,
    choices: &dyn Choices,
) -> Result<Settings, StoreError> {
    if let (Some(_), Some(standby)) = (&settings.admin, &mut settings.ams.standby)
        && is_switched(choices, settings.ams.live.name(), standby.name()).await?
    {
        std::mem::swap(&mut settings.ams.live, standby);
    }
    Ok(settings)
}
