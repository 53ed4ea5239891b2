//! `/_gate/logout` and `/_gate/slo`: the two ways out.
//!
//! Ours goes on to the AMS's logout; the AMS then calls the Single Logout URL, which never goes back to the AMS. So there
//! is no loop. Both are idempotent and end the session before they answer.
//!
//! A browser has a session of its own at each host, and only the browser knows them all. So a logout sends it once round all
//! hosts, in an order that we know; each ends what the browser brings, and the last sends it where it was going.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response};

use super::arrived::Arrived;
use super::cookies;
use super::pages::Notice;
use super::paths;
use super::state::{Gate, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::domain::access::Site;
use crate::domain::session::SessionKey;

/// Where a round of logouts ends.
#[derive(Debug, Clone)]
enum End {
    /// At the home of the site where it began.
    Home,
    /// At the AMS's own logout.
    Ams,
    /// At the host of this site, where the browser has a place to go on to: an OpenID client started the logout. What that place is
    /// worth is decided there.
    Onward(Arc<Site>),
}

/// Ends our sessions, then the AMS's.
pub async fn logout(
    State(gate): State<Gate>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    let onwards = onwards(&gate, &arrived, &arrived.site, End::Ams);
    leave(&gate, &arrived, &headers, &onwards).await
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
    let onwards = onwards(&gate, &arrived, &began_at, end);
    leave(&gate, &arrived, &headers, &onwards).await
}

/// The next host of the round that began at `began_at`, or its end.
fn onwards(gate: &Gate, arrived: &Arrived, began_at: &Site, end: End) -> String {
    match arrived.sites.next_host(&arrived.site.host).filter(|next| next.host != began_at.host) {
        Some(next) => {
            let end = match end {
                End::Home => String::new(),
                End::Ams => "&end=ams".to_owned(),
                End::Onward(site) => format!("&onward={}", site.name),
            };
            format!("{}{}?round={}{end}", next.origin, paths::SINGLE_LOGOUT, began_at.name)
        }
        None => match end {
            End::Home => format!("{}{}", began_at.origin, began_at.home),
            End::Ams => gate.ams.logout_url().into(),
            End::Onward(site) => format!("{}{}", site.origin, paths::ONWARD),
        },
    }
}

async fn leave(gate: &Gate, arrived: &Arrived, headers: &HeaderMap, onwards: &str) -> Response<Body> {
    let secure = arrived.is_secure();
    let attempts = cookies::attempts(headers, secure);
    let attempts = attempts.iter().map(|(handle, _)| cookies::clear_attempt(handle, secure));
    let own = [cookies::clear_session, cookies::clear_view, cookies::clear_admin].map(|clear| clear(secure));
    let cleared = attempts.chain(own);
    match end(gate, headers, secure).await {
        Ok(()) => with_cookies(see_other(onwards), cleared),
        Err(error) => {
            // Memory has forgotten the session already, and so does the browser; but nobody is told that all is done.
            super::log::ending(arrived, Notice::Broken.code(), &error);
            with_cookies(answer(Notice::Broken.html(&arrived.frame())), cleared)
        }
    }
}

/// Ends every session that the browser names, of whatever kind, and tells the first error.
async fn end(gate: &Gate, headers: &HeaderMap, secure: bool) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for key in keys(cookies::session_values(headers, secure)) {
        outcome = outcome.and(gate.visits.end(&key).await);
    }
    if let Some(desk) = &gate.desk {
        for key in keys(cookies::view_values(headers, secure)) {
            outcome = outcome.and(desk.view_as.end(&key).await);
        }
    }
    if let Some(administer) = &gate.administer {
        for key in keys(cookies::admin_values(headers, secure)) {
            outcome = outcome.and(administer.links.leave(&key).await);
        }
    }
    outcome
}

fn keys<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = SessionKey> {
    values.filter_map(key_of).take(cookies::MOST_SESSIONS)
}
