//! How the telling stands, and what administrators do about it.

use super::Deliverer;
use super::look::{LookedAt, Looking};
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::{DeliveryCounts, SentAgain, SubscriberChange};
use crate::domain::calendar;
use crate::domain::deliveries::brake::{Stop, TOGETHER};
use crate::domain::deliveries::row::Delivery;
use crate::domain::deliveries::state::State;
use crate::domain::deliveries::subscriber::{SubscriberName, SubscriberState};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// So many rows that are set aside are listed.
const LISTED: u16 = 50;

/// How the telling of one subscriber stands.
#[derive(Debug, Clone)]
pub struct SubscriberStatus {
    /// Which.
    pub name: SubscriberName,
    /// How many rows are how far.
    pub counts: DeliveryCounts,
    /// Whether it is stopped, and how far the pass over everybody is.
    pub state: SubscriberState,
    /// Why it was told nothing the last time, if it was not.
    pub failure: Option<(Timestamp, String)>,
    /// Rows that are set aside, the oldest first; not all of them.
    pub set_aside: Vec<Delivery>,
}

/// How all of it stands.
#[derive(Debug, Clone)]
pub struct DeliveryStanding {
    /// Each subscriber, in the order of the configuration.
    pub subscribers: Vec<SubscriberStatus>,
    /// People on file.
    pub people: usize,
    /// When this was.
    pub now: Timestamp,
}

/// One person at one subscriber.
#[derive(Debug, Clone)]
pub struct PersonDelivery {
    /// Which subscriber.
    pub subscriber: SubscriberName,
    /// The row. `None`: it was told nothing.
    pub row: Option<Delivery>,
    /// What would be desired now. `None`: something is not known, or nothing is on file.
    pub now: Option<State>,
}

impl Deliverer {
    /// How the telling of a subscriber stands, with the counts alone.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn counts(&self) -> Result<Vec<(SubscriberName, DeliveryCounts, bool)>, StoreError> {
        let now = self.parts.clock.now();
        let mut all = Vec::new();
        for name in self.subscribers() {
            let counts = self.parts.store.count_deliveries(self.rows_of(name), now).await?;
            let is_stopped = self.parts.store.subscriber(name).await?.stopped.is_some();
            all.push((name.clone(), counts, is_stopped));
        }
        Ok(all)
    }

    /// How all of it stands.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn standing(&self) -> Result<DeliveryStanding, StoreError> {
        let now = self.parts.clock.now();
        let mut subscribers = Vec::new();
        for name in self.subscribers() {
            subscribers.push(self.status_of(name).await?);
        }
        let people = self.parts.directory.count_records(&self.parts.environment).await?;
        Ok(DeliveryStanding { subscribers, people, now })
    }

    /// How the telling of one subscriber stands.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn status_of(&self, name: &SubscriberName) -> Result<SubscriberStatus, StoreError> {
        let of = self.rows_of(name);
        let state = self.parts.store.subscriber(name).await?;
        // Since it was stopped more people may have come to lose something.
        let since = match &state.stopped {
            Some(Stop::ManyLose { since, .. }) => since.checked_sub(TOGETHER).unwrap_or(*since),
            _ => self.parts.clock.now(),
        };
        let since = state.counts_from.map_or(since, |from| from.max(since));
        Ok(SubscriberStatus {
            name: name.clone(),
            counts: self.parts.store.count_deliveries(of, since).await?,
            state,
            failure: self.paces.get(name).and_then(|pace| pace.last_failure()),
            set_aside: self.parts.store.set_aside(of, LISTED).await?,
        })
    }

    /// One person at each subscriber; of an event, by the id of its rows, the calendar alone.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn of_person(&self, id: &IndividualId) -> Result<Vec<PersonDelivery>, StoreError> {
        let parts = &self.parts;
        if calendar::is_event(id) {
            return self.of_event(id).await;
        }
        let record = parts.directory.record(&parts.environment, id).await?;
        let mut all = Vec::new();
        for subscriber in &parts.subscribers {
            let of = self.rows_of(subscriber.name());
            let row = parts.store.delivery_rows(of, std::slice::from_ref(id)).await?.pop();
            let looking = Looking {
                subscriber: subscriber.clone(),
                beliefs: parts.beliefs.clone(),
                published: parts.rules.load_full(),
                now: parts.clock.now(),
            };
            let person = LookedAt { id: id.clone(), record: record.clone(), row: row.clone(), gone: None };
            let now = looking.plan(&person).and_then(|plan| plan.desired.state);
            all.push(PersonDelivery { subscriber: subscriber.name().clone(), row, now });
        }
        Ok(all)
    }

    /// An event at whose calendar it stands, by the id of its rows.
    async fn of_event(&self, id: &IndividualId) -> Result<Vec<PersonDelivery>, StoreError> {
        let Some(calendar) = &self.parts.calendar else { return Ok(Vec::new()) };
        let name = calendar.subscriber.name();
        let row = self.parts.store.delivery_rows(self.rows_of(name), std::slice::from_ref(id)).await?.pop();
        // What would be sent is what was planned by the latest reading of the events.
        let now = row.as_ref().map(|row| row.desired.clone());
        Ok(vec![PersonDelivery { subscriber: name.clone(), row, now }])
    }

    /// Stops a subscriber.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn stop_sending(&self, name: &SubscriberName) -> Result<(), StoreError> {
        let stop = Stop::ByHand { since: self.parts.clock.now() };
        self.parts.store.change_subscriber(name, SubscriberChange::Stop(stop)).await.map(drop)
    }

    /// Ends the stop that began at `since`; what people lose by what is planned is confirmed with it. `false`: that is not the reason of the stop
    /// by now, and nothing has changed.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn resume_sending(&self, name: &SubscriberName, since: Timestamp) -> Result<bool, StoreError> {
        let now = self.parts.clock.now();
        let resumed =
            self.parts.store.change_subscriber(name, SubscriberChange::Resume { since, now }).await?;
        self.hurry(name);
        Ok(resumed.is_some())
    }

    /// Sends again; tells how many.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn send_again(&self, name: &SubscriberName, which: SentAgain<'_>) -> Result<u64, StoreError> {
        let now = self.parts.clock.now();
        let sent = self.parts.store.send_again(self.rows_of(name), which, now).await?;
        self.hurry(name);
        Ok(sent)
    }

    fn hurry(&self, name: &SubscriberName) {
        if let Some(pace) = self.paces.get(name) {
            pace.hurry();
        }
        self.planned.notify_waiters();
    }
}
