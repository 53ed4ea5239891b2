//! What can be done to contacts while the simulator runs.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::people::{Contact, ListEntry, Membership};
use super::state::State;
use crate::sim::control::{Refusal, actions};

actions! {
    "drop", "Staff drop their own memberships.";
    "reactivate", "Their own memberships are active again, and go on for a year from today.";
    "suspend", "Their own memberships are suspended.";
    "expire", "Their own memberships ended yesterday, and grace with them; those that only staff end go on.";
    "rename", "Sets the given firstName and lastName.";
    "join_list", "Puts them on the given list; role, start and end may be given.";
    "leave_list", "Takes them off the given list; the entry stays, and is not active.";
    "relate", "Relates them to the given organization.";
    "unrelate", "Ends their relation to the given organization.";
    "cancel_registrations", "Takes back their registrations; for one event only, if it is given.";
    "forget_consent", "The next login at the client asks for consent again.";
    "merge_into", "The contact goes up in another one, which is given: the number of this one is gone.";
}

/// Does an action to the contact with this number.
pub(super) fn act(state: &mut State, id: &str, action: &str, arguments: &Value) -> Result<(), Refusal> {
    let today = state.today();
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str);
    let needed = |name: &str| argument(name).ok_or_else(|| Refusal::Wrong(format!("`{name}` is needed")));
    let day = |days: i64| Some(format!("{}T00:00:00", today.saturating_add(days.days())));
    match action {
        "drop" => memberships(state, id, |it| it.status = Some("Dropped".to_owned())),
        "suspend" => memberships(state, id, |it| it.status = Some("Suspended".to_owned())),
        "reactivate" => memberships(state, id, |it| {
            it.status = None;
            it.expiration_date = day(365);
            if it.grace_period_expiration_date.is_some() {
                it.grace_period_expiration_date = day(395);
            }
        }),
        "expire" => memberships(state, id, |it| {
            it.expiration_date = day(-1);
            if it.grace_period_expiration_date.is_some() {
                it.grace_period_expiration_date = day(-1);
            }
        }),
        "rename" => {
            let (first, last) = (argument("firstName"), argument("lastName"));
            changed(state, id, |it| {
                first.iter().for_each(|name| it.first_name = (*name).to_owned());
                last.iter().for_each(|name| it.last_name = (*name).to_owned());
            })
        }
        "join_list" => {
            let date = |name: &str| argument(name).map(str::to_owned);
            let entry = ListEntry {
                list: known_list(state, needed("list")?)?,
                role: argument("role").unwrap_or_default().to_owned(),
                join_date: date("start").or(day(0)),
                drop_date: date("end"),
                is_active: true,
            };
            changed(state, id, |it| {
                it.lists.retain(|known| known.list != entry.list);
                it.lists.push(entry);
            })
        }
        "leave_list" => {
            let list = known_list(state, needed("list")?)?;
            changed(state, id, |it| {
                for entry in it.lists.iter_mut().filter(|entry| entry.list == list) {
                    entry.is_active = false;
                    entry.drop_date = day(0);
                }
            })
        }
        "relate" | "unrelate" => {
            let organization = needed("organization")?.to_owned();
            if state.directory.find(&organization).is_none() {
                return Err(Refusal::Wrong(format!("there is no contact {organization:?}")));
            }
            let kind = "Staff".to_owned();
            changed(state, id, |it| {
                it.organizations.retain(|tie| tie.organization != organization);
                if action == "relate" {
                    let title = String::new();
                    it.organizations.push(super::people::Organization { organization, title, kind });
                }
            })
        }
        "cancel_registrations" => {
            let event = argument("event").map(str::to_owned);
            changed(state, id, |it| {
                let concerned = |entry: &&mut super::people::Registration| {
                    event.as_ref().is_none_or(|event| entry.event.eq_ignore_ascii_case(event))
                };
                let entries = it.registrations.iter_mut().filter(concerned);
                entries.for_each(|entry| entry.status = "Cancelled".to_owned());
            })
        }
        "forget_consent" => {
            state.consents.remove(id);
            Ok(())
        }
        "merge_into" => {
            let into = state.directory.find_anyhow(needed("into")?).map(|it| it.contact_id.clone());
            let into = into.filter(|into| into != id);
            let into = into.ok_or_else(|| Refusal::Wrong("`into` names nobody else".to_owned()))?;
            let gone = state.directory.find(id).cloned().unwrap_or_default();
            state.remove(id);
            changed(state, &into, |it| {
                it.memberships.extend(gone.memberships);
                it.lists.extend(gone.lists);
                it.registrations.extend(gone.registrations);
                it.certifications.extend(gone.certifications);
            })?;
            // The other contact has changed even where there was nothing to take over.
            let now = state.now();
            state.directory.touch(&into, now);
            Ok(())
        }
        _ => Err(Refusal::Unknown(format!("action {action}"))),
    }
}

fn changed(state: &mut State, id: &str, change: impl FnOnce(&mut Contact)) -> Result<(), Refusal> {
    let was_there = state.edit(id, change);
    if was_there { Ok(()) } else { Err(Refusal::Unknown(format!("{id} in people"))) }
}

fn memberships(state: &mut State, id: &str, change: impl Fn(&mut Membership)) -> Result<(), Refusal> {
    let has_own = state.directory.find(id).is_some_and(|it| !it.memberships.is_empty());
    if !has_own {
        return Err(Refusal::Wrong("there is no membership of their own".to_owned()));
    }
    changed(state, id, |it| {
        it.status = None;
        it.memberships.iter_mut().for_each(change);
    })
}

fn known_list(state: &State, name: &str) -> Result<String, Refusal> {
    let found = state.directory.list(name).map(|it| it.name.clone());
    found.ok_or_else(|| Refusal::Wrong(format!("there is no list {name:?}")))
}

/// The answer to an action: the contact as it is now, or null where it is gone.
pub(super) fn after(state: &State, id: &str) -> Value {
    state.directory.find(id).map_or(Value::Null, |it| json!(it))
}
