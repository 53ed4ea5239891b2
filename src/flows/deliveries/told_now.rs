//! Telling a subscriber of one person while that person waits: a community lets in only people that it knows.
//!
//! It is no second way of telling. The person is planned as the planner does it, and the worker sends; this only does not wait for its turn to look.

use std::sync::Arc;
use std::time::Duration;

use super::Deliverer;
use super::planner::{Losers, Planning};
use super::right::PlanningRight;
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::PeopleSubscriber;
use crate::domain::deliveries::row::Phase;
use crate::domain::deliveries::state::State;
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::record::IndividualId;

/// The row is looked at this often.
const LOOK: Duration = Duration::from_millis(100);

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldNow {
    /// The subscriber has confirmed what it should know of the person.
    Settled,
    /// It does not take the person, and another try would not help. In its words.
    Refused(String),
    /// It is told nothing of this person: they are not among those that it is told of, or what would have to be said is not known.
    NothingToTell,
    /// It was not told in time. What was planned is sent all the same.
    NotYet,
}

impl Deliverer {
    /// Tells this subscriber of one person who is on file, and waits until it has confirmed that, at most so long.
    pub async fn tell_now(&self, name: &SubscriberName, id: &IndividualId, limit: Duration) -> ToldNow {
        let subscriber = self.parts.subscribers.iter().find(|one| one.name() == name);
        let (Some(subscriber), Ok(_place)) = (subscriber, self.waiting.try_acquire()) else {
            return ToldNow::NotYet;
        };
        let telling = self.tell_until_settled(subscriber, id, limit);
        match tokio::time::timeout(limit, telling).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::warn!(subscriber = %name, %error, "A subscriber could not be told of somebody who waits");
                ToldNow::NotYet
            }
            Err(_) => ToldNow::NotYet,
        }
    }

    async fn tell_until_settled(
        &self,
        subscriber: &Arc<dyn PeopleSubscriber>,
        id: &IndividualId,
        limit: Duration,
    ) -> Result<ToldNow, StoreError> {
        let (store, name) = (&self.parts.store, subscriber.name());
        while !self.plan_one(subscriber, id).await? {
            tokio::time::sleep(LOOK).await;
        }
        loop {
            let row = store.delivery_rows(self.rows_of(name), std::slice::from_ref(id)).await?.pop();
            // Whoever it knows is not held up by what else there is to tell.
            let is_known = row.as_ref().and_then(|row| row.confirmed.as_ref());
            if is_known.is_some_and(|known| matches!(known.state, State::Present { .. })) {
                return Ok(ToldNow::Settled);
            }
            match row.map(|row| row.phase) {
                Some(Phase::Settled) => return Ok(ToldNow::Settled),
                Some(Phase::SetAside { reason, .. }) => return Ok(ToldNow::Refused(reason)),
                None => return Ok(ToldNow::NothingToTell),
                Some(Phase::Pending { .. } | Phase::InFlight { .. }) => {}
            }
            // It gives no answers, or an administrator has to look. Nobody waits for that, and nobody's sign-in hurries it.
            let is_left_alone = self.paces.get(name).and_then(|pace| pace.waits());
            if is_left_alone.is_some_and(|left| left > limit)
                || store.subscriber(name).await?.stopped.is_some()
            {
                return Ok(ToldNow::NotYet);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Plans one person. `false`: not yet; what decisions rest on is still being read, or the right to plan has just gone to somebody else.
    ///
    /// Another gateway may have that right, and would find a record that was read here at its next pass only. So this plans under its number: the
    /// plan rests on the record in the store, as one of its own would. If both plan this person at the same moment and the older one is written
    /// last, the person who waits is told to try again at worst, and the next pass puts the row right.
    async fn plan_one(
        &self,
        subscriber: &Arc<dyn PeopleSubscriber>,
        id: &IndividualId,
    ) -> Result<bool, StoreError> {
        if self.parts.beliefs.grounds().lacks_kept_rosters() {
            return Ok(false);
        }
        let right = match self.right(subscriber.name()).await? {
            Some(right) => right,
            None => PlanningRight::of_whoever_has_it(self, subscriber.name()).await?,
        };
        right.tell_of_here().await?;
        let planning = Planning { right, subscriber };
        match planning.plan_people(vec![(id.clone(), None)], Losers::Weighed).await {
            Ok(()) => {
                self.planned.notify_waiters();
                Ok(true)
            }
            Err(StoreError::Busy) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
