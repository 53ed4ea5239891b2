//! Rows as they are, in SQLite: read in the order of their keys, and sealed again.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::SqliteStore;
use super::secrets::{forget_older, sealed_otherwise};
use super::statement::{SqlResult, all, change};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::raw::{RawRows, SealedAgain};
use crate::adapters::store::resealing::{PassPlace, Resealing, SealedBatch, SealedRows, seal_batch};
use crate::adapters::store::tables::{RawRow, Table, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// At most `limit` rows after the one with this key, or from the beginning.
pub(super) fn select_rows(
    connection: &Connection,
    table: &Table,
    after: Option<RawRow>,
    limit: u16,
) -> SqlResult<Vec<RawRow>> {
    let keys = names(table.key_columns().map(|column| column.name));
    let (name, columns) = (table.name, table.list());
    let (beyond, arguments) = match after {
        Some(key) => (format!("WHERE ({keys}) > ({})", places(key.len())), key),
        None => (String::new(), RawRow::new()),
    };
    let select = format!("SELECT {columns} FROM {name} {beyond} ORDER BY {keys} LIMIT {limit}");
    let count = table.columns.len();
    all(connection, &select, params_from_iter(arguments), |row| (0..count).map(|at| value(row, at)).collect())
}

/// Inserts rows as they are.
pub(super) fn insert_rows(connection: &Connection, table: &Table, rows: Vec<RawRow>) -> SqlResult<()> {
    let (name, columns) = (table.name, table.list());
    let insert = format!("INSERT INTO {name} ({columns}) VALUES ({})", places(table.columns.len()));
    for row in rows {
        change(connection, &insert, params_from_iter(row))?;
    }
    Ok(())
}

fn replace_sealed(connection: &Connection, table: &Table, values: Vec<SealedAgain>) -> SqlResult<()> {
    let keys = names(table.key_columns().map(|column| column.name));
    for SealedAgain { key, column, old, new } in values {
        let Some(column) = table.columns.get(column) else { continue };
        let (name, column) = (table.name, column.name);
        let update = format!(
            "UPDATE {name} SET {column} = ? WHERE {column} = ? AND ({keys}) = ({})",
            places(key.len())
        );
        let arguments = [Value::Bytes(new), Value::Bytes(old)].into_iter().chain(key);
        change(connection, &update, params_from_iter(arguments))?;
    }
    Ok(())
}

fn value(row: &Row<'_>, at: usize) -> rusqlite::Result<Value> {
    let value = row.get_ref(at)?;
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => {
            return Err(rusqlite::Error::InvalidColumnType(at, String::new(), value.data_type()));
        }
    })
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

impl RawRows for SqliteStore {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(self.reader.run(move |connection| select_rows(connection, table, after, limit)))
    }
}

impl SealedRows for SqliteStore {
    fn replace<'a>(&'a self, table: &'static Table, values: Vec<SealedAgain>) -> StoreFuture<'a, ()> {
        Box::pin(self.writer.run(move |connection| replace_sealed(connection, table, values)))
    }
}

impl Resealing for SqliteStore {
    fn sealed_with_older(&self) -> StoreFuture<'_, u64> {
        let generation = self.vault.generation();
        Box::pin(self.reader.run(move |connection| sealed_otherwise(connection, generation)))
    }

    fn seal_batch(&self, from: PassPlace) -> StoreFuture<'_, SealedBatch> {
        Box::pin(seal_batch(self, &self.vault, from))
    }

    fn forget_older_keys(&self) -> StoreFuture<'_, bool> {
        let generation = self.vault.generation();
        Box::pin(self.writer.run(move |connection| forget_older(connection, generation)))
    }
}
