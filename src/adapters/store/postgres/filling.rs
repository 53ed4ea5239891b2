//! A database that is filled with the rows of another store, in one transaction: others see all of it or nothing.

use super::raw::{insert_rows, select_rows};
use super::schema::{LOCK, look, make_tables, refuse_in_use, remove_tables};
use super::server::Server;
use super::sessions::end_sessions;
use super::snapshot::HeldTransaction;
use super::statement::{QueryResult, values};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::tables::{RawRow, Table, TablesFound};
use crate::domain::session::SessionKey;

/// Dropped before it is finished, the server undoes it.
pub(crate) struct PostgresFilling(HeldTransaction);

impl PostgresFilling {
    /// Begins in a database that has no tables.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] if it has some.
    pub(crate) async fn begin(server: &Server) -> Result<PostgresFilling, StoreError> {
        PostgresFilling::prepare(server, false).await
    }

    /// Begins in the place of a store, which is gone when this one is finished. No gateway can begin on it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if a gateway runs on it.
    pub(crate) async fn replacing(server: &Server) -> Result<PostgresFilling, StoreError> {
        PostgresFilling::prepare(server, true).await
    }

    async fn prepare(server: &Server, replaces: bool) -> Result<PostgresFilling, StoreError> {
        let filling = PostgresFilling(HeldTransaction::begin(server, "BEGIN").await?);
        filling.make(server, replaces).await?;
        Ok(filling)
    }

    async fn make(&self, server: &Server, replaces: bool) -> QueryResult<()> {
        let connection = self.0.connection()?;
        connection.change(LOCK, &[]).await?;
        match look(&connection).await {
            Ok(TablesFound::Empty) => {}
            Ok(_) if replaces => {
                refuse_in_use(&connection).await?;
                remove_tables(&connection).await?;
            }
            Ok(_) => return Err(StoreError::NotEmpty(server.to_string()).into()),
            Err(error) => return Err(error),
        }
        make_tables(&connection).await
    }

    /// Messages that are written now get numbers after those that were copied.
    async fn go_on_counting(&self) -> QueryResult<()> {
        let set =
            "SELECT setval(pg_get_serial_sequence('back_channel', 'id'), coalesce(max(id), 0) + 1, false)
                   FROM back_channel";
        self.0.connection()?.batch(set).await
    }

    async fn complete(&self) -> QueryResult<()> {
        self.go_on_counting().await?;
        let connection = self.0.connection()?;
        // What counts by itself goes on after what was copied.
        connection
            .batch(
                "UPDATE audit_counter SET number = (SELECT coalesce(max(number), 0) FROM audit_log);
                 COMMIT",
            )
            .await
    }

    async fn end(&self, keys: Vec<SessionKey>) -> QueryResult<()> {
        self.go_on_counting().await?;
        let connection = self.0.connection()?;
        for key in keys {
            end_sessions(&connection, "SELECT key FROM sessions WHERE key = $1", values![&key.0[..]]).await?;
        }
        Ok(())
    }
}

impl RawRows for PostgresFilling {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(async move { Ok(select_rows(&self.0.connection()?, table, after.as_ref(), limit).await?) })
    }
}

impl Filling for PostgresFilling {
    fn write<'a>(&'a self, table: &'static Table, rows: Vec<RawRow>) -> StoreFuture<'a, ()> {
        Box::pin(async move { Ok(insert_rows(&self.0.connection()?, table, &rows).await?) })
    }

    fn end_sessions<'a>(&'a self, keys: Vec<SessionKey>) -> StoreFuture<'a, ()> {
        Box::pin(async move { Ok(self.end(keys).await?) })
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move { Ok(self.complete().await?) })
    }
}
