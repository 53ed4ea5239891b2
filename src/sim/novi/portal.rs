//! The pages for people: sign in, sign out, and the home page.

use http::{StatusCode, header};
use url::Url;

use super::pages::{Home, LoginPage, Message};
use super::people::Customer;
use super::state::State;
use crate::sim::openid::{Kind, Purpose, return_url};
use crate::sim::people::Environment;
use crate::sim::serving::{Answer, Call, Handled};

/// The home page: who the site thinks you are.
pub(super) fn home(state: &mut State, call: &Call) -> Handled {
    Ok(Answer::page_of(StatusCode::OK, &Home { person: visitor(state, call) }))
}

/// The form; or straight on, when the site knows this browser.
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
    let (email, password) = (field("email").trim(), field("password"));
    let person = state.directory.find_account(call.environment, email);
    let person = person.filter(|it| it.account.as_ref().is_some_and(|own| own.password == password));
    let Some(person) = person else {
        return Ok(form(state, call, email, Some("The e-mail or the password is not correct.")));
    };
    if state.switches.login_checks_approval && !person.approved {
        return Ok(form(state, call, email, Some("This account waits for approval.")));
    }
    let (id, now) = (person.unique_id.clone(), state.now());
    let grants = &mut state.site_mut(call.environment).grants;
    let session = grants.issue(Kind::Browser, &id, Purpose::default(), now);
    let cookie = format!("{}={session}; Path=/; HttpOnly; SameSite=Lax", cookie_name(call.environment));
    Ok(Answer::redirect(return_url(call)).with(header::SET_COOKIE, cookie))
}

/// Signs the browser out of the site.
pub(super) fn log_out(state: &mut State, call: &Call) -> Handled {
    let name = cookie_name(call.environment);
    if let Some(session) = call.cookie(name) {
        state.site_mut(call.environment).grants.end(session);
    }
    let asked = call.query("post_logout_redirect_uri").filter(|_| state.switches.log_out_returns);
    let asked = asked.filter(|it| Url::parse(it).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    let answer = match asked.or(state.slo_url.as_deref()) {
        Some(to) => Answer::redirect(to.to_owned()),
        None => {
            let (title, text) = ("You are logged out", "This site has forgotten this browser.");
            Answer::page_of(StatusCode::OK, &Message { title, text, is_refusal: false })
        }
    };
    Ok(answer.with(header::SET_COOKIE, format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")))
}

/// Who the site takes the browser for, as long as there is an account.
pub(super) fn visitor<'a>(state: &'a State, call: &Call) -> Option<&'a Customer> {
    let session = call.cookie(cookie_name(call.environment))?;
    let site = state.site(call.environment);
    let grant = site.grants.find(Kind::Browser, session, state.now(), state.lifetimes())?;
    state.directory.find(&grant.holder).filter(|it| it.account_email().is_some())
}

/// A page that ends a login.
pub(super) fn refusal(status: StatusCode, text: &'static str) -> Answer {
    Answer::page_of(status, &Message { title: "Cannot sign in", text, is_refusal: true })
}

/// Cookies know no port: the names must not meet those of another service on localhost.
fn cookie_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "SimulatedNovi",
        Environment::Staging => "SimulatedNoviStaging",
    }
}

fn form(state: &State, call: &Call, email: &str, mistake: Option<&str>) -> Answer {
    let can = |it: &&Customer| !it.note.is_empty() && it.account_email().is_some();
    let people = if state.switches.show_people {
        state.directory.all(call.environment).filter(can).collect()
    } else {
        Vec::new()
    };
    Answer::page_of(StatusCode::OK, &LoginPage::new(&return_url(call), email, mistake, people))
}
