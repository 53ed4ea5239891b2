//! Where stores are: the one of the settings, and those that a command names.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::adapters::store::StoreError;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::sqlite::filling::SqliteFilling;
use crate::adapters::store::sqlite::lock::GatewayLock;
use crate::adapters::store::sqlite::snapshot::SqliteSnapshot;
use crate::config::settings::StoreSettings;
use crate::domain::time::Timestamp;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// An SQLite file.
    File(PathBuf),
}

impl StoreLocation {
    /// The store of these settings.
    pub(crate) fn of(settings: &StoreSettings) -> StoreLocation {
        StoreLocation::File(settings.path.clone())
    }
}

impl FromStr for StoreLocation {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<StoreLocation, Self::Err> {
        Ok(StoreLocation::File(text.into()))
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreLocation::File(path) => path.display().fmt(f),
        }
    }
}

/// The rows of a store as they are at this moment, whoever writes meanwhile.
pub(crate) async fn read_store(location: &StoreLocation) -> Result<Box<dyn RawRows>, StoreError> {
    match location {
        StoreLocation::File(path) => {
            let path = path.clone();
            Ok(Box::new(blocking(move || SqliteSnapshot::take(&path)).await?))
        }
    }
}

/// An empty store, to be filled.
pub(crate) async fn fill_store(location: &StoreLocation) -> Result<Box<dyn Filling>, StoreError> {
    match location {
        StoreLocation::File(path) => {
            let path = path.clone();
            Ok(Box::new(blocking(move || SqliteFilling::begin(&path)).await?))
        }
    }
}

/// A store that takes the place of the one of the settings when it is filled, and where that one goes.
pub(crate) async fn replace_store(
    settings: &StoreSettings,
    now: Timestamp,
) -> Result<(Box<dyn Filling>, Option<PathBuf>), StoreError> {
    let path = settings.path.clone();
    let filling = blocking(move || SqliteFilling::replacing(&path, now)).await?;
    let aside = filling.aside().map(ToOwned::to_owned);
    Ok((Box::new(filling), aside))
}

/// Keeps every gateway off the store of the settings, as long as the lock is held.
pub(crate) fn lock_store(settings: &StoreSettings) -> Result<GatewayLock, StoreError> {
    GatewayLock::take(&settings.path)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let cut_short = |_| StoreError::Unavailable("opening it was cut short".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(cut_short)?
}
