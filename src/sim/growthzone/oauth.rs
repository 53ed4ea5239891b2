//! The login of other websites: OAuth 2.0 and OpenID Connect.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::pages::{Consent, FormPost};
use super::people::Contact;
use super::portal::{refusal, signed_in, visitor};
use super::state::State;
use super::subject::subject;
use super::switches::{ClaimCase, ErrorParameter, ResponseMode};
use super::wire::number;
use crate::sim::openid::{
    Algorithm, Authorization, IdToken, Keys, Kind, Metadata, Purpose, Redeemed, Rejected, bearer, metadata,
    redeem, refused, to_login,
};
use crate::sim::serving::{Answer, Call, Handled};

const SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

const OTHER_KEYS: &str = "/openid/other-keys";

/// The issuer ends in a slash.
fn issuer(state: &State) -> String {
    state.switches.issuer_answered.clone().unwrap_or_else(|| format!("{}/", state.base))
}

/// The metadata, at a path of the vendor's own.
pub(super) fn configuration(state: &mut State, _: &Call) -> Handled {
    Ok(Answer::json(metadata(&Metadata {
        issuer: &issuer(state),
        base: &state.base,
        token_endpoint: state.switches.token_endpoint_answered.as_deref(),
        authorize_path: "/oauth/authorize",
        token_path: "/oauth/token",
        userinfo_path: "/oauth/userinfo",
        jwks_path: "/openid/well-known/jwks",
        logout_path: "/oauth/logout",
        algorithm: Algorithm::Rs256,
        pkce: state.switches.pkce,
        scopes: SCOPES,
    })))
}

/// The key set.
pub(super) fn jwks(state: &mut State, _: &Call) -> Handled {
    let keys = state.keys.jwks(state.switches.signing_key);
    keys.map(Answer::json).map_err(|_| no_key())
}

/// A key set of somebody else, at an address that anybody could name. ID tokens lead there by a flaw.
pub(super) fn other_keys(state: &mut State, _: &Call) -> Handled {
    let keys = state.keys.jwks(Keys::other(state.switches.signing_key));
    keys.map(Answer::json).map_err(|_| no_key())
}

fn no_key() -> Answer {
    Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.")
}

/// The login: at the Info Hub if it does not know the browser, with the question for consent, then back with a code.
pub(super) fn authorize(state: &mut State, call: &Call) -> Handled {
    let asked = match Authorization::read(call, &state.client(), state.switches.pkce) {
        Ok(asked) => asked,
        Err(why) => return Ok(rejected(state, why)),
    };
    let Some(person) = visitor(state, call) else { return Ok(to_login(call)) };
    let holder = person.contact_id.clone();
    if state.switches.consent && !state.consents.contains(&holder) {
        let client = &state.credentials.client_id;
        return Ok(Answer::page_of(StatusCode::OK, &Consent { action: &call.target, client }));
    }
    Ok(with_code(state, &asked, &holder))
}

/// The answer to the question for consent, which is remembered.
pub(super) fn consent(state: &mut State, call: &Call) -> Handled {
    let asked = match Authorization::read(call, &state.client(), state.switches.pkce) {
        Ok(asked) => asked,
        Err(why) => return Ok(rejected(state, why)),
    };
    let Some(person) = visitor(state, call) else { return Ok(to_login(call)) };
    let holder = person.contact_id.clone();
    let granted = call.members()?.iter().any(|(name, value)| name == "grant" && value == "yes");
    if !granted {
        return Ok(rejected(state, asked.error("access_denied")));
    }
    state.consents.insert(holder.clone());
    Ok(with_code(state, &asked, &holder))
}

fn with_code(state: &mut State, asked: &Authorization, holder: &str) -> Answer {
    let now = state.now();
    let code = state.grants.issue(Kind::Code, holder, asked.purpose.clone(), now);
    back(state, asked, "code", &code)
}

/// Back to the client, in the query or by a form that posts itself.
fn back(state: &State, asked: &Authorization, name: &str, value: &str) -> Answer {
    let by_form = match state.switches.response_mode {
        ResponseMode::Asked => asked.response_mode.as_deref() == Some("form_post"),
        ResponseMode::Query => false,
        ResponseMode::FormPost => true,
    };
    if by_form {
        let (action, fields) = (asked.address().to_owned(), asked.fields(name, value));
        return Answer::page_of(StatusCode::OK, &FormPost { action, fields });
    }
    Answer::redirect(asked.back(name, value))
}

fn rejected(state: &State, why: Rejected) -> Answer {
    let name = match state.switches.error_parameter {
        ErrorParameter::Error => "error",
        ErrorParameter::ErrorCode => "errorCode",
    };
    match why {
        Rejected::Here(status, text) => refusal(status, text),
        Rejected::There(asked, error) => back(state, &asked, name, error),
    }
}

