//! Sites and settings in force: what a reload replaces.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::adapters::pace::LeastRate;
use crate::adapters::upstream::{Endpoints, UploadLimits};
use crate::domain::access::Sites;
use crate::domain::association::Association;
use crate::domain::network::Network;
use crate::domain::return_to::is_ours;
use crate::web::paths;

/// Limits of the data plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// Proxies before us that are believed when they say where a visitor comes from. Default: none.
    pub trusted_proxies: Vec<Network>,
    /// Web servers that may ask at `/_gate/verify`, and whose word about a visitor's request is believed there. Default: none.
    pub forward_auth_proxies: Vec<Network>,
    /// Largest form that is kept across a sign-in, in bytes. Default: 64 KiB.
    pub form_limit: u64,
    /// How long a request waits for a new record when the one at hand is too old to be believed. Default: 10 s.
    pub refresh_wait: Duration,
    /// How long an answer may go without a byte. WebSockets are exempt. Default: 5 min.
    pub stream_idle: Duration,
    /// The rate at which visitors have to read answers over HTTP/2. Default: 500 bytes a second, 60 s behind at most.
    pub reading: LeastRate,
    /// Limits of request bodies.
    pub upload: UploadLimits,
    /// `Strict-Transport-Security` of answers over our own TLS. Default: none.
    pub hsts: Option<HeaderValue>,
    /// The host at which we are an OpenID Provider; two more addresses are ours there. Default: none.
    pub provider_host: Option<Arc<str>>,
}

impl ProxySettings {
    /// Whether one reading of a path is an address of ours and not the site's.
    pub(super) fn is_ours(&self, host: &str, reading: &str) -> bool {
        is_ours(reading) || self.provider_host.as_deref() == Some(host) && paths::is_discovery(reading)
    }
}

impl Default for ProxySettings {
    fn default() -> ProxySettings {
        ProxySettings {
            trusted_proxies: Vec::new(),
            forward_auth_proxies: Vec::new(),
            form_limit: 64 * 1024,
            refresh_wait: Duration::from_secs(10),
            stream_idle: Duration::from_secs(300),
            reading: LeastRate { per_second: 500, patience: Duration::from_secs(60) },
            upload: UploadLimits::default(),
            hsts: None,
            provider_host: None,
        }
    }
}

/// Everything that a reload replaces, as one piece.
pub struct Snapshot {
    /// The sites.
    pub sites: Arc<Sites>,
    /// Where each of them is reached.
    pub endpoints: Endpoints,
    /// Limits.
    pub settings: ProxySettings,
    /// Who runs the sites.
    pub association: Arc<Association>,
}
