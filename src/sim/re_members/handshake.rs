//! The two steps by which a client gets its tokens (docs/ams/remembers.md, "Handshake").

use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::answer::{Answer, Handled};
use super::state::{State, prefix};
use super::tokens::Kind;
use crate::sim::people::Environment;
use crate::sim::serving::Call;

/// Step 1: application name and key → where to authenticate, and with which access token. The name selects the
/// environment, whichever address it was sent to.
pub(super) fn web_api_url(state: &mut State, call: &Call) -> Handled {
    let members = call.members()?;
    let (name, key) = (member(&members, "AppName"), member(&members, "AppKey"));
    let known = [Environment::Production, Environment::Staging].into_iter().find(|environment| {
        let credentials = state.credentials(*environment);
        credentials.app_name == name && credentials.app_key == key
    });
    let Some(environment) = known else {
        return Err(Answer::error(StatusCode::UNAUTHORIZED, "The application name or key is not valid."));
    };
    let now = state.now();
    let token = state.tokens.issue(Kind::Access, environment, "", now);
    let uri = state.switches.uri_of_step_1.clone();
    let uri = uri.unwrap_or_else(|| format!("{}/api/v1/signup/authenticate", state.portal(environment)));
    Ok(Answer::json(json!({
        "uri": uri, "accessToken": token, "appToken": null, "logoUrl": null,
        "userId": null, "userToken": null, "ssoToken": null,
    })))
}

/// Step 2: access token, application and a person → the tokens of all later calls. The person is the integration
/// user, or anybody else with a login: that is how some check passwords.
pub(super) fn authenticate(state: &mut State, call: &Call) -> Handled {
    let (environment, now) = (call.environment, state.now());
    let access =
        state.tokens.find(call.header("AccessToken"), &[Kind::Access], environment, now, &state.switches);
    if access.is_none() {
        return Err(Answer::unauthorized());
    }
    let members = call.members()?;
    let credentials = state.credentials(environment);
    let app_fits = credentials.app_id == member(&members, "AppId")
        && credentials.app_password == member(&members, "AppPassword");
    let person = state.directory.find_login(environment, member(&members, "AppUserEmail"));
    let password = member(&members, "AppUserPassword");
    let person = person.filter(|person| person.user.as_ref().is_some_and(|user| user.password == password));
    let (true, Some(person)) = (app_fits, person) else {
        return Err(Answer::error(StatusCode::UNAUTHORIZED, "The user name or password is not correct."));
    };
    let id = person.id.clone();
    if state.switches.rotation_revokes {
        let replaced = |kind| matches!(kind, Kind::App | Kind::User);
        state.tokens.revoke_where(|it| replaced(it.kind) && it.environment == environment && it.holder == id);
    }
    let mut issue = |kind| state.tokens.issue(kind, environment, &id, now);
    let (app, user, sso) = (issue(Kind::App), issue(Kind::User), issue(Kind::Sso));
    let uri = state.switches.uri_of_step_2.clone().unwrap_or_else(|| api_base(state, environment));
    let host = address_with_port(&state.base, true);
    Ok(Answer::json(json!({
        "uri": uri, "accessToken": null, "appToken": app,
        "logoUrl": format!("{host}{}/images/logo.img", prefix(environment)),
        "userId": id, "userToken": user, "ssoToken": sso,
        "appConfiguration": app_configuration(),
    })))
}

/// The base of all later calls, with its explicit port and its slash as the switches say.
fn api_base(state: &State, environment: Environment) -> String {
    let slash = if state.switches.base_uri_slash { "/" } else { "" };
    let host = address_with_port(&state.base, state.switches.base_uri_port);
    format!("{host}{}/api/v1{slash}", prefix(environment))
}

fn address_with_port(base: &Url, explicit: bool) -> String {
    let port = if explicit { base.port_or_known_default() } else { base.port() };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = base.host_str().unwrap_or_default();
    format!("{}://{host}{port}{}", base.scheme(), base.path().trim_end_matches('/'))
}

fn member<'a>(members: &'a [(String, String)], name: &str) -> &'a str {
    members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

fn app_configuration() -> Value {
    json!({
        "individualLabel": "Individuals", "organizationLabel": "Organizations", "membershipRenewButtonLabel": "Renew",
        "purchaseButtonText": "Buy", "donationButtonText": "Donate", "featuredProductsHeaderText": "Featured",
        "allowGoogleLogin": false, "allowLinkedInLogin": false,
    })
}
