//! The sites behind us: one set of connection pools per core, HTTP/1.1, nothing shared between threads.
//!
//! `Upstreams::send` demands a `Permit`, and the permit names the site, so a yes for one site cannot open another's upstream.
//! Which headers travel is not known here.

pub(super) mod connect;
mod dial;
mod error;
mod exchange;
mod framing;
mod limits;
mod outgoing;
mod pool;
mod stream;
mod upload;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderMap;
use hyper::{Request, Response};

pub use connect::{Endpoint, EndpointFault, Trust};
pub use dial::Resolver;
pub use error::UpstreamError;
pub use exchange::SiteBody;
pub use limits::{MAX_FIELDS, UpstreamLimits};
use pool::Pool;
pub use pool::PoolTally;
pub use upload::{Rest, Upload, UploadLimits};

use crate::domain::access::Permit;
use crate::domain::network::ClientNetwork;

/// Where each site is reached, by its name.
pub type Endpoints = HashMap<Arc<str>, Arc<Endpoint>>;

/// The pools of one core.
pub struct Upstreams {
    pools: RefCell<HashMap<Arc<str>, Rc<Pool>>>,
    tally: Arc<PoolTally>,
    trailers: fn(&mut HeaderMap),
}

impl Upstreams {
    /// No connections yet. `trailers` takes out of a visitor's trailer section what must not reach a site.
    pub fn new(tally: Arc<PoolTally>, trailers: fn(&mut HeaderMap)) -> Upstreams {
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
