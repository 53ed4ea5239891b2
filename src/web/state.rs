//! What the handlers of the control plane share.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use crate::adapters::ams::Ams;
use crate::adapters::clock::SharedClock;
use crate::flows::administer::Administer;
use crate::flows::administer::services::AdminServices;
use crate::flows::hooks::Hooks;
use crate::flows::keyring::Keyring;
use crate::flows::long_addresses::LongAddresses;
use crate::flows::person::PublishedRules;
use crate::flows::refresh::Refresh;
use crate::flows::role_lists::Lists;
use crate::flows::sign_in::SignIn;
use crate::flows::visit::Visits;

/// The use cases and what they rest on.
#[derive(Clone)]
pub struct Services {
    /// Signing in.
    pub sign_in: Arc<SignIn>,
    /// Sessions.
    pub visits: Arc<Visits>,
    /// Reads people again.
    pub refresh: Arc<Refresh>,
    /// Takes the calls of the AMS's hooks.
    pub hooks: Arc<Hooks>,
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
    pub admin_services: Option<Arc<AdminServices>>,
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
