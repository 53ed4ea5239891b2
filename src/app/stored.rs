//! The store, opened, and what it says about how to start.

use std::sync::Arc;

use super::error::StartError;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::administration::Administration;
use crate::adapters::store::sqlite::SqliteStore;
use crate::adapters::store::sqlite::lock::GatewayLock;
use crate::adapters::store::{Store, StoreError};
use crate::config::{Settings, settings};
use crate::flows::administer::status::environment::is_switched;
use crate::flows::keyring::Keyring;
use crate::flows::resealing::ResealProgress;

/// Opens the store that the settings name; makes it if there is none. Blocks.
pub(crate) fn open_store(store: &settings::StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open(&store.path, &store.secret_keys)?))
}

/// As [`open_store`], as the gateway on it.
fn open_store_for_gateway(
    store: &settings::StoreSettings,
    clock: &SharedClock,
) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open_for_gateway(&store.path, &store.secret_keys, clock.now())?))
}

/// As [`open_store`], but makes none. `None`: no gateway has run on it yet.
pub(crate) fn open_existing_store(
    store: &settings::StoreSettings,
) -> Result<Option<Arc<dyn Store>>, StoreError> {
    if store.path.exists() { open_store(store).map(Some) } else { Ok(None) }
}

/// An open store, what it says about how to start, and the keys that it keeps.
pub(super) struct Opened {
    /// With the AMS environment that an administrator chose as the live one.
    pub(super) settings: Settings,
    /// The environment that the configuration says is live.
    pub(super) configured: String,
    pub(super) store: Arc<dyn Store>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) resealing: Arc<ResealProgress>,
    pub(super) clock: SharedClock,
}

impl Opened {
    /// Opens the store off the runtime's own threads. No other gateway may run on it while the lock is held: a logout at one
    /// would leave the session alive in the other's memory.
    pub(super) async fn open(
        settings: Settings,
        clock: SharedClock,
    ) -> Result<(Opened, GatewayLock), StartError> {
        let configured = settings.ams.live.name().to_owned();
        let now_from = Arc::clone(&clock);
        let opening = tokio::task::spawn_blocking(move || {
            // The lock first: the secret keys are those of the gateway that runs.
            let lock = GatewayLock::take(&settings.store.path)?;
            let store = open_store_for_gateway(&settings.store, &now_from)?;
            Ok::<_, StoreError>((settings, store, lock))
        });
        let cut_short = |_| StoreError::Unavailable("opening it was cut short".to_owned());
        let (settings, store, lock) = opening.await.map_err(cut_short)??;
        let keyring = Arc::new(Keyring::ensure(store.clone(), Arc::clone(&clock)).await?);
        let settings = with_chosen_environment(settings, &*store).await?;
        Ok((Opened { settings, configured, store, keyring, resealing: Arc::default(), clock }, lock))
    }
}

/// Puts the environment first that an administrator chose, if one was chosen in place of what the configuration still says.
async fn with_chosen_environment(
    mut settings: Settings,
    store: &dyn Administration,
) -> Result<Settings, StoreError> {
    if let (Some(_), Some(standby)) = (&settings.admin, &mut settings.ams.standby)
        && is_switched(store, settings.ams.live.name(), standby.name()).await?
    {
        std::mem::swap(&mut settings.ams.live, standby);
    }
    Ok(settings)
}
