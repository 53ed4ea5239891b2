//! Events, tickets, attendees and registrations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members::instant;
use crate::sim::novi::paging::{catalogue, detail, missing, page};
use crate::sim::novi::people::{Customer, Event, Registration};
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::novi::{dates, ids};
use crate::sim::serving::{Call, Handled};

/// Categories of events have numbers in place of GUIDs.
fn category_id(state: &State, name: &str) -> usize {
    categories_of(state).iter().position(|it| *it == name).map_or(0, |place| place + 1)
}

fn categories_of(state: &State) -> Vec<&str> {
    let named: BTreeSet<&str> = state.directory.events.iter().map(|it| it.category.as_str()).collect();
    named.into_iter().collect()
}

fn shown(state: &State, call: &Call, event: &Event) -> Value {
    let writer = Writer::new(state, call.environment);
    json!({
        "UniqueID": writer.id(&event.unique_id), "Name": event.name,
        "StartDate": writer.date(event.start_date.as_deref()), "EndDate": writer.date(event.end_date.as_deref()),
        "EventCategory": { "Id": category_id(state, &event.category), "Name": event.category },
    })
}

pub(in crate::sim::novi) fn list(state: &mut State, call: &Call) -> Handled {
    page(&state.switches, call, &state.directory.events, |event| shown(state, call, event))
}

fn asked<'a>(state: &'a State, call: &Call) -> Option<&'a Event> {
    let id = ids::at(call.environment, call.argument("id"));
    state.directory.events.iter().find(|it| it.unique_id == id)
}

pub(in crate::sim::novi) fn one(state: &mut State, call: &Call) -> Handled {
    let event = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, shown(state, call, event)))
}

pub(in crate::sim::novi) fn categories(state: &mut State, call: &Call) -> Handled {
    let named = categories_of(state);
    catalogue(&state.switches, call, &named, |name| json!({ "Id": category_id(state, name), "Name": name }))
}

pub(in crate::sim::novi) fn tickets(state: &mut State, call: &Call) -> Handled {
    let events = state.directory.events.iter();
    let all: Vec<_> = events.flat_map(|event| event.tickets.iter().map(move |it| (event, it))).collect();
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(event, ticket)| {
        json!({
            "UniqueID": writer.id(&ticket.unique_id), "Name": ticket.name,
            "EventUniqueID": writer.id(&event.unique_id),
        })
    })
}

fn registrations_of<'a>(state: &'a State, call: &Call) -> Vec<(&'a Customer, &'a Registration, &'a Event)> {
    let of = |it: &'a Customer| it.registrations.iter().map(move |registration| (it, registration));
    let event = |(it, registration): (&'a Customer, &'a Registration)| {
        Some((it, registration, state.directory.event(&registration.event)?))
    };
    state.directory.all(call.environment).flat_map(of).filter_map(event).collect()
}

/// Who attends an event. The purchaser is another person where a colleague bought the ticket.
pub(in crate::sim::novi) fn attendees(state: &mut State, call: &Call) -> Handled {
    let event = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    let since = instant(state, call, "registrationDate")?;
    let zone = &state.switches.time_zone;
    let made = |it: &Registration| it.registration_date.as_deref().and_then(|it| dates::instant(it, zone));
    let mut all = registrations_of(state, call);
    all.retain(|(_, it, of)| {
        of.unique_id == event.unique_id
            && since.is_none_or(|since| made(it).is_some_and(|made| made >= since))
    });
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(person, it, event)| {
        let ticket = event.tickets.iter().find(|ticket| ticket.name == it.ticket);
        let purchaser = it.purchaser.as_ref().unwrap_or(&person.unique_id);
        let date = |date: &Option<String>| {
            if state.switches.attendee_dates { writer.date(date.as_deref()) } else { Value::Null }
        };
        json!({
            "UniqueID": writer.derived(&["attendee", &person.unique_id, &it.event, &it.number]),
            "EventUniqueID": writer.id(&event.unique_id), "EventName": event.name,
            "AttendeeCustomerUniqueId": writer.id(&person.unique_id), "PurchaserUniqueId": writer.id(purchaser),
            "TicketUniqueId": ticket.map(|it| writer.id(&it.unique_id)), "TicketName": it.ticket,
            "FirstName": person.first_name, "LastName": person.last_name,
            "Email": writer.text(person.email.as_deref().unwrap_or_default()),
            "Cancelled": it.cancelled, "Attended": it.attended, "PaymentStatus": writer.text(&it.payment_status),
            "RegistrationDate": date(&it.registration_date), "CancellationDate": date(&it.cancellation_date),
        })
    })
}

fn registration(state: &State, call: &Call, of: &(&Customer, &Registration, &Event)) -> Value {
    let writer = Writer::new(state, call.environment);
    let (person, it, event) = of;
    let purchaser = it.purchaser.as_ref().unwrap_or(&person.unique_id);
    json!({
        "RegistrationUniqueID": writer.derived(&["registration", &it.number]), "RegistrationNumber": it.number,
        "EventUniqueID": writer.id(&event.unique_id), "EventName": event.name,
        "PurchaserUniqueID": writer.id(purchaser), "BillablePartyUniqueID": writer.id(purchaser),
        "GuestName": Value::Null, "GuestEmail": Value::Null,
    })
}

pub(in crate::sim::novi) fn registrations(state: &mut State, call: &Call) -> Handled {
    let all = registrations_of(state, call);
    page(&state.switches, call, &all, |it| registration(state, call, it))
}

pub(in crate::sim::novi) fn one_registration(state: &mut State, call: &Call) -> Handled {
    let id = ids::at(call.environment, call.argument("id"));
    let all = registrations_of(state, call);
    let found = all.iter().find(|(_, it, _)| ids::derived(&["registration", &it.number]) == id);
    let found = found.ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, registration(state, call, found)))
}
