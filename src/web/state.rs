//! What the handlers of the control plane share.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use super::arrived::Arrived;
use super::cookies::{self, SessionCookie};
use crate::adapters::ams::Ams;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::flows::administer::Administer;
use crate::flows::administer::desk::Desk;
use crate::flows::keyring::Keyring;
use crate::flows::long_addresses::LongAddresses;
use crate::flows::managed_roles::Lists;
use crate::flows::person::{Held, PublishedRules};
use crate::flows::sign_in::SignIn;
use crate::flows::visit::{Live, Presence, Recall, Visits};

/// The use cases and what they rest on.
#[derive(Clone)]
pub struct Gate {
    /// Signing in.
    pub sign_in: Arc<SignIn>,
    /// Sessions.
    pub visits: Arc<Visits>,
    /// Addresses that are too long to travel.
    pub long: Arc<LongAddresses>,
    /// The AMS that is live.
    pub ams: Arc<dyn Ams>,
    /// Keys of our assertions.
    pub keys: Arc<Keyring>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// The clock.
    pub clock: SharedClock,
    /// Lists of managed roles, for sites.
    pub lists: Arc<Lists>,
    /// Administration. `None`: the operator wants none.
    pub administer: Option<Arc<Administer>>,
    /// Its use cases about people; there if `administer` is.
    pub desk: Option<Arc<Desk>>,
}

impl Gate {
    /// The live session that a request brings, and what its holder holds now. A stale record counts as nobody: whoever
    /// asks here can do without.
    pub async fn present(
        &self,
        arrived: &Arrived,
        headers: &HeaderMap,
    ) -> Result<Option<(Arc<Live>, Arc<Held>)>, StoreError> {
        let SessionCookie::Present(text) = cookies::session(headers, arrived.is_secure()) else {
            return Ok(None);
        };
        let Some(key) = key_of(text) else { return Ok(None) };
        let live = match self.visits.recall(&key) {
            Recall::Known(live) => Some(live),
            Recall::Ended => None,
            Recall::Unknown => self.visits.load(&key).await?,
        };
        // Whoever looks through another's eyes is nobody here: no page of ours may take them for that person.
        let Some(live) = live.filter(|live| live.session().viewer.is_none()) else { return Ok(None) };
        match self.visits.presence(&live, &arrived.site.host, self.clock.now()) {
            Presence::Present(held) => Ok(Some((live, held))),
            Presence::Stale | Presence::Over => Ok(None),
        }
    }
}

/// An answer of ours with a whole body.
pub fn answer(response: Response<Bytes>) -> Response<Body> {
    response.map(Body::from)
}

/// Sends the browser elsewhere by GET. Never stored, and the address that it leaves is told to nobody.
pub fn see_other(address: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The answer to a HEAD where a GET would begin, change or end something: nothing happens (RFC 9110 §9.2.1). Programs that try
/// links out send it.
pub async fn unchanged() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds cookies to an answer.
pub fn with_cookies(
    mut response: Response<Body>,
    cookies: impl IntoIterator<Item = Option<HeaderValue>>,
) -> Response<Body> {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
