//! Where stores are: the one of the settings, and those that a command names.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::adapters::store::StoreError;
use crate::adapters::store::postgres::PostgresStore;
use crate::adapters::store::postgres::filling::PostgresFilling;
use crate::adapters::store::postgres::server::{Server, ServerFault};
use crate::adapters::store::postgres::snapshot::PostgresSnapshot;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::sqlite::SqliteStore;
use crate::adapters::store::sqlite::filling::SqliteFilling;
use crate::adapters::store::sqlite::lock::GatewayLock;
use crate::adapters::store::sqlite::snapshot::SqliteSnapshot;
use crate::adapters::upstream::Trust;
use crate::config::settings::{StorePlace, StoreSettings};
use crate::domain::time::Timestamp;

/// What a command names: a file, or the URL of a database. A server on another machine is reached over TLS, by the authorities of
/// this one.
///
/// # Errors
/// [`ServerFault`] says what is wrong with the URL.
pub(crate) fn named_store(text: &str, password: Option<SecretString>) -> Result<StorePlace, ServerFault> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Ok(StorePlace::File(text.into()));
    }
    let mut server = Server::parse(text)?;
    if !server.is_local() {
        server = server.with_tls(Trust::Platform);
    }
    if let Some(password) = password {
        server = server.with_password(&password);
    }
    Ok(StorePlace::Server(Box::new(server)))
}

/// The rows of a store as they are at this moment, whoever writes meanwhile.
pub(crate) async fn read_store(location: &StorePlace) -> Result<Box<dyn RawRows>, StoreError> {
    match location {
        StorePlace::File(path) => {
            let path = path.clone();
            Ok(Box::new(blocking(move || SqliteSnapshot::take(&path)).await?))
        }
        StorePlace::Server(server) => Ok(Box::new(PostgresSnapshot::take(server).await?)),
    }
}

/// An empty store, to be filled.
pub(crate) async fn fill_store(location: &StorePlace) -> Result<Box<dyn Filling>, StoreError> {
    match location {
        StorePlace::File(path) => {
            let path = path.clone();
            Ok(Box::new(blocking(move || SqliteFilling::begin(&path)).await?))
        }
        StorePlace::Server(server) => Ok(Box::new(PostgresFilling::begin(server).await?)),
    }
}

/// A store that takes the place of the one here when it is filled, and where that one goes. A database that is not empty is replaced only
/// if that is asked for, since nothing is left of it.
pub(crate) async fn replace_store(
    location: &StorePlace,
    replaces: bool,
    now: Timestamp,
) -> Result<(Box<dyn Filling>, Option<PathBuf>), StoreError> {
    match location {
        StorePlace::File(path) => {
            let path = path.clone();
            let filling = blocking(move || SqliteFilling::replacing(&path, now)).await?;
            let aside = filling.aside().map(ToOwned::to_owned);
            Ok((Box::new(filling), aside))
        }
        StorePlace::Server(server) if replaces => {
            Ok((Box::new(PostgresFilling::replacing(server).await?), None))
        }
        StorePlace::Server(server) => Ok((Box::new(PostgresFilling::begin(server).await?), None)),
    }
}

/// Keeps every gateway off a file as long as the lock is held. On a server, who fills it sees to that.
pub(crate) fn lock_store(location: &StorePlace) -> Result<Option<GatewayLock>, StoreError> {
    match location {
        StorePlace::File(path) => GatewayLock::take(path).map(Some),
        StorePlace::Server(_) => Ok(None),
    }
}

/// What an upgrade did.
pub(crate) enum Upgraded {
    /// There was nothing to do.
    Nothing,
    /// What was there before is in this file, or nowhere: of a database the operator has a backup.
    From(Option<PathBuf>),
}

/// Brings the store of the settings to this release. Blocks.
pub(crate) fn upgrade_store(settings: &StoreSettings, now: Timestamp) -> Result<Upgraded, StoreError> {
    match &settings.place {
        StorePlace::File(path) if !path.exists() => Err(StoreError::Missing(path.display().to_string())),
        StorePlace::File(path) => {
            let _lock = GatewayLock::take(path)?;
            let backup = SqliteStore::upgrade(path, &settings.secret_keys, now)?;
            Ok(backup.map_or(Upgraded::Nothing, |backup| Upgraded::From(Some(backup))))
        }
        StorePlace::Server(server) => match PostgresStore::upgrade(server)? {
            true => Ok(Upgraded::From(None)),
            false => Ok(Upgraded::Nothing),
        },
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let cut_short = |_| StoreError::Unavailable("opening it was cut short".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(cut_short)?
}
