//! The login of other websites: OpenID Connect, and the old way by JWT.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::ids;
use super::people::Customer;
use super::portal::{refusal, visitor};
use super::state::State;
use super::switches::{EmailClaim, NotPermitted, Scopes};
use super::wire::object;
use crate::sim::openid::{
    Authorization, IdToken, Kind, Metadata, Purpose, Redeemed, Rejected, bearer, jwt_hs256, metadata, redeem,
    refused, to_login,
};
use crate::sim::people::Environment;
use crate::sim::serving::{Answer, Call, Handled};

const SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

/// The metadata (OpenID Connect Discovery 1.0).
pub(super) fn configuration(state: &mut State, call: &Call) -> Handled {
    let (issuer, site) = (state.issuer(call.environment), state.site(call.environment));
    Ok(Answer::json(metadata(&Metadata {
        issuer: state.switches.issuer_answered.as_ref().unwrap_or(&issuer),
        base: &site.base,
        token_endpoint: state.switches.token_endpoint_answered.as_deref(),
        authorize_path: "/oauth/authorize",
        token_path: "/oauth/token",
        userinfo_path: "/oauth/userinfo",
        jwks_path: "/oauth/jwks",
        logout_path: "/log-out",
        algorithm: state.switches.id_token_alg,
        pkce: state.switches.pkce,
        scopes: SCOPES,
    })))
}

/// The key set.
pub(super) fn jwks(state: &mut State, call: &Call) -> Handled {
    let number = state.switches.signing_key;
    let keys = state.site_mut(call.environment).keys.jwks(number);
    keys.map(Answer::json).map_err(|_| no_key())
}

fn no_key() -> Answer {
    Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.")
}

/// The login: at the site if it does not know the browser, then back to the client with a code.
pub(super) fn authorize(state: &mut State, call: &Call) -> Handled {
    let client = state.client(call.environment);
    let asked = match Authorization::read(call, &client, state.switches.pkce) {
        Ok(asked) => asked,
        Err(why) => return Ok(rejected(why)),
    };
    if state.switches.scopes == Scopes::Strict && asked.has_other_scope_than(SCOPES) {
        return Ok(rejected(asked.error("invalid_scope")));
    }
    let Some(person) = visitor(state, call) else { return Ok(to_login(call)) };
    if !is_permitted(state, person) {
        return Ok(match state.switches.not_permitted {
            NotPermitted::AccessDenied => rejected(asked.error("access_denied")),
            NotPermitted::Page => not_permitted(),
        });
    }
    let (holder, now) = (person.unique_id.clone(), state.now());
    let grants = &mut state.site_mut(call.environment).grants;
    let code = grants.issue(Kind::Code, &holder, asked.purpose.clone(), now);
    Ok(Answer::redirect(asked.back("code", &code)))
}

fn rejected(why: Rejected) -> Answer {
    match why {
        Rejected::Here(status, text) => refusal(status, text),
        Rejected::There(asked, error) => Answer::redirect(asked.back("error", error)),
    }
}

fn is_permitted(state: &State, person: &Customer) -> bool {
    let groups = state.switches.permitted_groups.as_deref();
    groups.is_none_or(|groups| state.view().is_in_one_of(person, groups))
}

fn not_permitted() -> Answer {
    refusal(StatusCode::FORBIDDEN, "Your account is in none of the groups that may use this website.")
}

/// Codes and refresh tokens for tokens.
pub(super) fn token(state: &mut State, call: &Call) -> Handled {
    let (client, now, lifetimes) = (state.client(call.environment), state.now(), state.lifetimes());
    let place = state.switches.token_auth;
    let grants = &mut state.site_mut(call.environment).grants;
    let Redeemed { grant, is_refresh } = redeem(call, (&client, place, true), grants, now, lifetimes)?;
    let purpose = grant.purpose.clone();
    let access = grants.issue(Kind::Access, &grant.holder, purpose.clone(), now);
    let refresh = grants.issue(Kind::Refresh, &grant.holder, purpose.clone(), now);
    let person = state.directory.find(&grant.holder).filter(|it| it.account_email().is_some()).cloned();
    let person = person.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_grant"))?;
    let mut answer = object([
        ("access_token", access.into()),
        ("token_type", "Bearer".into()),
        ("expires_in", lifetimes.access.as_secs().into()),
    ]);
    if state.switches.refresh_tokens {
        answer.insert("refresh_token".to_owned(), refresh.into());
    }
    if state.switches.scopes == Scopes::Ignored || has(&purpose, "openid") {
        let token = id_token(state, call.environment, &person, &purpose, is_refresh)?;
        answer.extend(token.map(|token| ("id_token".to_owned(), token.into())));
    }
    Ok(Answer::json(answer.into()))
}

