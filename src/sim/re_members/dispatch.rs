//! The routes, matched without regard to case and with optional pages, and what every call goes through before them.

use http::StatusCode;
use serde_json::json;

use super::endpoint::Endpoint;
use super::state::State;
use super::tokens::{Grant, Kind};
use super::{bulk, catalogues, handshake, individuals, organizations, portal, rosters, webhooks};
use crate::sim::serving::{Answer, Call, Handler, Own, Route, Service, too_many};

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "includeDetails",
    "loadPrimaryOrgDetails",
    "loadRelationships",
    "updateTokenUsage",
    "includeInactive",
    "productCode",
    "purchasedSince",
    "eventCode",
    "relationshipName",
    "membershipTypeCode",
    "includeMembership",
    "includeMembershipRenewalUrl",
    "includeEmail",
    "includeCustomFields",
    "expiringFrom",
    "expiringTo",
    "Term",
    "positionCodes",
    "sessionCode",
    "registeredSince",
    "cancelledSince",
];

/// `{name}` takes any segment; `{page?}` a number, or nothing at the end. The first route that fits is taken.
#[rustfmt::skip]
const ROUTES: &[Route<Endpoint, Handler<State>>] = &[
    ("GET",  "account/login.aspx", Endpoint::Login, portal::login),
    ("POST", "account/login.aspx", Endpoint::Login, portal::submit_login),
    ("GET",  "account/logout.aspx", Endpoint::Logout, portal::logout),
    ("GET",  "my-profile", Endpoint::MyProfile, portal::my_profile),
    ("GET",  "", Endpoint::MyProfile, portal::my_profile),
    ("POST", "api/v1/webapiurl", Endpoint::WebApiUrl, handshake::web_api_url),
    ("POST", "api/v1/signup/authenticate", Endpoint::Authenticate, handshake::authenticate),
    ("GET",  "api/v1/individuals/findbyssotoken/{sso}", Endpoint::FindBySsoToken, individuals::find_by_sso_token),
    ("GET",  "api/v1/individuals/findbyemail/{key}", Endpoint::FindByEmail, individuals::find_by_email),
    ("GET",  "api/v1/individuals/profile/{key}/{page?}", Endpoint::Profile, individuals::profile),
    ("GET",  "api/v1/individuals/members/all/{page?}", Endpoint::MembersAll, bulk::members),
    ("GET",  "api/v1/individuals/changedsince/{day}/{time}/{page?}", Endpoint::ChangedSince, bulk::changed_since),
    ("GET",  "api/v1/individuals/{id}/memberships/active", Endpoint::MembershipsActive, individuals::memberships),
    ("GET",  "api/v1/individuals/{id}/memberships/inactive", Endpoint::MembershipsInactive, individuals::past_memberships),
    ("GET",  "api/v1/individuals/{id}/committees/{page?}", Endpoint::Committees, individuals::committees),
    ("GET",  "api/v1/individuals/{id}/relationships/{page?}", Endpoint::Relationships, individuals::relationships),
    ("GET",  "api/v1/individuals/{id}/customfields", Endpoint::CustomFields, individuals::custom_fields),
    ("GET",  "api/v1/individuals/{key}/registrations/{page?}", Endpoint::Registrations, individuals::registrations),
    ("GET",  "api/v1/individuals/{key}/purchases/{page?}", Endpoint::Purchases, individuals::purchases),
    ("GET",  "api/v1/individuals/{key}/certifications/{page?}", Endpoint::Certifications, individuals::certifications),
    ("GET",  "api/v1/individuals/{page?}", Endpoint::Individuals, individuals::all),
    ("GET",  "api/v1/organizations/profile/{organization}/{page?}", Endpoint::Organizations, organizations::profile),
    ("GET",  "api/v1/organizations/members/all/{page?}", Endpoint::Organizations, organizations::members),
    ("GET",  "api/v1/organizations/changedsince/{day}/{time}/{page?}", Endpoint::Organizations, organizations::changed_since),
    ("GET",  "api/v1/organizations/{organization}/memberships/active", Endpoint::Organizations, organizations::memberships),
    ("GET",  "api/v1/organizations/{organization}/memberships/inactive", Endpoint::Organizations, organizations::past_memberships),
    ("GET",  "api/v1/organizations/{organization}/customfields", Endpoint::Organizations, organizations::custom_fields),
    ("GET",  "api/v1/organizations/{organization}/relationships/{page?}", Endpoint::Organizations, organizations::relationships),
    ("GET",  "api/v1/committees/{code}/members/{page?}", Endpoint::CommitteeMembers, rosters::committee_members),
    ("GET",  "api/v1/committees/{code}/positions/{page?}", Endpoint::CommitteeCatalogue, catalogues::positions),
    ("GET",  "api/v1/committees/{page?}", Endpoint::CommitteeCatalogue, catalogues::committees),
    ("GET",  "api/v1/events/all/{page?}", Endpoint::EventCatalogue, catalogues::events),
    ("GET",  "api/v1/events/upcoming/{page?}", Endpoint::EventCatalogue, catalogues::upcoming_events),
    ("GET",  "api/v1/events/{code}/registrations/{page?}", Endpoint::EventRegistrations, rosters::registrations),
    ("GET",  "api/v1/events/{code}/cancellations/{page?}", Endpoint::EventCancellations, rosters::cancellations),
    ("GET",  "api/v1/setup/customfields/{page?}", Endpoint::CustomFieldCatalogue, catalogues::custom_fields),
    ("GET",  "api/v1/customers/relationshiptypes/{page?}", Endpoint::RelationshipTypes, catalogues::relationship_types),
    ("GET",  "api/v1/ads/mobile/all/{page?}", Endpoint::Ads, catalogues::ads),
    ("GET",  "api/v1/webhooks/{page?}", Endpoint::Webhooks, webhooks::list),
    ("POST", "api/v1/webhooks/{route}", Endpoint::Webhooks, webhooks::register),
    ("DELETE", "api/v1/webhooks/{hook}", Endpoint::Webhooks, webhooks::remove),
];

