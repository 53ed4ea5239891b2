//! Deliveries as rows, for every engine alike: which are read, what becomes of them, and what is written.

use std::sync::Arc;

use super::deliveries::{DeliveryCounts, EndedFlight, RowsOf, SentAgain};
use super::error::StoreError;
use super::sealed::{Bound, Vault, from_column, to_column};
use crate::domain::deliveries::day::DeliveryEnd;
use crate::domain::deliveries::row::{Delivery, Flight, Phase, Plan, RowAfter};
use crate::domain::deliveries::subscriber::{SubscriberName, SubscriberState};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// What stands in the column `phase`.
pub(super) mod phase {
    pub(in crate::adapters::store) const SETTLED: i64 = 0;
    pub(in crate::adapters::store) const PENDING: i64 = 1;
    pub(in crate::adapters::store) const FAILING: i64 = 2;
    pub(in crate::adapters::store) const IN_FLIGHT: i64 = 3;
    pub(in crate::adapters::store) const SET_ASIDE: i64 = 4;
}

/// How many rows are sent again in one transaction.
pub(super) const AGAIN_AT_ONCE: u16 = 250;

/// A row of `deliveries`. All but the key follows from what is sealed, and is there so that rows can be found and counted.
pub(super) struct DeliveryRow {
    pub(super) person: [u8; 32],
    pub(super) phase: i64,
    /// From when it may be taken; the greatest number: never.
    pub(super) due: i64,
    /// From when time alone makes something else desired; the greatest number: never.
    pub(super) holds_until: i64,
    /// 0: removed, 1: there, 2: there and holds something.
    pub(super) holds: i64,
    pub(super) since: i64,
    /// The least number: never.
    pub(super) lost_at: i64,
    pub(super) sealed: Vec<u8>,
}

/// A row as it was read.
pub(super) struct SealedDelivery {
    pub(super) person: [u8; 32],
    pub(super) sealed: Vec<u8>,
}

/// Which rows are worked on.
#[derive(Clone)]
pub(super) enum Selected {
    People(Vec<[u8; 32]>),
    Due {
        now: i64,
        most: i64,
    },
    /// In the order of the people's keys.
    Again {
        least_phase: i64,
        after: Option<[u8; 32]>,
    },
}

/// What is done with them.
#[derive(Clone)]
enum DeliveryTask {
    Plan { number: u64, plans: Vec<([u8; 32], Plan)>, now: Timestamp },
    Take { now: Timestamp, until: Timestamp },
    Settle { ends: Vec<([u8; 32], EndedFlight)>, now: Timestamp, dice: f64 },
    SendAgain { now: Timestamp },
}

/// Work on the rows of one subscriber and environment, in one transaction.
#[derive(Clone)]
pub(super) struct DeliveryWork {
    pub(super) vault: Arc<Vault>,
    pub(super) subscriber: SubscriberName,
    pub(super) environment: String,
    pub(super) selected: Selected,
    task: DeliveryTask,
}

/// What is to be written, and what the asker hears.
#[derive(Default)]
pub(super) struct DeliveryWorkDone {
    pub(super) put: Vec<DeliveryRow>,
    pub(super) erase: Vec<[u8; 32]>,
    pub(super) flights: Vec<Flight>,
    pub(super) count: u64,
    /// There may be more after this person.
    pub(super) more_after: Option<[u8; 32]>,
    /// What has come to its end.
    ends: Vec<DeliveryEnd>,
}

impl DeliveryWork {
    fn new(vault: &Arc<Vault>, of: RowsOf<'_>, selected: Selected, task: DeliveryTask) -> DeliveryWork {
        let (vault, subscriber) = (Arc::clone(vault), of.subscriber.clone());
        DeliveryWork { vault, subscriber, environment: of.environment.to_owned(), selected, task }
    }

    pub(super) fn plan(
        vault: &Arc<Vault>,
        of: RowsOf<'_>,
        number: u64,
        plans: Vec<Plan>,
        now: Timestamp,
    ) -> DeliveryWork {
        let person = |plan: Plan| (vault.person(of.environment, &plan.individual), plan);
        let plans: Vec<_> = plans.into_iter().map(person).collect();
        let people = plans.iter().map(|(person, _)| *person).collect();
        DeliveryWork::new(vault, of, Selected::People(people), DeliveryTask::Plan { number, plans, now })
    }

    pub(super) fn take(
        vault: &Arc<Vault>,
        of: RowsOf<'_>,
        now: Timestamp,
        until: Timestamp,
        most: u16,
    ) -> DeliveryWork {
        let selected = Selected::Due { now: to_column(now), most: most.into() };
        DeliveryWork::new(vault, of, selected, DeliveryTask::Take { now, until })
    }

