//! What a calendar should know of events, from the latest reading of the AMS's list (docs/community.md, "Calendar").

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::right::PlanningRight;
use super::{CalendarParts, Deliverer};
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::AboutEvent;
use crate::domain::calendar::{CalendarEvent, FEW_MISSING, MissingEvents, subject};
use crate::domain::deliveries::row::{Delivery, Phase, Plan};
use crate::domain::deliveries::state::Desired;
use crate::domain::deliveries::subscriber::{MappingPair, PassDone};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;
use crate::flows::public_events::EventsReading;

/// It is looked again this often, for a right that has come free and dates that have come.
const LOOK: Duration = Duration::from_secs(1);

/// So many events are planned in one transaction.
const AT_ONCE: usize = 250;

/// What is remembered of one look for the next.
#[derive(Default)]
struct CalendarMemory {
    /// The reading that was planned last, and the number of the mapping by which.
    planned: Option<(Arc<EventsReading>, u64)>,
    missing: MissingEvents,
}

/// One look at the calendar, by whoever has the right to plan for it.
struct CalendarPlanning<'a> {
    right: PlanningRight<'a>,
    parts: &'a CalendarParts,
}

impl Deliverer {
    /// Plans what the calendar is told until `stop`.
    pub(super) async fn plan_events_until(self: Arc<Self>, stop: CancellationToken) {
        let Some(parts) = &self.parts.calendar else { return };
        let mut memory = CalendarMemory::default();
        while !stop.is_cancelled() {
            if let Err(error) = self.look_at_events(parts, &mut memory).await {
                tracing::warn!(subscriber = %parts.subscriber.name(), %error, "What the calendar should know could not be found out; it is tried again");
            }
            self.planned.notify_waiters();
            let _woken = stop.run_until_cancelled(tokio::time::timeout(LOOK, parts.events.read())).await;
        }
    }

    async fn look_at_events(
        &self,
        parts: &CalendarParts,
        memory: &mut CalendarMemory,
    ) -> Result<(), StoreError> {
        let Some(reading) = parts.events.latest() else { return Ok(()) };
        let Some(right) = self.right(parts.subscriber.name()).await? else { return Ok(()) };
        let planning = CalendarPlanning { right, parts };
        let mapping = parts.subscriber.mapping();
        if memory.planned.as_ref().is_some_and(|(at, by)| Arc::ptr_eq(at, &reading) && *by == mapping) {
            return planning.plan_by_date(&reading).await;
        }
        planning.right.tell_of_here().await?;
        let missing = planning.plan_reading(&reading, &memory.missing).await?;
        // Of many a second reading counts only an hour later, which comes by itself.
        parts.events.await_again((1..=FEW_MISSING).contains(&missing.waiting()));
        *memory = CalendarMemory { planned: Some((reading, mapping)), missing };
        Ok(())
    }
}

