//! What the data plane knows of a request when it hands it to the control plane, as request extensions.

use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

use crate::domain::access::Site;

/// A request that arrived for one of our own addresses.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The site on whose host it arrived.
    pub site: Arc<Site>,
    /// The host as `domain::access::normal_host` gives it; sessions are bound to it.
    pub host: Arc<str>,
    /// Names the request in the log and on error pages.
    pub request_id: Arc<str>,
    /// The visitor's address, as far as trusted proxies tell it.
    pub client_address: IpAddr,
    /// Whether the visitor's connection is encrypted.
    pub is_secure: bool,
}

/// The address for which a form was meant that is handed to `paths::KEEP_FORM`: path and query.
#[derive(Debug, Clone)]
pub struct Original(pub Uri);