    pub(super) fn settle(
        vault: &Arc<Vault>,
        of: RowsOf<'_>,
        ends: Vec<EndedFlight>,
        now: Timestamp,
        dice: f64,
    ) -> DeliveryWork {
        let person = |ended: EndedFlight| (vault.person(of.environment, &ended.individual), ended);
        let ends: Vec<_> = ends.into_iter().map(person).collect();
        let people = ends.iter().map(|(person, _)| *person).collect();
        DeliveryWork::new(vault, of, Selected::People(people), DeliveryTask::Settle { ends, now, dice })
    }

    pub(super) fn send_again(
        vault: &Arc<Vault>,
        of: RowsOf<'_>,
        which: SentAgain<'_>,
        after: Option<[u8; 32]>,
        now: Timestamp,
    ) -> DeliveryWork {
        let selected = match which {
            SentAgain::Of(id) => Selected::People(vec![vault.person(of.environment, id)]),
            SentAgain::SetAside => Selected::Again { least_phase: phase::SET_ASIDE, after },
            SentAgain::All => Selected::Again { least_phase: phase::SETTLED, after },
        };
        DeliveryWork::new(vault, of, selected, DeliveryTask::SendAgain { now })
    }

    /// Whether it may be done, as far as the subscriber is concerned.
    pub(super) fn is_allowed(&self, subscriber: &SubscriberState) -> bool {
        match &self.task {
            DeliveryTask::Plan { number, .. } => subscriber.is_planned_by(*number),
            DeliveryTask::Take { .. } => subscriber.stopped.is_none(),
            DeliveryTask::Settle { .. } | DeliveryTask::SendAgain { .. } => true,
        }
    }

    /// Whether it may change what is kept of the subscriber, so that nobody else may at the same time.
    pub(super) fn changes_subscriber(&self) -> bool {
        matches!(self.task, DeliveryTask::Settle { .. })
    }

    /// What is kept of the subscriber from now on, sealed. `None`: what was there.
    pub(super) fn noted(
        &self,
        done: &DeliveryWorkDone,
        mut subscriber: SubscriberState,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let DeliveryTask::Settle { now, .. } = &self.task else { return Ok(None) };
        if done.ends.is_empty() {
            return Ok(None);
        }
        subscriber.day.note(&done.ends, *now);
        self.vault.seal_subscriber(&self.subscriber, &subscriber).map(Some)
    }

    pub(super) fn of(&self) -> RowsOf<'_> {
        RowsOf { subscriber: &self.subscriber, environment: &self.environment }
    }

    /// What becomes of the rows that were found.
    pub(super) fn done_with(&self, found: &[SealedDelivery]) -> Result<DeliveryWorkDone, StoreError> {
        let mut done = DeliveryWorkDone::default();
        let mut rows = Vec::with_capacity(found.len());
        for stored in found {
            match self.vault.open_delivery(self.of(), stored) {
                Ok(row) => rows.push((stored.person, row)),
                // It holds up nobody; the next pass over everybody makes a new one.
                Err(StoreError::Damaged(what)) => {
                    tracing::warn!("A stored {what} is damaged and is replaced");
                    done.erase.push(stored.person);
                }
                Err(error) => return Err(error),
            }
        }
        match &self.task {
            DeliveryTask::Plan { plans, now, .. } => {
                for (person, plan) in plans {
                    let row = rows.iter().find(|(of, _)| of == person).map(|(_, row)| row);
                    self.write(&mut done, *person, plan.applied_to(row, *now))?;
                }
            }
            DeliveryTask::Settle { ends, now, dice } => {
                for (person, ended) in ends {
                    let Some((_, row)) = rows.iter().find(|(of, _)| of == person) else { continue };
                    let after = row.settled(ended.fence, &ended.end, *now, *dice);
                    done.ends.extend(DeliveryEnd::of(row, &after, *now));
                    self.write(&mut done, *person, after)?;
                }
            }
            DeliveryTask::Take { now, until } => {
                for (person, mut row) in rows {
                    if let Some(flight) = row.take(*now, *until) {
                        done.flights.push(flight);
                        self.write(&mut done, person, RowAfter::Changed(Box::new(row)))?;
                    }
                }
            }
            DeliveryTask::SendAgain { now } => {
                for (person, mut row) in rows {
                    row.send_again(*now);
                    self.write(&mut done, person, RowAfter::Changed(Box::new(row)))?;
                }
            }
        }
        done.count = done.put.len() as u64;
        if matches!(self.selected, Selected::Again { .. }) && found.len() >= usize::from(AGAIN_AT_ONCE) {
            done.more_after = found.last().map(|row| row.person);
        }
        // A damaged row of which there is a new one is overwritten.
        let put: Vec<[u8; 32]> = done.put.iter().map(|row| row.person).collect();
        done.erase.retain(|person| !put.contains(person));
        Ok(done)
    }

    fn write(
        &self,
        done: &mut DeliveryWorkDone,
        person: [u8; 32],
        after: RowAfter,
    ) -> Result<(), StoreError> {
        match after {
            RowAfter::AsItWas => {}
            RowAfter::Changed(row) => done.put.push(self.vault.seal_delivery(self.of(), person, &row)?),
            RowAfter::Erased => done.erase.push(person),
        }
        Ok(())
    }
}

