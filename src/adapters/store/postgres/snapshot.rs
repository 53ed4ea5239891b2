//! A database as it was at one moment, while a gateway goes on writing into it.

use super::engine::{Engine, Lent};
use super::raw::select_rows;
use super::schema::look;
use super::server::Server;
use super::statement::{QueryConnection, QueryResult};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::raw::RawRows;
use crate::adapters::store::tables::{RawRow, Table, TablesFound};

/// A connection that holds one transaction, and the thread on which it lives. The connection is closed with it.
pub(super) struct HeldTransaction {
    // Dropped first: the thread waits for its connections.
    lent: Lent,
    _engine: Engine,
}

impl HeldTransaction {
    /// Connects, and begins the transaction with this statement.
    pub(super) async fn begin(server: &Server, statement: &str) -> Result<HeldTransaction, StoreError> {
        let engine = Engine::start(server)?;
        let shared = std::sync::Arc::clone(engine.shared());
        let lent = engine.spawn(async move { shared.lend().await }).await;
        let lent = lent.map_err(|_| StoreError::Unavailable("connecting was cut short".to_owned()))??;
        let held = HeldTransaction { lent, _engine: engine };
        held.connection()?.batch(statement).await?;
        Ok(held)
    }

    pub(super) fn connection(&self) -> Result<QueryConnection<'_>, StoreError> {
        let closed = || StoreError::Unavailable("the connection is closed".to_owned());
        self.lent.client().map(QueryConnection::new).ok_or_else(closed)
    }
}

/// The rows of one moment. It needs no key.
pub(crate) struct PostgresSnapshot(HeldTransaction);

impl PostgresSnapshot {
    /// Takes it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no store, [`StoreError::Older`] and [`StoreError::Newer`] if it is of another release,
    /// [`StoreError::Unavailable`] if it cannot be read.
    pub(crate) async fn take(server: &Server) -> Result<PostgresSnapshot, StoreError> {
        let held = HeldTransaction::begin(server, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        match look(&held.connection()?).await? {
            TablesFound::Empty => Err(StoreError::Missing(server.to_string())),
            TablesFound::Older(_) => Err(StoreError::Older),
            TablesFound::Present => Ok(PostgresSnapshot(held)),
        }
    }

    async fn select(
        &self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> QueryResult<Vec<RawRow>> {
        select_rows(&self.0.connection()?, table, after.as_ref(), limit).await
    }
}

impl RawRows for PostgresSnapshot {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(async move { Ok(self.select(table, after, limit).await?) })
    }
}
