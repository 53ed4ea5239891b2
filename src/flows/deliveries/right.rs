//! The right to plan for a subscriber, and what is done by it, whoever the subscriber is told of.

use jiff::SignedDuration;

use super::Deliverer;
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::{RowsOf, SentAgain, SubscriberChange};
use crate::domain::deliveries::brake::{self, Stop};
use crate::domain::deliveries::row::Plan;
use crate::domain::deliveries::subscriber::{PassDone, PassUnderWay, SubscriberName, SubscriberState};
use crate::domain::time::Timestamp;

/// The right to plan lasts so long; it is renewed with each look.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// The right to plan for a subscriber.
pub(super) struct PlanningRight<'a> {
    pub(super) deliverer: &'a Deliverer,
    pub(super) name: &'a SubscriberName,
    number: u64,
}

impl Deliverer {
    /// Takes the right to plan, or keeps it. `None`: somebody else has it.
    pub(super) async fn right<'a>(
        &'a self,
        name: &'a SubscriberName,
    ) -> Result<Option<PlanningRight<'a>>, StoreError> {
        let now = self.parts.clock.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let lease = SubscriberChange::Lease { holder: self.holder.clone(), now, until };
        let number = self.parts.store.change_subscriber(name, lease).await?;
        Ok(number.map(|number| PlanningRight { deliverer: self, name, number }))
    }
}

impl<'a> PlanningRight<'a> {
    /// The right of whoever has it at present, for one person who waits.
    pub(super) async fn of_whoever_has_it(
        deliverer: &'a Deliverer,
        name: &'a SubscriberName,
    ) -> Result<PlanningRight<'a>, StoreError> {
        let number = deliverer.parts.store.subscriber(name).await?.lease.number;
        Ok(PlanningRight { deliverer, name, number })
    }

    /// Notes that everybody was told of once.
    pub(super) async fn end_first_run(&self, now: Timestamp) -> Result<(), StoreError> {
        let ended = SubscriberChange::FirstRunEnded { number: self.number, now };
        self.deliverer.parts.store.change_subscriber(self.name, ended).await.map(drop)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.deliverer.parts.clock.now()
    }

    pub(super) fn rows(&self) -> RowsOf<'_> {
        self.deliverer.rows_of(self.name)
    }

    pub(super) async fn state(&self) -> Result<SubscriberState, StoreError> {
        self.deliverer.parts.store.subscriber(self.name).await
    }

    /// Whoever was told of another environment meanwhile is told of ours once more: an id may stand for somebody in both.
    pub(super) async fn tell_of_here(&self) -> Result<(), StoreError> {
        let parts = &self.deliverer.parts;
        let told_of = self.state().await?.told_of;
        if told_of.as_deref() == Some(&*parts.environment) {
            return Ok(());
        }
        let now = self.now();
        if told_of.is_some() {
            parts.store.send_again(self.rows(), SentAgain::All, now).await?;
        }
        let change = SubscriberChange::TellOf { environment: parts.environment.to_string(), now };
        parts.store.change_subscriber(self.name, change).await.map(drop)
    }

    /// Puts plans in force.
    pub(super) async fn plan(&self, plans: Vec<Plan>, now: Timestamp) -> Result<(), StoreError> {
        let store = &self.deliverer.parts.store;
        if !plans.is_empty() && !store.plan_deliveries(self.rows(), self.number, plans, now).await? {
            return Err(StoreError::Busy);
        }
        Ok(())
    }

    /// Stops the subscriber if too many lose something at once, with these `more`.
    pub(super) async fn weigh(&self, more: usize, now: Timestamp) -> Result<(), StoreError> {
        let parts = &self.deliverer.parts;
        let state = self.state().await?;
        let lately = now.checked_sub(brake::TOGETHER).unwrap_or(now);
        let since = state.counts_from.map_or(lately, |from| from.max(lately));
        let counts = parts.store.count_deliveries(self.rows(), since).await?;
        let losers = counts.losers + more as u64;
        let is_braked = matches!(state.stopped, Some(Stop::ManyLose { .. }));
        if more > 0 && !is_braked && brake::are_too_many(losers, counts.holders) {
            let holders = counts.holders;
            tracing::warn!(subscriber = %self.name, losers, holders, "Very many would lose something at once; nothing is sent until an administrator confirms it");
            let stop = SubscriberChange::Stop(Stop::ManyLose { since: now, losers, holders });
            parts.store.change_subscriber(self.name, stop).await?;
        }
        Ok(())
    }

    /// Notes how far a pass is.
    pub(super) async fn note_pass(
        &self,
        under_way: Option<PassUnderWay>,
        done: Option<PassDone>,
    ) -> Result<(), StoreError> {
        let change = SubscriberChange::Pass { number: self.number, under_way, done };
        let noted = self.deliverer.parts.store.change_subscriber(self.name, change).await?;
        noted.map(drop).ok_or(StoreError::Busy)
    }
}
