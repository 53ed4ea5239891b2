//! The port for rows as they are, sealed, one table after the other: copying a store, and sealing it again.

use super::error::{StoreError, StoreFuture};
use super::tables::{RawRow, Table};
use crate::domain::session::SessionKey;

/// How many rows are read or written at once.
pub(crate) const BATCH: u16 = 500;

/// Reads rows in the order of their primary key.
pub(crate) trait RawRows: Send + Sync {
    /// At most `limit` rows after the one with this key, or from the beginning.
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>>;
}

/// An empty store that is being filled. Nothing of it is there for others before [`Filling::finish`]; dropped before that, it leaves
/// nothing behind that could pass for a store.
pub(crate) trait Filling: RawRows {
    /// Writes rows.
    fn write<'a>(&'a self, table: &'static Table, rows: Vec<RawRow>) -> StoreFuture<'a, ()>;

    /// Ends sessions as [`Sessions`](super::sessions::Sessions) does: their grants go too, and clients are told.
    fn end_sessions<'a>(&'a self, keys: Vec<SessionKey>) -> StoreFuture<'a, ()>;

    /// Makes it a store, on the disk.
    fn finish(self: Box<Self>) -> StoreFuture<'static, ()>;
}

/// A sealed value that takes the place of another in the same row.
#[derive(Debug)]
pub(crate) struct SealedAgain {
    /// The primary key of the row.
    pub(crate) key: RawRow,
    /// The place of the column.
    pub(crate) column: usize,
    /// Only if this is still there, so that nothing that was written meanwhile is undone.
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
}

/// Every row of a table, batch by batch.
pub(crate) async fn each_batch(
    rows: &dyn RawRows,
    table: &'static Table,
    mut batch: impl AsyncFnMut(Vec<RawRow>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let found = rows.rows(table, after, BATCH).await?;
        let Some(last) = found.last() else { return Ok(()) };
        after = Some(table.key_of(last));
        batch(found).await?;
    }
}
