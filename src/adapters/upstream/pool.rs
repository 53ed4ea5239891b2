//! The connections of one core to one site: kept while they are good, bounded in number.
//!
//! Single-threaded: `Rc` and `Cell`, no locks. A connection comes back only through `Lease::give_back`; a lease that is
//! dropped in any other way closes its connection, so nothing half-read or half-written is ever used again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::connect::Endpoint;
use super::exchange::Outgoing;
use super::{Tally, UpstreamError};

pub(super) struct Pool {
    pub(super) endpoint: Arc<Endpoint>,
    idle: RefCell<Vec<(Connection, Instant)>>,
    slots: Arc<Semaphore>,
    waiting: Cell<usize>,
    tally: Arc<Tally>,
}

/// An open connection and the task that drives it.
struct Connection {
    sender: SendRequest<Outgoing>,
    driver: AbortHandle,
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

/// The right to hold one connection.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(endpoint: Arc<Endpoint>, tally: Arc<Tally>) -> Pool {
        let slots = Arc::new(Semaphore::new(endpoint.limits.connections));
        Pool { endpoint, idle: RefCell::default(), slots, waiting: Cell::new(0), tally }
    }

    pub(super) fn serves(&self, endpoint: &Arc<Endpoint>) -> bool {
        Arc::ptr_eq(&self.endpoint, endpoint)
    }

    /// The right to a connection; waits for one within the limits.
    pub(super) async fn slot(&self) -> Result<Slot, UpstreamError> {
        let slots = Arc::clone(&self.slots);
        if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
            return Ok(Slot { _permit: permit });
        }
        if self.waiting.get() >= self.endpoint.limits.waiting {
            return Err(UpstreamError::Busy);
        }
        let _waiting = Waiting::new(&self.waiting);
        match timeout(self.endpoint.limits.wait, slots.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Slot { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(UpstreamError::Busy),
        }
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
        let (sender, connection) =
            http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(UpstreamError::Broken)?;
        // The error reaches the exchange as well; here it has nobody to tell.
        let driver = tokio::task::spawn_local(async move { drop(connection.with_upgrades().await) });
        let connection = Connection { sender, driver: driver.abort_handle() };
        self.tally.opened.inc();
        Ok(Lease { pool: Rc::clone(self), connection, _slot: slot, is_reused: false })
    }

    pub(super) fn sweep(&self) {
        let limit = self.endpoint.limits.idle;
        let alive = |(connection, since): &(Connection, Instant)| {
            !connection.sender.is_closed() && since.elapsed() < limit
        };
        self.idle.borrow_mut().retain(alive);
    }
}

impl Lease {
    pub(super) fn sender(&mut self) -> &mut SendRequest<Outgoing> {
        &mut self.connection.sender
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

struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a Cell<usize>) -> Waiting<'a> {
        count.set(count.get() + 1);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}
