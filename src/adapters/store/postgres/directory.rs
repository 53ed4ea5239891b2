//! What is known of people, in PostgreSQL.

use std::sync::Arc;

use tokio_postgres::Row;

use super::statement::{column, only, values};
use super::{PostgresStore, records};
use crate::adapters::store::directory::{Directory, MOST_AT_ONCE, SealedPage};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::records::{Confirming, Readings, the_one};
use crate::adapters::store::sealed::{Bound, Named};
use crate::domain::catalogue::Catalogue;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

impl Directory for PostgresStore {
    fn put_record<'a>(
        &'a self,
        environment: &'a str,
        record: &'a Record,
        now: Timestamp,
    ) -> StoreFuture<'a, Record> {
        Box::pin(async move { the_one(self.put_page(environment, std::slice::from_ref(record), now).await?) })
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
                kept.extend(self.put_page(environment, page, now).await?);
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
            for page in people.chunks(MOST_AT_ONCE) {
                let people = page.iter().map(|id| self.vault.person(environment, id).to_vec()).collect();
                let needs: (_, Vec<Vec<u8>>, _) =
                    (environment.to_owned(), people, Confirming::new(parts, at));
                let confirming = self.engine.write(needs, |connection, (environment, people, confirming)| {
                    Box::pin(records::confirm(connection, environment, people, *confirming))
                });
                confirming.await?;
            }
            Ok(())
        })
    }

    fn forget_record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, bool> {
        let needs = (environment.to_owned(), self.vault.person(environment, id).to_vec());
        Box::pin(self.engine.write(needs, |connection, (environment, person)| {
            Box::pin(records::forget(connection, environment, person))
        }))
    }

    fn record<'a>(&'a self, environment: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            let needs = (environment.to_owned(), self.vault.person(environment, id).to_vec());
            let found = self.engine.read(needs, |connection, (environment, person)| {
                Box::pin(async move {
                    let select =
                        "SELECT person, sealed, listed FROM records WHERE environment = $1 AND person = $2";
                    connection.first(select, values![*environment, *person], records::read_sealed).await
                })
            });
            found.await?.map(|stored| self.vault.open_record_of(environment, id, &stored)).transpose()
        })
    }

    fn find_records<'a>(&'a self, environment: &'a str, text: &'a str) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let person = IndividualId::parse(text).map(|id| self.vault.person(environment, &id).to_vec());
            let named = |kind| self.vault.named(environment, kind, Some(text)).map(|name| name.to_vec());
            let needs = (environment.to_owned(), person, named(Named::Email), named(Named::Number));
            let found = self.engine.read(needs, |connection, (environment, person, email, number)| {
                Box::pin(async move {
                    let select = "SELECT person, sealed, listed FROM records WHERE environment = $1 AND person = $2
                         UNION SELECT person, sealed, listed FROM records WHERE environment = $1 AND email = $3
                         UNION SELECT person, sealed, listed FROM records WHERE environment = $1 AND record_number = $4
                         LIMIT 10";
                    let arguments = values![*environment, *person, *email, *number];
                    connection.all(select, arguments, records::read_sealed).await
                })
            });
            found.await?.iter().map(|stored| self.vault.open_record(environment, stored)).collect()
        })
    }

    fn count_records<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, usize> {
        Box::pin(self.engine.read(environment.to_owned(), |connection, environment| {
            Box::pin(async move {
                let select = "SELECT count(*) FROM records WHERE environment = $1";
                let count: Option<i64> = connection.first(select, values![*environment], only).await?;
                Ok(usize::try_from(count.unwrap_or_default()).unwrap_or_default())
            })
        }))
    }

    fn records<'a>(&'a self, environment: &'a str, after: i64, count: u16) -> StoreFuture<'a, SealedPage> {
        Box::pin(async move {
            let needs = (environment.to_owned(), after, i64::from(count));
            let rows = self.engine.read(needs, |connection, (environment, after, count)| {
                Box::pin(async move {
                    connection.all(
                    "SELECT person, sealed, listed, rowid FROM records WHERE rowid > $2 AND environment = $1
                     ORDER BY rowid LIMIT $3",
                    values![*environment, *after, *count],
                    |row| Ok((column::<i64>(row, 3)?, records::read_sealed(row)?)),
                ).await
                })
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
            let found = self.engine.read(environment.to_owned(), |connection, environment| {
                Box::pin(async move {
                    let select = "SELECT sealed FROM catalogues WHERE environment = $1";
                    connection.first(select, values![*environment], only::<Vec<u8>>).await
                })
            });
            let open = |sealed: Vec<u8>| self.vault.open(&sealed, Bound::Catalogue { environment });
            found.await?.map(open).transpose()
        })
    }

    fn put_catalogue<'a>(&'a self, environment: &'a str, catalogue: &'a Catalogue) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = self.vault.seal(catalogue, Bound::Catalogue { environment })?;
            let needs = (environment.to_owned(), sealed);
            let writing = self.engine.write(needs, |connection, (environment, sealed)| {
                Box::pin(async move {
                    let write = "INSERT INTO catalogues (environment, sealed) VALUES ($1, $2)
                       ON CONFLICT (environment) DO UPDATE SET sealed = excluded.sealed";
                    connection.change(write, values![*environment, *sealed]).await.map(drop)
                })
            });
            writing.await
        })
    }

    fn state<'a>(&'a self, environment: &'a str, name: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let needs = (environment.to_owned(), name.to_owned());
            let found = self.engine.read(needs, |connection, (environment, name)| {
                Box::pin(async move {
                    let select = "SELECT sealed FROM directory_state WHERE environment = $1 AND name = $2";
                    connection.first(select, values![*environment, *name], only::<Vec<u8>>).await
                })
            });
            let bound = Bound::DirectoryState { environment, name };
            found.await?.map(|sealed| self.vault.open_bytes(&sealed, bound)).transpose()
        })
    }

    fn put_state<'a>(&'a self, environment: &'a str, name: &'a str, state: &'a [u8]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = self.vault.seal_bytes(state, Bound::DirectoryState { environment, name })?;
            let needs = (environment.to_owned(), name.to_owned(), sealed);
            let writing = self.engine.write(needs, |connection, (environment, name, sealed)| {
                Box::pin(async move {
                    let write = "INSERT INTO directory_state (environment, name, sealed) VALUES ($1, $2, $3)
                       ON CONFLICT (environment, name) DO UPDATE SET sealed = excluded.sealed";
                    connection.change(write, values![*environment, *name, *sealed]).await.map(drop)
                })
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
            let needs = (environment.to_owned(), prefix.to_owned());
            let rows = self.engine.read(needs, |connection, (environment, prefix)| {
                Box::pin(async move {
                    let select = "SELECT name, sealed FROM directory_state
                         WHERE environment = $1 AND starts_with(name, $2) ORDER BY name COLLATE \"C\"";
                    let read = |row: &Row| Ok((column::<String>(row, 0)?, column::<Vec<u8>>(row, 1)?));
                    connection.all(select, values![*environment, *prefix], read).await
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
        let needs = (environment.to_owned(), name.to_owned());
        Box::pin(self.engine.write(needs, |connection, (environment, name)| {
            Box::pin(async move {
                let delete = "DELETE FROM directory_state WHERE environment = $1 AND name = $2";
                connection.change(delete, values![*environment, *name]).await.map(drop)
            })
        }))
    }
}

impl PostgresStore {
    async fn put_page(
        &self,
        environment: &str,
        page: &[Record],
        now: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        let readings = Readings::new(&self.vault, environment, page, now);
        let putting =
            self.engine.write(readings, |connection, readings| Box::pin(records::put(connection, readings)));
        putting.await
    }
}
