//! Running statements, and from PostgreSQL's errors to the port's; nowhere else do these meet.
//!
//! Statements are sent with the types of their arguments and without a name: one round trip each, and nothing stays in the session, so
//! it may run through a pooler that hands every transaction to another session.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{FromSqlOwned, ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::adapters::BoxFuture;
use crate::adapters::store::error::StoreError;

/// A statement has failed, or what it found cannot be used.
#[derive(Debug)]
pub(super) enum QueryError {
    /// The server or the connection to it.
    Server(tokio_postgres::Error),
    /// Everything else.
    Store(StoreError),
}

/// What work on a connection comes to.
pub(super) type QueryResult<T> = Result<T, QueryError>;

/// What [`QueryConnection`] methods return, and what work is made of.
pub(super) type QueryFuture<'a, T> = BoxFuture<'a, QueryResult<T>>;

impl From<tokio_postgres::Error> for QueryError {
    fn from(error: tokio_postgres::Error) -> QueryError {
        QueryError::Server(error)
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> QueryError {
        QueryError::Store(error)
    }
}

impl From<QueryError> for StoreError {
    fn from(error: QueryError) -> StoreError {
        match error {
            QueryError::Server(error) => told(&error),
            QueryError::Store(error) => error,
        }
    }
}

impl QueryError {
    /// Whether the same work may come to another end: others were at the same rows, or the connection is gone and nothing has been
    /// committed on it.
    pub(super) fn may_pass(&self) -> bool {
        let QueryError::Server(error) = self else { return false };
        match error.code() {
            Some(code) => {
                // A row on which this one rests has gone since it was looked at.
                let concurrent = [
                    &SqlState::T_R_SERIALIZATION_FAILURE,
                    &SqlState::T_R_DEADLOCK_DETECTED,
                    &SqlState::LOCK_NOT_AVAILABLE,
                    &SqlState::FOREIGN_KEY_VIOLATION,
                ];
                concurrent.contains(&code) || is_gone(code)
            }
            None => true,
        }
    }

    /// Whether the connection can be used after it: the server has refused one statement and waits for the next.
    pub(super) fn leaves_connection(&self) -> bool {
        match self {
            QueryError::Store(_) => true,
            QueryError::Server(error) => {
                error.as_db_error().is_some_and(|error| error.parsed_severity() == Some(Severity::Error))
            }
        }
    }
}

/// The server ends this connection.
fn is_gone(code: &SqlState) -> bool {
    [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN].contains(&code)
}

/// What is told of a failure. The server's messages can hold values in their details, which are left out; its first line names tables,
/// columns and constraints.
pub(super) fn told(error: &tokio_postgres::Error) -> StoreError {
    let Some(refused) = error.as_db_error() else {
        // The cause says what the operator can act on: refused, timed out, a certificate that is not trusted.
        let cause = std::error::Error::source(error).map(ToString::to_string);
        return StoreError::Unavailable(cause.unwrap_or_else(|| error.to_string()));
    };
    let code = refused.code();
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return StoreError::Busy;
    }
    let remedy = match code {
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => " (is it a standby?)",
        code if *code == SqlState::INVALID_PASSWORD => " (see `store.password`)",
        _ => "",
    };
    StoreError::Unavailable(format!("{}{remedy}", refused.message()))
}

/// A value that a statement takes, with its type.
pub(super) trait Typed: ToSql + Sync {
    /// As the server names it.
    const TYPE: Type;
}

macro_rules! typed {
    ($($rust:ty => $type:ident),* $(,)?) => { $(
        impl Typed for $rust { const TYPE: Type = Type::$type; }
        impl Typed for Option<$rust> { const TYPE: Type = Type::$type; }
    )* };
}

typed! {
    i64 => INT8,
    &str => TEXT, String => TEXT,
    &[u8] => BYTEA, Vec<u8> => BYTEA,
    Vec<i64> => INT8_ARRAY, Vec<Vec<u8>> => BYTEA_ARRAY, Vec<&[u8]> => BYTEA_ARRAY, Vec<Option<&[u8]>> => BYTEA_ARRAY,
}

/// An argument of a statement.
pub(super) type Argument<'a> = (&'a (dyn ToSql + Sync), Type);

/// An argument with the type that it has here.
pub(super) fn typed<T: Typed>(value: &T) -> Argument<'_> {
    (value, T::TYPE)
}

/// The arguments of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::adapters::store::postgres::statement::typed(&$value)),*] };
}
pub(super) use values;

/// A connection on which statements run; within a transaction, if work writes.
pub(super) struct QueryConnection<'a> {
    client: &'a Client,
    changes: AtomicBool,
}

impl<'a> QueryConnection<'a> {
    pub(super) fn new(client: &'a Client) -> QueryConnection<'a> {
        QueryConnection { client, changes: AtomicBool::new(false) }
    }

    /// The work has written to the change log.
    pub(super) fn note_change(&self) {
        self.changes.store(true, Ordering::Relaxed);
    }

    /// Whether the work has written to the change log.
    pub(super) fn has_changes(&self) -> bool {
        self.changes.load(Ordering::Relaxed)
    }

    /// Runs several statements without arguments.
    pub(super) async fn batch(&self, statements: &str) -> QueryResult<()> {
        Ok(self.client.batch_execute(statements).await?)
    }

    /// Runs a statement that changes rows; tells how many.
    pub(super) async fn change(&self, statement: &str, arguments: &[Argument<'_>]) -> QueryResult<u64> {
        Ok(self.client.execute_typed(statement, arguments).await?)
    }

    /// Every row of an answer.
    pub(super) async fn all<T>(
        &self,
        statement: &str,
        arguments: &[Argument<'_>],
        read: impl FnMut(&Row) -> QueryResult<T>,
    ) -> QueryResult<Vec<T>> {
        self.client.query_typed(statement, arguments).await?.iter().map(read).collect()
    }

    /// The first row of an answer.
    pub(super) async fn first<T>(
        &self,
        statement: &str,
        arguments: &[Argument<'_>],
        read: impl FnOnce(&Row) -> QueryResult<T>,
    ) -> QueryResult<Option<T>> {
        self.client.query_typed(statement, arguments).await?.first().map(read).transpose()
    }
}

/// A column of a row.
pub(super) fn column<T: FromSqlOwned>(row: &Row, place: usize) -> QueryResult<T> {
    Ok(row.try_get(place)?)
}

/// The column of an answer that has one.
pub(super) fn only<T: FromSqlOwned>(row: &Row) -> QueryResult<T> {
    column(row, 0)
}

/// A column of 32 bytes.
pub(super) fn digest(row: &Row, place: usize) -> QueryResult<[u8; 32]> {
    let bytes: Vec<u8> = column(row, place)?;
    bytes.try_into().map_err(|_| StoreError::Damaged("digest").into())
}

/// A column that counts.
pub(super) fn count(row: &Row, place: usize) -> QueryResult<u32> {
    let number: i64 = column(row, place)?;
    u32::try_from(number).map_err(|_| StoreError::Damaged("count").into())
}
