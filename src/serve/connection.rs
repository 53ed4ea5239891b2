//! One connection of a visitor: TLS if any, HTTP/1.1 or HTTP/2, until it ends, idles for too long, or we drain.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, header};
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::{Executor, Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::settings::{Listener, ListenerSettings};
use super::socket::{Conduct, Socket};
use crate::adapters::upstream::MAX_FIELDS;
use crate::web::proxy::{Peer, Worker};

/// With what an HTTP/2 connection begins when the client knows beforehand (RFC 9113 §3.4); no HTTP/1 method begins so.
const PRIOR_KNOWLEDGE: &[u8] = b"PRI";

/// How long a connection may be silent whose network has too many.
const UNWELCOME: Duration = Duration::from_secs(5);

/// What a client may send on one stream and on one connection before we have taken it, in bytes. It lies in memory meanwhile.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;

/// Bytes that may wait in the kernel for a visitor who reads slowly. Small, so that slowness shows here and costs little memory.
const UNSENT: u32 = 128 * 1024;

/// How a connection goes wrong is the client's own affair and not logged, but for a header section that we refuse. `is_welcome`:
/// its network has no more connections than it may have.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    is_welcome: bool,
    listener: &Listener,
    settings: &ListenerSettings,
    worker: &Rc<Worker>,
    stop: &CancellationToken,
) {
    if prepare(&stream, settings).is_err() {
        return;
    }
    let peer = Peer { address: peer.ip(), is_secure: listener.tls.is_some(), is_welcome };
    let settings =
        &ListenerSettings { header: if is_welcome { settings.header } else { UNWELCOME }, ..*settings };
    let slow = &worker.meter().limits.slow_downloads;
    let Some(tls) = &listener.tls else {
        // A connection that has not said anything keeps nobody waiting when we drain.
        let first = stop.run_until_cancelled(timeout(settings.header, has_prior_knowledge(&stream))).await;
        let Some(Ok(Some(is_h2))) = first else { return };
        let (socket, conduct) = Socket::new(stream, settings.reading, slow.clone());
        return speak(TokioIo::new(socket), conduct, is_h2, peer, settings, worker, stop).await;
    };
    let acceptor = TlsAcceptor::from(tls.load_full());
    let (socket, conduct) = Socket::new(stream, settings.reading, slow.clone());
    let shaken = stop.run_until_cancelled(timeout(settings.handshake, acceptor.accept(socket))).await;
    let Some(Ok(Ok(stream))) = shaken else { return };
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(TokioIo::new(stream), conduct, is_h2, peer, settings, worker, stop).await;
}

/// Options of an accepted connection. A client that vanished, or that reads nothing, is given up by the kernel.
fn prepare(stream: &TcpStream, settings: &ListenerSettings) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_keepalive(true)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(settings.stalled))?;
        socket.set_tcp_notsent_lowat(UNSENT)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = settings;
    Ok(())
}

async fn speak<I>(
    io: I,
    conduct: Arc<Conduct>,
    is_h2: bool,
    peer: Peer,
    settings: &ListenerSettings,
    worker: &Rc<Worker>,
    stop: &CancellationToken,
) where
    I: Read + Write + Unpin + Send + 'static,
{
    if is_h2 {
        speak_http2(io, &conduct, peer, settings, worker, stop).await
    } else {
        speak_http1(io, &conduct, peer, settings, worker, stop).await
    }
}

/// Looks at the first bytes without taking them. `None`: the client left.
async fn has_prior_knowledge(stream: &TcpStream) -> Option<bool> {
    let mut first = [0; PRIOR_KNOWLEDGE.len()];
    loop {
        let seen = stream.peek(&mut first).await.ok()?;
        let seen = first.get(..seen)?;
        match seen {
            [] => return None,
            _ if seen == PRIOR_KNOWLEDGE => return Some(true),
            _ if !PRIOR_KNOWLEDGE.starts_with(seen) => return Some(false),
            // A client that sends byte by byte; there is no signal for "more than before".
            _ => sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn speak_http1<I>(
    io: I,
    conduct: &Arc<Conduct>,
    peer: Peer,
    settings: &ListenerSettings,
    worker: &Rc<Worker>,
    stop: &CancellationToken,
) where
    I: Read + Write + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let worker = Rc::clone(worker);
        conduct.unsettle();
        async move {
            let response = worker.answer(peer, request).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                conduct.become_tunnel();
            } else if !response.headers().contains_key(header::CONNECTION) {
                // Only what was not read to its end is announced as the last.
                conduct.settle();
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let header_bytes = settings.header_bytes as usize;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header)
        .max_headers(MAX_FIELDS)
        .max_header_size(header_bytes)
        .max_buf_size(header_bytes.max(8192))
        .serve_connection(io, service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                worker.log_unread(peer, &error);
            }
            return;
        }
        () = stop.cancelled() => {}
    }
    conduct.stop();
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn speak_http2<I>(
    io: I,
    conduct: &Conduct,
    peer: Peer,
    settings: &ListenerSettings,
    worker: &Rc<Worker>,
    stop: &CancellationToken,
) where
    I: Read + Write + Unpin + Send + 'static,
{
    let activity = Rc::new(Activity::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (worker, underway) = (Rc::clone(worker), Activity::begin(&activity));
        async move {
            let _underway = underway;
            Ok::<_, std::convert::Infallible>(worker.answer(peer, request).await)
        }
    });
    let connection = http2::Builder::new(OnThisThread)
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.streams)
        .max_header_list_size(settings.header_bytes)
        .max_pending_accept_reset_streams(32)
        .max_local_error_reset_streams(128)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(256 * 1024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        // Streams under way are not cut by this, only new ones are turned to a new connection.
        () = activity.idle_for(settings.idle) => {}
    }
    conduct.stop();
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Runs the streams of an HTTP/2 connection on the thread of the connection.
#[derive(Clone, Copy)]
struct OnThisThread;

impl<F: Future + 'static> Executor<F> for OnThisThread {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(async move { drop(stream.await) });
    }
}

/// Requests under way on one connection.
struct Activity {
    count: Cell<usize>,
    latest: Cell<Instant>,
}

impl Activity {
    fn new() -> Activity {
        Activity { count: Cell::new(0), latest: Cell::new(Instant::now()) }
    }

    fn begin(activity: &Rc<Activity>) -> Underway {
        activity.count.set(activity.count.get() + 1);
        Underway(Rc::clone(activity))
    }

    /// Returns once nothing has been under way for `limit`.
    async fn idle_for(&self, limit: Duration) {
        loop {
            let until = if self.count.get() > 0 { Instant::now() } else { self.latest.get() } + limit;
            sleep_until(until).await;
            if self.count.get() == 0 && self.latest.get().elapsed() >= limit {
                return;
            }
        }
    }
}

struct Underway(Rc<Activity>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get().saturating_sub(1));
        self.0.latest.set(Instant::now());
    }
}
