//! What subscribers are told of people: how it stands, stopping and going on, sending again, and forgetting a person. All of it is written down.

use std::sync::Arc;

use super::Audit;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::SentAgain;
use crate::adapters::store::directory::Directory;
use crate::domain::audit::{Action, Actor};
use crate::domain::calendar;
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;
use crate::flows::deliveries::{Deliverer, DeliveryStanding, PersonDelivery};
use crate::flows::directory::Beliefs;
use crate::flows::visit::Visits;

/// The desk at which administrators see to deliveries.
pub struct DeliveryDesk {
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) environment: Arc<str>,
    pub(super) visits: Arc<Visits>,
    pub(super) beliefs: Arc<Beliefs>,
    pub(super) clock: SharedClock,
    pub(super) audit: Audit,
}

impl DeliveryDesk {
    /// How all of it stands.
    pub async fn standing(&self) -> Result<DeliveryStanding, StoreError> {
        self.deliverer.standing().await
    }

    /// One person at each subscriber.
    pub async fn of_person(&self, id: &IndividualId) -> Result<Vec<PersonDelivery>, StoreError> {
        self.deliverer.of_person(id).await
    }

    /// The subscriber of this name, if there is one.
    pub fn subscriber(&self, name: &str) -> Option<SubscriberName> {
        self.deliverer.subscribers().find(|subscriber| subscriber.as_str() == name).cloned()
    }

    /// Stops a subscriber.
    pub async fn stop(&self, actor: &Actor, name: &SubscriberName) -> Result<(), StoreError> {
        self.deliverer.stop_sending(name).await?;
        self.audit.record(actor, Action::DeliveriesStopped, name.as_str(), None, None).await
    }

    /// Ends the stop that began at `since`; what people lose by what is planned is confirmed with it. `false`: it is stopped for another reason
    /// by now, or not at all.
    pub async fn resume(
        &self,
        actor: &Actor,
        name: &SubscriberName,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.deliverer.resume_sending(name, since).await? {
            return Ok(false);
        }
        self.audit.record(actor, Action::DeliveriesResumed, name.as_str(), None, None).await?;
        Ok(true)
    }

    /// Sends again.
    pub async fn send_again(
        &self,
        actor: &Actor,
        name: &SubscriberName,
        which: SentAgain<'_>,
    ) -> Result<(), StoreError> {
        self.deliverer.send_again(name, which).await?;
        let about = match which {
            SentAgain::Of(id) => format!("{name}, {id}"),
            SentAgain::SetAside => name.to_string(),
            SentAgain::All => format!("{name}, everybody"),
        };
        self.audit.record(actor, Action::DeliveriesSentAgain, about, None, None).await
    }

    /// Erases one person: sessions and record here, and what subscribers give the person. Rows go once that is confirmed. `false`: somebody has
    /// signed in as this person meanwhile, so that nothing was erased but the sessions before; or the id is that of an event.
    pub async fn forget(&self, actor: &Actor, id: &IndividualId) -> Result<bool, StoreError> {
        if calendar::is_event(id) {
            return Ok(false);
        }
        self.visits.end_all_of(id).await?;
        let on_file = self.directory.record(&self.environment, id).await?.is_some();
        if on_file && !self.directory.forget_record(&self.environment, id).await? {
            return Ok(false);
        }
        self.beliefs.changed_people().note_gone(id, self.clock.now());
        self.audit.record(actor, Action::PersonForgotten, id.as_str(), None, None).await?;
        Ok(true)
    }
}
