//! `/_gate/logout` and `/_gate/slo`: the two ways out.
//!
//! Ours goes on to the AMS's logout; the AMS then calls the Single Logout URL, which never goes back to the AMS. So there
//! is no loop. Both are idempotent and end the session before they answer.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};

use super::arrived::Arrived;
use super::cookies;
use super::pages::Notice;
use super::paths;
use super::state::{Gate, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;

/// Ends our session, then the AMS's.
pub async fn logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    let ams = gate.ams.logout_url();
    leave(&gate, &arrived, &headers, ams.as_str()).await
}

/// Ends our session and goes home: where the AMS sends a browser that has logged out there. If an OpenID client started the
/// logout, the browser has a place to go on to instead; what that is worth is decided there.
pub async fn single_logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    let onwards = match cookies::onward(&headers, arrived.is_secure()) {
        Some(_) => format!("{}{}", arrived.site.origin, paths::ONWARD),
        None => arrived.home_address(),
    };
    leave(&gate, &arrived, &headers, &onwards).await
}

async fn leave(gate: &Gate, arrived: &Arrived, headers: &HeaderMap, onwards: &str) -> Response<Body> {
    let secure = arrived.is_secure();
    let attempts = cookies::attempts(headers, secure);
    let attempts = attempts.iter().map(|(handle, _)| cookies::clear_attempt(handle, secure));
    let cleared = attempts.chain([cookies::clear_session(secure)]);
    match end(gate, headers, secure).await {
        Ok(()) => with_cookies(see_other(onwards), cleared),
        Err(error) => {
            // Memory has forgotten the session already, and so does the browser; but nobody is told that all is done.
            super::log::ending(arrived, Notice::Broken.code(), &error);
            with_cookies(answer(Notice::Broken.html(&arrived.frame())), cleared)
        }
    }
}

/// Ends every session that the browser names, and tells the first error.
async fn end(gate: &Gate, headers: &HeaderMap, secure: bool) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for key in cookies::session_values(headers, secure).filter_map(key_of).take(cookies::MOST_SESSIONS) {
        outcome = outcome.and(gate.visits.end(&key).await);
    }
    outcome
}