impl CalendarPlanning<'_> {
    /// Puts into the store what should be known by a reading. Gives what is missing from it and does not count yet.
    async fn plan_reading(
        &self,
        reading: &EventsReading,
        missing: &MissingEvents,
    ) -> Result<MissingEvents, StoreError> {
        let (parts, now) = (&self.right.deliverer.parts, self.right.now());
        let listed = listed(reading);
        // No event has a record, so these are all rows that there are.
        let known = parts.store.without_record(self.right.rows(), u16::MAX).await?;
        let ids: BTreeSet<IndividualId> = listed.keys().cloned().chain(known).collect();
        let rows = self.rows(&ids).await?;
        let mut missing = missing.clone();
        // A list without any event says nothing: it may be a failure.
        let tells_missing = reading.is_whole && !listed.is_empty();
        let gone = match tells_missing {
            true => {
                let absent = rows
                    .iter()
                    .filter(|(id, row)| !listed.contains_key(*id) && row.desired.holds_something());
                missing.take(absent.map(|(id, _)| id.clone()).collect(), reading.at)
            }
            false => BTreeSet::new(),
        };
        let mut plans = Vec::new();
        for id in &ids {
            let (event, row) = (listed.get(id).copied(), rows.get(id));
            match (event, row) {
                (None, None) => {}
                (Some(_), _) => plans.extend(self.plan(id, event, row, now)),
                (None, Some(_)) if gone.contains(id) => plans.extend(self.plan(id, None, row, now)),
                // It is over, or was taken out, and the AMS lists it no longer: it stays as it is there.
                (None, Some(row)) if tells_missing && !row.desired.holds_something() => {
                    plans.push(forgetting(row));
                }
                (None, Some(_)) => {}
            }
        }
        self.put(plans, &rows, now).await?;
        let seen = listed.len() as u64;
        let environment = parts.environment.to_string();
        let mapping = MappingPair { roles: 0, own: self.parts.subscriber.mapping() };
        self.right.note_pass(None, Some(PassDone { at: reading.at, environment, mapping, seen })).await?;
        Ok(missing)
    }

    /// Events that are over by now no longer count as something that can be lost.
    async fn plan_by_date(&self, reading: &EventsReading) -> Result<(), StoreError> {
        let now = self.right.now();
        let most = u16::try_from(AT_ONCE).unwrap_or(u16::MAX);
        let due = self.right.deliverer.parts.store.due_by_date(self.right.rows(), now, most).await?;
        if due.is_empty() {
            return Ok(());
        }
        let (listed, ids) = (listed(reading), due.into_iter().collect());
        let rows = self.rows(&ids).await?;
        let plans = ids.iter().filter_map(|id| self.plan(id, listed.get(id).copied(), rows.get(id), now));
        self.put(plans.collect(), &rows, now).await
    }

    async fn rows(
        &self,
        ids: &BTreeSet<IndividualId>,
    ) -> Result<HashMap<IndividualId, Delivery>, StoreError> {
        let ids: Vec<IndividualId> = ids.iter().cloned().collect();
        let mut rows = HashMap::new();
        for batch in ids.chunks(AT_ONCE) {
            let found = self.right.deliverer.parts.store.delivery_rows(self.right.rows(), batch).await?;
            rows.extend(found.into_iter().map(|row| (row.individual.clone(), row)));
        }
        Ok(rows)
    }

    fn plan(
        &self,
        id: &IndividualId,
        event: Option<&CalendarEvent>,
        row: Option<&Delivery>,
        now: Timestamp,
    ) -> Option<Plan> {
        let about = AboutEvent {
            event,
            before: row.map(|row| &row.desired),
            is_untold: row.is_none_or(is_untold),
            now,
        };
        let desired = self.parts.subscriber.desired_of_event(&about);
        let is_news = row.is_some() || desired.state.is_some();
        is_news.then(|| Plan { individual: id.clone(), desired, gone_at: None, is_forgotten: false })
    }

    async fn put(
        &self,
        plans: Vec<Plan>,
        rows: &HashMap<IndividualId, Delivery>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let losers = plans.iter().filter(|plan| plan.takes_away(rows.get(&plan.individual), now)).count();
        self.right.weigh(losers, now).await?;
        for batch in plans.chunks(AT_ONCE) {
            self.right.plan(batch.to_vec(), now).await?;
        }
        Ok(())
    }
}

/// The events of a reading, by the ids of their rows; of two with one code the first.
fn listed(reading: &EventsReading) -> BTreeMap<IndividualId, &CalendarEvent> {
    let mut listed = BTreeMap::new();
    for event in &reading.events {
        if let Some(id) = subject(&event.code) {
            listed.entry(id).or_insert(event);
        }
    }
    listed
}

/// Whether the subscriber has surely never stored anything of a row.
fn is_untold(row: &Delivery) -> bool {
    row.confirmed.is_none() && (!row.is_open || matches!(row.phase, Phase::SetAside { .. }))
}

/// The row goes once the subscriber knows what it should; nothing is told for that.
fn forgetting(row: &Delivery) -> Plan {
    let desired = Desired { state: None, holds_until: None };
    Plan { individual: row.individual.clone(), desired, gone_at: None, is_forgotten: true }
}
