//! The end of whatever a browser has begun here, and the round that it makes from there.
//!
//! A browser has a session of its own at each host, and only the browser knows them all. So a logout sends it once round all
//! hosts, in an order that we know; each ends what the browser brings, and the last sends it where it was going. Every logout that
//! a browser makes comes by here. Kept out: who may start one, and what a place to go on to is worth.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Response};

use super::arrived::Arrived;
use super::cookies;
use super::pages::{Notice, SigningOut, respond};
use super::paths;
use super::state::{Gate, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::domain::access::Site;
use crate::domain::session::SessionKey;

/// Hosts that are visited by redirects alone. Safari gives up after 16 redirects, others after 20; our link makes two rounds, with the
/// AMS between them, and a client adds redirects of its own.
const HOSTS_IN_ONE_GO: usize = 6;

/// Where a round of logouts ends.
#[derive(Debug, Clone)]
pub enum End {
    /// At the home of the site where it began.
    Home,
    /// At the AMS's own logout.
    Ams,
    /// At the host of this site, where the browser has a place to go on to: an OpenID client started the logout. What that place is
    /// worth is decided there.
    Onward(Arc<Site>),
}

/// Ends every session that the browser names here, and sends it on: to the next host of the round that began at the host of
/// `began_at`, or to the round's end. The store's failure ends the round, with a page that says so.
pub async fn leave(
    gate: &Gate,
    arrived: &Arrived,
    headers: &HeaderMap,
    began_at: &Site,
    end: &End,
) -> Response<Body> {
    let secure = arrived.is_secure();
    let attempts = cookies::attempts(headers, secure);
    let attempts = attempts.iter().map(|(handle, _)| cookies::clear_attempt(handle, secure));
    let own = [cookies::clear_session, cookies::clear_view, cookies::clear_admin].map(|clear| clear(secure));
    let cleared = attempts.chain(own);
    match end_all(gate, headers, secure).await {
        Ok(()) => with_cookies(lead(arrived, onwards(gate, arrived, began_at, end)), cleared),
        Err(error) => {
            // Memory has forgotten the session already, and so does the browser; but nobody is told that all is done.
            super::log::ending(arrived, Notice::Broken.code(), &error);
            with_cookies(answer(Notice::Broken.html(&arrived.frame())), cleared)
        }
    }
}

/// Leads the browser on; every so often by a page.
fn lead(arrived: &Arrived, go_url: String) -> Response<Body> {
    let here = &arrived.site.host;
    let before: BTreeSet<_> =
        arrived.sites.all().map(|site| &site.host).filter(|host| *host < here).collect();
    if (before.len() + 1).is_multiple_of(HOSTS_IN_ONE_GO) {
        answer(respond(&SigningOut { frame: arrived.frame(), go_url }))
    } else {
        see_other(&go_url)
    }
}

/// The next host of the round that began at `began_at`, or its end.
fn onwards(gate: &Gate, arrived: &Arrived, began_at: &Site, end: &End) -> String {
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

/// Ends every session that the browser names, of whatever kind, and tells the first error.
async fn end_all(gate: &Gate, headers: &HeaderMap, secure: bool) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for key in keys(cookies::session_values(headers, secure)) {
        outcome = outcome.and(gate.visits.end(&key).await);
    }
    if let Some(desk) = &gate.desk {
        for key in keys(cookies::view_values(headers, secure)) {
            if let Err(error) = desk.view_as.end(&key).await {
                // It is over here all the same; only the audit log does not say so.
                outcome = outcome.and(gate.visits.end(&key).await).and(Err(error));
            }
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
