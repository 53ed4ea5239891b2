//! The routes, and what every call goes through before them.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::api::{contacts, events, groups, me, memberships, overview};
use super::endpoint::Endpoint;
use super::state::State;
use super::{oauth, portal};
use crate::sim::serving::{Answer, Call, Handler, Own, Route, Service, too_many};
use crate::sim::switches::lists;

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
const ROUTES: &[Route<Endpoint, Handler<State>>] = &[
    ("GET",  "", Endpoint::Home, portal::home),
    ("GET",  "login", Endpoint::Login, portal::login),
    ("POST", "login", Endpoint::Login, portal::submit_login),
    ("GET",  "oauth/logout", Endpoint::Logout, portal::ask_logout),
    ("POST", "oauth/logout", Endpoint::Logout, portal::log_out),
    ("GET",  "openid/well-known/openid-configuration", Endpoint::Metadata, oauth::configuration),
    ("GET",  "openid/well-known/jwks", Endpoint::Jwks, oauth::jwks),
    ("GET",  "openid/other-keys", Endpoint::OtherKeys, oauth::other_keys),
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
    ("GET",  "api/contacts/phones/{id}", Endpoint::Phones, contacts::phones),
    ("GET",  "api/contacts/contactaddresses/{id}", Endpoint::ContactAddresses, contacts::addresses),
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

impl Service for State {
    const ROUTES: &'static [Route<Endpoint, Handler<State>>] = ROUTES;

    fn own() -> Own {
        Own {
            wrong_shape: json!({ "TotalRecordAvailable": "many", "Results": 42, "ContactId": [], "access_token": {} }),
            empty_list: json!({ "TotalRecordAvailable": 0, "Results": [] }),
            login: "/login",
        }
    }

    fn shown(call: &Call) -> String {
        call.shown(|_| false, SHOWN)
    }

    fn settle(&mut self) {
        State::settle(self);
    }

    /// What stands before a handler of the interface: the key or a person's token, limits, rights.
    fn admit(&mut self, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
        if endpoint.is_portal() || endpoint.is_openid() {
            return Ok(());
        }
        let has_key =
            call.header("authorization").strip_prefix("ApiKey ") == Some(self.credentials.api_key.as_str());
        let caller = if has_key { None } else { me::caller(self, call).map(|it| it.contact_id.clone()) };
        if !has_key && caller.is_none() {
            return Err(Answer::unauthorized());
        }
        let now = self.now();
        let switches = &self.switches;
        if switches.rate_limit {
            let limits = [
                (SignedDuration::from_secs(1), switches.rate_limit_per_second),
                (SignedDuration::from_mins(1), switches.rate_limit_per_minute),
            ];
            self.limiter.admit(now, &limits).map_err(|wait| too_many(wait, switches.retry_after))?;
        }
        if switches.missing_endpoints.as_ref().is_some_and(|list| lists(list, endpoint.name())) {
            return Err(Answer::no_resource(StatusCode::NOT_FOUND));
        }
        let is_own = matches!(endpoint, Endpoint::AboutMe | Endpoint::Claims)
            || caller.as_deref() == Some(call.argument("id"));
        if caller.is_some() && !is_own && !switches.bearer_reads_others {
            return Err(Answer::error(
                StatusCode::FORBIDDEN,
                "You do not have permission to see this record.",
            ));
        }
        Ok(())
    }
}
