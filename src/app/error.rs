//! Why a gateway does not start, or does not take new settings.

use std::sync::Arc;

use crate::adapters::http::HttpError;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::store::StoreError;
use crate::adapters::upstream::EndpointFault;
use crate::flows::keyring::KeyringError;
use crate::serve;
use crate::serve::tls::TlsFault;

/// Why a gateway does not start, or does not take new settings.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys in the store.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The machine's cryptography.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
    /// The client for calls to the AMS.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A site cannot be reached in the way that the settings say.
    #[error("site `{0}`: {1}")]
    Site(Arc<str>, #[source] EndpointFault),
    /// Certificate or key of the listener.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The listeners.
    #[error(transparent)]
    Listen(#[from] serve::ListenError),
    /// Settings that only a new start can change.
    #[error("only a restart can change {0}")]
    NeedsRestart(String),
}
