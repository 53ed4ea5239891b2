//! Files of other releases: told apart, and changed by `store upgrade` alone.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::sqlite::schema::{STEPS, Steps, open_writer, upgrade};

/// What a later release might add.
const LATER: Steps = &[STEPS[0], "CREATE TABLE later (n INTEGER PRIMARY KEY) STRICT"];

/// A step that cannot be taken.
const BROKEN: Steps =
    &[STEPS[0], "CREATE TABLE later (n INTEGER PRIMARY KEY) STRICT; CREATE TABLE later (n INTEGER)"];

struct Release {
    folder: TempDir,
    secrets: SecretKeys,
}

impl Release {
    fn new() -> Release {
        Release { folder: TempDir::new().unwrap(), secrets: SecretKeys::generate().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("membergate.db")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup.db")
    }

    fn open(&self, steps: Steps) -> Result<(), StoreError> {
        open_writer(&self.path(), &self.secrets, steps).map(drop).map_err(StoreError::from)
    }

    fn upgrade(&self, steps: Steps) -> Result<bool, StoreError> {
        Ok(upgrade(&self.path(), &self.backup(), &self.secrets, steps)?)
    }
}

#[test]
fn an_older_file_is_opened_only_after_an_upgrade_which_keeps_what_it_was() {
    let file = Release::new();
    file.open(STEPS).unwrap();
    let before = fs::read(file.path()).unwrap();
    assert_eq!(file.open(LATER), Err(StoreError::Older));
    assert_eq!(fs::read(file.path()).unwrap(), before, "it is left as it was");
    assert_eq!(file.upgrade(LATER), Ok(true));
    assert_eq!(file.open(LATER), Ok(()));
    assert_eq!(file.open(STEPS), Err(StoreError::Newer));
    assert_eq!(file.upgrade(LATER), Ok(false), "there is nothing to do");
    fs::rename(file.backup(), file.path()).unwrap();
    assert_eq!(file.open(STEPS), Ok(()), "the backup is what it was");
}

#[test]
fn an_upgrade_that_fails_changes_nothing() {
    let file = Release::new();
    file.open(STEPS).unwrap();
    assert!(file.upgrade(BROKEN).is_err());
    assert_eq!(file.open(STEPS), Ok(()));
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'later'";
    let connection = Connection::open(file.path()).unwrap();
    assert_eq!(connection.query_row(tables, [], |row| row.get::<_, u32>(0)), Ok(0));
}

#[test]
fn a_file_of_another_key_is_not_upgraded() {
    let file = Release::new();
    file.open(STEPS).unwrap();
    let other = SecretKeys::generate().unwrap();
    let ended = upgrade(&file.path(), &file.backup(), &other, LATER).map_err(StoreError::from);
    assert_eq!(ended, Err(StoreError::WrongKey));
    assert!(!file.backup().exists());
}
