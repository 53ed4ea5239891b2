//! Changes travel by themselves: subscribers are told of people without anybody's visit (docs/deliveries.md).
//!
//! `planner` finds out what each subscriber should know of people and puts it into the store, `calendar` does the same for events; `worker` sends what
//! is there. They meet in the store alone, so either may be killed at any time. `domain::deliveries` decides.

mod calendar;
mod ground;
pub(in crate::flows) mod look;
mod pace;
mod pass_memory;
mod planner;
mod retention;
mod right;
mod status;
mod told_now;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::pace::SendingPace;
use self::pass_memory::PassMemory;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::{CryptographyFailed, random};
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::{Deliveries, RowsOf};
use crate::adapters::store::directory::Directory;
use crate::adapters::subscribers::{EventSubscriber, PeopleSubscriber, Subscriber};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::flows::directory::Beliefs;
use crate::flows::person::PublishedRules;
use crate::flows::public_events::PublicEvents;

pub use self::ground::SigningGround;
pub use self::status::{DeliveryStanding, PersonDelivery, SubscriberStatus};
pub use self::told_now::ToldNow;

/// Requests to one subscriber side by side.
const LANES: usize = 2;

/// So many people wait to be told of at once. Whoever comes beyond that is told to try again.
const MOST_WAITING: usize = 64;

/// What deliveries rest on.
pub struct DeliveryParts {
    /// Keeps the rows.
    pub store: Arc<dyn Deliveries>,
    /// Keeps the records.
    pub directory: Arc<dyn Directory>,
    /// What is believed of people, and who has changed.
    pub beliefs: Arc<Beliefs>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// The clock.
    pub clock: SharedClock,
    /// The AMS environment whose people are told of.
    pub environment: Arc<str>,
    /// Who is told of people.
    pub subscribers: Vec<Arc<dyn PeopleSubscriber>>,
    /// Whose calendar is told of events, if anybody's is.
    pub calendar: Option<CalendarParts>,
}

/// What a calendar is told with.
pub struct CalendarParts {
    /// Who is told.
    pub subscriber: Arc<dyn EventSubscriber>,
    /// The AMS's events.
    pub events: Arc<PublicEvents>,
}

impl DeliveryParts {
    /// Who is told of anything, in the order of the configuration.
    fn all(&self) -> impl Iterator<Item = Arc<dyn Subscriber>> {
        let people = self.subscribers.iter().map(|one| Arc::clone(one) as Arc<dyn Subscriber>);
        people.chain(
            self.calendar.iter().map(|calendar| Arc::clone(&calendar.subscriber) as Arc<dyn Subscriber>),
        )
    }
}

/// Tells subscribers of people.
pub struct Deliverer {
    parts: DeliveryParts,
    /// The name under which this gateway plans.
    holder: String,
    /// Something may be there to send.
    planned: Notify,
    /// Places for people who wait to be told of.
    waiting: Semaphore,
    paces: BTreeMap<SubscriberName, Arc<SendingPace>>,
    passes: Mutex<BTreeMap<SubscriberName, PassMemory>>,
}

impl Deliverer {
    /// One that does nothing until [`Deliverer::run`].
    ///
    /// # Errors
    /// No name can be drawn.
    pub fn new(parts: DeliveryParts) -> Result<Arc<Deliverer>, CryptographyFailed> {
        let paces = parts.all().map(|one| (one.name().clone(), Arc::new(SendingPace::new(&*one))));
        let paces = paces.collect();
        Ok(Arc::new(Deliverer {
            holder: random::token()?,
            planned: Notify::new(),
            waiting: Semaphore::new(MOST_WAITING),
            paces,
            passes: Mutex::default(),
            parts,
        }))
    }

    /// Plans and sends until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let erasing = Arc::clone(&self);
        let until = stop.clone();
        tokio::join!(self.tell(stop), async move { erasing.erase_until(until).await });
    }

    /// As [`Deliverer::run`], and erases nothing of subscribers that this one does not know.
    pub async fn tell(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        if !self.parts.subscribers.is_empty() {
            self.parts.beliefs.changed_people().want();
            tasks.spawn(Arc::clone(&self).plan_until(stop.clone()));
        }
        if self.parts.calendar.is_some() {
            tasks.spawn(Arc::clone(&self).plan_events_until(stop.clone()));
        }
        for subscriber in self.parts.all() {
            let Some(pace) = self.paces.get(subscriber.name()) else { continue };
            for _ in 0..LANES {
                let (deliverer, subscriber) = (Arc::clone(&self), Arc::clone(&subscriber));
                tasks.spawn(deliverer.send_until(subscriber, Arc::clone(pace), stop.clone()));
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Who is told.
    pub fn subscribers(&self) -> impl Iterator<Item = &SubscriberName> {
        let calendar = self.parts.calendar.iter().map(|calendar| calendar.subscriber.name());
        self.parts.subscribers.iter().map(|subscriber| subscriber.name()).chain(calendar)
    }

    /// What it rests on.
    pub(in crate::flows) fn parts(&self) -> &DeliveryParts {
        &self.parts
    }

    fn rows_of<'a>(&'a self, subscriber: &'a SubscriberName) -> RowsOf<'a> {
        RowsOf { subscriber, environment: &self.parts.environment }
    }

    fn passes(&self) -> MutexGuard<'_, BTreeMap<SubscriberName, PassMemory>> {
        // Nothing panics while it is held.
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that was to look at people was cut short.
fn cut_short() -> StoreError {
    StoreError::Unavailable("looking at people was cut short".to_owned())
}

#[cfg(test)]
mod tests;
