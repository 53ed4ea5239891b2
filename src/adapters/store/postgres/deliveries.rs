//! What subscribers should know, in PostgreSQL. The row of the subscriber is looked at first, and rows are locked in the order of their keys.

use std::sync::Arc;

use tokio_postgres::Row;

use super::PostgresStore;
use super::statement::{QueryConnection, QueryResult, column, digest, only, values};
use crate::adapters::store::deliveries::{
    Deliveries, DeliveryCounts, EndedFlight, RowsOf, SentAgain, SubscriberChange,
};
use crate::adapters::store::delivery_rows::{
    AGAIN_AT_ONCE, CountedPhase, DeliveryRow, DeliveryWork, DeliveryWorkDone, SealedDelivery, Selected,
    counted, phase,
};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::sealed::to_column;
use crate::domain::deliveries::row::{Delivery, Flight, Plan};
use crate::domain::deliveries::subscriber::{SubscriberName, SubscriberState};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

impl Deliveries for PostgresStore {
    fn subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, SubscriberState> {
        Box::pin(async move {
            let sealed = self.engine.read(name.as_str().to_owned(), |connection, name| {
                Box::pin(async move {
                    let select = "SELECT sealed FROM subscribers WHERE name = $1";
                    connection.first(select, values![*name], only::<Vec<u8>>).await
                })
            });
            self.vault.open_subscriber(name, sealed.await?.as_deref())
        })
    }

