//! The routes, and what every call goes through before them.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::api::{contacts, events, groups, me, memberships, overview};
use super::endpoint::Endpoint;
use super::state::State;
use super::switches::{Switches, lists};
use super::{oauth, portal};
use crate::sim::control::CallLine;
use crate::sim::serving::{Answer, Call, Handled, Own, Route, find, instead, too_many};
use crate::sim::switches::Fault;

type Handler = fn(&mut State, &Call) -> Handled;

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "$skip",
    "$top",
    "$orderby",
    "skip",
    "top",
    "modifiedSince",
    "since",
    "eventId",
    "scope",
    "response_type",
    "response_mode",
];

#[rustfmt::skip]
const ROUTES: &[Route<Endpoint, Handler>] = &[
    ("GET",  "", Endpoint::Home, portal::home),
    ("GET",  "login", Endpoint::Login, portal::login),
    ("POST", "login", Endpoint::Login, portal::submit_login),
    ("GET",  "oauth/logout", Endpoint::Logout, portal::ask_logout),
    ("POST", "oauth/logout", Endpoint::Logout, portal::log_out),
    ("GET",  "openid/well-known/openid-configuration", Endpoint::Metadata, oauth::configuration),
    ("GET",  "openid/well-known/jwks", Endpoint::Jwks, oauth::jwks),
    ("GET",  "oauth/authorize", Endpoint::Authorize, oauth::authorize),
    ("POST", "oauth/authorize", Endpoint::Authorize, oauth::consent),
    ("POST", "oauth/token", Endpoint::Token, oauth::token),
    ("GET",  "oauth/userinfo", Endpoint::Userinfo, oauth::userinfo),
    ("GET",  "api/login/aboutme", Endpoint::AboutMe, me::about_me),
    ("GET",  "api/contacts/root/claims", Endpoint::Claims, me::claims),
    ("GET",  "api/contacts", Endpoint::Contacts, contacts::list),
    ("GET",  "api/contacts/delta", Endpoint::Delta, contacts::delta),
    ("GET",  "api/contacts/person/{id}", Endpoint::Person, contacts::person),
    ("GET",  "api/contacts/personsummary/{id}", Endpoint::Person, contacts::person_summary),
    ("GET",  "api/contacts/orggeneral/{id}", Endpoint::OrgGeneral, contacts::org_general),
    ("GET",  "api/contacts/person/{id}/memberships", Endpoint::ContactMemberships, contacts::memberships),
    ("GET",  "api/contacts/org/{id}/memberships", Endpoint::ContactMemberships, contacts::memberships),
    ("GET",  "api/contacts/person/{id}/groups", Endpoint::PersonGroups, contacts::groups),
    ("GET",  "api/contacts/org/{id}/groups", Endpoint::OrgGroups, contacts::groups),
    ("GET",  "api/contacts/{id}/notesandfields", Endpoint::NotesAndFields, contacts::notes_and_fields),
    ("GET",  "api/contacts/primarycontact/emails/{id}", Endpoint::Emails, contacts::emails),
    ("GET",  "api/contactoverview/{id}/contactorgs", Endpoint::ContactOrgs, overview::organizations),
    ("GET",  "api/contactoverview/{id}/certifications", Endpoint::Certifications, overview::certifications),
    ("GET",  "api/certifications/contacts", Endpoint::AllCertifications, overview::all_certifications),
    ("GET",  "api/memberships/types", Endpoint::MembershipTypes, memberships::types),
    ("GET",  "api/memberships/levels/{id}", Endpoint::MembershipLevels, memberships::levels),
    ("GET",  "api/memberships/all", Endpoint::Memberships, memberships::all),
    ("POST", "api/memberships/all", Endpoint::Memberships, memberships::all),
    ("GET",  "api/memberships/{id}", Endpoint::Membership, memberships::one),
    ("GET",  "api/memberships/{id}/general", Endpoint::Membership, memberships::general),
    ("GET",  "api/memberships/{id}/relatedcontacts", Endpoint::Membership, memberships::related),
    ("GET",  "api/groups/all", Endpoint::Groups, groups::list),
    ("GET",  "api/groups/categories", Endpoint::GroupCategories, groups::categories),
    ("GET",  "api/groups/{id}/members", Endpoint::GroupMembers, groups::members),
    ("GET",  "api/events/all", Endpoint::Events, events::list),
    ("GET",  "api/events/attendees", Endpoint::Attendees, events::attendees),
    ("GET",  "api/roles", Endpoint::Roles, overview::roles),
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
        wrong_shape: json!({ "TotalRecordAvailable": "many", "Results": 42, "ContactId": [], "access_token": {} }),
        empty_list: json!({ "TotalRecordAvailable": 0, "Results": [] }),
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
        environment: "production",
        asked: call.shown(|_| false, SHOWN),
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

/// What stands before a handler of the interface: the key or a person's token, limits, rights.
fn admit(state: &mut State, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
    if endpoint.is_portal() || endpoint.is_openid() {
        return Ok(());
    }
    let has_key =
        call.header("authorization").strip_prefix("ApiKey ") == Some(state.credentials.api_key.as_str());
    let caller = if has_key { None } else { me::caller(state, call).map(|it| it.contact_id.clone()) };
    if !has_key && caller.is_none() {
        return Err(Answer::unauthorized());
    }
    let now = state.now();
    let switches = &state.switches;
    if switches.rate_limit {
        let limits = [
            (SignedDuration::from_secs(1), switches.rate_limit_per_second),
            (SignedDuration::from_mins(1), switches.rate_limit_per_minute),
        ];
        state.limiter.admit(now, &limits).map_err(|wait| too_many(wait, switches.retry_after))?;
    }
    if switches.missing_endpoints.as_ref().is_some_and(|list| lists(list, endpoint.name())) {
        return Err(Answer::error(StatusCode::NOT_FOUND, "No resource was found that matches the request."));
    }
    let is_own = matches!(endpoint, Endpoint::AboutMe | Endpoint::Claims)
        || caller.as_deref() == Some(call.argument("id"));
    if caller.is_some() && !is_own && !switches.bearer_reads_others {
        return Err(Answer::error(StatusCode::FORBIDDEN, "You do not have permission to see this record."));
    }
    Ok(())
}
