//! `/_gate/login` and `/_gate/callback`: the way to the AMS and back.

pub mod failed;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::arrived::Arrived;
use super::cookies;
use super::pages::{Notice, SignIn, respond};
use super::paths;
use super::state::{Gate, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::SessionKey;
use crate::flows::attempts::ATTEMPT_LIVES;
use crate::flows::sign_in::{Failure, Returning, SignInError};
use failed::Failed;

/// Where `/_gate/login` is asked to end.
struct Asked {
    return_to: Option<ReturnTo>,
    go: bool,
    anew: bool,
    /// How often a page about a failure has begun this by itself.
    tries: u8,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked { return_to: None, go: false, anew: false, tries: 0 };
    let mut fragment = None;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "return_to" => asked.return_to = ReturnTo::parse(&value).ok(),
            "fragment" => fragment = Some(value.into_owned()),
            "go" => asked.go = true,
            "anew" => asked.anew = true,
            "tries" => asked.tries = value.parse().unwrap_or(u8::MAX),
            _ => {}
        }
    }
    if let (Some(page), Some(fragment)) = (&asked.return_to, &fragment) {
        asked.return_to = Some(page.at_fragment(fragment));
    }
    asked
}

/// Starts a login. A page stands in between, since only a script can read the fragment of the address; with `go` the
/// browser is sent on at once. Whoever is signed in already is sent straight to the page, unless `anew` is said.
pub async fn login(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let asked = asked(query.as_deref());
    let return_to = asked.return_to.or_else(|| home_of(&arrived));
    let Some(return_to) = return_to else { return answer(Notice::BadRequest.html(&arrived.frame())) };
    match gate.present(&arrived, &headers).await {
        Ok(Some(_)) if !asked.anew => return see_other(&arrived.address_of(&return_to)),
        Ok(_) => {}
        Err(error) => {
            let failure = error.into();
            return failed(
                &arrived,
                &SignInError { failure, return_to: Some(return_to), tries: asked.tries },
            );
        }
    }
    if !asked.go {
        let tries = if asked.tries > 0 { format!("&tries={}", asked.tries) } else { String::new() };
        let go_url = format!("{}{tries}&go=1", paths::login_to(&return_to));
        return answer(respond(&SignIn { frame: arrived.frame(), go_url }));
    }
    let Ok(callback) = Url::parse(&format!("{}{}", arrived.site.origin, paths::CALLBACK)) else {
        return answer(Notice::Broken.html(&arrived.frame()));
    };
    let secure = arrived.is_secure();
    let open = cookies::attempts(&headers, secure);
    match gate.sign_in.begin(&arrived.site.host, callback, return_to.clone(), asked.tries, &open) {
        Ok(departure) => {
            let seconds = ATTEMPT_LIVES.as_secs();
            let kept = cookies::set_attempt(&departure.handle, &departure.sealed, seconds, secure);
            let dropped = departure.dropped.iter().map(|handle| cookies::clear_attempt(handle, secure));
            with_cookies(see_other(departure.address.as_str()), dropped.chain([kept]))
        }
        Err(error) => {
            let failure = error.into();
            failed(&arrived, &SignInError { failure, return_to: Some(return_to), tries: asked.tries })
        }
    }
}

/// Takes a browser back from the AMS, and sends it to a clean address: the token must not stay in the address bar, neither
/// after success nor after failure.
pub async fn callback(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let secure = arrived.is_secure();
    let open = cookies::attempts(&headers, secure);
    let named: Vec<SessionKey> =
        cookies::session_values(&headers, secure).filter_map(key_of).take(cookies::MOST_SESSIONS).collect();
    let returning = Returning {
        host: &arrived.site.host,
        address: arrived.client_address,
        query: query.as_deref().unwrap_or_default(),
        user_agent: headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default(),
        open: &open,
        present: None,
        named: &named,
    };
    let present = match gate.present(&arrived, &headers).await {
        Ok(present) => present.map(|(live, _)| live),
        Err(error) => return failed(&arrived, &gate.sign_in.failed_early(&returning, error)),
    };
    let returning = Returning { present: present.as_ref(), ..returning };
    match gate.sign_in.finish(returning).await {
        Ok(signed_in) => {
            let session =
                signed_in.secret.and_then(|secret| cookies::set_session(secret.cookie_text(), secure));
            let spent = cookies::clear_attempt(&signed_in.handle, secure);
            with_cookies(see_other(&arrived.address_of(&signed_in.return_to)), [session, spent])
        }
        Err(error) => match error.failure {
            // A page that was reloaded or gone back to: the sign-in it belongs to is done.
            Failure::Used | Failure::ForeignState if present.is_some() => {
                let page = error.return_to.as_ref();
                see_other(&page.map_or_else(|| arrived.home_address(), |page| arrived.address_of(page)))
            }
            // The AMS or a mailed link sent the browser. Its token is not looked at; a live AMS session bounces straight back.
            Failure::NoState => see_other(&format!("{}{}", arrived.site.origin, paths::LOGIN)),
            _ => failed(&arrived, &error),
        },
    }
}

/// A failed sign-in: the cause goes to the log, once; the browser goes to a clean address that says what happened.
fn failed(arrived: &Arrived, error: &SignInError) -> Response<Body> {
    let failed = Failed::of(&error.failure);
    super::log::ending(arrived, failed.notice(arrived, String::new(), error.tries).code(), error);
    let mut address = format!(
        "{}{}?why={}&reference={}",
        arrived.site.origin,
        paths::LOGIN_FAILED,
        failed.name(),
        arrived.request_id
    );
    if error.tries > 0 {
        address.push_str(&format!("&tries={}", error.tries));
    }
    if let Some(page) = &error.return_to {
        address.push_str("&return_to=");
        address.extend(utf8_percent_encode(page.as_str(), NON_ALPHANUMERIC));
    }
    see_other(&address)
}

fn home_of(arrived: &Arrived) -> Option<ReturnTo> {
    ReturnTo::parse(&arrived.site.home).ok()
}
