//! What subscribers should know, in SQLite.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::store::deliveries::{
    Deliveries, DeliveryCounts, EndedFlight, RowsOf, SentAgain, SubscriberChange,
};
use crate::adapters::store::delivery_rows::{
    AGAIN_AT_ONCE, DeliveryRow, DeliveryWork, DeliveryWorkDone, SealedDelivery, Selected, counted, phase,
};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::sealed::to_column;
use crate::domain::deliveries::row::{Delivery, Flight, Plan};
use crate::domain::deliveries::subscriber::{SubscriberName, SubscriberState};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

impl Deliveries for SqliteStore {
    fn subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, SubscriberState> {
        Box::pin(async move {
            let of = name.as_str().to_owned();
            let sealed = self.reader.run(move |connection| select_subscriber(connection, &of)).await?;
            self.vault.open_subscriber(name, sealed.as_deref())
        })
    }

    fn change_subscriber<'a>(
        &'a self,
        name: &'a SubscriberName,
        change_of: SubscriberChange,
    ) -> StoreFuture<'a, Option<u64>> {
        let (vault, name) = (std::sync::Arc::clone(&self.vault), name.clone());
        Box::pin(self.writer.run(move |connection| {
            let sealed = select_subscriber(connection, name.as_str())?;
            let mut state = vault.open_subscriber(&name, sealed.as_deref())?;
            let Some(number) = change_of.make(&mut state) else { return Ok(None) };
            let sealed = vault.seal_subscriber(&name, &state)?;
            write_subscriber(connection, name.as_str(), &sealed)?;
            Ok(Some(number))
        }))
    }

    fn delivery_rows<'a>(
        &'a self,
        of: RowsOf<'a>,
        people: &'a [IndividualId],
    ) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let people: Vec<_> = people.iter().map(|id| self.vault.person(of.environment, id)).collect();
            let keys = key_of(of);
            let rows = self.reader.run(move |connection| select_people(connection, &keys, &people)).await?;
            Ok(self.vault.open_deliveries(of, &rows))
        })
    }

    fn plan_deliveries<'a>(
        &'a self,
        of: RowsOf<'a>,
        number: u64,
        plans: Vec<Plan>,
        now: Timestamp,
    ) -> StoreFuture<'a, bool> {
        let work = DeliveryWork::plan(&self.vault, of, number, plans, now);
        Box::pin(async move { Ok(self.do_work(work).await?.is_some()) })
    }

    fn due_by_date<'a>(
        &'a self,
        of: RowsOf<'a>,
        now: Timestamp,
        most: u16,
    ) -> StoreFuture<'a, Vec<IndividualId>> {
        Box::pin(async move {
            let ((subscriber, environment), now) = (key_of(of), to_column(now));
            let rows = self.reader.run(move |connection| {
                let select = "SELECT person, sealed FROM deliveries
                     WHERE subscriber = ?1 AND environment = ?2 AND holds_until <= ?3 ORDER BY holds_until LIMIT ?4";
                all(connection, select, params![subscriber, environment, now, most], read_sealed)
            });
            Ok(self.vault.people_of(of, &rows.await?))
        })
    }

    fn without_record<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<IndividualId>> {
        Box::pin(async move {
            let (subscriber, environment) = key_of(of);
            let rows = self.reader.run(move |connection| {
                let select = "SELECT person, sealed FROM deliveries d
                     WHERE subscriber = ?1 AND environment = ?2 AND NOT EXISTS (
                       SELECT 1 FROM records r WHERE r.environment = d.environment AND r.person = d.person)
                     LIMIT ?3";
                all(connection, select, params![subscriber, environment, most], read_sealed)
            });
            Ok(self.vault.people_of(of, &rows.await?))
        })
    }

    fn take_flights<'a>(
        &'a self,
        of: RowsOf<'a>,
        now: Timestamp,
        until: Timestamp,
        most: u16,
    ) -> StoreFuture<'a, Vec<Flight>> {
        let work = DeliveryWork::take(&self.vault, of, now, until, most);
        Box::pin(async move { Ok(self.do_work(work).await?.unwrap_or_default().flights) })
    }

    fn settle_flights<'a>(
        &'a self,
        of: RowsOf<'a>,
        ends: Vec<EndedFlight>,
        now: Timestamp,
        dice: f64,
    ) -> StoreFuture<'a, ()> {
        let work = DeliveryWork::settle(&self.vault, of, ends, now, dice);
        Box::pin(async move { self.do_work(work).await.map(drop) })
    }

    fn send_again<'a>(
        &'a self,
        of: RowsOf<'a>,
        which: SentAgain<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let (mut sent, mut after) = (0, None);
            loop {
                let work = DeliveryWork::send_again(&self.vault, of, which, after, now);
                let done = self.do_work(work).await?.unwrap_or_default();
                (sent, after) = (sent + done.count, done.more_after);
                if after.is_none() {
                    return Ok(sent);
                }
            }
        })
    }

    fn subscribers(&self) -> StoreFuture<'_, Vec<SubscriberName>> {
        Box::pin(async move {
            let names = self.reader.run(|connection| {
                all(connection, "SELECT name FROM subscribers", [], |row| row.get::<_, String>(0))
            });
            Ok(names.await?.into_iter().map(SubscriberName::stored).collect())
        })
    }

    fn erase_deliveries<'a>(&'a self, of: RowsOf<'a>) -> StoreFuture<'a, ()> {
        let (subscriber, environment) = key_of(of);
        Box::pin(self.writer.run(move |connection| {
            let delete = "DELETE FROM deliveries WHERE subscriber = ?1 AND environment = ?2";
            change(connection, delete, params![subscriber, environment]).map(drop)
        }))
    }

    fn erase_subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, ()> {
        let name = name.as_str().to_owned();
        Box::pin(self.writer.run(move |connection| {
            change(connection, "DELETE FROM deliveries WHERE subscriber = ?1", [&name])?;
            change(connection, "DELETE FROM subscribers WHERE name = ?1", [&name]).map(drop)
        }))
    }

    fn count_deliveries<'a>(&'a self, of: RowsOf<'a>, since: Timestamp) -> StoreFuture<'a, DeliveryCounts> {
        let ((subscriber, environment), since) = (key_of(of), to_column(since));
        Box::pin(self.reader.run(move |connection| {
            let by_phase = "SELECT phase, count(*), min(since) FROM deliveries
                            WHERE subscriber = ?1 AND environment = ?2 GROUP BY phase";
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let phases = all(connection, by_phase, params![subscriber, environment], read)?;
            let holding = "SELECT count(*) FROM deliveries
                           WHERE subscriber = ?1 AND environment = ?2 AND phase >= 0 AND holds = 2";
            let holders: Option<i64> = first(connection, holding, params![subscriber, environment], column)?;
            let lost =
                "SELECT count(*) FROM deliveries WHERE subscriber = ?1 AND environment = ?2 AND lost_at >= ?3";
            let losers: Option<i64> = first(connection, lost, params![subscriber, environment, since], column)?;
            Ok(counted(&phases, holders.unwrap_or_default(), losers.unwrap_or_default()))
        }))
    }

    fn set_aside<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let keys = key_of(of);
            let rows =
                self.reader.run(move |connection| select_set_aside(connection, &keys, most.into())).await?;
            Ok(self.vault.open_deliveries(of, &rows))
        })
    }
}

