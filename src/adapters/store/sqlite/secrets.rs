//! The keys of the store, in SQLite: opened, brought in line with the secret keys of a gateway, and forgotten.

use rusqlite::{Connection, params};

use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::keys::data_keys::{DataKeys, SealedDataKey};
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::tables::TABLES;

/// The keys of a store, open. [`StoreError::WrongKey`]: none of the secret keys opens them.
pub(super) fn open_data_keys(connection: &Connection, secrets: &SecretKeys) -> SqlResult<DataKeys> {
    let opened = DataKeys::open(&data_keys(connection)?, secrets).map_err(StoreError::from)?;
    Ok(opened.ok_or(StoreError::WrongKey)?)
}

/// Puts these in the place of those that are there.
pub(super) fn write_data_keys(connection: &Connection, keys: &[SealedDataKey]) -> SqlResult<()> {
    change(connection, "DELETE FROM data_keys", [])?;
    for SealedDataKey { generation, secret, made_for, made, sealed } in keys {
        let insert =
            "INSERT INTO data_keys (generation, secret, made_for, made, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
        change(connection, insert, params![generation, secret, made_for, made, sealed])?;
    }
    Ok(())
}

/// Seals the keys of the store by the secret keys of a gateway and no others, with a new generation if another secret key seals now.
pub(super) fn bring_in_line(connection: &Connection, secrets: &SecretKeys, now: i64) -> SqlResult<DataKeys> {
    let mut keys = open_data_keys(connection, secrets)?;
    if keys.are_in_line(secrets).map_err(StoreError::from)? {
        return Ok(keys);
    }
    let transaction = connection.unchecked_transaction()?;
    keys.renew_for(secrets, now).map_err(StoreError::from)?;
    write_data_keys(&transaction, &keys.seal(secrets).map_err(StoreError::from)?)?;
    let keys = open_data_keys(&transaction, secrets)?;
    transaction.commit()?;
    Ok(keys)
}

/// How much is sealed with another generation than this.
pub(super) fn sealed_otherwise(connection: &Connection, generation: u16) -> SqlResult<u64> {
    let mut count = 0_u64;
    for table in TABLES {
        for sealed in table.sealed().filter_map(|at| table.columns.get(at)) {
            let (table, sealed) = (table.name, sealed.name);
            let select = format!("SELECT count(*) FROM {table} WHERE substr({sealed}, 2, 2) <> ?1");
            let found = first(connection, &select, [generation.to_be_bytes()], column::<u32>)?;
            count += u64::from(found.unwrap_or(0));
        }
    }
    Ok(count)
}

/// Forgets the keys of older generations, if nothing is sealed with them.
pub(super) fn forget_older(connection: &Connection, generation: u16) -> SqlResult<bool> {
    if sealed_otherwise(connection, generation)? > 0 {
        return Ok(false);
    }
    change(connection, "DELETE FROM data_keys WHERE generation > 0 AND generation < ?1", [generation])?;
    Ok(true)
}

/// The keys of the store, each as often as there are secret keys.
pub(super) fn data_keys(connection: &Connection) -> SqlResult<Vec<SealedDataKey>> {
    let select = "SELECT generation, secret, made_for, made, sealed FROM data_keys";
    all(connection, select, [], |row| {
        Ok(SealedDataKey {
            generation: row.get(0)?,
            secret: row.get(1)?,
            made_for: row.get(2)?,
            made: row.get(3)?,
            sealed: row.get(4)?,
        })
    })
}
