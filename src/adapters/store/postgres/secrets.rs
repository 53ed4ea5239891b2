//! The keys of the store, in PostgreSQL: opened, brought in line with the secret keys of a gateway, and forgotten.

use tokio_postgres::Row;

use super::engine::Engine;
use super::statement::{QueryConnection, QueryResult, column, only, values};
use crate::adapters::keys::data_keys::{DataKeys, SealedDataKey};
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::tables::TABLES;

/// Opens these. [`StoreError::WrongKey`]: none of the secret keys opens them.
pub(super) fn open_data_keys(rows: &[SealedDataKey], secrets: &SecretKeys) -> Result<DataKeys, StoreError> {
    DataKeys::open(rows, secrets)?.ok_or(StoreError::WrongKey)
}

/// Seals the keys of the store by the secret keys of a gateway and no others, with a new generation if another secret key seals now.
/// Blocks.
pub(super) fn bring_in_line(
    engine: &Engine,
    mut keys: DataKeys,
    secrets: &SecretKeys,
    now: i64,
) -> Result<DataKeys, StoreError> {
    if keys.are_in_line(secrets)? {
        return Ok(keys);
    }
    keys.renew_for(secrets, now)?;
    let sealed = keys.seal(secrets)?;
    engine.wait_for(sealed.clone(), |connection, sealed| Box::pin(write_data_keys(connection, sealed)))?;
    open_data_keys(&sealed, secrets)
}

/// Puts these in the place of those that are there.
pub(super) async fn write_data_keys(
    connection: &QueryConnection<'_>,
    keys: &[SealedDataKey],
) -> QueryResult<()> {
    connection.change("DELETE FROM data_keys", &[]).await?;
    for SealedDataKey { generation, secret, made_for, made, sealed } in keys {
        let insert =
            "INSERT INTO data_keys (generation, secret, made_for, made, sealed) VALUES ($1, $2, $3, $4, $5)";
        let generation = i64::from(*generation);
        connection.change(insert, values![generation, *secret, *made_for, *made, *sealed]).await?;
    }
    Ok(())
}

/// The keys of the store, each as often as there are secret keys.
pub(super) async fn data_keys(connection: &QueryConnection<'_>) -> QueryResult<Vec<SealedDataKey>> {
    let select = "SELECT generation, secret, made_for, made, sealed FROM data_keys";
    let read = |row: &Row| {
        let generation: i64 = column(row, 0)?;
        Ok(SealedDataKey {
            generation: generation.try_into().map_err(|_| StoreError::Damaged("key of the store"))?,
            secret: column(row, 1)?,
            made_for: column(row, 2)?,
            made: column(row, 3)?,
            sealed: column(row, 4)?,
        })
    };
    connection.all(select, &[], read).await
}

/// How much is sealed with another generation than this.
pub(super) async fn sealed_otherwise(connection: &QueryConnection<'_>, generation: u16) -> QueryResult<u64> {
    let (mut count, bytes) = (0_u64, generation.to_be_bytes());
    for table in TABLES {
        for sealed in table.sealed().filter_map(|at| table.columns.get(at)) {
            let (table, sealed) = (table.name, sealed.name);
            let select = format!("SELECT count(*) FROM {table} WHERE substring({sealed} FROM 2 FOR 2) <> $1");
            let found: Option<i64> = connection.first(&select, values![&bytes[..]], only).await?;
            count += found.unwrap_or(0).unsigned_abs();
        }
    }
    Ok(count)
}

/// Forgets the keys of older generations, if nothing is sealed with them.
pub(super) async fn forget_older(connection: &QueryConnection<'_>, generation: u16) -> QueryResult<bool> {
    if sealed_otherwise(connection, generation).await? > 0 {
        return Ok(false);
    }
    let delete = "DELETE FROM data_keys WHERE generation > 0 AND generation < $1";
    connection.change(delete, values![i64::from(generation)]).await?;
    Ok(true)
}
