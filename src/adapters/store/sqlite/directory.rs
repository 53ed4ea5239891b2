//! What is known of people, in SQLite.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::statement::{all, change, column, first};
use super::{SqliteStore, records};
use crate::adapters::store::directory::{Directory, MOST_AT_ONCE, SealedPage, SweepState};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::records::{Confirming, Readings, the_one};
use crate::adapters::store::sealed::{Bound, Named, from_column, to_column};
use crate::domain::catalogue::Catalogue;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

impl Directory for SqliteStore {
    fn put_record<'a>(
        &'a self,
        environment: &'a str,
        record: &'a Record,
        now: Timestamp,
    ) -> StoreFuture<'a, Record> {
        Box::pin(async move {
            let readings = Readings::new(&self.vault, environment, std::slice::from_ref(record), now);
            the_one(self.writer.run(move |connection| records::put(connection, &readings)).await?)
        })
    }

    fn put_records<'a>(
        &'a self,
        environment: &'a str,
        records: &'a [Record],
        now: Timestamp,
    ) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let mut kept = Vec::with_capacity(records.len());
            for page in records.chunks(MOST_AT_ONCE) {
                let readings = Readings::new(&self.vault, environment, page, now);
                kept.extend(self.writer.run(move |connection| records::put(connection, &readings)).await?);
            }
            Ok(kept)
        })
    }

    fn confirm_records<'a>(
        &'a self,
        environment: &'a str,
        people: &'a [IndividualId],
        parts: &'a [Part],
        at: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let confirming = Confirming::new(parts, at);
            for page in people.chunks(MOST_AT_ONCE) {
                let people: Vec<_> = page.iter().map(|id| self.vault.person(environment, id)).collect();
                let of = environment.to_owned();
                let confirm =
                    move |connection: &Connection| records::confirm(connection, &of, &people, confirming);
                self.writer.run(confirm).await?;
            }
            Ok(())
        })
    }

    fn forget_record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, bool> {
        let (of, person) = (environment.to_owned(), self.vault.person(environment, id));
        Box::pin(self.writer.run(move |connection| records::forget(connection, &of, &person)))
    }

    fn record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            let (of, person) = (environment.to_owned(), self.vault.person(environment, id));
            let found = self.reader.run(move |connection| records::select(connection, &of, &person));
            found.await?.map(|stored| self.vault.open_record_of(environment, id, &stored)).transpose()
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
                    "SELECT person, sealed, listed FROM records WHERE environment = ?1 AND person = ?2
                     UNION SELECT person, sealed, listed FROM records WHERE environment = ?1 AND email = ?3
                     UNION SELECT person, sealed, listed FROM records WHERE environment = ?1 AND record_number = ?4
                     LIMIT 10",
                    params![of, person, email, number],
                    records::read_sealed,
                )
            });
            found.await?.iter().map(|stored| self.vault.open_record(environment, stored)).collect()
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
                    "SELECT person, sealed, listed, rowid FROM records NOT INDEXED
                     WHERE rowid > ?2 AND environment = ?1 ORDER BY rowid LIMIT ?3",
                    params![of, after, count],
                    |row| Ok((row.get::<_, i64>(3)?, records::read_sealed(row)?)),
                )
            });
            let rows = rows.await?;
            let (vault, environment) = (Arc::clone(&self.vault), environment.to_owned());
            Ok(SealedPage {
                last: rows.last().map_or(after, |(rowid, _)| *rowid),
                len: rows.len(),
                open: Box::new(
                    rows.into_iter().map(move |(_, stored)| vault.open_record(&environment, &stored)),
                ),
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

    fn state<'a>(&'a self, environment: &'a str, name: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let arguments = [environment.to_owned(), name.to_owned()];
            let found = self.reader.run(move |connection| {
                let select = "SELECT sealed FROM directory_state WHERE environment = ?1 AND name = ?2";
                first(connection, select, arguments, column::<Vec<u8>>)
            });
            let bound = Bound::DirectoryState { environment, name };
            found.await?.map(|sealed| self.vault.open_bytes(&sealed, bound)).transpose()
        })
    }

    fn put_state<'a>(&'a self, environment: &'a str, name: &'a str, state: &'a [u8]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = self.vault.seal_bytes(state, Bound::DirectoryState { environment, name })?;
            let (of, name) = (environment.to_owned(), name.to_owned());
            let writing = self.writer.run(move |connection| {
                let write =
                    "INSERT OR REPLACE INTO directory_state (environment, name, sealed) VALUES (?1, ?2, ?3)";
                change(connection, write, params![of, name, sealed]).map(drop)
            });
            writing.await
        })
    }

    fn states<'a>(
        &'a self,
        environment: &'a str,
        prefix: &'a str,
    ) -> StoreFuture<'a, Vec<(String, Vec<u8>)>> {
        Box::pin(async move {
            let arguments = [environment.to_owned(), prefix.to_owned()];
            let rows = self.reader.run(move |connection| {
                // By the primary key from the prefix on.
                let select = "SELECT name, sealed FROM directory_state
                     WHERE environment = ?1 AND name >= ?2 AND substr(name, 1, length(?2)) = ?2 ORDER BY name";
                all(connection, select, arguments, |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
            });
            let open = |(name, sealed): (String, Vec<u8>)| {
                let state =
                    self.vault.open_bytes(&sealed, Bound::DirectoryState { environment, name: &name })?;
                Ok((name, state))
            };
            rows.await?.into_iter().map(open).collect()
        })
    }

    fn remove_state<'a>(&'a self, environment: &'a str, name: &'a str) -> StoreFuture<'a, ()> {
        let arguments = [environment.to_owned(), name.to_owned()];
        Box::pin(self.writer.run(move |connection| {
            let delete = "DELETE FROM directory_state WHERE environment = ?1 AND name = ?2";
            change(connection, delete, arguments).map(drop)
        }))
    }
}

/// `person` and `sealed`, the first columns.
fn read_sealed(row: &Row<'_>) -> rusqlite::Result<([u8; 32], Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}
