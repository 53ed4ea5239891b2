//! Registration of receivers of hooks.

use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::sim::guid;
use crate::sim::novi::hooks::{Event, Webhook};
use crate::sim::novi::paging::{catalogue, detail, missing};
use crate::sim::novi::state::State;
use crate::sim::serving::{Answer, Call, Handled};

fn shown(hook: &Webhook) -> Value {
    json!({
        "WebhookUniqueId": hook.id, "Url": hook.url, "Actions": hook.actions, "Active": hook.active,
    })
}

/// A receiver as it was sent.
fn read(call: &Call) -> Result<(String, Vec<String>, bool), Answer> {
    let wrong = || Answer::error(StatusCode::BAD_REQUEST, "Url and Actions are required.");
    let body = call.json()?;
    let url = body.get("Url").and_then(Value::as_str).unwrap_or_default();
    let is_address = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let actions = body.get("Actions").and_then(Value::as_array).ok_or_else(wrong)?;
    let known = |action: &Value| {
        let name = action.as_str()?;
        Event::ALL.iter().any(|event| event.name() == name).then(|| name.to_owned())
    };
    let actions: Option<Vec<String>> = actions.iter().map(known).collect();
    let actions = actions.filter(|actions| is_address && !actions.is_empty()).ok_or_else(wrong)?;
    let active = body.get("Active").and_then(Value::as_bool).unwrap_or(true);
    Ok((url.to_owned(), actions, active))
}

pub(in crate::sim::novi) fn list(state: &mut State, call: &Call) -> Handled {
    catalogue(&state.switches, call, &state.site(call.environment).webhooks, shown)
}

pub(in crate::sim::novi) fn register(state: &mut State, call: &Call) -> Handled {
    let (url, actions, active) = read(call)?;
    let hook = Webhook { id: guid::random(), url, actions, active };
    let answer = detail(&state.switches, shown(&hook));
    state.site_mut(call.environment).webhooks.push(hook);
    Ok(answer)
}

pub(in crate::sim::novi) fn change(state: &mut State, call: &Call) -> Handled {
    let (url, actions, active) = read(call)?;
    let site = state.site_mut(call.environment);
    let hook = site.webhooks.iter_mut().find(|it| it.id.eq_ignore_ascii_case(call.argument("id")));
    let Some(hook) = hook else { return Err(missing(&state.switches)) };
    (hook.url, hook.actions, hook.active) = (url, actions, active);
    let changed = shown(hook);
    Ok(detail(&state.switches, changed))
}

pub(in crate::sim::novi) fn remove(state: &mut State, call: &Call) -> Handled {
    let webhooks = &mut state.site_mut(call.environment).webhooks;
    let before = webhooks.len();
    webhooks.retain(|it| !it.id.eq_ignore_ascii_case(call.argument("id")));
    let was_there = webhooks.len() < before;
    if was_there { Ok(Answer::nothing(StatusCode::NO_CONTENT)) } else { Err(missing(&state.switches)) }
}
