//! The pages for people: sign in, sign out, and the profile page (docs/ams/remembers.md, "Login", "Logout").

use http::{StatusCode, header};
use url::Url;

use super::answer::{Answer, Handled};
use super::pages::{BadRedirect, LoginPage, MyProfile, SignedOut};
use super::state::{Login, State, prefix};
use super::tokens::Kind;
use crate::sim::people::{Environment, Person};
use crate::sim::serving::Call;

/// The form; or straight back, when the portal knows this browser or it brings a token. Who is signed in stays so,
/// whatever token comes.
pub(super) fn login(state: &mut State, call: &Call) -> Handled {
    let target = target(state, call)?;
    if let Some(id) = session_holder(state, call) {
        return Ok(go_back(state, call.environment, target, &id, true));
    }
    if let Some(id) = brought_by_token(state, call) {
        let answer = go_back(state, call.environment, target, &id, true);
        return Ok(remember_browser(state, call.environment, &id, answer));
    }
    Ok(form(state, call, StatusCode::OK, call.query("user").unwrap_or_default(), None))
}

/// The filled-in form. A mistake stays on the page; there is no error redirect.
pub(super) fn submit_login(state: &mut State, call: &Call) -> Handled {
    let target = target(state, call)?;
    let fields = call.members()?;
    let field = |name: &str| {
        // WebForms writes `ctl00$main_content$Login$…` as name and `main_content_Login_…` as id of the same field.
        let found = fields.iter().find(|(known, _)| known.to_ascii_lowercase().ends_with(name));
        found.map_or("", |(_, value)| value.as_str())
    };
    let (email, password) = (field("txtloginusername"), field("txtloginpassword"));
    let person = state.directory.find_login(call.environment, email);
    let Some(person) = person.filter(|it| it.user.as_ref().is_some_and(|user| user.password == password))
    else {
        let mistake = "The e-mail or the password is not correct.";
        return Ok(form(state, call, StatusCode::OK, email, Some(mistake)));
    };
    if state.switches.login_checks_approval && !may_sign_in(person) {
        return Ok(form(
            state,
            call,
            StatusCode::OK,
            email,
            Some("This account is not active. Please contact us."),
        ));
    }
    let id = person.id.clone();
    let answer = go_back(state, call.environment, target, &id, false);
    Ok(remember_browser(state, call.environment, &id, answer))
}

/// Ends the portal's session and goes to the association's logout redirect, if it has one.
pub(super) fn logout(state: &mut State, call: &Call) -> Handled {
    if let Some(session) = call.cookie(cookie_name(call.environment)) {
        state.tokens.revoke(session);
    }
    let gone = format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", cookie_name(call.environment));
    let answer = match &state.slo_url {
        Some(url) if state.switches.logout_action => Answer::redirect(with_query(url, "Action=Logout")),
        Some(url) => Answer::redirect(url.clone()),
        None => Answer::page_of(StatusCode::OK, &SignedOut { prefix: prefix(call.environment) }),
    };
    Ok(answer.with(header::SET_COOKIE, gone))
}

/// Who the portal thinks you are, and the way out. Honours `?sso=` unless somebody is signed in already.
pub(super) fn my_profile(state: &mut State, call: &Call) -> Handled {
    let known = session_holder(state, call);
    let newcomer = if known.is_none() { brought_by_token(state, call) } else { None };
    let Some(id) = known.as_ref().or(newcomer.as_ref()) else {
        return Ok(Answer::redirect(format!("{}/account/login.aspx", state.portal(call.environment))));
    };
    let person = state.directory.find_id(call.environment, id).ok_or_else(Answer::not_found)?;
    let answer = Answer::page_of(StatusCode::OK, &MyProfile { prefix: prefix(call.environment), person });
    Ok(match newcomer {
        Some(id) => remember_browser(state, call.environment, &id, answer),
        None => answer,
    })
}

/// Where to send the browser after a login; nothing: to the portal itself.
fn target(state: &State, call: &Call) -> Result<Option<Url>, Answer> {
    let Some(text) = call.query("RedirectUrl") else { return Ok(None) };
    let refuse = || Answer::page_of(StatusCode::BAD_REQUEST, &BadRedirect);
    let url = Url::parse(text).map_err(|_| refuse())?;
    if !matches!(url.scheme(), "http" | "https") || !state.switches.redirect_allow_list.allow(&url) {
        return Err(refuse());
    }
    Ok(Some(url))
}

fn session_holder(state: &State, call: &Call) -> Option<String> {
    let session = call.cookie(cookie_name(call.environment))?;
    let grant =
        state.tokens.find(session, &[Kind::Session], call.environment, state.now(), &state.switches)?;
    Some(grant.holder.clone())
}

fn brought_by_token(state: &State, call: &Call) -> Option<String> {
    let token = call.query("sso")?;
    let grant = state.tokens.find(token, &[Kind::Sso], call.environment, state.now(), &state.switches)?;
    Some(grant.holder.clone())
}

/// `UserId`, then `sso`, behind whatever query the address has. Every time with a fresh token.
fn go_back(
    state: &mut State,
    environment: Environment,
    target: Option<Url>,
    id: &str,
    silent: bool,
) -> Answer {
    let Some(target) = target else {
        return Answer::redirect(format!("{}/my-profile", state.portal(environment)));
    };
    let now = state.now();
    let sso = state.tokens.issue(Kind::Sso, environment, id, now);
    let answer = Answer::redirect(with_query(target.as_str(), &format!("UserId={id}&sso={sso}")));
    state.remember_login(Login { id: id.to_owned(), environment, sso, at: now, silent });
    answer
}

fn with_query(address: &str, addition: &str) -> String {
    let (address, fragment) = match address.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (address, String::new()),
    };
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{addition}{fragment}")
}

fn remember_browser(state: &mut State, environment: Environment, id: &str, answer: Answer) -> Answer {
    let now = state.now();
    let session = state.tokens.issue(Kind::Session, environment, id, now);
    let name = cookie_name(environment);
    answer.with(header::SET_COOKIE, format!("{name}={session}; Path=/; HttpOnly; SameSite=Lax"))
}

/// Cookies know no port: the names must not meet those of another service on localhost.
fn cookie_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "SimulatedReMembers",
        Environment::Staging => "SimulatedReMembersStaging",
    }
}

fn may_sign_in(person: &Person) -> bool {
    !person.is_deceased && person.user.as_ref().is_some_and(|user| user.is_approved)
}

fn form(state: &State, call: &Call, status: StatusCode, email: &str, mistake: Option<&str>) -> Answer {
    let people: Vec<&Person> = if state.switches.show_people {
        let can = |person: &&Person| !person.note.is_empty() && person.user.is_some();
        state.directory.all(call.environment).filter(can).collect()
    } else {
        Vec::new()
    };
    let (prefix, redirect_url) = (prefix(call.environment), call.query("RedirectUrl"));
    let reloads = state.switches.reload_timezone;
    Answer::page_of(status, &LoginPage::new(prefix, redirect_url, (email, mistake), people, reloads))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_return_address_survives() {
        let check =
            |address: &str, expected: &str| assert_eq!(with_query(address, "UserId=1&sso=2"), expected);
        check("https://a.example/x", "https://a.example/x?UserId=1&sso=2");
        check("https://a.example/x?state=s", "https://a.example/x?state=s&UserId=1&sso=2");
        check("https://a.example/x?state=s#part", "https://a.example/x?state=s&UserId=1&sso=2#part");
    }
}
