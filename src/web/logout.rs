//! `/_gate/logout` and `/_gate/slo`: the two ways out.
//!
//! Ours goes on to the AMS's logout; the AMS then calls the Single Logout URL, which never goes back to the AMS. So there
//! is no loop. Both are idempotent and end the session before they answer.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response};

use super::arrived::Arrived;
use super::cookies;
use super::pages::{Notice, SignedOut, respond};
use super::paths;
use super::round::{self, End};
use super::state::{Gate, answer, see_other, with_cookies};
use crate::flows::grant::kept::ONWARD_LIVES;

/// Ends our sessions, then the AMS's.
pub async fn logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    let left = round::leave(&gate, &arrived, &headers, &arrived.site, &End::Ams).await;
    // The AMS sends every browser to the one Single Logout URL, whichever site it left.
    let seconds = ONWARD_LIVES.as_secs();
    with_cookies(left, [cookies::set_left(&arrived.site.name, seconds, arrived.is_secure())])
}

/// Ends our sessions and goes home: where the AMS sends a browser that has logged out there.
pub async fn single_logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let (mut began_at, mut end) = (Arc::clone(&arrived.site), None);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            // Only the name of a site of ours can stand here; anything else counts as a new beginning.
            "round" => began_at = arrived.sites.named(&value).map_or(began_at, Arc::clone),
            "end" if value == "ams" => end = Some(End::Ams),
            "home" => end = arrived.sites.named(&value).map(|site| End::Home(Arc::clone(site))).or(end),
            "onward" => end = arrived.sites.named(&value).map(|site| End::Onward(Arc::clone(site))).or(end),
            _ => {}
        }
    }
    let secure = arrived.is_secure();
    let end = end.unwrap_or_else(|| End::Home(Arc::clone(&began_at)));
    if matches!(end, End::Ams) {
        return round::leave(&gate, &arrived, &headers, &began_at, &end).await;
    }
    // What began here and has been at the AMS meanwhile ends here.
    let left = cookies::left(&headers, secure);
    let end = match (end, left.and_then(|name| arrived.sites.named(name))) {
        _ if cookies::onward(&headers, secure).is_some() => End::Onward(Arc::clone(&arrived.site)),
        (End::Home(_), Some(site)) => End::Home(Arc::clone(site)),
        (end, _) => end,
    };
    let response = round::leave(&gate, &arrived, &headers, &began_at, &end).await;
    with_cookies(response, [left.and_then(|_| cookies::clear_left(secure))])
}

/// Says that the person is signed out. To somebody who is not, it would be a lie.
pub async fn signed_out(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    match gate.present(&arrived, &headers).await {
        Ok(Some(_)) => see_other(&arrived.home_address()),
        Ok(None) => answer(respond(&SignedOut { frame: arrived.frame(), sign_in: paths::LOGIN.to_owned() })),
        Err(error) => {
            super::log::ending(&arrived, Notice::Broken.code(), &error);
            answer(Notice::Broken.html(&arrived.frame()))
        }
    }
}
