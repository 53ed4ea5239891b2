//! One gateway on one store: a lock that ends with the process that holds it, however that ends.
//!
//! It is on a file of its own beside the store, so that SQLite's locks and ours never meet. Tools that come and go do not take it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::in_place::refuse_linked;
use super::schema::cannot_make;
use crate::adapters::store::error::StoreError;

/// The right to run a gateway on a store. Dropping it gives it up; the file stays, since a file that is taken away under
/// somebody who waits for it could be locked twice.
#[derive(Debug)]
pub(crate) struct GatewayLock {
    _file: File,
}

impl GatewayLock {
    /// Takes the lock of the store at `path`, which need not be there yet.
    ///
    /// # Errors
    /// [`StoreError::File`] if the file has a second name, for that has a lock of its own;
    /// [`StoreError::InUse`] if another gateway holds it; [`StoreError::Unavailable`] if there can be no lock.
    pub(crate) fn take(path: &Path) -> Result<GatewayLock, StoreError> {
        refuse_linked(path)?;
        let beside = beside(path);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&beside)
            .map_err(|error| cannot_make(&beside, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(GatewayLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(cannot_make(&beside, &error)),
        }
    }
}

/// Where the lock of a store is. One store has one, by whatever links it is reached.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    beside.push("-lock");
    beside.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_store_has_one_gateway_by_whatever_name_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let (store, link) = (folder.path().join("gate.sqlite"), folder.path().join("link.sqlite"));
        File::create(&store).unwrap();
        std::os::unix::fs::symlink(&store, &link).unwrap();
        let held = GatewayLock::take(&store).unwrap();
        for path in [&store, &link] {
            let error = GatewayLock::take(path).unwrap_err();
            assert_eq!(error, StoreError::InUse(path.display().to_string()));
        }
        GatewayLock::take(&folder.path().join("other.sqlite")).unwrap();
        drop(held);
        GatewayLock::take(&link).unwrap();
    }

    #[test]
    fn where_there_is_no_folder_there_is_no_lock() {
        let error = GatewayLock::take(Path::new("/nowhere/at/all/gate.sqlite")).unwrap_err().to_string();
        assert!(error.contains("the directory does not exist; make it first"), "{error}");
    }
}
