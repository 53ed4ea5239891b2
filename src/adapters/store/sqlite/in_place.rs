//! Whether the store's files are still the ones that were opened, under the one name by which they were opened.
//!
//! A process goes on writing into a file that was deleted or replaced, and nobody finds again what it wrote. A second name (a hard
//! link) leads to a second lock beside it, and so to two gateways on one file.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::adapters::store::error::{FileFault, StoreError};

/// The files of an open store, as they were when it was opened: the file, its log, and the index of the log, which holds the locks.
pub(super) struct InPlace(Vec<(PathBuf, (u64, u64))>);

impl InPlace {
    /// Remembers the files of a store that has just been opened.
    pub(super) fn of(path: &Path) -> Result<InPlace, StoreError> {
        let files = ["", "-wal", "-shm"].map(|ending| beside(path, ending));
        let files = files.into_iter().map(|file| {
            let metadata = look(&file)?;
            Ok((file, identity(&metadata)))
        });
        Ok(InPlace(files.collect::<Result<_, StoreError>>()?))
    }

    /// Looks whether they still are where they were: one look at the file system for each.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        for (file, opened) in &self.0 {
            let metadata = look(file)?;
            if identity(&metadata) != *opened {
                return Err(FileFault::Replaced(file.display().to_string()).into());
            }
            refuse_second_name(file, &metadata)?;
        }
        Ok(())
    }
}

/// Refuses a file that has a second name. One that is not there yet has none.
pub(super) fn refuse_linked(path: &Path) -> Result<(), StoreError> {
    fs::metadata(path).map_or(Ok(()), |metadata| refuse_second_name(path, &metadata))
}

/// The name of a file beside the store.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.to_owned().into_os_string();
    beside.push(ending);
    beside.into()
}

fn refuse_second_name(file: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    if metadata.nlink() > 1 { Err(FileFault::Linked(file.display().to_string()).into()) } else { Ok(()) }
}

fn look(file: &Path) -> Result<Metadata, StoreError> {
    fs::metadata(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FileFault::Deleted(file.display().to_string()).into(),
        _ => StoreError::Unavailable(format!("{}: {error}", file.display())),
    })
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
