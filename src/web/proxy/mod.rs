//! The data plane: requests from visitors to sites and back.
//!
//! Each core has a `Worker` of its own; they share the `Gate`, which holds snapshots and no locks. Kept out: sockets
//! (`serve`), what may be reached (`domain::access`), who is asking (`flows::visit`), and our own pages (control plane).

mod answer;
mod asked;
mod body;
mod client_address;
mod control;
mod cookies;
mod declined;
mod early;
mod forward;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod headers;
mod intake;
mod internal_names;
mod meter;
mod original;
mod shared_caches;
mod streams;
mod upgrade;
mod verify;
mod view;
mod visitor;
mod worker;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;

pub use body::{Body, BodyError};
pub use control::Control;
pub use headers::REQUEST_ID;
pub use meter::{Limited, Meter};
pub use worker::Worker;

use crate::adapters::clock::SharedClock;
use crate::adapters::pace::LeastRate;
use crate::adapters::upstream::{Endpoints, UploadLimits};
use crate::domain::access::Sites;
use crate::domain::network::Network;
use crate::domain::return_to::is_ours;
use crate::flows::keyring::Keyring;
use crate::flows::long_addresses::LongAddresses;
use crate::flows::person::PublishedRules;
use crate::flows::visit::Visits;
use crate::web::arrived::Association;
use crate::web::paths;
use crate::web::refusal_log::RefusalLog;

/// Limits of the data plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
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

impl Settings {
    /// Whether one reading of a path is an address of ours and not the site's.
    fn is_ours(&self, host: &str, reading: &str) -> bool {
        is_ours(reading) || self.provider_host.as_deref() == Some(host) && paths::is_discovery(reading)
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
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
    pub settings: Settings,
    /// Who runs the sites.
    pub association: Arc<Association>,
}

/// What all cores share.
pub struct Gate {
    /// Sites and settings in force.
    pub snapshot: ArcSwap<Snapshot>,
    /// Sessions.
    pub visits: Arc<Visits>,
    /// Addresses that are too long to travel through a sign-in.
    pub long: Arc<LongAddresses>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// Signs assertions.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: SharedClock,
    /// Our own pages.
    pub control: Control,
    /// Counters.
    pub meter: Meter,
    /// Where refused requests are written down.
    pub refusal_log: Arc<RefusalLog>,
}

/// The visitor's end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether we ended TLS.
    pub is_secure: bool,
    /// Whether its network has no more connections than it may have.
    pub is_welcome: bool,
}
