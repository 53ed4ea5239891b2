//! Opening the file: makes it on first start, proves that the key is the right one, and that the tables are those of this release.
//!
//! Nothing is changed in a file that is not ours, that another release wrote, or that was made with another key.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::in_place::refuse_linked;
use super::secrets::{open_data_keys, write_data_keys};
use super::statement::SqlResult;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::tables::TablesFound;

/// The steps from an empty file to the tables of a release.
pub(super) type Steps = &'static [&'static str];

/// Those of this one. A released step is never edited; a change is a new step, which `store upgrade` takes.
pub(super) const STEPS: Steps = &[include_str!("sql/1.sql")];

/// In the header of each file of ours: "memg".
const APPLICATION: i64 = 0x6d65_6d67;

/// How long a connection waits for one in another process, such as `membergate check`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the file for writing; makes the tables if it is empty. Refuses those of another release.
pub(super) fn open_writer(
    path: &Path,
    secrets: &SecretKeys,
    steps: Steps,
) -> SqlResult<(Connection, DataKeys)> {
    create_if_missing(path)?;
    refuse_linked(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // A file that is refused stays as a crash may have left it, with its log beside it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if present_or_empty(&connection, steps)? == TablesFound::Present {
        open_data_keys(&connection, secrets)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    prepare(&connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again under the lock: another process may have made the tables since.
    if present_or_empty(&transaction, steps)? == TablesFound::Empty {
        make_tables(&transaction, steps)?;
        write_data_keys(
            &transaction,
            &DataKeys::new(secrets).map_err(StoreError::from)?.seal(secrets).map_err(StoreError::from)?,
        )?;
    }
    let keys = open_data_keys(&transaction, secrets)?;
    transaction.commit()?;
    Ok((connection, keys))
}

/// Opens the file once more, for reading alone.
pub(super) fn open_reader(path: &Path) -> SqlResult<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // The log is opened by the first look: here, and not when somebody may have taken it away.
    version(&connection)?;
    tables(&connection)?;
    Ok(connection)
}

/// Brings the tables to this release: all steps or none. Whether there was one to take; before that, it makes the backup.
pub(super) fn upgrade(path: &Path, backup: &Path, secrets: &SecretKeys, steps: Steps) -> SqlResult<bool> {
    refuse_linked(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if !matches!(found(&connection, steps)?, TablesFound::Older(_)) {
        return Ok(false);
    }
    open_data_keys(&connection, secrets)?;
    create_new(backup)?;
    let backup_name = backup.to_string_lossy();
    connection.execute("VACUUM INTO ?1", [&*backup_name])?;
    prepare(&connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let TablesFound::Older(done) = found(&transaction, steps)? {
        take_steps(&transaction, steps, done)?;
    }
    transaction.commit()?;
    Ok(true)
}

/// Makes the tables of an empty file.
pub(super) fn make_tables(connection: &Connection, steps: Steps) -> SqlResult<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    take_steps(connection, steps, 0)
}

fn take_steps(connection: &Connection, steps: Steps, done: usize) -> SqlResult<()> {
    for (number, step) in (1_i64..).zip(steps).skip(done) {
        connection.execute_batch(step)?;
        connection.pragma_update(None, "user_version", number)?;
    }
    Ok(())
}

/// How a connection that writes is held.
fn prepare(connection: &Connection) -> SqlResult<()> {
    // Write-ahead: readers never wait for the writer. Every commit is on the disk before it is answered, because a session that
    // was ended must stay ended after a power cut.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    Ok(connection.pragma_update(None, "foreign_keys", true)?)
}

/// Makes an empty file that only we may read. SQLite gives its side files the same permissions.
fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    match make_file(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(cannot_make(path, &error)),
        _ => Ok(()),
    }
}

/// As [`create_if_missing`], and refuses a file that is there.
pub(super) fn create_new(path: &Path) -> Result<(), StoreError> {
    make_file(path).map_err(|error| cannot_make(path, &error))
}

fn make_file(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// Why a file of the store could not be made.
pub(super) fn cannot_make(path: &Path, error: &std::io::Error) -> StoreError {
    let path = path.display();
    StoreError::Unavailable(match error.kind() {
        ErrorKind::NotFound => format!("{path}: the directory does not exist; make it first"),
        ErrorKind::AlreadyExists => format!("{path} is there already; name another file"),
        _ => format!("{path}: {error}"),
    })
}

pub(super) fn connect(path: &Path, mode: OpenFlags) -> SqlResult<Connection> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Refuses a file that only `store upgrade` may touch.
pub(super) fn present_or_empty(connection: &Connection, steps: Steps) -> SqlResult<TablesFound> {
    match found(connection, steps)? {
        TablesFound::Older(_) => Err(StoreError::Older.into()),
        found => Ok(found),
    }
}

/// What is in the file. Reads only.
fn found(connection: &Connection, steps: Steps) -> SqlResult<TablesFound> {
    if tables(connection)? == 0 {
        return Ok(TablesFound::Empty);
    }
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION {
        let trouble =
            "the file is a database of another program, or of a membergate from before the first release";
        return Err(StoreError::Unavailable(trouble.to_owned()).into());
    }
    match version(connection)? {
        version if version > steps.len() => Err(StoreError::Newer.into()),
        version if version < steps.len() => Ok(TablesFound::Older(version)),
        _ => Ok(TablesFound::Present),
    }
}

fn tables(connection: &Connection) -> SqlResult<i64> {
    Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?)
}

/// How many steps the file has behind it.
fn version(connection: &Connection) -> SqlResult<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // A negative number is not ours either.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
