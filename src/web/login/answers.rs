//! How the way to the AMS and back ends for a browser: what its handlers share.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use jiff::SignedDuration;

use crate::adapters::keys::random::key_of;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::SessionKey;
use crate::flows::attempts::AttemptCookie;
use crate::flows::known_browsers::KNOWN_FOR;
use crate::flows::long_addresses::{Destination, is_handle};
use crate::flows::sign_in::{Failure, InLine, Returning, SignInError, SignedIn};
use crate::web::arrived::Arrived;
use crate::web::cookies::{Cookie, Cookies, MOST_SESSIONS};
use crate::web::state::{Services, see_other, with_cookies};
use crate::web::{log, paths};

/// How long a browser keeps what it needs for its turn. Whoever waits for half an hour is in by then.
const KEPT: SignedDuration = SignedDuration::from_mins(60);

/// Every session that the browser names.
pub(super) fn sessions(cookies: &Cookies) -> Vec<SessionKey> {
    cookies.values(Cookie::Session).filter_map(key_of).take(MOST_SESSIONS).collect()
}

/// A browser that comes back from the AMS, or waits.
pub(super) fn returning<'a>(
    arrived: &'a Arrived,
    headers: &'a HeaderMap,
    cookies: &'a Cookies,
    open: &'a [AttemptCookie<'a>],
    named: &'a [SessionKey],
) -> Returning<'a> {
    Returning {
        host: &arrived.site.host,
        address: arrived.client_address,
        parameters: "",
        user_agent: headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default(),
        open,
        present: None,
        named,
        place: cookies.only(Cookie::Waiting),
        device: cookies.only(Cookie::Device),
    }
}

/// The page that an address of ours names as its destination.
pub(super) fn destination_of(query: Option<&str>, cookies: &Cookies) -> Option<Destination> {
    let (mut page, mut key, mut is_cut) = (None, None, false);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "return_to" => page = ReturnTo::parse(&value).ok(),
            "kept" if is_handle(&value) => key = cookies.key(&value),
            "cut" => is_cut = true,
            _ => {}
        }
    }
    Some(Destination { page: page?, key, is_cut })
}

/// Somebody is in: the browser gets the session and goes to the page; what it kept for the way is over.
pub(super) async fn after_sign_in(
    services: &Services,
    arrived: &Arrived,
    cookies: &Cookies,
    signed_in: SignedIn,
) -> Response<Body> {
    let SignedIn { secret, to, handle, device } = signed_in;
    let session = secret.and_then(|secret| cookies.set(Cookie::Session, secret.cookie_text(), None));
    let spent = handle.and_then(|handle| cookies.clear_attempt(&handle));
    let place = cookies.only(Cookie::Waiting).and_then(|_| cookies.clear(Cookie::Waiting));
    let device = device.and_then(|text| cookies.set(Cookie::Device, &text, Some(KNOWN_FOR.as_secs())));
    with_cookies(see_other(&landing(services, arrived, to).await), [session, spent, place, device])
}

/// The browser keeps its place until its turn.
pub(super) fn keep_place(cookies: &Cookies, in_line: &InLine) -> Option<HeaderValue> {
    cookies.set(Cookie::Waiting, &in_line.cookie, Some(KEPT.as_secs()))
}

/// A failed sign-in: the cause goes to the log, once; the browser goes to a clean address that says what happened.
pub(super) fn failed(arrived: &Arrived, error: &SignInError) -> Response<Body> {
    let outcome = error.failure.outcome();
    log::ending(arrived, outcome, error);
    let mut address = format!(
        "{}{}?why={}&reference={}",
        arrived.site.origin,
        paths::LOGIN_FAILED,
        outcome.slug(),
        arrived.request_id
    );
    if let Failure::LineFull(again) = &error.failure {
        address.push_str(&format!("&after={}", again.as_secs()));
    }
    if error.tries > 0 {
        address.push_str(&format!("&tries={}", error.tries));
    }
    if let Some(to) = &error.to {
        address.push('&');
        address.push_str(&paths::destination(to));
    }
    see_other(&address)
}

/// The page of a destination; by way of a page that says so, if something of its address is lost.
pub(super) async fn landing(services: &Services, arrived: &Arrived, to: Destination) -> String {
    match services.long.unpack(&arrived.site.host, to).await {
        (page, false) => arrived.address_of(&page),
        (page, true) => {
            let cut = Destination { is_cut: true, ..Destination::whole(page.cut()) };
            format!("{}{}", arrived.site.origin, paths::login_to(&cut))
        }
    }
}
