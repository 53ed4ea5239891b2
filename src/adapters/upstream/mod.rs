//! The sites behind us: one set of connection pools per core, HTTP/1.1, nothing shared between threads.
//!
//! `Upstreams::send` demands a `Permit`, and the permit names the site, so a yes for one site cannot open another's upstream.
//! Which headers travel is not known here.

mod connect;
mod dial;
mod exchange;
mod framing;
mod pool;
mod stream;
mod upload;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use hyper::{Request, Response};

pub use connect::{Endpoint, EndpointFault, Trust};
pub use dial::Resolver;
pub use exchange::{Outgoing, SiteBody};
use pool::Pool;
pub use upload::{Rest, Upload, UploadError, UploadLimits};

use crate::domain::access::Permit;
use crate::domain::network::ClientNetwork;

/// Fields of one header or trailer section, in requests as in answers.
pub const MAX_FIELDS: usize = 256;
/// Bytes of the header section of an answer.
pub const MAX_ANSWER_HEAD: usize = 64 * 1024;

/// Time limits and sizes towards one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For name look-up, which may use half of it, and TCP connection. Default: 5 s.
    pub connect: Duration,
    /// For the TLS handshake. Default: 5 s.
    pub tls: Duration,
    /// Until the site's header section is there, counted from the last part of the request body that it took. Default: 60 s.
    pub headers: Duration,
    /// How long an unused connection is kept. Default: 4 s, just below the 5 s after which many servers close theirs, so that
    /// a request is seldom sent into a connection that the site is closing.
    pub idle: Duration,
    /// Connections to this site, for each core. Default: 512.
    pub connections: usize,
    /// How many of them requests of one client network may use at a time, for each core. Default: 128.
    pub connections_per_network: usize,
    /// Requests that may wait for a connection, for each core; a quarter of them of one client network. Default: 1024.
    pub waiting: usize,
    /// How long such a request waits. Default: 5 s.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(5),
            tls: Duration::from_secs(5),
            headers: Duration::from_secs(60),
            idle: Duration::from_secs(4),
            connections: 512,
            connections_per_network: 128,
            waiting: 1024,
            wait: Duration::from_secs(5),
        }
    }
}

/// Why a site gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection. The site's fault.
    #[error("the site cannot be reached: {0}")]
    Unreachable(#[source] std::io::Error),
    /// The name has no address, or nobody says which. The site's fault, or that of the name service.
    #[error("the site's name cannot be looked up: {0}")]
    NameUnknown(#[source] std::io::Error),
    /// No connection within the limit; with the addresses that were tried. The site's fault.
    #[error("the site took too long to accept a connection at {0}")]
    ConnectTimeout(String),
    /// No end of the TLS handshake within the limit. The site's fault.
    #[error("the site took too long to agree on encryption")]
    HandshakeTimeout,
    /// No TLS session, or a certificate that is not trusted. The site's fault.
    #[error("no secure connection to the site: {0}")]
    Untrusted(#[source] std::io::Error),
    /// Connected, but no header section within the limit. The site's fault.
    #[error("the site took too long to answer")]
    HeadersTimeout,
    /// The connection broke before the answer began. The site's fault.
    #[error("the site broke off: {0}")]
    Broken(#[source] hyper::Error),
    /// The answer cannot be read, or read in one way only. The site's fault.
    #[error("the site's answer is not valid HTTP: {0}")]
    NotHttp(#[source] hyper::Error),
    /// The body is coded in a way that we have not asked for, so that it would arrive as another one. The site's fault.
    #[error("the site's answer has a transfer coding other than `chunked`, or several")]
    UnknownCoding,
    /// The header section of the answer is larger than we take. The site's fault.
    #[error(
        "the header section of the site's answer has more than {MAX_FIELDS} fields or {MAX_ANSWER_HEAD} bytes"
    )]
    AnswerTooLarge,
    /// The site has changed the protocol without being asked. The site's fault.
    #[error("the site switched to another protocol without being asked")]
    UnaskedUpgrade,
    /// The visitor's body ended early or broke. The visitor's fault.
    #[error("the visitor's request broke off")]
    RequestBroken,
    /// The visitor sent the body too slowly. The visitor's fault.
    #[error("the visitor sent the request too slowly")]
    RequestSlow,
    /// Every connection is in use and the queue is full or slow. Our fault, or a slow site's.
    #[error("too many requests are waiting for the site")]
    Busy,
    /// The client's network uses all the connections that it may use at a time. The visitor's fault, or of others in its network.
    #[error("too many requests of one network are waiting for the site")]
    NetworkBusy,
    /// The permit names a site that has no upstream. Our fault.
    #[error("the site has no upstream")]
    NoUpstream,
}

/// Where each site is reached, by its name.
pub type Endpoints = HashMap<Arc<str>, Arc<Endpoint>>;

/// What the pools have done so far, for metrics.
#[derive(Debug, Default)]
pub struct Tally {
    /// Connections opened.
    pub opened: prometheus_client::metrics::counter::Counter,
    /// Requests that went over a connection that was there already.
    pub reused: prometheus_client::metrics::counter::Counter,
    /// Memory in which the beginnings of request bodies are kept now, in bytes.
    pub buffered: prometheus_client::metrics::gauge::Gauge,
}

/// The pools of one core.
pub struct Upstreams {
    pools: RefCell<HashMap<Arc<str>, Rc<Pool>>>,
    tally: Arc<Tally>,
    trailers: fn(&mut HeaderMap),
}

impl Upstreams {
    /// No connections yet. `trailers` takes out of a visitor's trailer section what must not reach a site.
    pub fn new(tally: Arc<Tally>, trailers: fn(&mut HeaderMap)) -> Upstreams {
        Upstreams { pools: RefCell::default(), tally, trailers }
    }

    /// Sends a request to the site of `permit` and waits for the head of the answer. The body follows as it comes; when it
    /// has ended, its connection serves the next request.
    ///
    /// `may_repeat`: the site takes the request for none but idempotent methods, so it may be sent a second time if a kept
    /// connection turns out to be closed (RFC 9110 §9.2.2).
    pub async fn send(
        &self,
        permit: &Permit<'_>,
        endpoints: &Endpoints,
        client: ClientNetwork,
        request: Request<Upload>,
        may_repeat: bool,
    ) -> Result<Response<SiteBody>, UpstreamError> {
        let name = &permit.site().name;
        let endpoint = endpoints.get(name).ok_or(UpstreamError::NoUpstream)?;
        exchange::exchange(self.pool(name, endpoint), client, request, self.trailers, may_repeat).await
    }

    fn pool(&self, name: &Arc<str>, endpoint: &Arc<Endpoint>) -> Rc<Pool> {
        let mut pools = self.pools.borrow_mut();
        if let Some(pool) = pools.get(name).filter(|pool| pool.serves(endpoint)) {
            return Rc::clone(pool);
        }
        // New, or the settings were changed: what is idle at the old place is closed with its pool.
        let pool = Rc::new(Pool::new(Arc::clone(endpoint), Arc::clone(&self.tally)));
        pools.insert(Arc::clone(name), Rc::clone(&pool));
        pool
    }

    /// Closes connections that were idle for too long. To be called every few seconds.
    pub fn sweep(&self) {
        self.pools.borrow().values().for_each(|pool| pool.sweep());
    }
}