    fn change_subscriber<'a>(
        &'a self,
        name: &'a SubscriberName,
        change: SubscriberChange,
    ) -> StoreFuture<'a, Option<u64>> {
        let needs = (Arc::clone(&self.vault), name.clone(), change);
        Box::pin(self.engine.write(needs, |connection, (vault, name, change)| {
            Box::pin(async move {
                // There is a row to lock from now on.
                let none = vault.seal_subscriber(name, &SubscriberState::default())?;
                let make =
                    "INSERT INTO subscribers (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                connection.change(make, values![name.as_str(), none]).await?;
                let select = "SELECT sealed FROM subscribers WHERE name = $1 FOR UPDATE";
                let sealed = connection.first(select, values![name.as_str()], only::<Vec<u8>>).await?;
                let mut state = vault.open_subscriber(name, sealed.as_deref())?;
                let Some(number) = change.make(&mut state) else { return Ok(None) };
                let sealed = vault.seal_subscriber(name, &state)?;
                write_subscriber(connection, name.as_str(), sealed).await?;
                Ok(Some(number))
            })
        }))
    }

    fn delivery_rows<'a>(
        &'a self,
        of: RowsOf<'a>,
        people: &'a [IndividualId],
    ) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let people = people.iter().map(|id| self.vault.person(of.environment, id).to_vec()).collect();
            let (subscriber, environment) = key_of(of);
            let needs: (_, _, Vec<Vec<u8>>) = (subscriber, environment, people);
            let rows = self.engine.read(needs, |connection, (subscriber, environment, people)| {
                Box::pin(async move {
                    let select = "SELECT person, sealed FROM deliveries
                         WHERE subscriber = $1 AND environment = $2 AND person = ANY ($3)";
                    connection.all(select, values![*subscriber, *environment, *people], read_sealed).await
                })
            });
            Ok(self.vault.open_deliveries(of, &rows.await?))
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
            let (subscriber, environment) = key_of(of);
            let needs = (subscriber, environment, to_column(now), i64::from(most));
            let rows = self.engine.read(needs, |connection, (subscriber, environment, now, most)| {
                Box::pin(async move {
                    let select = "SELECT person, sealed FROM deliveries
                         WHERE subscriber = $1 AND environment = $2 AND holds_until <= $3
                         ORDER BY holds_until LIMIT $4";
                    let arguments = values![*subscriber, *environment, *now, *most];
                    connection.all(select, arguments, read_sealed).await
                })
            });
            Ok(self.vault.people_of(of, &rows.await?))
        })
    }

    fn without_record<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<IndividualId>> {
        Box::pin(async move {
            let (subscriber, environment) = key_of(of);
            let needs = (subscriber, environment, i64::from(most));
            let rows = self.engine.read(needs, |connection, (subscriber, environment, most)| {
                Box::pin(async move {
                    let select = "SELECT person, sealed FROM deliveries d
                         WHERE subscriber = $1 AND environment = $2 AND NOT EXISTS (
                           SELECT 1 FROM records r WHERE r.environment = d.environment AND r.person = d.person)
                         LIMIT $3";
                    connection.all(select, values![*subscriber, *environment, *most], read_sealed).await
                })
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
            let names = self.engine.read((), |connection, ()| {
                Box::pin(async move {
                    connection.all("SELECT name FROM subscribers", values![], only::<String>).await
                })
            });
            Ok(names.await?.into_iter().map(SubscriberName::stored).collect())
        })
    }

    fn erase_deliveries<'a>(&'a self, of: RowsOf<'a>) -> StoreFuture<'a, ()> {
        Box::pin(self.engine.write(key_of(of), |connection, (subscriber, environment)| {
            Box::pin(async move {
                let delete = "DELETE FROM deliveries WHERE subscriber = $1 AND environment = $2";
                connection.change(delete, values![*subscriber, *environment]).await.map(drop)
            })
        }))
    }

    fn erase_subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, ()> {
        Box::pin(self.engine.write(name.as_str().to_owned(), |connection, name| {
            Box::pin(async move {
                connection.change("DELETE FROM deliveries WHERE subscriber = $1", values![*name]).await?;
                connection.change("DELETE FROM subscribers WHERE name = $1", values![*name]).await.map(drop)
            })
        }))
    }

    fn count_deliveries<'a>(&'a self, of: RowsOf<'a>, since: Timestamp) -> StoreFuture<'a, DeliveryCounts> {
        let (subscriber, environment) = key_of(of);
        let needs = (subscriber, environment, to_column(since));
        Box::pin(self.engine.read(needs, |connection, (subscriber, environment, since)| {
            Box::pin(async move {
                let by_phase = "SELECT phase, count(*), min(since) FROM deliveries
                                WHERE subscriber = $1 AND environment = $2 GROUP BY phase";
                let read = |row: &Row| Ok((column(row, 0)?, column(row, 1)?, column(row, 2)?));
                let phases: Vec<CountedPhase> =
                    connection.all(by_phase, values![*subscriber, *environment], read).await?;
                let others = "SELECT count(*) FILTER (WHERE holds = 2), count(*) FILTER (WHERE lost_at >= $3)
                              FROM deliveries WHERE subscriber = $1 AND environment = $2";
                let arguments = values![*subscriber, *environment, *since];
                let read = |row: &Row| Ok((column(row, 0)?, column(row, 1)?));
                let (holders, losers) = connection.first(others, arguments, read).await?.unwrap_or_default();
                Ok(counted(&phases, holders, losers))
            })
        }))
    }

    fn set_aside<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let (subscriber, environment) = key_of(of);
            let needs = (subscriber, environment, i64::from(most));
            let rows = self.engine.read(needs, |connection, (subscriber, environment, most)| {
                Box::pin(async move {
                    let select = "SELECT person, sealed FROM deliveries
                         WHERE subscriber = $1 AND environment = $2 AND phase = $3 ORDER BY since LIMIT $4";
                    let arguments = values![*subscriber, *environment, phase::SET_ASIDE, *most];
                    connection.all(select, arguments, read_sealed).await
                })
            });
            Ok(self.vault.open_deliveries(of, &rows.await?))
        })
    }
}

impl PostgresStore {
    /// `None`: it may not be done.
    async fn do_work(&self, work: DeliveryWork) -> Result<Option<DeliveryWorkDone>, StoreError> {
        let doing = self.engine.write(work, |connection, work| {
            Box::pin(async move {
                let (subscriber, environment) = (work.subscriber.as_str(), work.environment.as_str());
                // Nobody stops the subscriber, or takes over the planning, in the middle of this.
                let select = match work.changes_subscriber() {
                    true => "SELECT sealed FROM subscribers WHERE name = $1 FOR UPDATE",
                    false => "SELECT sealed FROM subscribers WHERE name = $1 FOR SHARE",
                };
                let sealed = connection.first(select, values![subscriber], only::<Vec<u8>>).await?;
                let state = work.vault.open_subscriber(&work.subscriber, sealed.as_deref())?;
                if !work.is_allowed(&state) {
                    return Ok(None);
                }
                let found = select_for(connection, work).await?;
                let done = work.done_with(&found)?;
                write(connection, subscriber, environment, &done.put).await?;
                let erase: Vec<&[u8]> = done.erase.iter().map(|person| &person[..]).collect();
                if !erase.is_empty() {
                    let delete = "DELETE FROM deliveries
                                  WHERE subscriber = $1 AND environment = $2 AND person = ANY ($3)";
                    connection.change(delete, values![subscriber, environment, erase]).await?;
                }
                if let Some(sealed) = work.noted(&done, state)? {
                    write_subscriber(connection, subscriber, sealed).await?;
                }
                Ok(Some(done))
            })
        });
        doing.await
    }
}

