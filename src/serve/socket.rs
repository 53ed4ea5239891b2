//! The socket of a visitor's connection: how it closes, and how slowly a visitor may read.
//!
//! An answer that is given before the request was read must not be lost: closing a socket with unread bytes makes the kernel
//! reset the connection, and the visitor's system throws away what it had received. So the socket is closed as RFC 9112 §9.6
//! says: our side first, then what still comes is read and discarded, within limits, and then the rest. It lies below TLS, so
//! one way serves both, and whatever the HTTP library refuses by itself closes like that too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::adapters::pace::{LeastRate, Pace};

/// How long, in all, bytes are discarded before a connection is closed.
const DISCARD: Duration = Duration::from_secs(30);

/// How long the visitor may be silent meanwhile.
const SILENCE: Duration = Duration::from_secs(5);

/// The same while the gateway stops, in all.
const DISCARD_WHEN_STOPPING: Duration = Duration::from_secs(1);

/// Bytes that are discarded at most.
const MOST_DISCARDED: usize = 64 * 1024 * 1024;

/// How often a connection that discards looks whether the gateway stops.
const TICK: Duration = Duration::from_millis(250);

/// What the owner of a connection tells its socket.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    is_settled: AtomicBool,
    is_tunnel: AtomicBool,
    is_stopping: AtomicBool,
}

impl Conduct {
    /// Every request was read to its end, so that closing loses nothing. Counts until more bytes come.
    pub(super) fn settle(&self) {
        self.is_settled.store(true, Relaxed);
    }

    /// A request has begun.
    pub(super) fn unsettle(&self) {
        self.is_settled.store(false, Relaxed);
    }

    /// From now on the bytes belong to a tunnel: none is discarded, and its ends may be as slow as they like.
    pub(super) fn become_tunnel(&self) {
        self.is_tunnel.store(true, Relaxed);
    }

    /// The gateway stops, so nobody is waited for long.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Relaxed);
    }
}

/// A visitor's TCP connection.
pub(super) struct Socket {
    stream: TcpStream,
    conduct: Arc<Conduct>,
    /// The visitor has closed its side.
    is_ended: bool,
    reading: Pace,
    cut: Counter,
    closing: Option<Closing>,
}

struct Closing {
    since: Instant,
    latest: Instant,
    left: usize,
    timer: Pin<Box<Sleep>>,
}

impl Socket {
    /// `least`: the rate at which the visitor has to read; `cut` counts those who did not.
    pub(super) fn new(stream: TcpStream, least: LeastRate, cut: Counter) -> (Socket, Arc<Conduct>) {
        let conduct = Arc::<Conduct>::default();
        let socket = Socket {
            stream,
            conduct: Arc::clone(&conduct),
            is_ended: false,
            reading: Pace::new(least),
            cut,
            closing: None,
        };
        (socket, conduct)
    }

    fn paced(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.reading.moved(*bytes),
            Poll::Pending
                if self.conduct.is_tunnel.load(Relaxed) || self.reading.poll_late(cx).is_pending() => {}
            Poll::Pending => {
                self.cut.inc();
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Poll::Ready(Err(_)) => {}
        }
        written
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let closing = self.closing.get_or_insert_with(|| {
            let now = Instant::now();
            Closing { since: now, latest: now, left: MOST_DISCARDED, timer: Box::pin(sleep(TICK)) }
        });
        let mut bytes = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    closing.left = closing.left.saturating_sub(buffer.filled().len());
                    closing.latest = Instant::now();
                    if closing.left == 0 {
                        return Poll::Ready(());
                    }
                }
                // The visitor has closed its side too, or is gone.
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            let is_stopping = self.conduct.is_stopping.load(Relaxed);
            let limit = if is_stopping { DISCARD_WHEN_STOPPING } else { DISCARD };
            if closing.since.elapsed() >= limit || closing.latest.elapsed() >= SILENCE {
                return Poll::Ready(());
            }
            if buffer.filled().is_empty() {
                ready!(closing.timer.as_mut().poll(cx));
                closing.timer.as_mut().reset(Instant::now() + TICK);
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match &polled {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.conduct.unsettle(),
            Poll::Ready(Ok(())) if buffer.remaining() == 0 => {}
            Poll::Ready(_) => self.is_ended = true,
            Poll::Pending => {}
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buffer);
        self.paced(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.paced(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            let Conduct { is_settled, is_tunnel, .. } = &*self.conduct;
            if self.is_ended || is_settled.load(Relaxed) || is_tunnel.load(Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_discard(cx).map(Ok)
    }
}
