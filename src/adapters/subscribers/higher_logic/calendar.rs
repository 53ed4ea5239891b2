//! The community's calendar at Higher Logic: events in the words of both APIs.
//!
//! Which fields version 1 takes of an event is not known; they are named as those of a person are. It has no deletion: what is taken out is not active.

use serde_json::{Map, Value, json};

use super::PublishedCommunity;
use super::formats::{instant, put};
use super::sending::{PushPath, PushRecord, PushSender};
use super::settings::{LIMITS, PushApi, PushSettings};
use crate::adapters::BoxFuture;
use crate::adapters::http::{HttpError, HttpLimits};
use crate::adapters::subscribers::{AboutEvent, EventSubscriber, SendFailure, Subscriber};
use crate::domain::calendar::{CalendarEntry, ToldEvent, WithdrawnEvent, desired};
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::{Desired, Holdings, State};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::time::Timestamp;

const PATH: PushPath = PushPath { v2: "meeting", v1: "events" };

/// Under this name an event holds its entry, until it is over.
const ENTRY: &str = "calendar entry";

/// The calendar of the community.
pub struct HigherLogicCalendar {
    name: SubscriberName,
    mapping: PublishedCommunity,
    sender: PushSender,
}

impl HigherLogicCalendar {
    /// Fails when the machine's TLS certificate store cannot be opened.
    pub fn new(
        settings: PushSettings,
        mapping: PublishedCommunity,
    ) -> Result<HigherLogicCalendar, HttpError> {
        HigherLogicCalendar::within(LIMITS, settings, mapping)
    }

    pub(super) fn within(
        limits: HttpLimits,
        settings: PushSettings,
        mapping: PublishedCommunity,
    ) -> Result<HigherLogicCalendar, HttpError> {
        let (name, sender) = (SubscriberName::higher_logic_calendar(), PushSender::new(limits, settings)?);
        Ok(HigherLogicCalendar { name, mapping, sender })
    }

    async fn tell(&self, flights: &[Flight]) -> Result<Vec<FlightEnd>, SendFailure> {
        let records: Vec<EventRecord> = flights.iter().map(|flight| EventRecord::of(&flight.state)).collect();
        let api = self.sender.settings.api;
        let write = |batch: &[&EventRecord]| batch.iter().filter_map(|record| record.written(api)).collect();
        self.sender.tell(PATH, &records, write).await
    }
}

/// What is sent of one event.
enum EventRecord {
    Present(Box<ToldEvent>),
    Withdrawn(WithdrawnEvent),
    /// Nothing: the community never heard of it.
    Untold,
    /// What is stored cannot be read; it is replaced when the event is next looked at.
    Unreadable,
}

impl EventRecord {
    fn of(state: &State) -> EventRecord {
        match state {
            State::Removed => EventRecord::Untold,
            State::RemovedAs { said } => {
                serde_json::from_str(said).map_or(EventRecord::Unreadable, EventRecord::Withdrawn)
            }
            State::Present { .. } => {
                told(state).map_or(EventRecord::Unreadable, |told| EventRecord::Present(Box::new(told)))
            }
        }
    }

    fn written(&self, api: PushApi) -> Option<Value> {
        match (api, self) {
            (PushApi::V2, EventRecord::Present(told)) => Some(meeting(told)),
            (PushApi::V1, EventRecord::Present(told)) => Some(event(told)),
            (PushApi::V2, EventRecord::Withdrawn(gone)) => {
                Some(json!({ "MeetingId": gone.id, "IsDeleted": true }))
            }
            (PushApi::V1, EventRecord::Withdrawn(gone)) => {
                Some(json!({ "EventKey": gone.id, "Title": gone.title, "IsActive": false }))
            }
            (_, EventRecord::Untold | EventRecord::Unreadable) => None,
        }
    }
}

impl PushRecord for EventRecord {
    fn id(&self) -> &str {
        match self {
            EventRecord::Present(told) => &told.id,
            EventRecord::Withdrawn(gone) => &gone.id,
            EventRecord::Untold | EventRecord::Unreadable => "",
        }
    }

    fn without_request(&self) -> Option<FlightEnd> {
        match self {
            EventRecord::Present(_) | EventRecord::Withdrawn(_) => None,
            EventRecord::Untold => Some(FlightEnd::Confirmed("never_told")),
            EventRecord::Unreadable => Some(FlightEnd::NotNow("unreadable_here".to_owned())),
        }
    }
}

