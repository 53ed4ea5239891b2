//! Webhooks: registered, listed, removed here; what a change says and how it is delivered is beside this file
//! (docs/ams/remembers.md, "Webhooks").

mod delivery;
mod notices;
mod outbox;

use http::StatusCode;
use serde_json::{Value, json};

pub(super) use delivery::{ask, client, deliver};
pub(super) use notices::{Notice, created, edited, merged, removed};
pub(super) use outbox::{EchoCheck, Outbox, Webhook};

use super::answer::{Answer, Handled};
use super::state::State;
use crate::sim::guid;
use crate::sim::people::Person;
use crate::sim::serving::Call;

/// The most that one environment may have.
const MOST_HOOKS: usize = 100;

/// The routes that the vendor's own connector registers at, and what the notices of each are called.
const ROUTES: &[(&str, &str)] = &[
    ("IndividualCreated", "Individual.Created"),
    ("Individual.Deleted", "Individual.Deleted"),
    ("Individual.RequestToBeForgotten", "Individual.RequestToBeForgotten"),
    ("EmailUpdated", "Customer.EmailUpdated"),
    ("Customer.CustomFieldValueUpdated", "Customer.CustomFieldValueUpdated"),
    ("Customer.Merged", "Customer.Merged"),
    ("Customer.RelationshipUpdated", "Customer.RelationshipUpdated"),
    ("Customer.PhoneUpdated", "Customer.PhoneUpdated"),
    ("Customer.AddressUpdated", "Customer.AddressUpdated"),
    ("CommitteeMemberUpdated", "Individual.CommitteeUpdated"),
    ("ProductPurchased", "Product.Purchased"),
    ("Purchase.Paid", "Purchase.Paid"),
    ("PurchaseCancelled", "Purchase.Cancelled"),
    ("Event.Registration.Substituted", "Event.Registration.Substituted"),
    ("Membership.Terminated", "Membership.Terminated"),
    ("RequestUpdated", "Customer.RequestUpdated"),
];

impl State {
    /// Tells the webhooks of a change of this person.
    pub(super) fn announce(&mut self, person: &Person, notices: Vec<Notice>) {
        let date =
            self.now().to_zoned(self.switches.time_zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        for hook in self.webhooks.iter().filter(|hook| person.exists_in(hook.environment)) {
            let own: Vec<Value> =
                notices.iter().filter(|notice| notice.is_called(hook.action)).map(Notice::body).collect();
            if own.is_empty() {
                continue;
            }
            let body = json!({
                "WebhookId": hook.id, "Properties": { "Date": date, "AdditionalFilter": null },
                "Notifications": own,
            });
            self.outbox.put(&hook.call_back_url, &hook.secret, body.to_string(), &self.switches);
        }
    }
}

pub(super) fn list(state: &mut State, call: &Call) -> Handled {
    if !state.switches.hooks_listed {
        return Err(Answer::not_found());
    }
    let hooks = state.webhooks.iter().filter(|hook| hook.environment == call.environment).map(shown);
    Ok(Answer::page(&state.switches, call.page()?, hooks))
}

pub(super) fn register(state: &mut State, call: &Call) -> Handled {
    let route = ROUTES.iter().find(|(route, _)| route.eq_ignore_ascii_case(call.argument("route")));
    let (route, action) = *route.ok_or_else(Answer::not_found)?;
    let members = call.members()?;
    let member = |name: &str| {
        let found = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (type_name, call_back_url) = (member("typeName"), member("callBackUrl"));
    if type_name.is_empty() || !call_back_url.starts_with("http") {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "typeName and callBackUrl are required."));
    }
    let hook = Webhook {
        environment: call.environment,
        id: guid::random(),
        route,
        action,
        type_name,
        call_back_url,
        description: member("description"),
        secret: member("secret"),
    };
    let answer = Answer::json(shown(&hook));
    if state.switches.hook_echo {
        return Ok(answer.after(EchoCheck { hook, word: guid::random().replace('-', "") }));
    }
    state.add_webhook(hook)?;
    Ok(answer)
}

pub(super) fn remove(state: &mut State, call: &Call) -> Handled {
    let id = call.argument("hook");
    let hook = |hook: &Webhook| hook.environment == call.environment && hook.id.eq_ignore_ascii_case(id);
    let place = state.webhooks.iter().position(hook).ok_or_else(Answer::not_found)?;
    state.webhooks.remove(place);
    Ok(Answer::nothing(StatusCode::NO_CONTENT))
}

impl State {
    /// Keeps a webhook, if there is room.
    pub(super) fn add_webhook(&mut self, hook: Webhook) -> Result<(), Answer> {
        if self.webhooks.iter().filter(|known| known.environment == hook.environment).count() >= MOST_HOOKS {
            return Err(Answer::error(StatusCode::BAD_REQUEST, "There are too many webhooks."));
        }
        self.webhooks.push(hook);
        Ok(())
    }
}

fn shown(hook: &Webhook) -> Value {
    json!({
        "id": hook.id, "route": hook.route, "typeName": hook.type_name,
        "callBackUrl": hook.call_back_url, "description": hook.description,
    })
}
