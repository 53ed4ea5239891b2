//! The API's answers about people (docs/ams/remembers.md, "The token", "People").

use http::StatusCode;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::answer::{Answer, Handled};
use super::dates;
use super::state::State;
use super::switches::{InvalidSso, ListFilters, SsoUse};
use super::tokens::Kind;
use super::wire::{self, Book, Details, Part};
use crate::sim::people::Person;
use crate::sim::serving::Call;

impl State {
    /// What entries refer to, for the shapes in JSON.
    pub(super) fn book(&self) -> Book<'_> {
        Book {
            organizations: &self.directory.organizations,
            committees: &self.directory.committees,
            events: &self.directory.events,
            only_active_on: self.switches.only_active_memberships.then(|| self.today()),
            cancelled_too: self.switches.cancelled_on_own_list,
        }
    }

    /// The person in the route: by `{id}` only a GUID will do, by `{key}` a record number or an e-mail does too.
    fn person(&self, call: &Call) -> Result<&Person, Answer> {
        let found = match call.argument("id") {
            "" => self.directory.find(call.environment, call.argument("key")),
            id => self.directory.find_id(call.environment, id),
        };
        found.ok_or_else(Answer::not_found)
    }
}

pub(super) fn find_by_sso_token(state: &mut State, call: &Call) -> Handled {
    let token = call.argument("sso");
    let now = state.now();
    let grant = state.tokens.find(token, &[Kind::Sso], call.environment, now, &state.switches);
    let person = grant.and_then(|grant| state.directory.find_id(call.environment, &grant.holder));
    let Some(person) = person else { return Err(invalid_sso(state)) };
    let details = details(state, call);
    let person = wire::individual(state.book(), person, details);
    let answer = Answer::page(&state.switches, call.page()?, [person].into_iter());
    let spared = call.query("updateTokenUsage").is_some_and(|value| value.eq_ignore_ascii_case("false"));
    match state.switches.sso_use {
        SsoUse::Once => state.tokens.use_up(token),
        SsoUse::Counted if !spared => state.tokens.use_up(token),
        SsoUse::Counted | SsoUse::Unlimited => {}
    }
    Ok(answer)
}

fn invalid_sso(state: &State) -> Answer {
    match state.switches.invalid_sso {
        InvalidSso::EmptyList => Answer::json(json!({ "pageNumber": 1, "dataList": [] })),
        InvalidSso::NullList => Answer::json(json!({ "pageNumber": 1, "dataList": null })),
        InvalidSso::Unauthorized => Answer::unauthorized(),
        InvalidSso::NotFound => Answer::not_found(),
        InvalidSso::BadRequest => Answer::error(StatusCode::BAD_REQUEST, "The token is not valid."),
        InvalidSso::NoContent => Answer::nothing(StatusCode::NO_CONTENT),
    }
}

/// What the query asks for. Committees come with `includeDetails`, as in the one composed example of the facts.
fn details(state: &State, call: &Call) -> Details {
    let all = call.asks("includeDetails");
    Details {
        custom_fields: all || !state.switches.custom_fields_need_details,
        committees: all,
        organization: call.asks("loadPrimaryOrgDetails"),
        relationships: call.asks("loadRelationships"),
    }
}

pub(super) fn profile(state: &mut State, call: &Call) -> Handled {
    let value = wire::individual(state.book(), state.person(call)?, details(state, call));
    Ok(Answer::page(&state.switches, call.page()?, [value].into_iter()))
}

pub(super) fn find_by_email(state: &mut State, call: &Call) -> Handled {
    let email = call.argument("key");
    let same =
        |person: &&Person| person.email.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(email));
    let found = state.directory.find(call.environment, email).filter(same);
    let details = details(state, call);
    let people = found.into_iter().map(|person| wire::individual(state.book(), person, details));
    Ok(Answer::page(&state.switches, call.page()?, people))
}

pub(super) fn all(state: &mut State, call: &Call) -> Handled {
    let name = call.query("Name").unwrap_or_default().to_lowercase();
    let people = state.directory.all(call.environment);
    let named = people.filter(|person| person.full_name().to_lowercase().contains(&name));
    let details = details(state, call);
    let items = named.map(|person| wire::individual(state.book(), person, details));
    Ok(Answer::page(&state.switches, call.page()?, items))
}

