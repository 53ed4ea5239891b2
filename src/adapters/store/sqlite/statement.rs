//! Running statements, and from SQLite's errors to the port's; nowhere else do these meet.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use crate::adapters::store::error::StoreError;

/// Work on a connection failed.
#[derive(Debug)]
pub(super) struct SqlError(StoreError);

/// What work on a connection comes to.
pub(super) type SqlResult<T> = Result<T, SqlError>;

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> SqlError {
        // SQLite's messages name tables and columns, never values.
        SqlError(StoreError::Unavailable(error.to_string()))
    }
}

impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> SqlError {
        SqlError(error)
    }
}

impl From<SqlError> for StoreError {
    fn from(SqlError(error): SqlError) -> StoreError {
        error
    }
}

/// Runs a statement that changes rows; tells how many.
pub(super) fn change(connection: &Connection, statement: &str, arguments: impl Params) -> SqlResult<usize> {
    Ok(connection.prepare_cached(statement)?.execute(arguments)?)
}

/// The first row of an answer.
pub(super) fn first<T>(
    connection: &Connection,
    statement: &str,
    arguments: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> SqlResult<Option<T>> {
    Ok(connection.prepare_cached(statement)?.query_row(arguments, read).optional()?)
}

/// Every row of an answer.
pub(super) fn all<T>(
    connection: &Connection,
    statement: &str,
    arguments: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> SqlResult<Vec<T>> {
    Ok(connection.prepare_cached(statement)?.query_map(arguments, read)?.collect::<Result<_, _>>()?)
}

/// The column of an answer that has one.
pub(super) fn column<T: rusqlite::types::FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}
