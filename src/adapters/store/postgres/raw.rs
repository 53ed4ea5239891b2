//! Rows as they are, in PostgreSQL: read in the order of their keys, and sealed again.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::secrets::{forget_older, sealed_otherwise};
use super::statement::{Argument, QueryConnection, QueryResult, column};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::raw::{RawRows, SealedAgain};
use crate::adapters::store::resealing::{PassPlace, Resealing, SealedBatch, SealedRows, seal_batch};
use crate::adapters::store::tables::{ColumnKind, RawRow, Table, Value};

static NO_INTEGER: Option<i64> = None;
static NO_TEXT: Option<String> = None;
static NO_BYTES: Option<Vec<u8>> = None;

/// A value with the type of its column.
fn argument(value: &Value, kind: ColumnKind) -> Argument<'_> {
    match (value, kind) {
        (Value::Integer(number), _) => (number, Type::INT8),
        (Value::Text(text), _) => (text, Type::TEXT),
        (Value::Bytes(bytes), _) => (bytes, Type::BYTEA),
        (Value::Null, ColumnKind::Integer) => (&NO_INTEGER, Type::INT8),
        (Value::Null, ColumnKind::Text) => (&NO_TEXT, Type::TEXT),
        (Value::Null, ColumnKind::Bytes | ColumnKind::Sealed) => (&NO_BYTES, Type::BYTEA),
    }
}

fn value(row: &Row, at: usize, kind: ColumnKind) -> QueryResult<Value> {
    let value = match kind {
        ColumnKind::Integer => column::<Option<i64>>(row, at)?.map(Value::Integer),
        ColumnKind::Text => column::<Option<String>>(row, at)?.map(Value::Text),
        ColumnKind::Bytes | ColumnKind::Sealed => column::<Option<Vec<u8>>>(row, at)?.map(Value::Bytes),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// The primary key as the rows are ordered by it: texts byte by byte, whatever the database's language is.
fn ordered_keys(table: &Table) -> String {
    let keys = table.key_columns().map(|column| match column.kind {
        ColumnKind::Text => format!("{} COLLATE \"C\"", column.name),
        _ => column.name.to_owned(),
    });
    keys.collect::<Vec<_>>().join(", ")
}

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn arguments<'a>(table: &'static Table, row: &'a [Value]) -> impl Iterator<Item = Argument<'a>> {
    row.iter().zip(table.columns).map(|(value, column)| argument(value, column.kind))
}

/// At most `limit` rows after the one with this key, or from the beginning.
pub(super) async fn select_rows(
    connection: &QueryConnection<'_>,
    table: &'static Table,
    after: Option<&RawRow>,
    limit: u16,
) -> QueryResult<Vec<RawRow>> {
    let (keys, name, columns) = (ordered_keys(table), table.name, table.list());
    let (beyond, given) = match after {
        Some(key) => {
            (format!("WHERE ({keys}) > ({})", places(1, key.len())), arguments(table, key).collect())
        }
        None => (String::new(), Vec::new()),
    };
    let select = format!("SELECT {columns} FROM {name} {beyond} ORDER BY {keys} LIMIT {limit}");
    let read = |row: &Row| {
        table.columns.iter().enumerate().map(|(at, column)| value(row, at, column.kind)).collect()
    };
    connection.all(&select, &given, read).await
}

/// Inserts rows as they are.
pub(super) async fn insert_rows(
    connection: &QueryConnection<'_>,
    table: &'static Table,
    rows: &[RawRow],
) -> QueryResult<()> {
    // One statement takes 65,535 values.
    let (name, columns, width) = (table.name, table.list(), table.columns.len());
    let rows_at_once = usize::from(u16::MAX) / width.max(1);
    for rows in rows.chunks(rows_at_once) {
        let values: Vec<String> =
            (0..rows.len()).map(|row| format!("({})", places(1 + row * width, width))).collect();
        let insert = format!("INSERT INTO {name} ({columns}) VALUES {}", values.join(", "));
        let given: Vec<Argument<'_>> = rows.iter().flat_map(|row| arguments(table, row)).collect();
        connection.change(&insert, &given).await?;
    }
    Ok(())
}

async fn replace_sealed(
    connection: &QueryConnection<'_>,
    table: &'static Table,
    values: &[SealedAgain],
) -> QueryResult<()> {
    let keys: Vec<&str> = table.key_columns().map(|column| column.name).collect();
    let keys = keys.join(", ");
    for SealedAgain { key, column, old, new } in values {
        let Some(column) = table.columns.get(*column) else { continue };
        let (name, column) = (table.name, column.name);
        let places = places(3, key.len());
        let update = format!("UPDATE {name} SET {column} = $1 WHERE {column} = $2 AND ({keys}) = ({places})");
        let mut given: Vec<Argument<'_>> = vec![(new, Type::BYTEA), (old, Type::BYTEA)];
        given.extend(arguments(table, key));
        connection.change(&update, &given).await?;
    }
    Ok(())
}

impl RawRows for PostgresStore {
    fn rows<'a>(
        &'a self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<RawRow>> {
        Box::pin(self.engine.read((table, after, limit), |connection, (table, after, limit)| {
            Box::pin(select_rows(connection, table, after.as_ref(), *limit))
        }))
    }
}

impl SealedRows for PostgresStore {
    fn replace<'a>(&'a self, table: &'static Table, values: Vec<SealedAgain>) -> StoreFuture<'a, ()> {
        Box::pin(self.engine.write((table, values), |connection, (table, values)| {
            Box::pin(replace_sealed(connection, table, values))
        }))
    }
}

impl Resealing for PostgresStore {
    fn sealed_with_older(&self) -> StoreFuture<'_, u64> {
        Box::pin(self.engine.read(self.vault.generation(), |connection, generation| {
            Box::pin(sealed_otherwise(connection, *generation))
        }))
    }

    fn seal_batch(&self, from: PassPlace) -> StoreFuture<'_, SealedBatch> {
        Box::pin(seal_batch(self, &self.vault, from))
    }

    fn forget_older_keys(&self) -> StoreFuture<'_, bool> {
        Box::pin(self.engine.write(self.vault.generation(), |connection, generation| {
            Box::pin(forget_older(connection, *generation))
        }))
    }
}
