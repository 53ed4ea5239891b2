//! What can be done to contacts and groups while the simulator runs.

use serde_json::{Value, json};

use super::model::Membership;
use super::state::State;
use crate::sim::control::{Action, Refusal, actions};

actions! {
    "refresh", "Applies what is pending for them, due or not.";
    "opt_out", "They choose not to be in the directory.";
    "opt_in", "They choose to be in the directory.";
    "write_bio", "They write the given bio themselves.";
    "join", "They join the given community by hand, with the given role if there is one.";
    "leave", "They leave the given community by hand.";
    "purge", "The contact is gone, with its history.";
}

/// What can be done to a community.
pub(super) const OF_GROUPS: &[Action] = &[
    Action { name: "hide", what: "Only administrators see the community." },
    Action { name: "unhide", what: "Everybody sees the community." },
];

/// Does an action to a contact, or to a community.
pub(super) fn act(state: &mut State, key: &str, action: &str, arguments: &Value) -> Result<Value, Refusal> {
    if OF_GROUPS.iter().any(|it| it.name == action) {
        let group = state.directory.groups.get_mut(key);
        let group = group.ok_or_else(|| Refusal::Unknown(format!("community {key}")))?;
        group.hidden = action == "hide";
        return Ok(json!(group));
    }
    let now = state.now();
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str);
    let needed = |name: &str| argument(name).ok_or_else(|| Refusal::Wrong(format!("`{name}` is needed")));
    let nobody = || Refusal::Unknown(format!("{key} in people"));
    if action == "refresh" {
        let pending = state.queue.of_contact(key);
        state.apply(pending);
        return Ok(json!(state.directory.contacts.get(key).ok_or_else(nobody)?));
    }
    if action == "purge" {
        state.directory.trails.remove(key);
        return state.directory.contacts.remove(key).map(|_| Value::Null).ok_or_else(nobody);
    }
    let contact = state.directory.contacts.get_mut(key).ok_or_else(nobody)?;
    let what = match action {
        "opt_out" | "opt_in" => {
            contact.directory_opt_out = action == "opt_out";
            format!("{action} by themselves")
        }
        "write_bio" => {
            contact.profile.insert("bio".to_owned(), needed("bio")?.into());
            "bio by themselves".to_owned()
        }
        "join" => {
            let group = needed("community")?.to_owned();
            if !state.directory.groups.contains_key(&group) {
                return Err(Refusal::Wrong(format!("there is no community {group}")));
            }
            let what = format!("joined {group} by hand");
            let role = argument("role").unwrap_or_default().to_owned();
            let row = Membership { group, role, joined_at: now, by_hand: true, ..Membership::default() };
            contact.memberships.push(row);
            what
        }
        "leave" => {
            let group = needed("community")?;
            let rows = contact.memberships.iter_mut();
            rows.filter(|it| it.group == group && it.removed_at.is_none())
                .for_each(|it| it.removed_at = Some(now));
            format!("left {group} by hand")
        }
        _ => return Err(Refusal::Unknown(format!("action {action}"))),
    };
    contact.updated_at = now;
    let shown = json!(contact);
    state.directory.trails.entry(key.to_owned()).or_default().note(now, None, what);
    Ok(shown)
}