fn key_of(of: RowsOf<'_>) -> (String, String) {
    (of.subscriber.as_str().to_owned(), of.environment.to_owned())
}

/// Of a row that is there and locked.
async fn write_subscriber(connection: &QueryConnection<'_>, name: &str, sealed: Vec<u8>) -> QueryResult<()> {
    let write = "UPDATE subscribers SET sealed = $2 WHERE name = $1";
    connection.change(write, values![name, sealed]).await.map(drop)
}

fn read_sealed(row: &Row) -> QueryResult<SealedDelivery> {
    Ok(SealedDelivery { person: digest(row, 0)?, sealed: column(row, 1)? })
}

async fn select_for(
    connection: &QueryConnection<'_>,
    work: &DeliveryWork,
) -> QueryResult<Vec<SealedDelivery>> {
    let (subscriber, environment) = (work.subscriber.as_str(), work.environment.as_str());
    match &work.selected {
        Selected::People(people) => {
            let people: Vec<&[u8]> = people.iter().map(|person| &person[..]).collect();
            let select = "SELECT person, sealed FROM deliveries
                 WHERE subscriber = $1 AND environment = $2 AND person = ANY ($3) ORDER BY person FOR UPDATE";
            connection.all(select, values![subscriber, environment, people], read_sealed).await
        }
        // What somebody else is just taking is theirs.
        Selected::Due { now, most } => {
            let select = "SELECT person, sealed FROM deliveries
                 WHERE subscriber = $1 AND environment = $2 AND due <= $3
                 ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED";
            connection.all(select, values![subscriber, environment, *now, *most], read_sealed).await
        }
        Selected::Again { least_phase, after } => {
            let select = "SELECT person, sealed FROM deliveries
                 WHERE subscriber = $1 AND environment = $2 AND person > $3 AND phase >= $4
                 ORDER BY person LIMIT $5 FOR UPDATE";
            let after = after.as_ref().map_or(&[][..], |person| person);
            let most = i64::from(AGAIN_AT_ONCE);
            let arguments = values![subscriber, environment, after, *least_phase, most];
            connection.all(select, arguments, read_sealed).await
        }
    }
}

async fn write(
    connection: &QueryConnection<'_>,
    subscriber: &str,
    environment: &str,
    rows: &[DeliveryRow],
) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let people: Vec<&[u8]> = rows.iter().map(|row| &row.person[..]).collect();
    let sealed: Vec<&[u8]> = rows.iter().map(|row| &row.sealed[..]).collect();
    let numbers = |of: fn(&DeliveryRow) -> i64| rows.iter().map(of).collect::<Vec<i64>>();
    let (phases, due, until) =
        (numbers(|row| row.phase), numbers(|row| row.due), numbers(|row| row.holds_until));
    let (holds, since, lost) =
        (numbers(|row| row.holds), numbers(|row| row.since), numbers(|row| row.lost_at));
    let write = "INSERT INTO deliveries
           (subscriber, environment, person, phase, due, holds_until, holds, since, lost_at, sealed)
         SELECT $1, $2, r.* FROM unnest($3, $4, $5, $6, $7, $8, $9, $10)
           AS r (person, phase, due, holds_until, holds, since, lost_at, sealed) ORDER BY r.person
         ON CONFLICT (subscriber, environment, person) DO UPDATE SET phase = excluded.phase, due = excluded.due,
           holds_until = excluded.holds_until, holds = excluded.holds, since = excluded.since,
           lost_at = excluded.lost_at, sealed = excluded.sealed";
    let arguments = values![subscriber, environment, people, phases, due, until, holds, since, lost, sealed];
    connection.change(write, arguments).await.map(drop)
}
