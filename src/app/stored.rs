//! The store, opened, and what it says about how to start.

use std::sync::Arc;

use crate::adapters::store::choices::Choices;
use crate::adapters::store::{SqliteStore, StoreError};
use crate::config::Settings;
use crate::flows::administer::environment::is_switched;

/// Opens the store off the runtime's own threads, and gives the settings back.
pub(super) async fn open_store(settings: Settings) -> Result<(Settings, Arc<SqliteStore>), StoreError> {
    let opening = tokio::task::spawn_blocking(move || {
        let opened = SqliteStore::open(&settings.store.path, &settings.store.secret_key);
        (settings, opened)
    });
    match opening.await {
        Ok((settings, opened)) => Ok((settings, Arc::new(opened?))),
        Err(_) => Err(StoreError::Unavailable("opening it was cut short".to_owned())),
    }
}

/// Puts the environment first that an administrator chose, if one was chosen in place of what the configuration still says.
pub(super) async fn with_chosen_environment(
    mut settings: Settings,
    choices: &dyn Choices,
) -> Result<Settings, StoreError> {
    if let (Some(_), Some(standby)) = (&settings.admin, &mut settings.ams.standby)
        && is_switched(choices, &settings.ams.live.name, &standby.name).await?
    {
        std::mem::swap(&mut settings.ams.live, standby);
    }
    Ok(settings)
}
