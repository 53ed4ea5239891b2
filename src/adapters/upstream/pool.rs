//! The connections of one core to one site: kept while they are good, bounded in number.
//!
//! Single-threaded: `Rc` and `Cell`, no locks. A connection comes back only through `Lease::give_back`; a lease that is
//! dropped in any other way closes its connection, so nothing half-read or half-written is ever used again.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::connect::Endpoint;
use super::error::UpstreamError;
use super::limits::{MAX_ANSWER_HEAD, MAX_FIELDS};
use super::outgoing::Outgoing;
use super::stream::Received;
use crate::domain::network::ClientNetwork;

/// Bytes that a connection may hold in each direction.
const BUFFER: usize = 64 * 1024;

/// What the pools have done so far, for metrics.
#[derive(Debug, Default)]
pub struct PoolTally {
    /// Connections opened.
    pub opened: Counter,
    /// Requests that went over a connection that was there already.
    pub reused: Counter,
    /// Memory in which the beginnings of request bodies are kept now, in bytes.
    pub buffered: Gauge,
}

pub(super) struct Pool {
    pub(super) endpoint: Arc<Endpoint>,
    idle: RefCell<Vec<(Connection, Instant)>>,
    slots: Arc<Semaphore>,
    waiting: Cell<usize>,
    shares: RefCell<HashMap<ClientNetwork, Rc<Share>>>,
    pub(super) tally: Arc<PoolTally>,
}

/// An open connection and the task that drives it.
struct Connection {
    sender: SendRequest<Outgoing>,
    driver: AbortHandle,
    received: Received,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A connection in use by one exchange.
pub(super) struct Lease {
    pool: Rc<Pool>,
    connection: Connection,
    _slot: Slot,
    /// Whether it had served a request before.
    pub(super) is_reused: bool,
}

/// The right to hold one connection, out of all and out of the client network's share.
pub(super) struct Slot {
    _permits: [OwnedSemaphorePermit; 2],
}

/// What one client network may have of the connections and of the queue for them, so that others find room.
struct Share {
    slots: Arc<Semaphore>,
    waiting: Cell<usize>,
}

impl Pool {
    pub(super) fn new(endpoint: Arc<Endpoint>, tally: Arc<PoolTally>) -> Pool {
        let slots = Arc::new(Semaphore::new(endpoint.limits.connections));
        let (idle, shares) = (RefCell::default(), RefCell::default());
        Pool { endpoint, idle, slots, waiting: Cell::new(0), shares, tally }
    }

    pub(super) fn serves(&self, endpoint: &Arc<Endpoint>) -> bool {
        Arc::ptr_eq(&self.endpoint, endpoint)
    }

    /// Whether requests wait because every connection is in use.
    pub(super) fn is_in_demand(&self) -> bool {
        self.waiting.get() > 0
    }

    /// The right to a connection for a request from `client`; waits for one within the limits.
    pub(super) async fn slot(&self, client: ClientNetwork) -> Result<Slot, UpstreamError> {
        let limits = &self.endpoint.limits;
        let share = self.share(client);
        let of_share = self
            .place(&share.slots, &share.waiting, limits.waiting.div_ceil(4))
            .await
            .ok_or(UpstreamError::NetworkBusy)?;
        let of_all =
            self.place(&self.slots, &self.waiting, limits.waiting).await.ok_or(UpstreamError::Busy)?;
        Ok(Slot { _permits: [of_share, of_all] })
    }

    fn share(&self, client: ClientNetwork) -> Rc<Share> {
        let new = || {
            let slots = Arc::new(Semaphore::new(self.endpoint.limits.connections_per_network));
            Rc::new(Share { slots, waiting: Cell::new(0) })
        };
        Rc::clone(self.shares.borrow_mut().entry(client).or_insert_with(new))
    }

    /// One of `slots`, of which `most` may wait. `None`: not within the limits.
    async fn place(
        &self,
        slots: &Arc<Semaphore>,
        waiting: &Cell<usize>,
        most: usize,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(slots).try_acquire_owned() {
            return Some(permit);
        }
        if waiting.get() >= most {
            return None;
        }
        let _waiting = WaitingCount::new(waiting);
        timeout(self.endpoint.limits.wait, Arc::clone(slots).acquire_owned()).await.ok()?.ok()
    }

    /// A connection that is there already, the latest used first.
    pub(super) fn reuse(self: &Rc<Pool>, slot: Slot) -> Result<Lease, Slot> {
        let mut idle = self.idle.borrow_mut();
        // One that is not ready is still finishing; it stays for a later request or for the sweep.
        let Some(at) = idle.iter().rposition(|(connection, _)| connection.sender.is_ready()) else {
            return Err(slot);
        };
        let (connection, since) = idle.remove(at);
        if since.elapsed() >= self.endpoint.limits.idle {
            // The latest used is too old, and so are all others.
            idle.clear();
            return Err(slot);
        }
        self.tally.reused.inc();
        Ok(Lease { pool: Rc::clone(self), connection, _slot: slot, is_reused: true })
    }

    /// A new connection.
    pub(super) async fn open(self: &Rc<Pool>, slot: Slot) -> Result<Lease, UpstreamError> {
        let stream = self.endpoint.connect().await?;
        let received = stream.received().clone();
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(BUFFER)
            .max_headers(MAX_FIELDS)
            .max_header_size(MAX_ANSWER_HEAD)
            // Folded lines are joined and blanks before a colon removed, as RFC 9112 §5.1 and §5.2 ask of a gateway.
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(UpstreamError::Broken)?;
        // The error reaches the exchange as well; here it has nobody to tell.
        let driver = tokio::task::spawn_local(async move { drop(connection.with_upgrades().await) });
        let connection = Connection { sender, driver: driver.abort_handle(), received };
        self.tally.opened.inc();
        Ok(Lease { pool: Rc::clone(self), connection, _slot: slot, is_reused: false })
    }

    pub(super) fn sweep(&self) {
        let limit = self.endpoint.limits.idle;
        let alive = |(connection, since): &(Connection, Instant)| {
            !connection.sender.is_closed() && since.elapsed() < limit
        };
        self.idle.borrow_mut().retain(alive);
        // Nobody holds or waits for anything of a share that only the map has, if all of it is there.
        let full = self.endpoint.limits.connections_per_network;
        self.shares
            .borrow_mut()
            .retain(|_, share| Rc::strong_count(share) > 1 || share.slots.available_permits() < full);
    }
}

impl Lease {
    pub(super) fn sender(&mut self) -> &mut SendRequest<Outgoing> {
        &mut self.connection.sender
    }

    /// Whether a byte has come from the site since the last `reset`.
    pub(super) fn received(&self) -> &Received {
        &self.connection.received
    }

    pub(super) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    /// Closes the connection and keeps the right to another one.
    pub(super) fn into_slot(self) -> Slot {
        self._slot
    }

    /// The exchange is over and the connection is clean.
    pub(super) fn give_back(self) {
        if !self.connection.sender.is_closed() {
            self.pool.idle.borrow_mut().push((self.connection, Instant::now()));
        }
    }
}

struct WaitingCount<'a>(&'a Cell<usize>);

impl<'a> WaitingCount<'a> {
    fn new(count: &'a Cell<usize>) -> WaitingCount<'a> {
        count.set(count.get() + 1);
        WaitingCount(count)
    }
}

impl Drop for WaitingCount<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}
