//! Sockets and the accept loop of one thread.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection;
use super::networks::{NetworkStanding, Networks};
use super::settings::{Listener, ListenerSettings};
use crate::web::proxy::Worker;

/// Newcomers that the kernel keeps for us.
const BACKLOG: i32 = 4096;

/// After an accept failed (no file descriptors left, mostly), so that the loop does not spin.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// A socket that shares its port with those of the other threads.
pub(super) fn socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address, true)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Fails if anybody listens there already. Sockets that share a port would let a second gateway in without a word, and
/// visitors would meet now one and now the other.
pub(super) fn must_be_free(address: SocketAddr) -> io::Result<()> {
    bound(address, false).map(drop)
}

fn bound(address: SocketAddr, is_shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Hands the socket to the runtime of the current thread.
pub(super) fn listen(socket: TcpListener) -> io::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::from_std(socket)
}

/// Accepts until `stop`, then waits for the open connections within the drain limit.
pub(super) async fn accept(
    socket: tokio::net::TcpListener,
    listener: Listener,
    settings: ListenerSettings,
    worker: Rc<Worker>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(settings.connections.div_ceil(settings.threads.get())));
    let networks = Networks::new(settings.connections_per_network.div_ceil(settings.threads.get()));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = newcomer(&socket, &places) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer, place)) => {
                let standing = networks.enter(peer.ip(), worker.is_proxy(peer.ip()));
                if !matches!(standing, NetworkStanding::Within(_)) {
                    worker.meter().limits.connections.inc();
                }
                let (is_welcome, member) = match standing {
                    NetworkStanding::Within(member) => (true, member),
                    NetworkStanding::Over(member) => (false, Some(member)),
                    NetworkStanding::FarOver => continue,
                };
                let (worker, listener, stop) = (worker.clone(), listener.clone(), stop.clone());
                connections.spawn_local(async move {
                    let _place = (place, member);
                    worker.meter().connections.inc();
                    let _count = Counted(&worker);
                    connection::serve(stream, peer, is_welcome, &listener, &settings, &worker, &stop).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
    drop(socket);
    let finished = async { while connections.join_next().await.is_some() {} };
    // Whoever is still here after the limit is closed when the set is dropped.
    let _ = timeout(settings.drain, finished).await;
}

async fn newcomer(
    socket: &tokio::net::TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    Ok((stream, peer, place))
}

struct Counted<'a>(&'a Worker);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.meter().connections.dec();
    }
}
