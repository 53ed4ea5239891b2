//! The association's community at Higher Logic, told of people and of events by its Push API (docs/community.md).
//!
//! A person is always sent whole: what is left out is taken away there. The API knows no versions, so a person is sent by one request at a time,
//! and a request may arrive twice. `v2` and `v1` say the same in the words of the two APIs; `answer` reads what comes back.

mod answer;
mod calendar;
mod formats;
mod people;
mod sending;
mod settings;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

use std::sync::Arc;

use arc_swap::ArcSwap;

use self::sending::PushSender;
use self::settings::LIMITS;
use super::{AboutPerson, PeopleSubscriber, SendFailure, Subscriber};
use crate::adapters::BoxFuture;
use crate::adapters::http::{HttpError, HttpLimits};
use crate::domain::community::{
    CommunityInForce, ContactState, KnownContact, RemovedContact, ToldContact, desired,
};
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::{Desired, State};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::time::Timestamp;

pub use self::calendar::HigherLogicCalendar;
pub use self::settings::{BATCH, KEY_HEADERS, LARGEST_BATCH, PushApi, PushSettings};

/// The mapping in force, swapped whole.
pub type PublishedCommunity = Arc<ArcSwap<CommunityInForce>>;

/// The community at Higher Logic.
pub struct HigherLogic {
    name: SubscriberName,
    mapping: PublishedCommunity,
    sender: PushSender,
}

impl HigherLogic {
    /// Fails when the machine's TLS certificate store cannot be opened.
    pub fn new(settings: PushSettings, mapping: PublishedCommunity) -> Result<HigherLogic, HttpError> {
        HigherLogic::within(LIMITS, settings, mapping)
    }

    fn within(
        limits: HttpLimits,
        settings: PushSettings,
        mapping: PublishedCommunity,
    ) -> Result<HigherLogic, HttpError> {
        let (name, sender) = (SubscriberName::higher_logic(), PushSender::new(limits, settings)?);
        Ok(HigherLogic { name, mapping, sender })
    }
}

/// What a state says of somebody who is there. `None`: the person is not, or the state is not ours.
pub fn told(state: &State) -> Option<ToldContact> {
    let State::Present { said, .. } = state else { return None };
    serde_json::from_str(said).ok()
}

fn removed_as(removed: &RemovedContact) -> State {
    serde_json::to_string(removed).map_or(State::Removed, |said| State::RemovedAs { said })
}

impl Subscriber for HigherLogic {
    fn name(&self) -> &SubscriberName {
        &self.name
    }

    fn mapping(&self) -> u64 {
        self.mapping.load().version
    }

    fn most_at_once(&self) -> u16 {
        self.sender.settings.batch
    }

    fn send<'a>(
        &'a self,
        flights: &'a [Flight],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<FlightEnd>, SendFailure>> {
        Box::pin(self.tell(flights))
    }
}

impl PeopleSubscriber for HigherLogic {
    fn desired(&self, about: &AboutPerson<'_>) -> Desired {
        let told = about.before.and_then(told);
        let holds = about.before.and_then(State::holds);
        let before = told.as_ref().zip(holds).map(|(told, holds)| KnownContact { told, holds });
        let desired = desired(&self.mapping.load().mapping, about.record, before, about.now);
        let state = match &desired.state {
            None => None,
            Some(ContactState::Removed(removed)) => Some(removed_as(removed)),
            Some(ContactState::Present(told)) => {
                let said = serde_json::to_string(told).ok();
                said.map(|said| State::Present { said, holds: desired.holds })
            }
        };
        Desired { state, holds_until: desired.holds_until }
    }

    fn removed(&self, before: Option<&State>) -> State {
        match before {
            Some(state @ State::RemovedAs { .. }) => state.clone(),
            // Of somebody who was never there nothing has to be taken away.
            before => {
                before.and_then(told).map_or(State::Removed, |told| removed_as(&RemovedContact::of(&told)))
            }
        }
    }
}
