//! The end of whatever a browser has begun here, and the round that it makes from there.
//!
//! A browser has a session of its own at each host, and only the browser knows them all. So a logout sends it once round all
//! hosts, in an order that we know; each ends what the browser brings, and the last sends it where it was going. Every logout that
//! a browser makes comes by here. Kept out: who may start one, and what a place to go on to is worth.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::arrived::Arrived;
use super::cookies::{Cookie, Cookies, MOST_SESSIONS};
use super::pages::{Notice, SigningOut, respond};
use super::paths;
use super::state::{Services, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::domain::access::{Access, Site, Visitor, decide};
use crate::domain::outcome::Outcome;
use crate::domain::session::{LogoutHint, SessionKey};
use crate::flows::visit::{Live, Presence};

/// W3C Clear Site Data. It takes seconds in some browsers, so it is not sent without need.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Hosts that are visited by redirects alone. Safari gives up after 16 redirects, others after 20; our link makes two rounds, with the
/// AMS between them, and a client adds redirects of its own.
const HOSTS_IN_ONE_GO: usize = 6;

/// Where a round of logouts ends.
#[derive(Debug, Clone)]
pub enum End {
    /// At the home of this site, or on a page that says so if the home is not open to everybody.
    Home(Arc<Site>),
    /// At the AMS's own logout, with what it is shown.
    Ams(AmsLogout),
    /// At the host of this site, where the browser has a place to go on to: an OpenID client started the logout. What that place is
    /// worth is decided there.
    Onward(Arc<Site>),
}

/// What is shown to the AMS's logout so that it does not ask the person. It stands in no address of ours.
#[derive(Debug, Clone)]
pub enum AmsLogout {
    /// What was found at this host, if the round ends here.
    Here(Option<LogoutHint>),
    /// What the store keeps for the host at which the round began. The browser has the key there; this is the key's handle.
    Kept(String),
    /// The round is over, and this was kept.
    Last(Option<LogoutHint>),
}

/// How a round ends that begins here and goes to the AMS, and the cookies that go with it.
pub async fn to_the_ams(
    services: &Services,
    arrived: &Arrived,
    cookies: &Cookies,
) -> (End, Vec<Option<HeaderValue>>) {
    let hint = hint_of(services, cookies).await;
    let here = &arrived.site.host;
    let is_only_host = arrived.sites.next_host(here).is_none_or(|next| next.host == *here);
    let (Some(found), false) = (&hint, is_only_host) else {
        return (End::Ams(AmsLogout::Here(hint)), Vec::new());
    };
    match services.long.keep(here, arrived.client_address, found.as_str()).await {
        Ok(key) => (End::Ams(AmsLogout::Kept(key.handle().to_owned())), cookies.set_key(&key)),
        Err(error) => {
            tracing::warn!(%error, "What the AMS wants to see at its logout was not kept");
            (End::Ams(AmsLogout::Here(None)), Vec::new())
        }
    }
}

/// What the AMS is shown when the session that this browser names ends.
pub async fn hint_of(services: &Services, cookies: &Cookies) -> Option<LogoutHint> {
    for key in keys(cookies.values(Cookie::Session)) {
        if let Some(hint) = services.visits.logout_hint(&key).await {
            return Some(hint);
        }
    }
    None
}

/// What was kept under a handle for a browser that is back where its round began, and the cookie that takes the key from it.
pub async fn kept_hint(
    services: &Services,
    arrived: &Arrived,
    cookies: &Cookies,
    handle: &str,
) -> (End, Vec<Option<HeaderValue>>) {
    let Some(key) = cookies.key(handle) else { return (End::Ams(AmsLogout::Last(None)), Vec::new()) };
    let kept = services.long.find(&arrived.site.host, &key).await.unwrap_or_default();
    (End::Ams(AmsLogout::Last(kept.and_then(LogoutHint::new))), vec![cookies.clear_key(&key)])
}

/// Ends every session that the browser names here, and sends it on: to the next host of the round that began at the host of
/// `began_at`, or to the round's end. The store's failure ends the round, with a page that says so.
pub async fn leave(
    services: &Services,
    arrived: &Arrived,
    headers: &HeaderMap,
    cookies: &Cookies,
    began_at: &Site,
    end: &End,
) -> Response<Body> {
    let attempts = cookies.attempts();
    let attempts = attempts.iter().map(|(handle, _)| cookies.clear_attempt(handle));
    let own = [Cookie::Session, Cookie::View, Cookie::Admin].map(|cookie| cookies.clear(cookie));
    let cleared = attempts.chain(own);
    let is_live = names_a_live_session(services, arrived, cookies).await;
    match end_all(services, cookies).await {
        Ok(()) => {
            let mut led = with_cookies(lead(arrived, onwards(services, arrived, began_at, end)), cleared);
            if is_live && arrived.is_secure() && is_top_level(headers) {
                led.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
            }
            led
        }
        Err(error) => {
            // Memory has forgotten the session already, and so does the browser; but nobody is told that all is done.
            super::log::ending(arrived, Outcome::SignedOutHere, &error);
            let go_on = onwards(services, arrived, began_at, end);
            with_cookies(answer(Notice::SignedOutHere { go_on }.html(&arrived.frame())), cleared)
        }
    }
}

/// Whether a live session ends now. Nothing depends on it but whether the browser forgets the pages that it keeps, so that Back asks again.
async fn names_a_live_session(services: &Services, arrived: &Arrived, cookies: &Cookies) -> bool {
    for key in keys(cookies.values(Cookie::Session)) {
        let live = services.visits.find(&key).await.unwrap_or_default();
        let is_over = |live: &Live| {
            matches!(services.visits.presence(live, &arrived.site.host, services.clock.now()), Presence::Over)
        };
        if live.is_some_and(|live| !is_over(&live)) {
            return true;
        }
    }
    false
}

/// Whether a person is seen to leave the page (Fetch Metadata). Anything else, as an image of another site, may end a session but not empty a
/// cache.
fn is_top_level(headers: &HeaderMap) -> bool {
    let is =
        |name: &str, value: &str| headers.get(name).is_some_and(|said| said.as_bytes() == value.as_bytes());
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
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
fn onwards(services: &Services, arrived: &Arrived, began_at: &Site, end: &End) -> String {
    let is_over = matches!(end, End::Ams(AmsLogout::Last(_)));
    let next = arrived.sites.next_host(&arrived.site.host);
    match next.filter(|next| !is_over && next.host != began_at.host) {
        Some(next) => {
            let end = match end {
                End::Home(site) => format!("&home={}", site.name),
                End::Ams(AmsLogout::Kept(handle)) => format!("&end=ams&hint={handle}"),
                End::Ams(_) => "&end=ams".to_owned(),
                End::Onward(site) => format!("&onward={}", site.name),
            };
            format!("{}{}?round={}{end}", next.origin, paths::SINGLE_LOGOUT, began_at.name)
        }
        None => match end {
            End::Home(site) => landing(arrived, site),
            // Only there does the browser have the key.
            End::Ams(AmsLogout::Kept(handle)) => {
                let (origin, name) = (&began_at.origin, &began_at.name);
                format!("{origin}{}?round={name}&end=ams&hint={handle}", paths::SINGLE_LOGOUT)
            }
            End::Ams(AmsLogout::Here(hint) | AmsLogout::Last(hint)) => {
                services.ams.logout(hint.as_ref(), &arrived.single_logout_address()).into()
            }
            End::Onward(site) => format!("{}{}", site.origin, paths::ONWARD),
        },
    }
}

/// Where somebody is sent who has signed out: the site's home. Where only people who are signed in see that, it would start a
/// sign-in; a page of ours stands in for it.
pub fn landing(arrived: &Arrived, site: &Site) -> String {
    let opens = arrived.sites.locate(&site.host, &site.home).is_ok_and(|found| {
        let at = found.site.map_or(site, |site| &**site);
        matches!(decide(at, &found.path, "GET", Visitor::Stranger), Access::Granted(_))
    });
    let page = if opens { &*site.home } else { paths::SIGNED_OUT };
    format!("{}{page}", site.origin)
}

/// Ends every session that the browser names, of whatever kind, and tells the first error.
async fn end_all(services: &Services, cookies: &Cookies) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for key in keys(cookies.values(Cookie::Session)) {
        outcome = outcome.and(services.visits.end(&key).await);
    }
    if let Some(admin_services) = &services.admin_services {
        for key in keys(cookies.values(Cookie::View)) {
            if let Err(error) = admin_services.view_as.end(&key).await {
                // It is over here all the same; only the audit log does not say so.
                outcome = outcome.and(services.visits.end(&key).await).and(Err(error));
            }
        }
    }
    if let Some(administer) = &services.administer {
        for key in keys(cookies.values(Cookie::Admin)) {
            outcome = outcome.and(administer.links.leave(&key).await);
        }
    }
    outcome
}

fn keys<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = SessionKey> {
    values.filter_map(key_of).take(MOST_SESSIONS)
}
