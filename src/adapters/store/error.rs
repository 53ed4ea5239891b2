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
    /// Somebody deleted, replaced or linked the file. The operator's to mend.
    #[error(transparent)]
    File(#[from] FileFault),
    /// More waits for the store than it can do. It passes.
    #[error("the store is overloaded")]
    Busy,
}

/// What became of the file of a store. Nothing is written into it any longer. Each with the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// It is not there.
    #[error("{0} was deleted while it was in use")]
    Deleted(String),
    /// Under its name is another file.
    #[error("{0} was replaced by another file while it was in use")]
    Replaced(String),
    /// It has a second name, so a second gateway could take a lock of its own.
    #[error("{0} has a second name (a hard link), by which another gateway could use it")]
    Linked(String),
}

impl FileFault {
    /// What the operator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            FileFault::Deleted(_) | FileFault::Replaced(_) => {
                "Stop the gateway, put the store in its place, and start again"
            }
            FileFault::Linked(_) => "Remove the other name; `find / -xdev -samefile FILE` lists all of them",
        }
    }
}

impl From<CryptographyFailed> for StoreError {
    fn from(error: CryptographyFailed) -> StoreError {
        StoreError::Unavailable(error.to_string())
    }
}
