//! The routes, and what every call goes through before them.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::api::{catalogues, committees, events, groups, members, sales, webhooks, write};
use super::endpoint::Endpoint;
use super::state::State;
use super::{oauth, portal};
use crate::sim::serving::{Answer, Call, Handler, Own, Route, Service, too_many};
use crate::sim::switches::lists;

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "pageSize",
    "offset",
    "lastModifiedDate",
    "registrationDate",
    "dateFrom",
    "dateTo",
    "scope",
    "response_type",
    "response_mode",
    "code_challenge_method",
];

#[rustfmt::skip]
const ROUTES: &[Route<Endpoint, Handler<State>>] = &[
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

impl Service for State {
    const ROUTES: &'static [Route<Endpoint, Handler<State>>] = ROUTES;

    fn own() -> Own {
        Own {
            wrong_shape: json!({ "TotalCount": "many", "Results": 42, "UniqueID": [], "access_token": {} }),
            empty_list: json!({ "TotalCount": 0, "Results": [] }),
            login: "/login",
        }
    }

    fn shown(call: &Call) -> String {
        call.shown(|_| false, SHOWN)
    }

    fn settle(&mut self) {
        State::settle(self);
    }

    /// What stands before a handler of the interface: https, the key as it is, its limits, its rights.
    fn admit(&mut self, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
        if endpoint.is_portal() || endpoint.is_openid() {
            return Ok(());
        }
        let now = self.now();
        let switches = self.switches.clone();
        if switches.https_only && call.header("x-forwarded-proto") != "https" {
            return Err(Answer::error(StatusCode::FORBIDDEN, "SSL is required."));
        }
        let site = self.site_mut(call.environment);
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
            return Err(Answer::no_resource(StatusCode::NOT_FOUND));
        }
        if endpoint.is_about_events() && !switches.event_access {
            return Err(Answer::error(StatusCode::FORBIDDEN, "The key may not read events."));
        }
        Ok(())
    }
}
