//! What can be done to people while the simulator runs.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::hooks::Event;
use super::people::{Belonging, Customer, Seat};
use super::state::State;
use crate::sim::control::{Refusal, actions};

const GRACE_ENDED: i64 = 400;

actions! {
    "lapse", "Their own membership ended long enough ago that grace is over, too.";
    "grace", "Their own membership ended yesterday.";
    "renew", "Their own membership goes on for a year from today; of the given type, if there is one.";
    "approve", "Staff approve the membership.";
    "disapprove", "Staff take the approval back.";
    "deactivate", "The record is deactivated and loses its account.";
    "activate", "The record is active again.";
    "rename", "Sets the given firstName and lastName.";
    "join_group", "Puts them in the given group.";
    "leave_group", "Takes them out of the given group.";
    "join_committee", "Gives them a seat on the given committee; role, start and end may be given.";
    "leave_committee", "Ends their seats on the given committee yesterday.";
    "give_seat", "They have one of the seats of their company.";
    "take_seat", "They have none of the seats of their company.";
    "cancel_registrations", "Takes back their registrations; for one event only, if it is given.";
    "merge_into", "The record goes up in another one, which is given: the id of this one is gone.";
    "send_hook", "Sends a hook without a change: customer.updated, or the given event.";
}

/// Does an action to the record with this id.
pub(super) fn act(state: &mut State, id: &str, action: &str, arguments: &Value) -> Result<(), Refusal> {
    let today = state.today();
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str);
    let needed = |name: &str| argument(name).ok_or_else(|| Refusal::Wrong(format!("`{name}` is needed")));
    let day = |days: i64| Some(midnight(today.saturating_add(days.days())));
    match action {
        "lapse" => end_own(state, id, day(-GRACE_ENDED)),
        "grace" => end_own(state, id, day(-1)),
        "renew" => {
            let kind = argument("type").map(|name| known_type(state, name)).transpose()?;
            let has_type =
                kind.is_some() || state.directory.find(id).is_some_and(|it| it.member_type.is_some());
            if !has_type {
                return Err(Refusal::Wrong("there is no membership to renew; give a `type`".to_owned()));
            }
            changed(state, id, |it| renew(it, kind, today))
        }
        "approve" => changed(state, id, |it| it.approved = true),
        "disapprove" => changed(state, id, |it| it.approved = false),
        "deactivate" => changed(state, id, |it| it.active = false),
        "activate" => changed(state, id, |it| it.active = true),
        "rename" => {
            let (first, last) = (argument("firstName"), argument("lastName"));
            changed(state, id, |it| {
                first.iter().for_each(|name| it.first_name = (*name).to_owned());
                last.iter().for_each(|name| it.last_name = (*name).to_owned());
            })
        }
        "join_group" => {
            let group = known_group(state, needed("group")?)?;
            changed(state, id, |it| {
                it.groups.retain(|entry| entry.group != group);
                it.groups.push(Belonging { group, join_date: day(0) });
            })
        }
        "leave_group" => {
            let group = known_group(state, needed("group")?)?;
            changed(state, id, |it| it.groups.retain(|entry| entry.group != group))
        }
        "join_committee" => {
            let committee = known_committee(state, needed("committee")?)?;
            let date = |name: &str| argument(name).map(str::to_owned);
            let seat = Seat {
                committee,
                role: argument("role").unwrap_or("Member").to_owned(),
                term_start: date("start").or(day(0)),
                term_end: date("end"),
                status: "Active".to_owned(),
                inherited: false,
            };
            changed(state, id, |it| it.committees.push(seat))
        }
        "leave_committee" => {
            let committee = known_committee(state, needed("committee")?)?;
            changed(state, id, |it| {
                let seats = it.committees.iter_mut().filter(|seat| seat.committee == committee);
                seats.for_each(|seat| seat.term_end = day(-1));
            })
        }
        "give_seat" => changed(state, id, |it| it.has_seat = true),
        "take_seat" => changed(state, id, |it| it.has_seat = false),
        "cancel_registrations" => {
            let event = argument("event").map(str::to_owned);
            changed(state, id, |it| {
                let concerned = |entry: &&mut super::people::Registration| {
                    event.as_ref().is_none_or(|event| entry.event.eq_ignore_ascii_case(event))
                };
                for entry in it.registrations.iter_mut().filter(concerned) {
                    entry.cancelled = true;
                    entry.cancellation_date = day(0);
                }
            })
        }
        "merge_into" => {
            let into = state.directory.find_anyhow(needed("into")?).map(|it| it.unique_id.clone());
            let into = into.filter(|into| into != id);
            let into = into.ok_or_else(|| Refusal::Wrong("`into` names nobody else".to_owned()))?;
            merge(state, id, &into);
            Ok(())
        }
        "send_hook" => {
            let name = argument("event").unwrap_or(Event::Updated.name());
            let event = Event::ALL.iter().find(|event| event.name() == name);
            let event = event.ok_or_else(|| Refusal::Wrong(format!("{name:?} is no event of a hook")))?;
            let customer = state.directory.find(id).cloned();
            customer.iter().for_each(|customer| state.tell(customer, *event));
            Ok(())
        }
        _ => Err(Refusal::Unknown(format!("action {action}"))),
    }
}