/// What a state says of an event that stands there.
fn told(state: &State) -> Option<ToldEvent> {
    let State::Present { said, .. } = state else { return None };
    serde_json::from_str(said).ok()
}

/// An event that stands there. What is over can no longer be lost.
fn present(said: String, ends: Timestamp, now: Timestamp) -> Desired {
    let is_ahead = ends > now;
    let holds: Holdings = is_ahead.then(|| (ENTRY.to_owned(), Some(ends))).into_iter().collect();
    Desired { state: Some(State::Present { said, holds }), holds_until: is_ahead.then_some(ends) }
}

/// A record of version 2. It has no field for a page elsewhere, so the text ends with the link.
fn meeting(told: &ToldEvent) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "MeetingId", Some(&told.id));
    put(&mut fields, "Title", Some(&told.title));
    let link = told.link.as_deref().map(|link| {
        let link =
            link.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        format!("<p><a href=\"{link}\">{link}</a></p>")
    });
    let text: String = told.description.iter().cloned().chain(link).collect();
    put(&mut fields, "Description", Some(text));
    put(&mut fields, "MeetingType", told.kind.as_ref());
    times(&mut fields, told);
    put(&mut fields, "RegistrationOpenDate", told.registration_opens.map(instant));
    put(&mut fields, "RegistrationCloseDate", told.registration_closes.map(instant));
    put(&mut fields, "Price", told.price.as_ref());
    put(&mut fields, "AddressLine1", told.place.address.as_ref());
    place(&mut fields, told);
    fields.insert("IsDeleted".to_owned(), false.into());
    fields.into()
}

/// A record of version 1.
fn event(told: &ToldEvent) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "EventKey", Some(&told.id));
    put(&mut fields, "Title", Some(&told.title));
    put(&mut fields, "Description", told.description.as_ref());
    put(&mut fields, "EventType", told.kind.as_ref());
    put(&mut fields, "EventURL", told.link.as_ref());
    times(&mut fields, told);
    put(&mut fields, "Address1", told.place.address.as_ref());
    place(&mut fields, told);
    fields.insert("IsActive".to_owned(), true.into());
    fields.into()
}

fn times(fields: &mut Map<String, Value>, told: &ToldEvent) {
    put(fields, "BeginDate", Some(instant(told.begins)));
    put(fields, "EndDate", Some(instant(told.ends)));
    put(fields, "TimeZone", Some(&told.zone));
}

fn place(fields: &mut Map<String, Value>, told: &ToldEvent) {
    put(fields, "LocationName", told.place.name.as_ref());
    put(fields, "City", told.place.city.as_ref());
    put(fields, "State", told.place.state.as_ref());
    put(fields, "PostalCode", told.place.postal_code.as_ref());
    put(fields, "Country", told.place.country.as_ref());
}

impl Subscriber for HigherLogicCalendar {
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

impl EventSubscriber for HigherLogicCalendar {
    fn desired_of_event(&self, about: &AboutEvent<'_>) -> Desired {
        let before = about.before.and_then(told);
        let in_force = self.mapping.load();
        let entry = match (&in_force.mapping.calendar, about.event) {
            // No calendar is told any longer: what stands there stays.
            (None, _) => None,
            (Some(wanted), Some(event)) => desired(wanted, event, before.as_ref(), about.now),
            // It is on the AMS's list no longer.
            (Some(_), None) => before
                .as_ref()
                .filter(|told| told.ends > about.now)
                .map(|told| CalendarEntry::Withdrawn(WithdrawnEvent::of(told))),
        };
        let removed = |gone: &WithdrawnEvent| match serde_json::to_string(gone) {
            Ok(said) if !about.is_untold => State::RemovedAs { said },
            _ => State::Removed,
        };
        match (entry, about.before) {
            (Some(CalendarEntry::Withdrawn(gone)), _) => {
                Desired { state: Some(removed(&gone)), holds_until: None }
            }
            (Some(CalendarEntry::Present(told)), _) => match serde_json::to_string(&told) {
                Ok(said) => present(said, told.ends, about.now),
                Err(_) => Desired { state: None, holds_until: None },
            },
            // As it was.
            (None, Some(State::Present { said, .. })) if before.is_some() => {
                let ends = before.map_or(about.now, |told| told.ends);
                present(said.clone(), ends, about.now)
            }
            (None, _) => Desired { state: None, holds_until: None },
        }
    }
}

#[cfg(test)]
mod tests;
