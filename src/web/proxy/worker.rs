//! The data plane on one core: what its requests share, and what is looked after between them.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Request};

use super::context::{Context, is_read};
use super::gate::{Gate, Peer};
use super::meter::Meter;
use super::streams::{self, Streams};
use super::{client_address, headers};
use crate::adapters::keys::{CryptographyFailed, random};
use crate::adapters::upstream::Upstreams;
use crate::web::identity::Stamps;

/// The data plane on one core.
pub struct Worker {
    pub(super) gate: Arc<Gate>,
    pub(super) upstreams: Upstreams,
    pub(super) stamps: RefCell<Stamps>,
    pub(super) streams: Streams,
    /// Who asked wrongly at `/_gate/verify`, as far as it was logged.
    pub(super) odd_askers: RefCell<HashSet<IpAddr>>,
    /// Request ids of this core begin with it.
    core_id: String,
    requests: Cell<u64>,
}

impl Worker {
    /// A worker for the core of the current thread.
    pub fn new(gate: Arc<Gate>) -> Result<Rc<Worker>, CryptographyFailed> {
        let upstreams = Upstreams::new(Arc::clone(&gate.meter.upstream), headers::trailers);
        let core_id = random::token()?.chars().filter(char::is_ascii_alphanumeric).take(10).collect();
        Ok(Rc::new(Worker {
            gate,
            upstreams,
            stamps: RefCell::default(),
            streams: Streams::default(),
            odd_askers: RefCell::default(),
            core_id,
            requests: Cell::new(0),
        }))
    }

    /// Looks after open streams and idle connections; never ends by itself.
    pub async fn tend(self: Rc<Worker>) {
        let mut period = tokio::time::interval(streams::PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            period.tick().await;
            self.gate.refusal_log.close_windows(Instant::now());
            self.streams.ask(&self.gate);
            self.upstreams.sweep();
            self.gate.meter.limits.tell();
        }
    }

    /// Whether this address carries the requests of many visitors: a proxy before us, or a web server that asks us.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        let settings = &self.gate.snapshot.load().settings;
        let mut known = settings.trusted_proxies.iter().chain(&settings.forward_auth_proxies);
        known.any(|network| network.contains(address))
    }

    /// The counters, which connections share.
    pub fn meter(&self) -> &Meter {
        &self.gate.meter
    }

    /// What is known of a request before it is looked into.
    pub(super) fn context<B>(&self, peer: Peer, request: &Request<B>) -> Context {
        let snapshot = self.gate.snapshot.load_full();
        let trusted = &snapshot.settings.trusted_proxies;
        let (client, is_secure) = if trusted.is_empty() {
            (peer.address.to_canonical(), peer.is_secure)
        } else {
            let seen = client_address::came_from(peer.address, request.headers(), trusted);
            (seen.address, peer.is_secure || seen.is_secure)
        };
        let request_id = self.next_request_id();
        let read = is_read(request.method()).then(|| request.uri().path_and_query().cloned()).flatten();
        Context { snapshot, site: None, host: "".into(), client, is_secure, request_id, read }
    }

    pub(super) fn next_request_id(&self) -> HeaderValue {
        let number = self.requests.get();
        self.requests.set(number + 1);
        let request_id = HeaderValue::from_str(&format!("{}-{number:x}", self.core_id));
        request_id.unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    }
}