impl SqliteStore {
    /// `None`: it may not be done.
    async fn do_work(&self, work: DeliveryWork) -> Result<Option<DeliveryWorkDone>, StoreError> {
        let doing = self.writer.run(move |connection| {
            let subscriber = select_subscriber(connection, work.subscriber.as_str())?;
            let subscriber = work.vault.open_subscriber(&work.subscriber, subscriber.as_deref())?;
            if !work.is_allowed(&subscriber) {
                return Ok(None);
            }
            let keys = key_of(work.of());
            let found = match &work.selected {
                Selected::People(people) => select_people(connection, &keys, people)?,
                Selected::Due { now, most } => {
                    let select = "SELECT person, sealed FROM deliveries
                         WHERE subscriber = ?1 AND environment = ?2 AND due <= ?3 ORDER BY due LIMIT ?4";
                    all(connection, select, params![keys.0, keys.1, now, most], read_sealed)?
                }
                Selected::Again { least_phase, after } => {
                    let select = "SELECT person, sealed FROM deliveries
                         WHERE subscriber = ?1 AND environment = ?2 AND person > ?3 AND phase >= ?4
                         ORDER BY person LIMIT ?5";
                    let after = after.as_ref().map_or(&[][..], |person| person);
                    let values = params![keys.0, keys.1, after, least_phase, AGAIN_AT_ONCE];
                    all(connection, select, values, read_sealed)?
                }
            };
            let done = work.done_with(&found)?;
            done.put.iter().try_for_each(|row| write(connection, &keys, row))?;
            for person in &done.erase {
                let delete =
                    "DELETE FROM deliveries WHERE subscriber = ?1 AND environment = ?2 AND person = ?3";
                change(connection, delete, params![keys.0, keys.1, person])?;
            }
            if let Some(sealed) = work.noted(&done, subscriber)? {
                write_subscriber(connection, &keys.0, &sealed)?;
            }
            Ok(Some(done))
        });
        doing.await
    }
}

