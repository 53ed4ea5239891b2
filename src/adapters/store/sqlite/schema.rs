//! Opening the file: makes it on first start, proves that the key is the right one, brings its tables up to date.
//!
//! Nothing is changed in a file that is not ours, that a newer release wrote, or that was made with another key.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};

use super::in_place::refuse_linked;
use super::rules_files::convert_rules_files;
use super::statement::SqlResult;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::sealed::{Bound, Vault};

/// The steps from an empty file to the present tables. A released step is never edited; a change is a new step.
const STEPS: [&str; 11] = [
    include_str!("sql/1.sql"),
    include_str!("sql/2.sql"),
    include_str!("sql/3.sql"),
    include_str!("sql/4.sql"),
    include_str!("sql/5.sql"),
    include_str!("sql/6.sql"),
    include_str!("sql/7.sql"),
    include_str!("sql/8.sql"),
    include_str!("sql/9.sql"),
    include_str!("sql/10.sql"),
    include_str!("sql/11.sql"),
];

/// How long a connection waits for one in another process, such as `membergate check`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the file for writing, in the state that the present release expects.
pub(super) fn open_writer(path: &Path, vault: &Vault) -> SqlResult<Connection> {
    create_if_missing(path)?;
    refuse_linked(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // A file that is refused stays as a crash may have left it, with its log beside it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    check(&connection, vault)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    // Write-ahead: readers never wait for the writer. Every commit is on the disk before it is answered, because a session that
    // was ended must stay ended after a power cut.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection, vault)?;
    Ok(connection)
}

/// Opens the file once more, for reading alone.
pub(super) fn open_reader(path: &Path) -> SqlResult<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Makes an empty file that only we may read. SQLite gives its side files the same permissions.
fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_made) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot_make(path, &error)),
    }
}

/// Why a file of the store could not be made.
pub(super) fn cannot_make(path: &Path, error: &std::io::Error) -> StoreError {
    let path = path.display();
    StoreError::Unavailable(match error.kind() {
        ErrorKind::NotFound => format!("{path}: the directory does not exist; make it first"),
        _ => format!("{path}: {error}"),
    })
}

fn connect(path: &Path, mode: OpenFlags) -> SqlResult<Connection> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Whether the file is new, or ours, of a version that we know, and made with our key. Reads only.
fn check(connection: &Connection, vault: &Vault) -> SqlResult<()> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match version(connection)? {
        0 if tables == 0 => Ok(()),
        0 => Err(StoreError::Unavailable("the file is a database of another program".to_owned()).into()),
        version if version > STEPS.len() => Err(StoreError::Newer.into()),
        _ => {
            let canary: Option<Vec<u8>> =
                connection.query_row("SELECT sealed FROM canary", [], |row| row.get(0)).optional()?;
            let known = canary.is_some_and(|sealed| vault.open_bytes(&sealed, Bound::Canary).is_ok());
            if known { Ok(()) } else { Err(StoreError::WrongKey.into()) }
        }
    }
}

/// Takes the steps that are missing: all or none of them.
fn migrate(connection: &mut Connection, vault: &Vault) -> SqlResult<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again under the lock: another process may have made the tables since.
    check(&transaction, vault)?;
    let done = version(&transaction)?;
    for (number, step) in (1_i64..).zip(STEPS).skip(done) {
        transaction.execute_batch(step)?;
        if number == 1 {
            let canary = vault.seal_bytes(b"membergate", Bound::Canary)?;
            transaction.execute("INSERT INTO canary (sealed) VALUES (?1)", [canary])?;
        }
        if number == 9 {
            convert_rules_files(&transaction, vault)?;
        }
        transaction.pragma_update(None, "user_version", number)?;
    }
    Ok(transaction.commit()?)
}

/// How many steps the file has behind it.
fn version(connection: &Connection) -> SqlResult<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // A negative number is not ours either.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