pub(super) fn day_of(call: &Call, name: &str) -> Result<Option<Date>, Answer> {
    let Some(text) = call.query(name) else { return Ok(None) };
    match dates::day(&Some(text.to_owned())) {
        Some(day) => Ok(Some(day)),
        None => Err(Answer::error(StatusCode::BAD_REQUEST, "The date is not valid.")),
    }
}

/// A bare array.
pub(super) fn memberships(state: &mut State, call: &Call) -> Handled {
    memberships_that_are(state, call, true)
}

/// A bare array.
pub(super) fn past_memberships(state: &mut State, call: &Call) -> Handled {
    memberships_that_are(state, call, false)
}

fn memberships_that_are(state: &State, call: &Call, active: bool) -> Handled {
    let (person, today) = (state.person(call)?, state.today());
    let wanted = person.memberships.iter().filter(|it| dates::is_active(it, today) == active);
    Ok(Answer::json(wanted.map(|it| wire::membership(it, person.old_shape)).collect()))
}

/// Present seats, and past and future ones with `includeInactive=true`.
pub(super) fn committees(state: &mut State, call: &Call) -> Handled {
    let (today, all) = (state.today(), call.asks("includeInactive"));
    list(state, call, Part::Committees, |seat| all || holds_today(seat, "startDate", "endDate", today))
}

pub(super) fn relationships(state: &mut State, call: &Call) -> Handled {
    let name = call.query("relationshipName");
    list(state, call, Part::Relationships, |tie| says(tie.get("relationshipName"), name))
}

pub(super) fn registrations(state: &mut State, call: &Call) -> Handled {
    let code = filter(state, call, "eventCode")?;
    list(state, call, Part::Registrations, |it| fits(state, it.pointer("/event/code"), code))
}

pub(super) fn purchases(state: &mut State, call: &Call) -> Handled {
    let (code, since) = (filter(state, call, "productCode")?, day_of(call, "purchasedSince")?);
    let bought = |it: &Value| dates::day(&it.get("purchaseDate").and_then(Value::as_str).map(str::to_owned));
    list(state, call, Part::Purchases, |it| {
        fits(state, it.get("productCode"), code)
            && since.is_none_or(|since| bought(it).is_some_and(|day| day >= since))
    })
}

/// Those that have not expired.
pub(super) fn certifications(state: &mut State, call: &Call) -> Handled {
    let today = state.today();
    list(state, call, Part::Certifications, |it| holds_today(it, "", "expireDate", today))
}

/// A bare array.
pub(super) fn custom_fields(state: &mut State, call: &Call) -> Handled {
    let fields = wire::part(state.book(), state.person(call)?, Part::CustomFields);
    Ok(Answer::json(fields.into()))
}

fn list(state: &State, call: &Call, part: Part, wanted: impl Fn(&Value) -> bool) -> Handled {
    let items = wire::part(state.book(), state.person(call)?, part);
    Ok(Answer::page(&state.switches, call.page()?, items.into_iter().filter(|item| wanted(item))))
}

/// A filter by code, as the switches have it.
fn filter<'a>(state: &State, call: &'a Call, name: &str) -> Result<Option<&'a str>, Answer> {
    match (call.query(name), state.switches.list_filters) {
        (Some(_), ListFilters::Refused) => {
            Err(Answer::error(StatusCode::BAD_REQUEST, "The argument is not valid."))
        }
        (_, ListFilters::Ignored) => Ok(None),
        (code, _) => Ok(code),
    }
}

fn fits(state: &State, value: Option<&Value>, code: Option<&str>) -> bool {
    let same = |code: &str| value.and_then(Value::as_str) == Some(code);
    if state.switches.list_filters_ignore_case { says(value, code) } else { code.is_none_or(same) }
}

fn says(value: Option<&Value>, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| {
        value.and_then(Value::as_str).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    })
}

fn holds_today(item: &Value, start: &str, end: &str, today: Date) -> bool {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    dates::holds(&text(start), &text(end), today)
}