type DeliveryKeys = (String, String);

fn key_of(of: RowsOf<'_>) -> DeliveryKeys {
    (of.subscriber.as_str().to_owned(), of.environment.to_owned())
}

fn read_sealed(row: &Row<'_>) -> rusqlite::Result<SealedDelivery> {
    Ok(SealedDelivery { person: row.get(0)?, sealed: row.get(1)? })
}

fn select_subscriber(connection: &Connection, name: &str) -> SqlResult<Option<Vec<u8>>> {
    first(connection, "SELECT sealed FROM subscribers WHERE name = ?1", [name], column)
}

fn write_subscriber(connection: &Connection, name: &str, sealed: &[u8]) -> SqlResult<()> {
    let write = "INSERT OR REPLACE INTO subscribers (name, sealed) VALUES (?1, ?2)";
    change(connection, write, params![name, sealed]).map(drop)
}

fn select_people(
    connection: &Connection,
    (subscriber, environment): &DeliveryKeys,
    people: &[[u8; 32]],
) -> SqlResult<Vec<SealedDelivery>> {
    let select = "SELECT person, sealed FROM deliveries
                  WHERE subscriber = ?1 AND environment = ?2 AND person = ?3";
    let mut found = Vec::with_capacity(people.len());
    for person in people {
        found.extend(first(connection, select, params![subscriber, environment, person], read_sealed)?);
    }
    Ok(found)
}

fn select_set_aside(
    connection: &Connection,
    (subscriber, environment): &DeliveryKeys,
    most: i64,
) -> SqlResult<Vec<SealedDelivery>> {
    let select = "SELECT person, sealed FROM deliveries
                  WHERE subscriber = ?1 AND environment = ?2 AND phase = ?3 ORDER BY since LIMIT ?4";
    all(connection, select, params![subscriber, environment, phase::SET_ASIDE, most], read_sealed)
}

fn write(
    connection: &Connection,
    (subscriber, environment): &DeliveryKeys,
    row: &DeliveryRow,
) -> SqlResult<()> {
    let DeliveryRow { person, phase, due, holds_until, holds, since, lost_at, sealed } = row;
    change(
        connection,
        "INSERT OR REPLACE INTO deliveries
           (subscriber, environment, person, phase, due, holds_until, holds, since, lost_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![subscriber, environment, person, phase, due, holds_until, holds, since, lost_at, sealed],
    )
    .map(drop)
}
