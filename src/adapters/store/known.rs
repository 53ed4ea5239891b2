//! Everybody whose record is held: read in pages, and opened where the reader has the time for it.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::record::Record;

/// Reads all records of an environment.
pub trait KnownPeople: Send + Sync + 'static {
    /// How many records are held.
    fn count<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<usize, StoreError>>;

    /// The next records after `after` (0: from the beginning), at most `count`. None are left when the page is empty.
    fn page<'a>(
        &'a self,
        environment: &'a str,
        after: i64,
        count: u16,
    ) -> BoxFuture<'a, Result<SealedPage, StoreError>>;
}

/// Records that are still sealed. Opening them takes time, so it is not for an asynchronous task.
pub struct SealedPage {
    /// Where the next page goes on.
    pub last: i64,
    /// How many records there are.
    pub len: usize,
    pub(super) open: Box<dyn Iterator<Item = Result<Record, StoreError>> + Send>,
}

impl SealedPage {
    /// Opens one after the other.
    pub fn open(self) -> impl Iterator<Item = Result<Record, StoreError>> {
        self.open
    }
}

/// `rowid`, `person` and `sealed` of a record.
type Row = (i64, [u8; 32], Vec<u8>);

impl KnownPeople for SqliteStore {
    fn count<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<usize, StoreError>> {
        let environment = environment.to_owned();
        Box::pin(self.reader.run(move |connection| {
            let count: i64 = connection
                .prepare_cached("SELECT count(*) FROM records WHERE environment = ?1")?
                .query_row([environment], |row| row.get(0))?;
            Ok(usize::try_from(count).unwrap_or_default())
        }))
    }

    fn page<'a>(
        &'a self,
        environment: &'a str,
        after: i64,
        count: u16,
    ) -> BoxFuture<'a, Result<SealedPage, StoreError>> {
        Box::pin(async move {
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| select_page(connection, &of, after, count)).await?;
            let (vault, environment) = (Arc::clone(&self.vault), environment.to_owned());
            Ok(SealedPage {
                last: rows.last().map_or(after, |(rowid, ..)| *rowid),
                len: rows.len(),
                open: Box::new(
                    rows.into_iter()
                        .map(move |(_, person, sealed)| vault.open_record_of(&environment, &person, &sealed)),
                ),
            })
        })
    }
}

fn select_page(
    connection: &Connection,
    environment: &str,
    after: i64,
    count: u16,
) -> Result<Vec<Row>, StoreError> {
    // In the order of the file. By the index of people, each record would be a jump to another place of it.
    let mut select = connection.prepare_cached(
        "SELECT rowid, person, sealed FROM records NOT INDEXED
         WHERE rowid > ?2 AND environment = ?1 ORDER BY rowid LIMIT ?3",
    )?;
    let rows = select
        .query_map(params![environment, after, count], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
