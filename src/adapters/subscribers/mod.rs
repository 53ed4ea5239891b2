//! Systems elsewhere that are told of people, or of events: the ports, and each of them.
//!
//! A subscriber says what it should know of a person or an event, and sends that. When, in which order and how often is not its affair.

pub mod higher_logic;
pub mod wordpress;

use std::collections::BTreeMap;
use std::time::Duration;

use super::BoxFuture;
use crate::domain::access::Standing;
use crate::domain::calendar::CalendarEvent;
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::{Desired, State};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::record::Record;
use crate::domain::roles::RoleDoubt;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;

/// A person, as far as subscribers look.
#[derive(Debug, Clone, Copy)]
pub struct AboutPerson<'a> {
    /// All that is on file, as it is believed.
    pub record: &'a Record,
    /// Who it is, and what is decided.
    pub standing: &'a Standing,
    /// By which mapping.
    pub rules: &'a Rules,
    /// What that leaves open.
    pub doubt: &'a RoleDoubt,
    /// From when known dates alone take a role away.
    pub ends: &'a BTreeMap<Role, Timestamp>,
    /// What was desired before.
    pub before: Option<&'a State>,
    /// When this is.
    pub now: Timestamp,
}

/// An event, as far as a subscriber looks.
#[derive(Debug, Clone, Copy)]
pub struct AboutEvent<'a> {
    /// As the AMS lists it. `None`: it does not any longer.
    pub event: Option<&'a CalendarEvent>,
    /// What was desired before.
    pub before: Option<&'a State>,
    /// The subscriber has surely never heard of it.
    pub is_untold: bool,
    /// When this is.
    pub now: Timestamp,
}

/// Why nobody of a request was told anything, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFailure {
    /// The request is too large; with fewer people it may do.
    TooLarge,
    /// There was no answer that can be used.
    Failed {
        /// Why, without an address or a name.
        said: String,
        /// The subscriber wants to be left alone for so long.
        retry_after: Option<Duration>,
    },
}

/// A system that is told of something.
pub trait Subscriber: Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> &SubscriberName;

    /// The number of the mapping of its own by which it decides, which grows with each one. 0: it goes by the role mapping alone.
    fn mapping(&self) -> u64 {
        0
    }

    /// So many people or events are told of in one request at most.
    fn most_at_once(&self) -> u16;

    /// Tells it of people or events, each once. The answers come in the same order. Ends within half a minute.
    fn send<'a>(
        &'a self,
        flights: &'a [Flight],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<FlightEnd>, SendFailure>>;
}

/// A system that is told of people.
pub trait PeopleSubscriber: Subscriber {
    /// What it should know of somebody, and until when that stays so. Pure.
    fn desired(&self, about: &AboutPerson<'_>) -> Desired;

    /// What it should know of somebody who is gone from the AMS or erased here; `before`: what was desired.
    fn removed(&self, before: Option<&State>) -> State {
        let _ = before;
        State::Removed
    }
}

/// A system that is told of events.
pub trait EventSubscriber: Subscriber {
    /// What it should know of an event, and until when that stays so. Pure.
    fn desired_of_event(&self, about: &AboutEvent<'_>) -> Desired;
}
