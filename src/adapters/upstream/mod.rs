//! The sites behind us: one set of connection pools per core, HTTP/1.1, nothing shared between threads.
//!
//! `Upstreams::send` demands a `Permit`, and the permit names the site, so a yes for one site cannot open another's upstream.
//! Which headers travel is not known here.

mod connect;
mod exchange;
mod pool;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use hyper::body::Incoming;
use hyper::{Request, Response};

pub use connect::{Endpoint, EndpointFault, Trust};
pub use exchange::{Outgoing, SiteBody};
use pool::Pool;

use crate::domain::access::Permit;

/// Time limits and sizes towards one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For name look-up and TCP connection. Default: 5 s.
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
    /// Requests that may wait for a connection, for each core. Default: 1024.
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
    /// No connection within the limit. The site's fault.
    #[error("the site took too long to accept a connection")]
    ConnectTimeout,
    /// No TLS session, or a certificate that is not trusted. The site's fault.
    #[error("no secure connection to the site: {0}")]
    Untrusted(#[source] std::io::Error),
    /// Connected, but no header section within the limit. The site's fault.
    #[error("the site took too long to answer")]
    HeadersTimeout,
    /// The connection broke before the answer began, or the answer is not HTTP. The site's fault.
    #[error("the site broke off: {0}")]
    Broken(#[source] hyper::Error),
    /// The visitor's body ended early or broke. The visitor's fault.
    #[error("the visitor's request broke off")]
    RequestBroken,
    /// Every connection is in use and the queue is full or slow. Our fault, or a slow site's.
    #[error("too many requests are waiting for the site")]
    Busy,
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
    pub async fn send(
        &self,
        permit: &Permit<'_>,
        endpoints: &Endpoints,
        request: Request<Incoming>,
    ) -> Result<Response<SiteBody>, UpstreamError> {
        let name = &permit.site().name;
        let endpoint = endpoints.get(name).ok_or(UpstreamError::NoUpstream)?;
        exchange::exchange(self.pool(name, endpoint), request, self.trailers).await
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