/// A row of counts: phase, how many, the least `since`.
pub(super) type CountedPhase = (i64, i64, i64);

/// Puts counts together.
pub(super) fn counted(phases: &[CountedPhase], holders: i64, losers: i64) -> DeliveryCounts {
    let mut counts = DeliveryCounts {
        holders: holders.unsigned_abs(),
        losers: losers.unsigned_abs(),
        ..DeliveryCounts::default()
    };
    let mut oldest: Option<i64> = None;
    for (of, count, since) in phases {
        let count = count.unsigned_abs();
        match *of {
            phase::SETTLED => counts.settled += count,
            phase::SET_ASIDE => counts.set_aside += count,
            of => {
                counts.pending += count;
                counts.failing += if of == phase::FAILING { count } else { 0 };
                oldest = Some(oldest.map_or(*since, |oldest| oldest.min(*since)));
            }
        }
    }
    counts.oldest = oldest.map(from_column);
    counts
}

impl Vault {
    fn seal_delivery(
        &self,
        of: RowsOf<'_>,
        person: [u8; 32],
        row: &Delivery,
    ) -> Result<DeliveryRow, StoreError> {
        let is_failing = row.failures > 0;
        let phase = match &row.phase {
            Phase::Settled => phase::SETTLED,
            Phase::Pending { .. } if is_failing => phase::FAILING,
            Phase::Pending { .. } => phase::PENDING,
            Phase::InFlight { .. } => phase::IN_FLIGHT,
            Phase::SetAside { .. } => phase::SET_ASIDE,
        };
        let holds = match row.desired.holds() {
            None => 0,
            Some(_) if row.desired.holds_something() => 2,
            Some(_) => 1,
        };
        Ok(DeliveryRow {
            person,
            phase,
            due: row.due_at().map_or(i64::MAX, to_column),
            holds_until: row.holds_until.map_or(i64::MAX, to_column),
            holds,
            since: to_column(row.since),
            lost_at: row.lost_at.map_or(i64::MIN, to_column),
            sealed: self.seal(row, delivery_bound(of, &person))?,
        })
    }

    pub(super) fn open_delivery(
        &self,
        of: RowsOf<'_>,
        stored: &SealedDelivery,
    ) -> Result<Delivery, StoreError> {
        self.open(&stored.sealed, delivery_bound(of, &stored.person))
    }

    /// Opens rows; those that do not open are left out, and the next pass over everybody makes new ones.
    pub(super) fn open_deliveries(&self, of: RowsOf<'_>, stored: &[SealedDelivery]) -> Vec<Delivery> {
        stored.iter().filter_map(|stored| self.open_delivery(of, stored).ok()).collect()
    }

    /// The people of rows.
    pub(super) fn people_of(&self, of: RowsOf<'_>, stored: &[SealedDelivery]) -> Vec<IndividualId> {
        self.open_deliveries(of, stored).into_iter().map(|row| row.individual).collect()
    }

    /// Opens what is kept of a subscriber. Nothing: it is new.
    pub(super) fn open_subscriber(
        &self,
        name: &SubscriberName,
        sealed: Option<&[u8]>,
    ) -> Result<SubscriberState, StoreError> {
        let open = |sealed| self.open(sealed, Bound::Subscriber { name: name.as_str() });
        sealed.map_or_else(|| Ok(SubscriberState::default()), open)
    }

    pub(super) fn seal_subscriber(
        &self,
        name: &SubscriberName,
        state: &SubscriberState,
    ) -> Result<Vec<u8>, StoreError> {
        self.seal(state, Bound::Subscriber { name: name.as_str() })
    }
}

fn delivery_bound<'a>(of: RowsOf<'a>, person: &'a [u8; 32]) -> Bound<'a> {
    Bound::Delivery { subscriber: of.subscriber.as_str(), environment: of.environment, person }
}
