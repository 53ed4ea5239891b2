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
use super::round::{self, End};
use super::state::Gate;

/// Ends our sessions, then the AMS's.
pub async fn logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    round::leave(&gate, &arrived, &headers, &arrived.site, &End::Ams).await
}

/// Ends our sessions and goes home: where the AMS sends a browser that has logged out there.
pub async fn single_logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let (mut began_at, mut end) = (Arc::clone(&arrived.site), End::Home);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            // Only the name of a site of ours can stand here; anything else counts as a new beginning.
            "round" => began_at = arrived.sites.named(&value).map_or(began_at, Arc::clone),
            "end" if value == "ams" => end = End::Ams,
            "onward" => end = arrived.sites.named(&value).map_or(end, |site| End::Onward(Arc::clone(site))),
            _ => {}
        }
    }
    if cookies::onward(&headers, arrived.is_secure()).is_some() {
        end = End::Onward(Arc::clone(&arrived.site));
    }
    round::leave(&gate, &arrived, &headers, &began_at, &end).await
}
