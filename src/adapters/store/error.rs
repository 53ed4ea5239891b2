//! Why a store gives no answer, whatever engine is behind it.

use crate::adapters::BoxFuture;
use crate::adapters::keys::CryptographyFailed;

/// The answer of a port.
pub type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The store gives no answer. Never the visitor's fault; what the operator can do is in the log and in `membergate check`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file or server does not work: disk, permissions, network. The operator's to mend.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A row does not open although the key is the right one: somebody or something changed it. The operator has a backup.
    #[error("a stored {0} is damaged")]
    Damaged(&'static str),
    /// What is stored cannot be read with the key in use. The operator's to mend.
    #[error("the store was written with another secret key")]
    WrongKey,
    /// A newer release has changed the tables in a way that this one does not know. The operator's to mend.
    #[error("the store was written by a newer release")]
    Newer,
    /// Another gateway runs on it. The operator's to mend.
    #[error(
        "another gateway runs on the store {0}; stop that one first, or give this one a store of its own"
    )]
    InUse(String),
    /// Another gateway has taken the place of this one on the store, so this one writes nothing any longer. The operator's to mend.
    #[error("another gateway has taken over the store, so this one no longer writes")]
    Superseded,
    /// More waits for the store than it can do. It passes.
    #[error("the store is overloaded")]
    Busy,
}

impl From<CryptographyFailed> for StoreError {
    fn from(error: CryptographyFailed) -> StoreError {
        StoreError::Unavailable(error.to_string())
    }
}
