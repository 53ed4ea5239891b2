//! The routes, and what every call goes through before them.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::endpoint::Endpoint;
use super::state::State;
use super::switches::{KeyHeader, TenantCode};
use super::{admin, pages, push_v1, push_v2, rest, sign_in};
use crate::sim::serving::{Answer, Call, Handler, Own, Route, Service, too_many};
use crate::sim::switches::Setting;

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &["includeSecurityGroups", "response_type", "scope"];

#[rustfmt::skip]
const ROUTES: &[Route<Endpoint, Handler<State>>] = &[
    ("POST", "v2/contactinfo", Endpoint::ContactInfo, push_v2::contact_info),
    ("POST", "v2/meeting", Endpoint::Meeting, push_v2::meeting),
    ("POST", "v2/product", Endpoint::Product, push_v2::product),
    ("POST", "v2/list", Endpoint::List, push_v2::list),
    ("POST", "push/v1/members", Endpoint::V1Members, push_v1::members),
    ("POST", "push/v1/events", Endpoint::V1Events, push_v1::events),
    ("GET",  "api/v2.0/Contacts/GetContact", Endpoint::GetContact, rest::contact),
    ("GET",  "api/v2.0/Communities/GetContactCommunities", Endpoint::GetContactCommunities, rest::contact_communities),
    ("POST", "api/v2.0/Communities/GetCommunityMembers", Endpoint::GetCommunityMembers, rest::community_members),
    ("POST", "api/v2.0/System/GetCommunityMemberUpdates", Endpoint::GetCommunityMemberUpdates, rest::member_updates),
    ("GET",  "", Endpoint::Community, pages::home),
    ("GET",  "people/{id}", Endpoint::Community, pages::person),
    ("GET",  "admin", Endpoint::Admin, admin::home),
    ("GET",  "admin/sync", Endpoint::Admin, admin::sync),
    ("GET",  "admin/sync/{number}", Endpoint::Admin, admin::push),
    ("GET",  "admin/people", Endpoint::Admin, admin::people),
    ("GET",  "admin/people/{id}", Endpoint::Admin, admin::person),
    ("GET",  "admin/people/{id}/data", Endpoint::Admin, admin::data),
    ("POST", "admin/people/{id}/refresh", Endpoint::Admin, admin::refresh),
    ("POST", "admin/groups/{key}/{what}", Endpoint::Admin, admin::change_group),
    ("GET",  "HigherLogic/Security/OAuth/Authentication.aspx", Endpoint::SignIn, sign_in::authentication),
    ("GET",  "HigherLogic/Security/LogOut.aspx", Endpoint::SignOut, sign_in::log_out),
];

impl Service for State {
    const ROUTES: &'static [Route<Endpoint, Handler<State>>] = ROUTES;

    fn own() -> Own {
        Own {
            wrong_shape: json!({ "success": "perhaps", "count": [], "ContactKey": 42 }),
            empty_list: json!([]),
            login: sign_in::PATH,
        }
    }

    fn shown(call: &Call) -> String {
        call.shown(|_| false, SHOWN)
    }

    /// What stands before a handler: keys and limits. Pages for people pass.
    fn admit(&mut self, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
        if endpoint.is_portal() {
            return Ok(());
        }
        let now = self.now();
        let switches = &self.switches;
        let Some(limit) = self.known_caller(call, endpoint)? else { return Ok(()) };
        let limits = [(SignedDuration::from_mins(1), limit)];
        let is_push = endpoint.is_v1() || endpoint.is_v2();
        let limiter = if is_push { &mut self.pushes } else { &mut self.reads };
        limiter.admit(now, &limits).map_err(|wait| too_many(wait, switches.retry_after))
    }
}

impl State {
    /// Checks the key, and gives the number of calls that its holder may make in a minute.
    fn known_caller(&self, call: &Call, endpoint: Endpoint) -> Result<Option<u32>, Answer> {
        let (own, switches) = (&self.credentials, &self.switches);
        let is_known = if endpoint.is_v2() {
            let tenant_fits = match switches.tenant_code {
                TenantCode::Off => true,
                TenantCode::Header => call.header("TenantCode") == own.tenant_code,
            };
            tenant_fits && call.header(&KeyHeader::show(&switches.key_header)) == own.api_key
        } else if endpoint.is_v1() {
            call.header("x-api-key") == own.gateway_key
        } else {
            call.header("HLIAMKey").eq_ignore_ascii_case(&own.iam_key)
                && call.header("HLPassword") == own.password
        };
        if !is_known {
            return Err(Answer::error(StatusCode::UNAUTHORIZED, "The key is not valid."));
        }
        if endpoint.is_v1() || endpoint.is_v2() {
            return Ok(switches.push_per_minute);
        }
        Ok(switches.rate_limit.then_some(switches.rate_limit_per_minute))
    }
}
