//! The API's answers about many people at once: the members in bulk, and the ids of those who changed
//! (docs/ams/remembers.md, "Everybody", "Changes").

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Handled};
use super::dates;
use super::individuals::day_of;
use super::state::State;
use super::switches::{IncludeFlags, SinceZone};
use super::wire::{self, Part};
use crate::sim::people::Person;
use crate::sim::serving::Call;

/// Members only. Items are thin unless the query includes more.
pub(super) fn members(state: &mut State, call: &Call) -> Handled {
    let today = state.today();
    let (code, from, to) =
        (call.query("membershipTypeCode"), day_of(call, "expiringFrom")?, day_of(call, "expiringTo")?);
    let fits = |person: &&Person| {
        person.memberships.iter().any(|membership| {
            let expires = dates::day(&membership.expire_date);
            dates::is_active(membership, today)
                && code.is_none_or(|code| membership.code.eq_ignore_ascii_case(code))
                && from.is_none_or(|from| expires.is_some_and(|expires| expires >= from))
                && to.is_none_or(|to| expires.is_some_and(|expires| expires <= to))
        })
    };
    let item = |(place, person): (usize, &Person)| {
        let full = match state.switches.include_flags {
            IncludeFlags::Honored => true,
            IncludeFlags::Half => place % 2 == 0,
            IncludeFlags::Ignored | IncludeFlags::LeftOut => false,
        };
        let mut members = wire::thin(person);
        if full {
            include(state, call, person, &mut members);
        } else if state.switches.include_flags == IncludeFlags::LeftOut {
            members.retain(|_, value| !value.is_null());
        }
        Value::Object(members)
    };
    let items = state.directory.all(call.environment).filter(fits).enumerate().map(item);
    Ok(Answer::page(&state.switches, call.page()?, items))
}

/// The flags for parts of the profile, with the members that they bring.
const INCLUDED_CONTACT: &[(&str, &str)] = &[
    ("includeAddress", "addresses"),
    ("includeEmail", "emails"),
    ("includeLink", "links"),
    ("includePhone", "phones"),
];

/// Adds what the query asks for.
fn include(state: &State, call: &Call, person: &Person, members: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if call.asks("includeMembership") {
        let own = wire::memberships(state.book(), person).map(|it| {
            let mut membership = wire::object(wire::membership(it, person.old_shape));
            if !call.asks("includeMembershipRenewalUrl") {
                membership.insert("renewalUrl".to_owned(), Value::Null);
            }
            Value::Object(membership)
        });
        let own: Vec<Value> = own.collect();
        put("memberships", person.overrides.get("memberships").cloned().unwrap_or_else(|| own.into()));
    }
    let of_contact = if state.switches.include_contact { INCLUDED_CONTACT } else { &[] };
    for (flag, name) in of_contact {
        if call.asks(flag) {
            put(name, wire::profile_member(person, name));
        }
    }
    if call.asks("includeCustomFields") {
        put("customFields", wire::part(state.book(), person, Part::CustomFields).into());
    }
}

/// Ids only. A day of 1753, the smallest that SQL Server knows, gives everybody.
pub(super) fn changed_since(state: &mut State, call: &Call) -> Handled {
    let since = since(state, call)?;
    let covers = state.switches.changed_since_covers;
    let changed = |person: &&Person| {
        since.is_none_or(|since| state.directory.changed_at(&person.id, covers) >= Some(since))
    };
    let ids: Vec<&str> =
        state.directory.all(call.environment).filter(changed).map(|person| person.id.as_str()).collect();
    page_of_ids(state, call, &ids)
}

/// The zone in which the times of questions are read.
pub(super) fn zone_of_questions(state: &State) -> TimeZone {
    match state.switches.since_zone {
        SinceZone::Association => state.switches.time_zone.clone(),
        SinceZone::Utc => TimeZone::UTC,
    }
}

/// The instant in the path; nothing for the beginning of all records.
pub(super) fn since(state: &State, call: &Call) -> Result<Option<Timestamp>, Answer> {
    let invalid = || Answer::error(StatusCode::BAD_REQUEST, "The date or time is not valid.");
    let day = Date::strptime("%Y%m%d", call.argument("day")).map_err(|_| invalid())?;
    let time = Time::strptime("%H%M", call.argument("time")).map_err(|_| invalid())?;
    if day.year() <= 1753 {
        return Ok(None);
    }
    let zoned = day.to_datetime(time).to_zoned(zone_of_questions(state)).map_err(|_| invalid())?;
    Ok(Some(zoned.timestamp()))
}

/// A page of ids, which begins with the last one of the page before if the switch says so.
pub(super) fn page_of_ids(state: &State, call: &Call, ids: &[&str]) -> Handled {
    let (size, page) = (state.switches.page_size as usize, call.page()?);
    if !state.switches.changed_since_repeats || size < 2 || page.number == 1 {
        return Ok(Answer::page(&state.switches, page, ids.iter().map(|id| json!(id))));
    }
    let first_new = size.saturating_add((page.number - 2).saturating_mul(size - 1));
    let new = ids.get(first_new..).unwrap_or_default();
    let repeated = if new.is_empty() { 0 } else { 1 };
    let items = ids.iter().skip(first_new - repeated).take(size * repeated).map(|id| json!(id));
    Ok(Answer::rows(&state.switches, page, items.collect()))
}
