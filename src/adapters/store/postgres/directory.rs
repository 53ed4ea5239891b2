//! What is known of people, in PostgreSQL.

use std::sync::Arc;

use tokio_postgres::Row;

use super::statement::{QueryResult, column, count, digest, only, values};
use super::{PostgresStore, records};
use crate::adapters::store::directory::{Directory, MOST_AT_ONCE, SealedPage, SweepState};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::records::{Confirming, Readings, the_one};
use crate::adapters::store::sealed::{Bound, Named, from_column, to_column};
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

    fn sweep<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Option<SweepState>> {
        Box::pin(self.engine.read(environment.to_owned(), |connection, environment| {
            Box::pin(async move {
                connection
                    .first(
                        "SELECT started, next_page, listed, failed, finished,
                   (SELECT count(*) FROM sweep_left WHERE environment = $1)
                 FROM sweeps WHERE environment = $1",
                        values![*environment],
                        |row| {
                            let next_page = column::<Option<i64>>(row, 1)?.map(u32::try_from).transpose();
                            Ok(SweepState {
                                started: from_column(column(row, 0)?),
                                next_page: next_page.map_err(|_| StoreError::Damaged("count"))?,
                                listed: count(row, 2)?.into(),
                                failed: count(row, 3)?.into(),
                                finished: column::<Option<i64>>(row, 4)?.map(from_column),
                                left: count(row, 5)?.into(),
                            })
                        },
                    )
                    .await
            })
        }))
    }

    fn begin_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()> {
        let needs = (environment.to_owned(), to_column(now));
        Box::pin(self.engine.write(needs, |connection, (environment, now)| {
            Box::pin(async move {
                let begin = "INSERT INTO sweeps (environment, started, next_page) VALUES ($1, $2, 1)
                   ON CONFLICT (environment) DO UPDATE SET started = excluded.started, next_page = 1,
                     listed = 0, failed = 0, finished = NULL";
                connection.change(begin, values![*environment, *now]).await?;
                let forget = "DELETE FROM sweep_left WHERE environment = $1";
                connection.change(forget, values![*environment]).await.map(drop)
            })
        }))
    }

    fn add_to_sweep<'a>(
        &'a self,
        environment: &'a str,
        members: &'a [IndividualId],
        next_page: Option<u32>,
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let (mut people, mut sealed) = (Vec::new(), Vec::new());
            for id in members {
                let person = self.vault.person(environment, id);
                sealed.push(self.vault.seal(id, Bound::SweptMember { environment, person: &person })?);
                people.push(person.to_vec());
            }
            let needs = (environment.to_owned(), people, sealed, next_page.map(i64::from));
            let adding = self.engine.write(needs, |connection, (environment, people, sealed, next_page)| {
                Box::pin(async move {
                    let insert = "INSERT INTO sweep_left (environment, person, sealed)
                       SELECT $1, person, sealed FROM unnest($2, $3) AS members (person, sealed)
                       ON CONFLICT DO NOTHING";
                    let new = connection.change(insert, values![*environment, *people, *sealed]).await?;
                    let listed = i64::try_from(new).unwrap_or(i64::MAX);
                    let update =
                        "UPDATE sweeps SET next_page = $2, listed = listed + $3 WHERE environment = $1";
                    connection.change(update, values![*environment, *next_page, listed]).await?;
                    Ok(new)
                })
            });
            adding.await
        })
    }

    fn left_of_sweep<'a>(&'a self, environment: &'a str, limit: u32) -> StoreFuture<'a, Vec<IndividualId>> {
        Box::pin(async move {
            let needs = (environment.to_owned(), i64::from(limit));
            let rows = self.engine.read(needs, |connection, (environment, limit)| {
                Box::pin(async move {
                    let select =
                        "SELECT person, sealed FROM sweep_left WHERE environment = $1 ORDER BY person LIMIT $2";
                    connection.all(select, values![*environment, *limit], read_sealed).await
                })
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
        let needs = (environment.to_owned(), self.vault.person(environment, id).to_vec(), failed);
        Box::pin(self.engine.write(needs, |connection, (environment, person, failed)| {
            Box::pin(async move {
                let delete = "DELETE FROM sweep_left WHERE environment = $1 AND person = $2";
                if connection.change(delete, values![*environment, *person]).await? > 0 && *failed {
                    let count = "UPDATE sweeps SET failed = failed + 1 WHERE environment = $1";
                    connection.change(count, values![*environment]).await?;
                }
                Ok(())
            })
        }))
    }

    fn finish_sweep<'a>(&'a self, environment: &'a str, now: Timestamp) -> StoreFuture<'a, ()> {
        let needs = (environment.to_owned(), to_column(now));
        Box::pin(self.engine.write(needs, |connection, (environment, now)| {
            Box::pin(async move {
                let finish = "UPDATE sweeps SET finished = $2 WHERE environment = $1";
                connection.change(finish, values![*environment, *now]).await.map(drop)
            })
        }))
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

/// `person` and `sealed`, the first columns.
fn read_sealed(row: &Row) -> QueryResult<([u8; 32], Vec<u8>)> {
    Ok((digest(row, 0)?, column(row, 1)?))
}
