//! What is known of people, in SQLite.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::statement::{all, change, column, first};
use super::{SqliteStore, records};
use crate::adapters::store::directory::{Directory, MOST_AT_ONCE, SealedPage};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::records::{Confirming, Readings, the_one};
use crate::adapters::store::sealed::{Bound, Named};
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
