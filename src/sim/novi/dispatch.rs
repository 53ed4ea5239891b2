//! The routes, and what every call goes through before them.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::api::{catalogues, committees, events, groups, members, sales, webhooks, write};
use super::call::Call;
use super::endpoint::Endpoint;
use super::state::State;
use super::switches::{Switches, lists};
use super::{oauth, portal};
use crate::sim::control::CallLine;
use crate::sim::people::Environment;
use crate::sim::serving::{Answer, Handled, Own, Route, find, instead, too_many};
use crate::sim::switches::Fault;

type Handler = fn(&mut State, &Call) -> Handled;

#[rustfmt::skip]
const ROUTES: &[Route<Endpoint, Handler>] = &[
    ("GET",  "", Endpoint::Home, portal::home),
    ("GET",  "login", Endpoint::Login, portal::login),
    ("POST", "login", Endpoint::Login, portal::submit_login),
    ("GET",  "log-out", Endpoint::LogOut, portal::log_out),
    ("GET",  "sso/auth", Endpoint::SsoAuth, oauth::sso_auth),
    ("GET",  ".well-known/openid-configuration", Endpoint::Metadata, oauth::configuration),
    ("GET",  "oauth/authorize", Endpoint::Authorize, oauth::authorize),
    ("POST", "oauth/token", Endpoint::Token, oauth::token),
    ("GET",  "oauth/userinfo", Endpoint::Userinfo, oauth::userinfo),
    ("GET",  "oauth/jwks", Endpoint::Jwks, oauth::jwks),
    ("GET",  "api/members", Endpoint::Members, members::list),
    ("POST", "api/members", Endpoint::WriteMember, write::post),
    ("GET",  "api/members/{id}", Endpoint::Member, members::one),
    ("PUT",  "api/members/{id}", Endpoint::WriteMember, write::put),
    ("GET",  "api/membership-activities", Endpoint::MembershipActivities, members::activities),
    ("GET",  "api/member-types", Endpoint::MemberTypes, catalogues::member_types),
    ("GET",  "api/groups", Endpoint::Groups, groups::list),
    ("GET",  "api/groups/{id}", Endpoint::Groups, groups::one),
    ("GET",  "api/groups/{id}/members", Endpoint::GroupMembers, groups::members),
    ("GET",  "api/group-categories", Endpoint::GroupCategories, groups::categories),
    ("GET",  "api/committees", Endpoint::Committees, committees::list),
    ("GET",  "api/committees/{id}", Endpoint::Committees, committees::one),
    ("GET",  "api/committees/{id}/members", Endpoint::CommitteeMembers, committees::members),
    ("GET",  "api/events", Endpoint::Events, events::list),
    ("GET",  "api/events/{id}", Endpoint::Events, events::one),
    ("GET",  "api/events/{id}/attendees", Endpoint::Attendees, events::attendees),
    ("GET",  "api/event-categories", Endpoint::EventCategories, events::categories),
    ("GET",  "api/tickets", Endpoint::Tickets, events::tickets),
    ("GET",  "api/registrations", Endpoint::Registrations, events::registrations),
    ("GET",  "api/registrations/{id}", Endpoint::Registrations, events::one_registration),
    ("GET",  "api/orders", Endpoint::Orders, sales::orders),
    ("GET",  "api/products", Endpoint::Products, sales::products),
    ("GET",  "api/products/product-purchases", Endpoint::ProductPurchases, sales::purchases),
    ("GET",  "api/subscriptions", Endpoint::Subscriptions, sales::subscriptions),
    ("GET",  "api/custom-fields", Endpoint::CustomFields, catalogues::custom_fields),
    ("GET",  "api/customer-custom-fields", Endpoint::CustomerCustomFields, catalogues::values),
    ("GET",  "api/webhooks", Endpoint::Webhooks, webhooks::list),
    ("POST", "api/webhooks", Endpoint::Webhooks, webhooks::register),
    ("PUT",  "api/webhooks/{id}", Endpoint::Webhooks, webhooks::change),
    ("DELETE", "api/webhooks/{id}", Endpoint::Webhooks, webhooks::remove),
];

/// Answers a call, and says how the answer goes wrong on its way.
pub(super) fn dispatch(state: &mut State, mut call: Call) -> (Fault, Answer) {
    let (endpoint, handler) = match find(ROUTES, &mut call) {
        Ok(found) => found,
        Err(answer) => return (Fault::None, answer),
    };
    state.settle();
    let at = state.now();
    let fault = next_fault(state, endpoint, at);
    call.fault = fault;
    let own = Own {
        wrong_shape: json!({ "TotalCount": "many", "Results": 42, "UniqueID": [], "access_token": {} }),
        empty_list: json!({ "TotalCount": 0, "Results": [] }),
        login: "/login",
        retry_after: state.switches.retry_after,
    };
    let answer = instead(fault, own).unwrap_or_else(|| {
        admit(state, &call, endpoint).and_then(|()| handler(state, &call)).unwrap_or_else(|early| early)
    });
    let comes = !matches!(fault, Fault::Hang | Fault::Closed);
    state.common.calls.note(CallLine {
        number: 0,
        at,
        kind: endpoint.name(),
        portal: endpoint.is_portal(),
        environment: match call.environment {
            Environment::Production => "production",
            Environment::Staging => "staging",
        },
        asked: call.shown(),
        status: comes.then(|| answer.status().as_u16()),
    });
    (fault, answer)
}

/// The fault of an answer: a planned one first, then what the switches say.
fn next_fault(state: &mut State, endpoint: Endpoint, now: Timestamp) -> Fault {
    if let Some(fault) = state.common.faults.next(now, |scope| scope.covers(endpoint)) {
        return fault;
    }
    let Switches { fault, fault_on, fault_every, .. } = state.switches;
    if fault == Fault::None || !fault_on.covers(endpoint) {
        return Fault::None;
    }
    state.in_scope = state.in_scope.wrapping_add(1);
    if state.in_scope.is_multiple_of(fault_every) { fault } else { Fault::None }
}

/// What stands before a handler of the interface: https, the key as it is, its limits, its rights.
fn admit(state: &mut State, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
    if endpoint.is_portal() || endpoint.is_openid() {
        return Ok(());
    }
    let now = state.now();
    let switches = state.switches.clone();
    if switches.https_only && call.header("x-forwarded-proto") != "https" {
        return Err(Answer::error(StatusCode::FORBIDDEN, "SSL is required."));
    }
    let site = state.site_mut(call.environment);
    // The key is sent as it is; it is no user name and password in base64.
    if call.header("authorization").strip_prefix("Basic ") != Some(site.credentials.api_key.as_str()) {
        return Err(Answer::unauthorized());
    }
    if switches.rate_limit {
        let limits = [
            (SignedDuration::from_secs(1), switches.rate_limit_per_second),
            (SignedDuration::from_mins(1), switches.rate_limit_per_minute),
            (SignedDuration::from_hours(24), switches.rate_limit_per_day),
        ];
        site.limiter.admit(now, &limits).map_err(|wait| too_many(wait, switches.retry_after))?;
    }
    if switches.missing_endpoints.is_some_and(|list| lists(&list, endpoint.name())) {
        return Err(Answer::error(StatusCode::NOT_FOUND, "No resource was found that matches the request."));
    }
    if endpoint.is_about_events() && !switches.event_access {
        return Err(Answer::error(StatusCode::FORBIDDEN, "The key may not read events."));
    }
    Ok(())
}
