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
use super::cookies::{Cookie, Cookies};
use super::pages::{SignedOutPage, respond};
use super::paths;
use super::present::Present;
use super::round::{self, AmsLogout, End};
use super::state::{Services, answer, see_other, with_cookies};
use crate::flows::grant::kept::ONWARD_LIVES;
use crate::flows::long_addresses::is_handle;

/// Ends our sessions, then the AMS's.
pub async fn logout(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let (end, key) = round::to_the_ams(&services, &arrived, &cookies).await;
    let left = round::leave(&services, &arrived, &headers, &cookies, &arrived.site, &end).await;
    // The AMS sends every browser to the one Single Logout URL, whichever site it left.
    let site = cookies.set(Cookie::Left, &arrived.site.name, Some(ONWARD_LIVES.as_secs()));
    with_cookies(left, key.into_iter().chain([site]))
}

/// Ends our sessions and goes home: where the AMS sends a browser that has logged out there.
pub async fn single_logout(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let (mut began_at, mut end, mut to_the_ams, mut hint) = (Arc::clone(&arrived.site), None, false, None);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            // Only the name of a site of ours can stand here; anything else counts as a new beginning.
            "round" => began_at = arrived.sites.named(&value).map_or(began_at, Arc::clone),
            "end" => to_the_ams = value == "ams",
            "hint" => hint = is_handle(&value).then(|| value.into_owned()),
            "home" => end = arrived.sites.named(&value).map(|site| End::Home(Arc::clone(site))).or(end),
            "onward" => end = arrived.sites.named(&value).map(|site| End::Onward(Arc::clone(site))).or(end),
            _ => {}
        }
    }
    if to_the_ams {
        let (end, key) = match hint {
            Some(handle) if began_at.host == arrived.site.host => {
                round::kept_hint(&services, &arrived, &cookies, &handle).await
            }
            Some(handle) => (End::Ams(AmsLogout::Kept(handle)), Vec::new()),
            None => (End::Ams(AmsLogout::Here(round::hint_of(&services, &cookies).await)), Vec::new()),
        };
        let left = round::leave(&services, &arrived, &headers, &cookies, &began_at, &end).await;
        return with_cookies(left, key);
    }
    let end = end.unwrap_or_else(|| End::Home(Arc::clone(&began_at)));
    // What began here and has been at the AMS meanwhile ends here.
    let left = cookies.values(Cookie::Left).next();
    let end = match (end, left.and_then(|name| arrived.sites.named(name))) {
        _ if cookies.values(Cookie::Onward).next().is_some() => End::Onward(Arc::clone(&arrived.site)),
        (End::Home(_), Some(site)) => End::Home(Arc::clone(site)),
        (end, _) => end,
    };
    let response = round::leave(&services, &arrived, &headers, &cookies, &began_at, &end).await;
    with_cookies(response, [left.and_then(|_| cookies.clear(Cookie::Left))])
}

/// Says that the person is signed out. To somebody who is not, it would be a lie.
pub async fn signed_out(Extension(arrived): Extension<Arrived>, present: Option<Present>) -> Response<Body> {
    match present {
        Some(_) => see_other(&arrived.home_address()),
        None => answer(respond(&SignedOutPage { frame: arrived.frame(), sign_in: paths::LOGIN.to_owned() })),
    }
}
