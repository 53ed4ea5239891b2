//! The pages for people: the Info Hub with its form, and its logout.

use http::{StatusCode, header};
use url::Url;

use super::pages::{Home, LoginPage, LogoutQuestion, Message};
use super::people::Contact;
use super::state::State;
use super::subject::is_token_of;
use super::switches::LogoutConfirms;
use crate::sim::openid::{Kind, Purpose, return_url};
use crate::sim::serving::{Answer, Call, Handled};

/// Cookies know no port: the name must not meet that of another service on localhost.
const COOKIE: &str = "SimulatedGrowthZone";

/// Who the Info Hub thinks you are, and its link to the website.
pub(super) fn home(state: &mut State, call: &Call) -> Handled {
    let site =
        state.site_url.as_ref().map(|site| format!("{}/_gate/login?url=/", site.trim_end_matches('/')));
    Ok(Answer::page_of(StatusCode::OK, &Home { person: visitor(state, call), site }))
}

/// The form; or straight on, when the Info Hub knows this browser.
pub(super) fn login(state: &mut State, call: &Call) -> Handled {
    if visitor(state, call).is_some() {
        return Ok(Answer::redirect(return_url(call)));
    }
    Ok(form(state, call, call.query("user").unwrap_or_default(), None))
}

/// The filled-in form. A mistake stays on the page.
pub(super) fn submit_login(state: &mut State, call: &Call) -> Handled {
    let fields = call.members()?;
    let field =
        |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let (username, password) = (field("username").trim(), field("password"));
    let Some(person) = signed_in(state, username, password) else {
        return Ok(form(state, call, username, Some("The user name or the password is not correct.")));
    };
    let (id, now) = (person.contact_id.clone(), state.now());
    let session = state.grants.issue(Kind::Browser, &id, Purpose::default(), now);
    let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
    Ok(Answer::redirect(return_url(call)).with(header::SET_COOKIE, cookie))
}

/// Whoever has this login, if it opens anything.
pub(super) fn signed_in<'a>(state: &'a State, username: &str, password: &str) -> Option<&'a Contact> {
    let person = state.directory.find_login(username)?;
    let fits = person.login.as_ref().is_some_and(|own| own.password == password);
    let is_dropped = state.view().standing(person).word == "Dropped";
    (fits && (state.switches.dropped_sign_in || !is_dropped)).then_some(person)
}

/// Asks first, by switch.
pub(super) fn ask_logout(state: &mut State, call: &Call) -> Handled {
    let Some(person) = visitor(state, call).cloned() else { return log_out(state, call) };
    let asks = match state.switches.logout_confirms {
        LogoutConfirms::Always => true,
        LogoutConfirms::WithoutHint => {
            !call.query("id_token_hint").is_some_and(|token| is_token_of(state, &person, token))
        }
        LogoutConfirms::Never => false,
    };
    if asks {
        return Ok(Answer::page_of(StatusCode::OK, &LogoutQuestion { action: &call.target }));
    }
    log_out(state, call)
}

/// Signs the browser out.
pub(super) fn log_out(state: &mut State, call: &Call) -> Handled {
    if let Some(session) = call.cookie(COOKIE) {
        state.grants.end(session);
    }
    let asked = call.query("post_logout_redirect_uri");
    let asked = asked.filter(|it| Url::parse(it).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    let listed = state.switches.post_logout_uris.as_ref();
    let asked = asked.filter(|it| listed.is_none_or(|list| list.split(',').any(|one| one == *it)));
    let answer = match asked.or(state.slo_url.as_deref()) {
        Some(to) => Answer::redirect(to.to_owned()),
        None => {
            let (title, text) = ("You are logged out", "The Info Hub has forgotten this browser.");
            Answer::page_of(StatusCode::OK, &Message { title, text, is_refusal: false })
        }
    };
    Ok(answer.with(header::SET_COOKIE, format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")))
}

/// Who the Info Hub takes the browser for.
pub(super) fn visitor<'a>(state: &'a State, call: &Call) -> Option<&'a Contact> {
    let session = call.cookie(COOKIE)?;
    let grant = state.grants.find(Kind::Browser, session, state.now(), state.lifetimes())?;
    state.directory.find(&grant.holder).filter(|it| it.login.is_some())
}

/// A page that ends a login.
pub(super) fn refusal(status: StatusCode, text: &'static str) -> Answer {
    Answer::page_of(status, &Message { title: "Cannot sign in", text, is_refusal: true })
}

fn form(state: &State, call: &Call, username: &str, mistake: Option<&str>) -> Answer {
    let people = if state.switches.show_people {
        let noted = state.directory.contacts.iter().filter(|it| !it.note.is_empty());
        noted.filter_map(|it| Some((it, it.login.as_ref()?))).collect()
    } else {
        Vec::new()
    };
    Answer::page_of(StatusCode::OK, &LoginPage::new(&return_url(call), username, mistake, people))
}