fn changed(state: &mut State, id: &str, change: impl FnOnce(&mut Customer)) -> Result<(), Refusal> {
    let was_there = state.edit(id, change);
    if was_there { Ok(()) } else { Err(Refusal::Unknown(format!("{id} in people"))) }
}

fn end_own(state: &mut State, id: &str, end: Option<String>) -> Result<(), Refusal> {
    let has_own = state.directory.find(id).is_some_and(|it| it.member_type.is_some());
    if !has_own {
        return Err(Refusal::Wrong("there is no membership of their own".to_owned()));
    }
    changed(state, id, |it| {
        it.status = None;
        it.membership_expires = end;
    })
}

fn renew(it: &mut Customer, kind: Option<String>, today: Date) {
    if kind.is_some() {
        it.member_type = kind;
    }
    it.status = None;
    it.membership_expires = Some(midnight(today.saturating_add(1.year())));
    let begins_later = it.member_since.as_deref().is_none_or(|since| since > midnight(today).as_str());
    if begins_later {
        it.member_since = Some(midnight(today));
    }
}

/// The other record keeps its own, and has what only this one had.
fn merge(state: &mut State, id: &str, into: &str) {
    let gone = state.directory.find(id).cloned().unwrap_or_default();
    state.remove(id);
    state.edit(into, |it| {
        it.registrations.extend(gone.registrations);
        it.purchases.extend(gone.purchases);
        it.committees.extend(gone.committees);
        let new =
            gone.groups.into_iter().filter(|entry| it.groups.iter().all(|own| own.group != entry.group));
        let new: Vec<Belonging> = new.collect();
        it.groups.extend(new);
    });
    // A merged record has changed even where it had all of that already.
    state.touch(into);
}

fn known_type(state: &State, name: &str) -> Result<String, Refusal> {
    let found = state.directory.member_type(name).map(|it| it.name.clone());
    found.ok_or_else(|| Refusal::Wrong(format!("there is no type {name:?}")))
}

fn known_group(state: &State, name: &str) -> Result<String, Refusal> {
    let found = state.directory.group(name).map(|it| it.name.clone());
    found.ok_or_else(|| Refusal::Wrong(format!("there is no group {name:?}")))
}

fn known_committee(state: &State, name: &str) -> Result<String, Refusal> {
    let found = state.directory.committee(name).map(|it| it.name.clone());
    found.ok_or_else(|| Refusal::Wrong(format!("there is no committee {name:?}")))
}

fn midnight(day: Date) -> String {
    format!("{day}T00:00:00")
}

/// The answer to an action: the record as it is now, or null where it is gone.
pub(super) fn after(state: &State, id: &str) -> Value {
    state.directory.find(id).map_or(Value::Null, |it| json!(it))
}
