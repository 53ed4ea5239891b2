//! Records in PostgreSQL. Rows are locked before they are read, in the order of their keys, so that two who write the same people
//! neither lose anything nor wait for each other.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::changes::{Change, note};
use super::statement::{QueryConnection, QueryResult, column, digest, values};
use crate::adapters::store::error::StoreError;
use crate::adapters::store::records::{Confirming, Readings, RecordRow, SealedRecord};
use crate::domain::record::Record;

/// How often rows are looked for that somebody else adds or removes meanwhile.
const LOOKS: usize = 4;

/// `person`, `sealed` and `listed`, the first columns.
pub(super) fn read_sealed(row: &Row) -> QueryResult<SealedRecord> {
    read_sealed_from(row, 0)
}

/// `person`, `sealed` and `listed`, from this column on.
pub(super) fn read_sealed_from(row: &Row, place: usize) -> QueryResult<SealedRecord> {
    Ok(SealedRecord {
        person: digest(row, place)?,
        sealed: column(row, place + 1)?,
        listed: column(row, place + 2)?,
    })
}

/// Joins readings with the records that are there.
pub(super) async fn put(connection: &QueryConnection<'_>, readings: &Readings) -> QueryResult<Vec<Record>> {
    let environment = &readings.environment;
    let mut left: BTreeMap<&[u8; 32], &Record> = readings.records.iter().collect();
    let mut kept = Vec::with_capacity(left.len());
    let mut written: Vec<Vec<u8>> = Vec::new();
    for _ in 0..LOOKS {
        let people: Vec<&[u8]> = left.keys().map(|person| &person[..]).collect();
        let select = "SELECT person, sealed, listed FROM records WHERE environment = $1 AND person = ANY ($2)
                      ORDER BY person FOR NO KEY UPDATE";
        let found = connection.all(select, values![*environment, people], read_sealed).await?;
        let mut rows = Vec::new();
        for stored in &found {
            let Some(reading) = left.remove(&stored.person) else { continue };
            let (record, row) = readings.join(reading, Some(stored))?;
            rows.extend(row);
            kept.push(record);
        }
        written.extend(rows.iter().map(|row| row.person.to_vec()));
        update(connection, environment, &rows).await?;
        let mut rows = Vec::new();
        for reading in left.values() {
            rows.extend(readings.join(reading, None)?.1);
        }
        for person in insert(connection, environment, &rows).await? {
            kept.extend(left.remove(&person).cloned());
            written.push(person.to_vec());
        }
        // Who is left was added by somebody else since the look, and is there now.
        if left.is_empty() {
            if !written.is_empty() {
                note(connection, Change::Records(environment, &written)).await?;
            }
            return Ok(kept);
        }
    }
    Err(StoreError::Busy.into())
}

/// Rows, column by column.
#[derive(Default)]
struct Columns<'a> {
    people: Vec<&'a [u8]>,
    as_of: Vec<i64>,
    sealed: Vec<&'a [u8]>,
    emails: Vec<Option<&'a [u8]>>,
    numbers: Vec<Option<&'a [u8]>>,
}

fn columns(rows: &[RecordRow]) -> Columns<'_> {
    let mut columns = Columns::default();
    for RecordRow { person, as_of, email, record_number, sealed } in rows {
        columns.people.push(person);
        columns.as_of.push(*as_of);
        columns.sealed.push(sealed);
        columns.emails.push(email.as_ref().map(|email| &email[..]));
        columns.numbers.push(record_number.as_ref().map(|number| &number[..]));
    }
    columns
}

async fn update(connection: &QueryConnection<'_>, environment: &str, rows: &[RecordRow]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let Columns { people, as_of, sealed, emails, numbers } = columns(rows);
    let update = "UPDATE records SET as_of = r.as_of, sealed = r.sealed, email = r.email,
           record_number = r.record_number, listed = NULL
         FROM unnest($2, $3, $4, $5, $6) AS r (person, as_of, sealed, email, record_number)
         WHERE records.environment = $1 AND records.person = r.person";
    let arguments = values![environment, people, as_of, sealed, emails, numbers];
    connection.change(update, arguments).await.map(drop)
}

/// Adds rows; tells which. The others are there already.
async fn insert(
    connection: &QueryConnection<'_>,
    environment: &str,
    rows: &[RecordRow],
) -> QueryResult<Vec<[u8; 32]>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let Columns { people, as_of, sealed, emails, numbers } = columns(rows);
    let insert = "INSERT INTO records (environment, person, as_of, sealed, email, record_number)
         SELECT $1, r.person, r.as_of, r.sealed, r.email, r.record_number
         FROM unnest($2, $3, $4, $5, $6) AS r (person, as_of, sealed, email, record_number)
         ORDER BY r.person ON CONFLICT (environment, person) DO NOTHING RETURNING person";
    let arguments = values![environment, people, as_of, sealed, emails, numbers];
    connection.all(insert, arguments, |row| digest(row, 0)).await
}

/// A person, when something about them was last confirmed, and by which pages.
type ConfirmedRow = (Vec<u8>, (i64, Vec<u8>));

/// Confirms parts of these people's records. The change log does not tell of it: nothing on which a decision rests has changed.
pub(super) async fn confirm(
    connection: &QueryConnection<'_>,
    environment: &str,
    people: &[Vec<u8>],
    confirming: Confirming,
) -> QueryResult<()> {
    let select = "SELECT person, as_of, listed FROM records WHERE environment = $1 AND person = ANY ($2)
                  ORDER BY person FOR NO KEY UPDATE";
    let people: Vec<&[u8]> = people.iter().map(|person| &person[..]).collect();
    let found: Vec<ConfirmedRow> = connection
        .all(select, values![environment, people], |row| {
            let listed: Option<Vec<u8>> = column(row, 2)?;
            Ok((column(row, 0)?, confirming.of(column(row, 1)?, listed.as_deref())))
        })
        .await?;
    let (mut people, mut as_of, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for (person, (confirmed, pages)) in found {
        people.push(person);
        as_of.push(confirmed);
        listed.push(pages);
    }
    let update = "UPDATE records SET as_of = r.as_of, listed = r.listed
         FROM unnest($2, $3, $4) AS r (person, as_of, listed)
         WHERE records.environment = $1 AND records.person = r.person";
    connection.change(update, values![environment, people, as_of, listed]).await.map(drop)
}

/// Erases the record of one person, unless a session rests on it. One that begins meanwhile makes the statement fail, and it is
/// done again.
pub(super) async fn forget(
    connection: &QueryConnection<'_>,
    environment: &str,
    person: &[u8],
) -> QueryResult<bool> {
    let delete = "DELETE FROM records WHERE environment = $1 AND person = $2 AND NOT EXISTS (
           SELECT 1 FROM sessions s WHERE s.environment = records.environment AND s.person = records.person)";
    Ok(connection.change(delete, values![environment, person]).await? > 0)
}
