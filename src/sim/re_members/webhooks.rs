//! Registration of webhooks: kept and listed. Nothing is ever delivered, since signature and retries are unknown.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Handled};
use super::call::Call;
use super::state::{State, Webhook};
use crate::sim::guid;

/// The routes that the vendor's own connector registers at (docs/ams/remembers.md, "Changes").
const ROUTES: &[&str] = &[
    "IndividualCreated",
    "Individual.Deleted",
    "Individual.RequestToBeForgotten",
    "EmailUpdated",
    "Customer.CustomFieldValueUpdated",
    "Customer.Merged",
    "Customer.RelationshipUpdated",
    "Customer.PhoneUpdated",
    "Customer.AddressUpdated",
    "CommitteeMemberUpdated",
    "ProductPurchased",
    "Purchase.Paid",
    "PurchaseCancelled",
    "Event.Registration.Substituted",
    "Membership.Terminated",
    "RequestUpdated",
];

pub(super) fn list(state: &mut State, call: &Call) -> Handled {
    let hooks = state.webhooks.iter().filter(|hook| hook.environment == call.environment).map(shown);
    Ok(Answer::page(&state.switches, call.page()?, hooks))
}

pub(super) fn register(state: &mut State, call: &Call) -> Handled {
    let route = ROUTES.iter().find(|route| route.eq_ignore_ascii_case(call.argument("route")));
    let route = *route.ok_or_else(Answer::not_found)?;
    let members = call.members()?;
    let member = |name: &str| {
        let found = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (type_name, call_back_url) = (member("typeName"), member("callBackUrl"));
    if type_name.is_empty() || !call_back_url.starts_with("http") {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "typeName and callBackUrl are required."));
    }
    let description = member("description");
    let (environment, id) = (call.environment, guid::random());
    let hook = Webhook { environment, id, route: route.to_owned(), type_name, call_back_url, description };
    let answer = Answer::json(shown(&hook));
    state.webhooks.push(hook);
    Ok(answer)
}

pub(super) fn remove(state: &mut State, call: &Call) -> Handled {
    let id = call.argument("hook");
    let hook = |hook: &Webhook| hook.environment == call.environment && hook.id.eq_ignore_ascii_case(id);
    let place = state.webhooks.iter().position(hook).ok_or_else(Answer::not_found)?;
    state.webhooks.remove(place);
    Ok(Answer::nothing(StatusCode::NO_CONTENT))
}

fn shown(hook: &Webhook) -> Value {
    json!({
        "id": hook.id, "route": hook.route, "typeName": hook.type_name,
        "callBackUrl": hook.call_back_url, "description": hook.description,
    })
}
