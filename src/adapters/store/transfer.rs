//! Bringing all rows of one store into another, of the same engine or not: sealed as they are, and compared after that.

use super::error::StoreError;
use super::raw::{Filling, RawRows, each_batch};
use super::sealed::{Vault, from_column};
use super::tables::{RawRow, TABLES, Table, Value};
use crate::adapters::keys::data_keys::{DataKeys, SealedDataKey};
use crate::adapters::keys::random::digest;
use crate::adapters::keys::secret::SecretKeys;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// How many rows of a table were copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopiedTable {
    pub(crate) name: &'static str,
    pub(crate) rows: u64,
}

/// What is not sealed of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionHead {
    pub(crate) key: SessionKey,
    pub(crate) host: String,
    pub(crate) created: Timestamp,
    pub(crate) last_seen: Timestamp,
}

/// Copies every table, reads it back, and compares.
///
/// # Errors
/// [`StoreError::Differs`] if a table did not arrive as it was; otherwise what either side says.
pub(crate) async fn copy(from: &dyn RawRows, to: &dyn Filling) -> Result<Vec<CopiedTable>, StoreError> {
    let mut copied = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let mut read = Digest::default();
        each_batch(from, table, async |rows| {
            read.add(&rows);
            to.write(table, rows).await
        })
        .await?;
        let mut written = Digest::default();
        each_batch(to, table, async |rows| {
            written.add(&rows);
            Ok(())
        })
        .await?;
        if read != written {
            return Err(StoreError::Differs(table.name));
        }
        copied.push(CopiedTable { name: table.name, rows: read.rows });
    }
    Ok(copied)
}

/// Opens everything that is sealed, and keeps none of it.
///
/// # Errors
/// [`StoreError::WrongKey`] if none of the keys opens the store, [`StoreError::Damaged`] if a row does not open.
pub(crate) async fn open_all(rows: &dyn RawRows, secrets: &SecretKeys) -> Result<(), StoreError> {
    let vault = Vault::new(&data_keys(rows, secrets).await?)?;
    for table in TABLES.iter().filter(|table| table.sealed().next().is_some()) {
        each_batch(rows, table, async |rows| rows.iter().try_for_each(|row| open_row(table, row, &vault)))
            .await?;
    }
    Ok(())
}

/// Every session, also those that are over by age.
pub(crate) async fn sessions(rows: &dyn RawRows) -> Result<Vec<SessionHead>, StoreError> {
    let mut heads = Vec::new();
    let Some(table) = Table::sessions() else { return Ok(heads) };
    each_batch(rows, table, async |rows| {
        for row in &rows {
            heads.push(session_head(table, row).ok_or(StoreError::Damaged("session"))?);
        }
        Ok(())
    })
    .await?;
    Ok(heads)
}

fn session_head(table: &Table, row: &[Value]) -> Option<SessionHead> {
    Some(SessionHead {
        key: SessionKey(*table.digest(row, "key")?),
        host: table.text(row, "host")?.to_owned(),
        created: from_column(table.integer(row, "created")?),
        last_seen: from_column(table.integer(row, "last_seen")?),
    })
}

fn open_row(table: &Table, row: &[Value], vault: &Vault) -> Result<(), StoreError> {
    for column in table.sealed() {
        let (Some(Value::Bytes(sealed)), Some(bound)) = (row.get(column), table.bound(row, column)) else {
            return Err(StoreError::Damaged("row"));
        };
        vault.open_bytes(sealed, bound)?;
    }
    Ok(())
}

async fn data_keys(rows: &dyn RawRows, secrets: &SecretKeys) -> Result<DataKeys, StoreError> {
    let mut sealed = Vec::new();
    if let Some(table) = TABLES.iter().find(|table| table.name == "data_keys") {
        each_batch(rows, table, async |rows| {
            sealed.extend(rows.iter().filter_map(|row| sealed_data_key(table, row)));
            Ok(())
        })
        .await?;
    }
    DataKeys::open(&sealed, secrets)?.ok_or(StoreError::WrongKey)
}

fn sealed_data_key(table: &Table, row: &[Value]) -> Option<SealedDataKey> {
    let Some(Value::Bytes(sealed)) = row.last() else { return None };
    Some(SealedDataKey {
        generation: table.integer(row, "generation")?.try_into().ok()?,
        secret: table.text(row, "secret")?.to_owned(),
        made_for: table.text(row, "made_for")?.to_owned(),
        made: table.integer(row, "made")?,
        sealed: sealed.clone(),
    })
}

/// What a table holds, row by row.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digest {
    rows: u64,
    digest: [u8; 32],
}

impl Digest {
    fn add(&mut self, rows: &[RawRow]) {
        for row in rows {
            self.rows += 1;
            let mut bytes = self.digest.to_vec();
            for value in row {
                let mut part = |kind, value: &[u8]| {
                    bytes.push(kind);
                    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
                    bytes.extend_from_slice(value);
                };
                match value {
                    Value::Null => part(0, &[]),
                    Value::Integer(number) => part(1, &number.to_be_bytes()),
                    Value::Text(text) => part(2, text.as_bytes()),
                    Value::Bytes(bytes) => part(3, bytes),
                }
            }
            self.digest = digest(&bytes);
        }
    }
}
