//! Records in SQLite, within the transaction of the writer: nobody writes between reading a row and writing it.

use rusqlite::{Connection, Row, params};

use super::statement::{SqlResult, change, first};
use crate::adapters::store::records::{Confirming, Readings, RecordRow, SealedRecord};
use crate::domain::record::Record;

/// `person`, `sealed` and `listed`, the first columns.
pub(super) fn read_sealed(row: &Row<'_>) -> rusqlite::Result<SealedRecord> {
    Ok(SealedRecord { person: row.get(0)?, sealed: row.get(1)?, listed: row.get(2)? })
}

/// The record of one person.
pub(super) fn select(
    connection: &Connection,
    environment: &str,
    person: &[u8; 32],
) -> SqlResult<Option<SealedRecord>> {
    let select = "SELECT person, sealed, listed FROM records WHERE environment = ?1 AND person = ?2";
    first(connection, select, params![environment, person], read_sealed)
}

/// Joins readings with the records that are there.
pub(super) fn put(connection: &Connection, readings: &Readings) -> SqlResult<Vec<Record>> {
    let mut kept = Vec::with_capacity(readings.records.len());
    for (person, reading) in &readings.records {
        let stored = select(connection, &readings.environment, person)?;
        let (record, row) = readings.join(reading, stored.as_ref())?;
        if let Some(row) = row {
            write(connection, &readings.environment, &row)?;
        }
        kept.push(record);
    }
    Ok(kept)
}

fn write(connection: &Connection, environment: &str, row: &RecordRow) -> SqlResult<()> {
    let RecordRow { person, as_of, email, record_number, sealed } = row;
    change(
        connection,
        "INSERT INTO records (environment, person, as_of, sealed, email, record_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET as_of = excluded.as_of, sealed = excluded.sealed,
           email = excluded.email, record_number = excluded.record_number, listed = NULL",
        params![environment, person, as_of, sealed, email, record_number],
    )
    .map(drop)
}

/// Confirms parts of these people's records.
pub(super) fn confirm(
    connection: &Connection,
    environment: &str,
    people: &[[u8; 32]],
    confirming: Confirming,
) -> SqlResult<()> {
    let select = "SELECT as_of, listed FROM records WHERE environment = ?1 AND person = ?2";
    let update = "UPDATE records SET as_of = ?3, listed = ?4 WHERE environment = ?1 AND person = ?2";
    for person in people {
        let found = first(connection, select, params![environment, person], |row| {
            Ok((row.get(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        })?;
        let Some((as_of, listed)) = found else { continue };
        let (as_of, listed) = confirming.of(as_of, listed.as_deref());
        change(connection, update, params![environment, person, as_of, listed])?;
    }
    Ok(())
}

/// Erases the record of one person, unless a session rests on it.
pub(super) fn forget(connection: &Connection, environment: &str, person: &[u8; 32]) -> SqlResult<bool> {
    let delete = "DELETE FROM records WHERE environment = ?1 AND person = ?2 AND NOT EXISTS (
           SELECT 1 FROM sessions s WHERE s.environment = records.environment AND s.person = records.person)";
    Ok(change(connection, delete, params![environment, person])? > 0)
}
