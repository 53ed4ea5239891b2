//! How far a sweep over all members has come, so that it goes on after a restart; and the AMS's lists as last read.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::sealed::{from_column, to_column};
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// How far a sweep has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepState {
    /// When it began.
    pub started: Timestamp,
    /// The next page of the list of members. `None`: the list has been read to its end.
    pub next_page: Option<u32>,
    /// Members listed so far.
    pub listed: u64,
    /// Members who are still to be read.
    pub left: u64,
    /// Members whose record could not be understood, or who were gone.
    pub failed: u64,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// Keeps sweeps. One per environment.
pub trait SweepStore: Send + Sync + 'static {
    /// The last sweep, finished or not.
    fn state<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<SweepState>, StoreError>>;

    /// Begins a new one; whatever an old one left undone is forgotten.
    fn begin<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Adds a page of members, and names the page that is next. Tells how many of them had not been listed before.
    fn listed<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Some of those who are still to be read.
    fn left<'a>(
        &'a self,
        environment: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<IndividualId>, StoreError>>;

    /// One member is done.
    fn done<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
        failed: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The sweep is over.
    fn finish<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Keeps the AMS's lists.
pub trait CatalogueStore: Send + Sync + 'static {
    /// The lists as last read.
    fn catalogue<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<Catalogue>, StoreError>>;

    /// Keeps the lists.
    fn put_catalogue<'a>(
        &'a self,
        environment: &'a str,
        catalogue: &'a Catalogue,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl SweepStore for SqliteStore {
    fn state<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<SweepState>, StoreError>> {
        let of = environment.to_owned();
        Box::pin(self.reader.run(move |connection| select_state(connection, &of)))
    }

    fn begin<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        let of = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            connection.execute("DELETE FROM sweep_left WHERE environment = ?1", [&of])?;
            connection.execute(
                "INSERT OR REPLACE INTO sweeps (environment, started, next_page) VALUES (?1, ?2, 1)",
                params![of, to_column(now)],
            )?;
            Ok(())
        }))
    }

    fn listed<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut rows = Vec::new();
            for id in members {
                let person = self.vault.person(environment, id);
                rows.push((person, self.vault.seal_value(id, &left_context(environment, &person))?));
            }
            let of = environment.to_owned();
            let adding = self.writer.run(move |connection| {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO sweep_left (environment, person, sealed) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO NOTHING",
                )?;
                let mut new = 0_u32;
                for (person, sealed) in rows {
                    if insert.execute(params![of, person, sealed])? == 1 {
                        new += 1;
                    }
                }
                connection.execute(
                    "UPDATE sweeps SET next_page = ?2, listed = listed + ?3 WHERE environment = ?1",
                    params![of, next_page, new],
                )?;
                Ok(new.into())
            });
            adding.await
        })
    }

    fn left<'a>(
        &'a self,
        environment: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<IndividualId>, StoreError>> {
        Box::pin(async move {
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT person, sealed FROM sweep_left WHERE environment = ?1 ORDER BY person LIMIT ?2",
                )?;
                let rows = select.query_map(params![of, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<Vec<([u8; 32], Vec<u8>)>, _>>()?)
            });
            let rows = rows.await?.into_iter();
            rows.map(|(person, sealed)| {
                self.vault.open_value(&sealed, &left_context(environment, &person), "member to be read")
            })
            .collect()
        })
    }

    fn done<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
        failed: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (of, person) = (environment.to_owned(), self.vault.person(environment, id));
        Box::pin(self.writer.run(move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM sweep_left WHERE environment = ?1 AND person = ?2")?
                .execute(params![of, person])?;
            if failed && gone > 0 {
                connection.execute("UPDATE sweeps SET failed = failed + 1 WHERE environment = ?1", [of])?;
            }
            Ok(())
        }))
    }

    fn finish<'a>(&'a self, environment: &'a str, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        let of = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            connection.execute(
                "UPDATE sweeps SET finished = ?2 WHERE environment = ?1",
                params![of, to_column(now)],
            )?;
            Ok(())
        }))
    }
}

fn select_state(connection: &Connection, environment: &str) -> Result<Option<SweepState>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT started, next_page, listed, failed, finished,
           (SELECT count(*) FROM sweep_left WHERE environment = ?1)
         FROM sweeps WHERE environment = ?1",
    )?;
    let state = select.query_row([environment], |row| {
        Ok(SweepState {
            started: from_column(row.get(0)?),
            next_page: row.get(1)?,
            listed: row.get::<_, u32>(2)?.into(),
            failed: row.get::<_, u32>(3)?.into(),
            finished: row.get::<_, Option<i64>>(4)?.map(from_column),
            left: row.get::<_, u32>(5)?.into(),
        })
    });
    Ok(state.optional()?)
}

impl CatalogueStore for SqliteStore {
    fn catalogue<'a>(&'a self, environment: &'a str) -> BoxFuture<'a, Result<Option<Catalogue>, StoreError>> {
        Box::pin(async move {
            let of = environment.to_owned();
            let found = self.reader.run(move |connection| {
                let mut select =
                    connection.prepare_cached("SELECT sealed FROM catalogues WHERE environment = ?1")?;
                Ok(select.query_row([of], |row| row.get::<_, Vec<u8>>(0)).optional()?)
            });
            let Some(sealed) = found.await? else { return Ok(None) };
            self.vault.open_value(&sealed, &catalogue_context(environment), "catalogue").map(Some)
        })
    }

    fn put_catalogue<'a>(
        &'a self,
        environment: &'a str,
        catalogue: &'a Catalogue,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let sealed = self.vault.seal_value(catalogue, &catalogue_context(environment))?;
            let of = environment.to_owned();
            let writing = self.writer.run(move |connection| {
                connection.execute(
                    "INSERT OR REPLACE INTO catalogues (environment, sealed) VALUES (?1, ?2)",
                    params![of, sealed],
                )?;
                Ok(())
            });
            writing.await
        })
    }
}

fn left_context(environment: &str, person: &[u8; 32]) -> Vec<u8> {
    context(&[b"member to be read", environment.as_bytes(), person])
}

fn catalogue_context(environment: &str) -> Vec<u8> {
    context(&[b"catalogue", environment.as_bytes()])
}