impl Service for State {
    const ROUTES: &'static [Route<Endpoint, Handler<State>>] = ROUTES;

    fn own() -> Own {
        Own {
            wrong_shape: json!({ "pageNumber": "one", "dataList": 42, "uri": [], "appToken": {} }),
            empty_list: json!({ "pageNumber": 1, "dataList": [] }),
            login: "/account/login.aspx",
        }
    }

    fn shown(call: &Call) -> String {
        let is_token =
            |segment: &str| call.arguments.iter().any(|(name, value)| *name == "sso" && value == segment);
        call.shown(is_token, SHOWN)
    }

    /// What stands before a handler of the API: the rate limit, then both tokens. Pages for people pass.
    fn admit(&mut self, call: &Call, endpoint: Endpoint) -> Result<(), Answer> {
        if endpoint.is_portal() {
            return Ok(());
        }
        let app_token = call.header("AppToken");
        if !app_token.is_empty() {
            self.traffic.app_tokens.insert(app_token.to_owned());
        }
        let now = self.now();
        let admitted = self.traffic.admit(call.environment, now, &self.switches);
        admitted.map_err(|wait| too_many(wait, self.switches.retry_after))?;
        if endpoint.is_handshake() {
            return Ok(());
        }
        let find = |token, kinds| self.tokens.find(token, kinds, call.environment, now, &self.switches);
        find(app_token, &[Kind::App]).ok_or_else(Answer::unauthorized)?;
        // The visitor's sso stands in for a UserToken in three of the known clients (docs/ams/remembers.md, "Tokens").
        let caller =
            find(call.header("UserToken"), &[Kind::User, Kind::Sso]).ok_or_else(Answer::unauthorized)?;
        if !self.switches.members_read_others && endpoint != Endpoint::FindBySsoToken {
            refuse_prying(self, call, caller)?;
        }
        Ok(())
    }
}

/// With `members_read_others=off` only the integration user reads anything but their own record.
fn refuse_prying(state: &State, call: &Call, caller: &Grant) -> Result<(), Answer> {
    let person = |key| state.directory.find(call.environment, key);
    let integration = person(&state.credentials(call.environment).user_email);
    let wanted = [call.argument("id"), call.argument("key")].into_iter().find_map(person);
    if integration.is_some_and(|it| it.id == caller.holder) || wanted.is_some_and(|it| it.id == caller.holder)
    {
        return Ok(());
    }
    Err(Answer::error(StatusCode::FORBIDDEN, "You do not have permission to see this record."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::serving::matches;

    #[test]
    fn routes_ignore_case_and_a_missing_page() {
        let check = |path: &str, expected: Option<Endpoint>| {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            let found = ROUTES.iter().find(|(_, pattern, ..)| matches(pattern, &path).is_some());
            assert_eq!(found.map(|(_, _, endpoint, _)| *endpoint), expected, "{path:?}");
        };
        check("Api/v1/WebApiUrl", Some(Endpoint::WebApiUrl));
        check("API/V1/INDIVIDUALS/findbySSOTOKEN/x", Some(Endpoint::FindBySsoToken));
        check("api/v1/Individuals/Profile/a@b.example", Some(Endpoint::Profile));
        check("api/v1/Individuals/Profile/a@b.example/1", Some(Endpoint::Profile));
        check("api/v1/Individuals/abc/Committees", Some(Endpoint::Committees));
        check("api/v1/Individuals/Members/All/3", Some(Endpoint::MembersAll));
        check("api/v1/Individuals/2", Some(Endpoint::Individuals));
        check("api/v1/Committees/EDU/Members", Some(Endpoint::CommitteeMembers));
        check("api/v1/Events/ANNUAL26/Cancellations/2", Some(Endpoint::EventCancellations));
        check("api/v1/Individuals/abc/Committees/1/2", None);
        check("api/v2/Individuals/2", None);
    }
}
