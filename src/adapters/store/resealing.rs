//! The port for sealing again what older keys of the store sealed, batch by batch, while the gateway runs.

use super::error::{StoreError, StoreFuture};
use super::raw::{RawRows, SealedAgain};
use super::sealed::Vault;
use super::tables::{RawRow, TABLES, Table, Value};

/// How many rows are sealed at once, so that a batch holds up nobody.
const BATCH: u16 = 100;

/// How far a pass over all tables has come. It begins with the default.
#[derive(Debug, Clone, Default)]
pub struct PassPlace {
    table: usize,
    after: Option<RawRow>,
}

/// What a batch did.
#[derive(Debug, Default)]
pub struct SealedBatch {
    /// Where the next one begins. `None`: that was the last.
    pub next: Option<PassPlace>,
    /// How many values were sealed again.
    pub sealed: u64,
    /// How many do not open with any key. They stay as they are.
    pub damaged: u64,
}

/// Sealing again. What was done stays done over a restart; a pass that is begun again finds it and goes on.
pub trait Resealing: Send + Sync + 'static {
    /// How many values are not sealed with the newest keys. Reads every row.
    fn sealed_with_older(&self) -> StoreFuture<'_, u64>;

    /// Seals the next rows again.
    fn seal_batch(&self, from: PassPlace) -> StoreFuture<'_, SealedBatch>;

    /// Forgets older keys, if nothing is sealed with them: `false` if there is. What they sealed outside the store opens no longer.
    fn forget_older_keys(&self) -> StoreFuture<'_, bool>;
}

/// Rows in which sealed values can be replaced.
pub(super) trait SealedRows: RawRows {
    /// Replaces those that are still what they were.
    fn replace<'a>(&'a self, table: &'static Table, values: Vec<SealedAgain>) -> StoreFuture<'a, ()>;
}

/// [`Resealing::seal_batch`], for every engine.
pub(super) async fn seal_batch(
    rows: &dyn SealedRows,
    vault: &Vault,
    from: PassPlace,
) -> Result<SealedBatch, StoreError> {
    let PassPlace { table: number, after } = from;
    let mut batch = SealedBatch::default();
    let Some(table) = TABLES.get(number) else { return Ok(batch) };
    let found = match table.sealed().next() {
        Some(_) => rows.rows(table, after, BATCH).await?,
        None => Vec::new(),
    };
    batch.next = Some(match found.last() {
        Some(last) => PassPlace { table: number, after: Some(table.key_of(last)) },
        None => PassPlace { table: number + 1, after: None },
    });
    let mut values = Vec::new();
    for row in &found {
        for column in table.sealed() {
            let Some(Value::Bytes(old)) = row.get(column) else { continue };
            match table.bound(row, column).map(|bound| vault.seal_again(old, bound)) {
                Some(Ok(Some(new))) => {
                    values.push(SealedAgain { key: table.key_of(row), column, old: old.clone(), new });
                }
                Some(Ok(None)) => {}
                Some(Err(StoreError::Damaged(_))) | None => batch.damaged += 1,
                Some(Err(error)) => return Err(error),
            }
        }
    }
    batch.sealed = values.len() as u64;
    if !values.is_empty() {
        rows.replace(table, values).await?;
    }
    Ok(batch)
}
