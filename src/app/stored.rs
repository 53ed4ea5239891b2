//! The store, opened, and what it says about how to start.

use std::sync::Arc;

use super::error::StartError;
use crate::adapters::clock::{SharedClock, SystemClock, WatchedClock};
use crate::adapters::store::administration::Administration;
use crate::adapters::store::postgres::PostgresStore;
use crate::adapters::store::postgres::lease::GatewayLease;
use crate::adapters::store::sqlite::SqliteStore;
use crate::adapters::store::sqlite::lock::GatewayLock;
use crate::adapters::store::{Store, StoreError};
use crate::config::Settings;
use crate::config::settings::{self, StorePlace};
use crate::flows::administer::status::environment::is_switched;
use crate::flows::keyring::Keyring;
use crate::flows::resealing::ResealProgress;

/// Opens the store that the settings name; makes it if there is none. Blocks.
pub(crate) fn open_store(store: &settings::StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match &store.place {
        StorePlace::File(path) => Arc::new(SqliteStore::open(path, &store.secret_keys)?),
        StorePlace::Server(server) => Arc::new(PostgresStore::open(server, &store.secret_keys)?),
    })
}

/// As [`open_store`], but makes none. `None`: no gateway has run on it yet.
pub(crate) fn open_existing_store(
    store: &settings::StoreSettings,
) -> Result<Option<Arc<dyn Store>>, StoreError> {
    match &store.place {
        StorePlace::File(path) if !path.exists() => Ok(None),
        StorePlace::File(_) => open_store(store).map(Some),
        StorePlace::Server(server) => {
            let store = PostgresStore::open_existing(server, &store.secret_keys)?;
            Ok(store.map(|store| Arc::new(store) as Arc<dyn Store>))
        }
    }
}

/// The right to run a gateway on a store: while it is held, no other gateway runs there. A logout at one would leave the session alive
/// in the other's memory.
#[derive(Debug)]
pub(super) enum Hold {
    /// Ends with the process.
    File(#[expect(dead_code, reason = "it is held, not read")] GatewayLock),
    /// Ends when it is not renewed.
    Server(GatewayLease),
}

impl Hold {
    /// Waits until another gateway has taken over. While the process lives, a file stays its own.
    pub(super) async fn lost(&self) {
        match self {
            Hold::File(_) => std::future::pending().await,
            Hold::Server(lease) => lease.lost().await,
        }
    }
}

/// Opens the store as the gateway on it. `clock`: `None` where it is the store's.
fn open_for_gateway(
    store: &settings::StoreSettings,
    clock: Option<SharedClock>,
) -> Result<(Arc<dyn Store>, Hold, SharedClock), StoreError> {
    match &store.place {
        StorePlace::File(path) => {
            // The lock first: the secret keys are those of the gateway that runs.
            let lock = GatewayLock::take(path)?;
            let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
            let store = SqliteStore::open_for_gateway(path, &store.secret_keys, clock.now())?;
            Ok((Arc::new(store), Hold::File(lock), clock))
        }
        StorePlace::Server(server) => {
            let (store, lease, servers) = PostgresStore::open_for_gateway(server, &store.secret_keys)?;
            Ok((Arc::new(store), Hold::Server(lease), clock.unwrap_or(servers)))
        }
    }
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
    /// Opens the store off the runtime's own threads. `clock`: `None` where gateways go by the clock of their store.
    pub(super) async fn open(
        settings: Settings,
        clock: Option<SharedClock>,
    ) -> Result<(Opened, Hold), StartError> {
        let configured = settings.ams.live.environment();
        let opening = tokio::task::spawn_blocking(move || {
            let opened = open_for_gateway(&settings.store, clock)?;
            Ok::<_, StoreError>((settings, opened))
        });
        let cut_short = |_| StoreError::Unavailable("opening it was cut short".to_owned());
        let (settings, (store, hold, clock)) = opening.await.map_err(cut_short)??;
        let clock: SharedClock = Arc::new(WatchedClock::new(clock));
        let keyring = Arc::new(Keyring::ensure(store.clone(), Arc::clone(&clock)).await?);
        let settings = with_chosen_environment(settings, &*store).await?;
        Ok((Opened { settings, configured, store, keyring, resealing: Arc::default(), clock }, hold))
    }
}

/// Puts the environment first that an administrator chose, if one was chosen in place of what the configuration still says.
pub(crate) async fn with_chosen_environment(
    mut settings: Settings,
    store: &dyn Administration,
) -> Result<Settings, StoreError> {
    if let (Some(_), Some(standby)) = (&settings.admin, &mut settings.ams.standby)
        && is_switched(store, &settings.ams.live.environment(), standby.name()).await?
    {
        std::mem::swap(&mut settings.ams.live, standby);
    }
    Ok(settings)
}