fn has(purpose: &Purpose, scope: &str) -> bool {
    purpose.scope.split_whitespace().any(|it| it == scope)
}

fn id_token(
    state: &mut State,
    environment: Environment,
    person: &Customer,
    purpose: &Purpose,
    is_refresh: bool,
) -> Result<Option<String>, Answer> {
    let mut claims = base_claims(state, environment, person);
    if state.switches.claims_in_id_token {
        claims.extend(profile(state, person, purpose));
    }
    let nonce = purpose.nonce.clone().filter(|_| state.switches.nonce_returned && !is_refresh);
    claims.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
    let (now, lifetime) = (state.now(), state.lifetimes().access);
    let switches = state.switches.clone();
    let site = state.site_mut(environment);
    let secret = switches.hs256_key.key(&site.credentials.client_secret);
    let made = IdToken {
        algorithm: switches.id_token_alg,
        secret: &secret,
        key: switches.signing_key,
        flaw: switches.id_token_flaw,
        other_keys: "https://elsewhere.example/keys",
        now,
        lifetime,
    }
    .of(&mut site.keys, claims);
    made.map_err(|_| no_key())
}

fn base_claims(state: &State, environment: Environment, person: &Customer) -> Map<String, Value> {
    object([
        ("iss", state.issuer(environment).into()),
        ("aud", state.site(environment).credentials.client_id.clone().into()),
        ("sub", ids::at(environment, &person.unique_id).into()),
    ])
}

/// Name and e-mail, as far as the scopes ask for them.
fn profile(state: &State, person: &Customer, purpose: &Purpose) -> Map<String, Value> {
    let wants = |scope: &str| state.switches.scopes == Scopes::Ignored || has(purpose, scope);
    let mut claims = Map::new();
    if wants("profile") {
        claims.extend(object([
            ("name", person.full_name().into()),
            ("given_name", person.first_name.clone().into()),
            ("family_name", person.last_name.clone().into()),
        ]));
    }
    let email = match state.switches.email_claim {
        EmailClaim::Account => person.account_email(),
        EmailClaim::Contact => person.email.as_deref(),
    };
    if let Some(email) = email.filter(|_| wants("email")) {
        claims.insert("email".to_owned(), email.into());
    }
    claims
}

/// Who holds the access token.
pub(super) fn userinfo(state: &mut State, call: &Call) -> Handled {
    let grants = &state.site(call.environment).grants;
    let grant = bearer(call, grants, state.now(), state.lifetimes())?;
    let person = state.directory.find(&grant.holder).filter(|it| it.account_email().is_some());
    let person = person.ok_or_else(|| refused(StatusCode::UNAUTHORIZED, "invalid_token"))?;
    let mut claims = object([("sub", ids::at(call.environment, &person.unique_id).into())]);
    claims.extend(profile(state, person, &grant.purpose));
    if state.switches.userinfo_member_status {
        let standing = state.view().standing(person);
        let inheriting = standing.from.is_some() && state.switches.userinfo_inheriting;
        let status = if inheriting { "inheriting" } else { standing.status };
        claims.insert("member_status".to_owned(), status.into());
    }
    Ok(Answer::json(claims.into()))
}

/// The old login: back with a JWT that the client secret signs.
pub(super) fn sso_auth(state: &mut State, call: &Call) -> Handled {
    let Some(parameter) = state.switches.legacy_jwt.clone() else { return Err(Answer::not_found()) };
    let client = state.client(call.environment);
    let redirect = client.redirect(call.query("redirect_uri").unwrap_or_default());
    let (Some(mut redirect), true) = (redirect, call.query("client_id") == Some(&client.id)) else {
        return Ok(refusal(StatusCode::BAD_REQUEST, "The client or its redirect address is not known."));
    };
    let Some(person) = visitor(state, call) else { return Ok(to_login(call)) };
    if !is_permitted(state, person) {
        return Ok(not_permitted());
    }
    let all = Purpose { scope: SCOPES.join(" "), ..Purpose::default() };
    let mut claims = base_claims(state, call.environment, person);
    claims.extend(profile(state, person, &all));
    let (now, minutes) = (state.now(), SignedDuration::from_mins(5));
    claims.insert("iat".to_owned(), json!(now.as_second()));
    claims.insert("exp".to_owned(), json!(now.saturating_add(minutes).map_or(0, |it| it.as_second())));
    let secret = state.switches.hs256_key.key(&client.secret);
    let token = jwt_hs256(&secret, &claims.into()).map_err(|_| no_key())?;
    redirect.query_pairs_mut().append_pair(&parameter, &token);
    Ok(Answer::redirect(redirect.into()))
}