/// Codes, refresh tokens and, by switch, passwords for tokens.
pub(super) fn token(state: &mut State, call: &Call) -> Handled {
    let (holder, purpose, is_refresh) = match by_password(state, call)? {
        Some((holder, scope)) => {
            let client = state.credentials.client_id.clone();
            (holder, Purpose { client, scope, ..Purpose::default() }, false)
        }
        None => {
            let (client, now, lifetimes) = (state.client(), state.now(), state.lifetimes());
            let place = state.switches.token_auth;
            let Redeemed { grant, is_refresh } = redeem(
                call,
                (&client, place, state.switches.code_client),
                &mut state.grants,
                now,
                lifetimes,
            )?;
            (grant.holder, grant.purpose, is_refresh)
        }
    };
    let person = state.directory.find(&holder).filter(|it| it.login.is_some()).cloned();
    let person = person.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_grant"))?;
    let (now, lifetime) = (state.now(), state.lifetimes().access);
    let access = state.grants.issue(Kind::Access, &holder, purpose.clone(), now);
    let mut answer = json!({
        "access_token": access, "token_type": "bearer", "expires_in": lifetime.as_secs(),
    });
    let wants = |scope: &str| purpose.scope.split_whitespace().any(|it| it == scope);
    let Some(members) = answer.as_object_mut() else { return Err(no_key()) };
    if wants("offline_access") && state.switches.refresh_tokens {
        let refresh = state.grants.issue(Kind::Refresh, &holder, purpose.clone(), now);
        members.insert("refresh_token".to_owned(), refresh.into());
    }
    if wants("openid") {
        let token = id_token(state, &person, &purpose, is_refresh)?;
        members.extend(token.map(|token| ("id_token".to_owned(), token.into())));
    }
    Ok(Answer::json(answer))
}

/// Whoever proves a login by its password, with the scope that was asked for, which some write `scopes`.
fn by_password(state: &State, call: &Call) -> Result<Option<(String, String)>, Answer> {
    let bad = |error: &str| refused(StatusCode::BAD_REQUEST, error);
    let form = call.members().map_err(|_| bad("invalid_request"))?;
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    if field("grant_type") != "password" || !state.switches.password_grant {
        return Ok(None);
    }
    state.client().prove(call, &form, state.switches.token_auth)?;
    let person = signed_in(state, field("username"), field("password"));
    let person = person.filter(|_| field("tenantKey") == state.credentials.tenant_key);
    let person = person.ok_or_else(|| bad("invalid_grant"))?;
    let scope = if field("scope").is_empty() { field("scopes") } else { field("scope") };
    Ok(Some((person.contact_id.clone(), scope.to_owned())))
}

fn id_token(
    state: &mut State,
    person: &Contact,
    purpose: &Purpose,
    is_refresh: bool,
) -> Result<Option<String>, Answer> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", issuer(state).into());
    set("aud", purpose.client.clone().into());
    set("sub", subject(state, person).into());
    if let Some(email) = &person.email {
        set("email", email.clone().into());
    }
    if let Some(nonce) = purpose.nonce.clone().filter(|_| state.switches.nonce_returned && !is_refresh) {
        set("nonce", nonce.into());
    }
    let made = IdToken {
        algorithm: Algorithm::Rs256,
        secret: state.credentials.client_secret.as_bytes(),
        key: state.switches.signing_key,
        flaw: state.switches.id_token_flaw,
        other_keys: &format!("{}{OTHER_KEYS}", state.base),
        now: state.common.clock.now(),
        lifetime: state.lifetimes().access,
    }
    .of(&mut state.keys, claims);
    made.map_err(|_| no_key())
}

/// Who holds the access token.
pub(super) fn userinfo(state: &mut State, call: &Call) -> Handled {
    let grant = bearer(call, &state.grants, state.now(), state.lifetimes())?;
    let person = state.directory.find(&grant.holder).filter(|it| it.login.is_some());
    let person = person.ok_or_else(|| refused(StatusCode::UNAUTHORIZED, "invalid_token"))?;
    let switches = &state.switches;
    let mut claims: Vec<(&str, Value)> = vec![
        ("sub", subject(state, person).into()),
        ("given_name", person.first_name.clone().into()),
        ("family_name", person.last_name.clone().into()),
        ("name", person.full_name().into()),
    ];
    if let Some(email) = person.email.as_ref().filter(|_| switches.userinfo_email) {
        claims.push(("email", email.clone().into()));
    }
    if switches.userinfo_contact_id {
        claims.push(("ContactId", number(&person.contact_id)));
    }
    if switches.userinfo_mem_types {
        let between = switches.mem_types_separator.as_deref().unwrap_or_default();
        let types: Vec<&str> = person.memberships.iter().map(|it| it.kind.as_str()).collect();
        claims.push(("MemTypes", types.join(between).into()));
    }
    let written = |name: &str| match switches.claim_case {
        ClaimCase::Seen => name.to_owned(),
        ClaimCase::Lower => name.to_ascii_lowercase(),
        ClaimCase::Upper => name.to_ascii_uppercase(),
    };
    let claims: Map<String, Value> = claims.into_iter().map(|(name, value)| (written(name), value)).collect();
    Ok(Answer::json(claims.into()))
}
