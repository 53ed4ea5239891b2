//! What is known of people, in SQLite.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::store::directory::{Directory, SealedPage, SweepState};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::sealed::{Bound, Named, RecordRow, from_column, to_column};
use crate::domain::catalogue::Catalogue;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

impl Directory for SqliteStore {
    fn put_record<'a>(&'a self, environment: &'a str, record: &'a Record) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let record = self.vault.seal_record(environment, record)?;
            self.writer.run(move |connection| write_record(connection, &record)).await
        })
    }

    fn record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            let person = self.vault.person(environment, id);
            let of = environment.to_owned();
            let found = self.reader.run(move |connection| {
                let select = "SELECT sealed FROM records WHERE environment = ?1 AND person = ?2";
                first(connection, select, params![of, person], column::<Vec<u8>>)
            });
            found.await?.map(|sealed| self.vault.open_record(environment, id, &sealed)).transpose()
        })
    }

    fn find_records<'a>(&'a self, environment: &'a str, text: &'a str) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let person = IndividualId::parse(text).map(|id| self.vault.person(environment, &id));
            let email = self.vault.named(environment, Named::Email, Some(text));
            let number = self.vault.named(environment, Named::Number, Some(text));
            let of = environment.to_owned();
            // Three looks by index; one with OR would read every record of the environment.
            let found = self.reader.run(move |connection| {
                all(
                    connection,
                    "SELECT person, sealed FROM records WHERE environment = ?1 AND person = ?2
                     UNION SELECT person, sealed FROM records WHERE environment = ?1 AND email = ?3
                     UNION SELECT person, sealed FROM records WHERE environment = ?1 AND record_number = ?4
                     LIMIT 10",
                    params![of, person, email, number],
                    read_sealed,
                )
            });
            let open = |(person, sealed): ([u8; 32], Vec<u8>)| {
                self.vault.open(&sealed, Bound::Record { environment, person: &person })
            };
            found.await?.into_iter().map(open).collect()
        })
    }

    fn count_records<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, usize> {
        let environment = environment.to_owned();
        Box::pin(self.reader.run(move |connection| {
            let select = "SELECT count(*) FROM records WHERE environment = ?1";
            let count: Option<i64> = first(connection, select, [environment], column)?;
            Ok(usize::try_from(count.unwrap_or_default()).unwrap_or_default())
        }))
    }

    fn records<'a>(&'a self, environment: &'a str, after: i64, count: u16) -> StoreFuture<'a, SealedPage> {
        Box::pin(async move {
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| {
                // In the order of the file. By the index of people, each record would be a jump to another place of it.
                all(
                    connection,
                    "SELECT person, sealed, rowid FROM records NOT INDEXED
                     WHERE rowid > ?2 AND environment = ?1 ORDER BY rowid LIMIT ?3",
                    params![of, after, count],
                    |row| Ok((row.get::<_, i64>(2)?, read_sealed(row)?)),
                )
            });
            let rows = rows.await?;
            let (vault, environment) = (Arc::clone(&self.vault), environment.to_owned());
            Ok(SealedPage {
                last: rows.last().map_or(after, |(rowid, _)| *rowid),
                len: rows.len(),
                open: Box::new(rows.into_iter().map(move |(_, (person, sealed))| {
                    vault.open(&sealed, Bound::Record { environment: &environment, person: &person })
                })),
            })
        })
    }

    fn sweep<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<SweepState>> {
        let of = environment.to_owned();
        Box::pin(self.reader.run(move |connection| {
            first(
                connection,
                "SELECT started, next_page, listed, failed, finished,
                   (SELECT count(*) FROM sweep_left WHERE environment = ?1)
                 FROM sweeps WHERE environment = ?1",
                [of],
                |row| {
                    Ok(SweepState {
                        started: from_column(row.get(0)?),
                        next_page: row.get(1)?,
                        listed: row.get::<_, u32>(2)?.into(),
                        failed: row.get::<_, u32>(3)?.into(),
                        finished: row.get::<_, Option<i64>>(4)?.map(from_column),
                        left: row.get::<_, u32>(5)?.into(),
                    })
                },
            )
        }))
    }

    fn begin_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()> {
        let of = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            change(connection, "DELETE FROM sweep_left WHERE environment = ?1", [&of])?;
            let begin = "INSERT OR REPLACE INTO sweeps (environment, started, next_page) VALUES (?1, ?2, 1)";
            change(connection, begin, params![of, to_column(now)]).map(drop)
        }))
    }

    fn add_to_sweep<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut rows = Vec::new();
            for id in members {
                let person = self.vault.person(environment, id);
                let bound = Bound::SweptMember { environment, person: &person };
                rows.push((person, self.vault.seal(id, bound)?));
            }
            let of = environment.to_owned();
            let adding = self.writer.run(move |connection| {
                let insert = "INSERT INTO sweep_left (environment, person, sealed) VALUES (?1, ?2, ?3)
                              ON CONFLICT DO NOTHING";
                let mut new = 0_u32;
                for (person, sealed) in rows {
                    new += u32::from(change(connection, insert, params![of, person, sealed])? == 1);
                }
                change(
                    connection,
                    "UPDATE sweeps SET next_page = ?2, listed = listed + ?3 WHERE environment = ?1",
                    params![of, next_page, new],
                )?;
                Ok(new.into())
            });
            adding.await
        })
    }

    fn left_of_sweep<'a>(&'a self, environment: &'a str, limit: u32) -> StoreFuture<'a, Vec<IndividualId>> {
        Box::pin(async move {
            let of = environment.to_owned();
            let rows = self.reader.run(move |connection| {
                let select =
                    "SELECT person, sealed FROM sweep_left WHERE environment = ?1 ORDER BY person LIMIT ?2";
                all(connection, select, params![of, limit], read_sealed)
            });
            let open = |(person, sealed): ([u8; 32], Vec<u8>)| {
                self.vault.open(&sealed, Bound::SweptMember { environment, person: &person })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }

    fn take_off_sweep<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
        failed: bool,
    ) -> StoreFuture<'a, ()> {
        let (of, person) = (environment.to_owned(), self.vault.person(environment, id));
        Box::pin(self.writer.run(move |connection| {
            let delete = "DELETE FROM sweep_left WHERE environment = ?1 AND person = ?2";
            if change(connection, delete, params![of, person])? > 0 && failed {
                change(connection, "UPDATE sweeps SET failed = failed + 1 WHERE environment = ?1", [of])?;
            }
            Ok(())
        }))
    }

    fn finish_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()> {
        let of = environment.to_owned();
        Box::pin(self.writer.run(move |connection| {
            let finish = "UPDATE sweeps SET finished = ?2 WHERE environment = ?1";
            change(connection, finish, params![of, to_column(now)]).map(drop)
        }))
    }

    fn catalogue<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<Catalogue>> {
        Box::pin(async move {
            let of = environment.to_owned();
            let found = self.reader.run(move |connection| {
                let select = "SELECT sealed FROM catalogues WHERE environment = ?1";
                first(connection, select, [of], column::<Vec<u8>>)
            });
            let open = |sealed: Vec<u8>| self.vault.open(&sealed, Bound::Catalogue { environment });
            found.await?.map(open).transpose()
        })
    }

    fn put_catalogue<'a>(&'a self, environment: &'a str, catalogue: &'a Catalogue) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = self.vault.seal(catalogue, Bound::Catalogue { environment })?;
            let of = environment.to_owned();
            let writing = self.writer.run(move |connection| {
                let write = "INSERT OR REPLACE INTO catalogues (environment, sealed) VALUES (?1, ?2)";
                change(connection, write, params![of, sealed]).map(drop)
            });
            writing.await
        })
    }
}

/// `person` and `sealed`, the first columns.
fn read_sealed(row: &Row<'_>) -> rusqlite::Result<([u8; 32], Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// As [`Directory::put_record`], within a transaction.
pub(super) fn write_record(connection: &Connection, record: &RecordRow) -> SqlResult<()> {
    let RecordRow { environment, person, as_of, email, record_number, sealed } = record;
    change(
        connection,
        "INSERT INTO records (environment, person, as_of, sealed, email, record_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET as_of = excluded.as_of, sealed = excluded.sealed,
           email = excluded.email, record_number = excluded.record_number
         WHERE excluded.as_of >= records.as_of",
        params![environment, person, as_of, sealed, email, record_number],
    )
    .map(drop)
}
