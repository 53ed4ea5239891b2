//! The API's answers about who sits on a committee and who goes to an event (docs/ams/remembers.md, "Rosters").

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::answer::{Answer, Handled};
use super::bulk::zone_of_questions;
use super::catalogues::committee;
use super::dates;
use super::state::State;
use super::switches::{GuestRows, ListFilters};
use super::wire;
use crate::sim::people::{Event, Person, Registration};
use crate::sim::serving::Call;

/// One row for each seat, so a person with two positions has two.
pub(super) fn committee_members(state: &mut State, call: &Call) -> Handled {
    let (committee, today) = (committee(state, call)?, state.today());
    let positions = call.query("positionCodes");
    let wanted = |code: &str| {
        positions.is_none_or(|list| list.split(',').any(|it| it.trim().eq_ignore_ascii_case(code)))
    };
    let year = committee.term_start.as_deref().and_then(|start| start.get(..4));
    let of_term = call.query("Term").is_none_or(|term| Some(term) == year);
    let people = state.directory.all(call.environment);
    let seats = people.flat_map(|person| person.committees.iter().map(move |seat| (person, seat)));
    let items = seats
        .filter(|(_, seat)| of_term && seat.committee == committee.code && wanted(&seat.position_code))
        .filter(|(_, seat)| {
            state.switches.ended_seats_listed || dates::holds(&seat.start_date, &seat.end_date, today)
        })
        .map(|(person, seat)| {
            let row = json!({
                "id": person.id, "firstName": person.first_name, "lastName": person.last_name,
                "recordNumber": person.record_number, "code": seat.code, "position": seat.position,
                "positionCode": seat.position_code, "primaryOrganization": null,
                "emails": wire::emails(person),
            });
            let dates = json!({ "startDate": seat.start_date, "endDate": seat.end_date });
            if state.switches.roster_dates { joined(row, dates) } else { row }
        });
    Ok(Answer::page(&state.switches, call.page()?, items))
}

/// Who is registered, guests and cancelled ones too where the switches say so.
pub(super) fn registrations(state: &mut State, call: &Call) -> Handled {
    let (session, details) = (call.query("sessionCode"), call.asks("includeDetails"));
    let since = since(state, call, "registeredSince")?;
    let stands = |it: &Registration| state.switches.cancelled_stay_listed || it.cancellation_date.is_none();
    let fits = |(_, it): &(&Person, &Registration)| {
        let in_session = |code: &str| it.sessions.iter().any(|own| own.code.eq_ignore_ascii_case(code));
        stands(it) && session.is_none_or(in_session) && not_before(state, &it.registration_date, since)
    };
    let rows = attendance(state, call)?.filter(fits).filter_map(|(person, it)| {
        let more = json!({
            "attendedDate": null, "registrantTypeCode": "STD", "registrantTypeName": "Standard",
            "sessions": wire::sessions(it, false), "itemizedCustomFields": details.then(|| json!([])),
        });
        Some(joined(row(state, call, person, it)?, more))
    });
    Ok(Answer::page(&state.switches, call.page()?, rows))
}

/// Who cancelled, the event or sessions of it; a row without `eventCancellationDate` is about sessions only.
pub(super) fn cancellations(state: &mut State, call: &Call) -> Handled {
    let since = since(state, call, "cancelledSince")?;
    let fits = |(_, it): &(&Person, &Registration)| {
        let of_sessions = it.sessions.iter().map(|session| &session.cancellation_date);
        let mut dates = std::iter::once(&it.cancellation_date).chain(of_sessions).filter(|it| it.is_some());
        dates.any(|date| not_before(state, date, since))
    };
    let rows = attendance(state, call)?.filter(fits).filter_map(|(person, it)| {
        let more = json!({
            "eventCancellationDate": it.cancellation_date, "cancelledSessions": wire::sessions(it, true),
        });
        Some(joined(row(state, call, person, it)?, more))
    });
    Ok(Answer::page(&state.switches, call.page()?, rows))
}

/// Everybody who has or had to do with the event of the route.
fn attendance<'a>(
    state: &'a State,
    call: &Call,
) -> Result<impl Iterator<Item = (&'a Person, &'a Registration)>, Answer> {
    let code = call.argument("code");
    let is_it = |event: &&Event| event.code.eq_ignore_ascii_case(code);
    let event = state.directory.events.iter().find(is_it).ok_or_else(Answer::not_found)?;
    let people = state.directory.all(call.environment);
    let each = people.flat_map(|person| person.registrations.iter().map(move |it| (person, it)));
    Ok(each.filter(|(_, it)| it.event == event.code))
}

/// What the rows of both lists have. Nothing for a guest who is not listed.
fn row(state: &State, call: &Call, person: &Person, registration: &Registration) -> Option<Value> {
    let named = match (&registration.guest_of, state.switches.guest_rows) {
        (None, _) | (Some(_), GuestRows::OwnId) => person,
        (Some(host), GuestRows::HostId) => state.directory.find(call.environment, host).unwrap_or(person),
        (Some(_), GuestRows::Absent) => return None,
    };
    Some(json!({
        "id": named.id, "recordNumber": named.record_number, "customerType": "Individual",
        "firstName": person.first_name, "lastName": person.last_name,
        "guestOfRecordNumber": registration.guest_of, "registrationNumber": registration.registration_number,
    }))
}

/// A row with more members.
fn joined(row: Value, more: Value) -> Value {
    let mut members = wire::object(row);
    members.extend(wire::object(more));
    Value::Object(members)
}

/// A filter by time, as the switches have it.
fn since(state: &State, call: &Call, name: &str) -> Result<Option<Timestamp>, Answer> {
    let Some(text) = call.query(name) else { return Ok(None) };
    match state.switches.since_filters {
        ListFilters::Ignored => Ok(None),
        ListFilters::Honored => match instant(text, zone_of_questions(state)) {
            Some(instant) => Ok(Some(instant)),
            None => Err(Answer::error(StatusCode::BAD_REQUEST, "The date is not valid.")),
        },
        ListFilters::Refused => Err(Answer::error(StatusCode::BAD_REQUEST, "The argument is not known.")),
    }
}

/// Whether a date on file is at or after an instant; one that cannot be read is not.
fn not_before(state: &State, date: &Option<String>, since: Option<Timestamp>) -> bool {
    let on_file = || instant(date.as_deref()?, state.switches.time_zone.clone());
    since.is_none_or(|since| on_file().is_some_and(|date| date >= since))
}

fn instant(text: &str, zone: TimeZone) -> Option<Timestamp> {
    text.parse::<DateTime>().ok()?.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}
