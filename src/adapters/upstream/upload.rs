//! A request body on its way in from the visitor: held to a least rate, and its beginning kept here until there is enough to
//! send. A connection to a site is for whoever has something to say, not for whoever may say something one day.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::{Instant, timeout, timeout_at};

use crate::adapters::pace::{LeastRate, Pace};

/// How much of a body is kept before a place at the site is taken.
const BEGINNING: usize = 64 * 1024;

/// How often a body that is still short of that is asked whether it keeps the least rate. If so it goes on without waiting.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// What is left of a body and smaller is waited for, so that the connection can go on.
const SMALL_REST: u64 = 64 * 1024;

/// How long that is waited for.
const REST_WAIT: Duration = Duration::from_millis(100);

/// Limits of request bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLimits {
    /// The rate at which visitors have to send. Default: 500 bytes a second, 20 s behind at most.
    pub least: LeastRate,
    /// Memory for the beginnings of bodies, all together, in bytes. Beyond it bodies go to the site unkept. Default: 64 MiB.
    pub memory: usize,
}

impl Default for UploadLimits {
    fn default() -> UploadLimits {
        let least = LeastRate { per_second: 500, patience: Duration::from_secs(20) };
        UploadLimits { least, memory: 64 * 1024 * 1024 }
    }
}

/// Why a request body stopped before its end. The visitor's fault.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It broke off, or is malformed.
    #[error("the visitor's request broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// The visitor sent too slowly.
    #[error("the visitor sent too slowly")]
    Slow,
}

/// A request body.
pub struct Upload {
    incoming: Option<Incoming>,
    beginning: Option<Bytes>,
    trailers: Option<HeaderMap>,
    pace: Pace,
    limits: UploadLimits,
    /// `None`: there is no body.
    fate: Option<Arc<BodyState>>,
}

/// What has become of a body, for whoever gave it away.
#[derive(Default)]
struct BodyState {
    is_over: AtomicBool,
    is_slow: AtomicBool,
    unread: Mutex<Option<Incoming>>,
}

impl Upload {
    /// A body that nobody has read from.
    pub fn new(incoming: Incoming, limits: UploadLimits) -> Upload {
        let fate = (!incoming.is_end_stream()).then(Arc::default);
        let pace = Pace::new(limits.least);
        Upload { incoming: Some(incoming), beginning: None, trailers: None, pace, limits, fate }
    }

    /// No body: of a request that is sent again.
    pub(super) fn empty() -> Upload {
        let limits = UploadLimits::default();
        let pace = Pace::new(limits.least);
        Upload { incoming: None, beginning: None, trailers: None, pace, limits, fate: None }
    }

    /// What tells later how far the body was read. `None`: there is none.
    pub fn rest(&self) -> Option<Rest> {
        self.fate.clone().map(Rest)
    }

    /// Reads until the body is over, its beginning is large enough, or it has shown that it comes at the least rate. Memory for
    /// it is taken from `kept`, and given back when the bytes are sent or dropped.
    pub(super) async fn begin(&mut self, kept: &Gauge) -> Result<(), UploadError> {
        if self.fate.is_none() {
            return Ok(());
        }
        let started = Instant::now();
        let mut asked = started + ASKED_EVERY;
        let mut first = None;
        let mut more = CountedBytes::new(kept, self.limits.memory);
        let outcome = loop {
            let length = first.as_ref().map_or(more.bytes.len(), Bytes::len);
            if self.is_read() || length >= BEGINNING {
                break Ok(());
            }
            match timeout_at(asked, std::future::poll_fn(|cx| self.poll_incoming(cx))).await {
                Ok(None) => break Ok(()),
                Ok(Some(Err(error))) => break Err(error),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    // Most bodies come in one piece, which is passed on as it is.
                    Ok(data) if length == 0 => first = Some(data),
                    Ok(data) => {
                        if let Some(first) = first.take() {
                            more.take(&first);
                        }
                        if !more.take(&data) {
                            break Ok(());
                        }
                    }
                    Err(frame) => {
                        self.trailers = frame.into_trailers().ok();
                        break Ok(());
                    }
                },
                Err(_) => {
                    let seconds = asked.duration_since(started).as_secs();
                    if length as u64 >= seconds * u64::from(self.limits.least.per_second) {
                        break Ok(());
                    }
                    asked += ASKED_EVERY;
                }
            }
        };
        self.beginning = first.or_else(|| more.into_bytes());
        outcome
    }

    /// Whether nothing more will come from the visitor.
    fn is_read(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let (Some(incoming), Some(fate)) = (&mut self.incoming, &self.fate) else { return Poll::Ready(None) };
        match Pin::new(&mut *incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.pace.moved(frame.data_ref().map_or(0, Bytes::len));
                if incoming.is_end_stream() {
                    fate.is_over.store(true, Relaxed);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(UploadError::Broken(error)))),
            Poll::Ready(None) => {
                fate.is_over.store(true, Relaxed);
                Poll::Ready(None)
            }
            Poll::Pending if self.pace.poll_late(cx).is_ready() => {
                fate.is_slow.store(true, Relaxed);
                Poll::Ready(Some(Err(UploadError::Slow)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        if let Some(beginning) = self.beginning.take() {
            return Poll::Ready(Some(Ok(Frame::data(beginning))));
        }
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        self.poll_incoming(cx)
    }

    fn is_end_stream(&self) -> bool {
        let is_over = || self.fate.as_ref().is_none_or(|fate| fate.is_over.load(Relaxed));
        self.beginning.is_none() && self.trailers.is_none() && (self.is_read() || is_over())
    }

    fn size_hint(&self) -> SizeHint {
        let is_over = self.fate.as_ref().is_none_or(|fate| fate.is_over.load(Relaxed));
        let beginning = self.beginning.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if is_over && self.trailers.is_none() {
            return SizeHint::with_exact(beginning);
        }
        let rest = self.incoming.as_ref().map(Body::size_hint).unwrap_or_default();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + beginning);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + beginning);
        }
        hint
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(incoming), Some(fate)) = (self.incoming.take(), &self.fate) {
            *fate.unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(incoming);
        }
    }
}

/// A body that was given away to be read.
pub struct Rest(Arc<BodyState>);

impl Rest {
    /// Whether it was given up because the visitor sent too slowly.
    pub fn is_slow(&self) -> bool {
        self.0.is_slow.load(Relaxed)
    }

    /// Whether all of it was read, now that there is an answer. A small rest that nobody wants is waited for, for a moment.
    /// `is_held_back`: the visitor sends nothing until it is told to, and has not been.
    pub async fn is_over(&self, is_held_back: bool) -> bool {
        if self.0.is_over.load(Relaxed) {
            return true;
        }
        let unread = self.0.unread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut incoming) = unread else { return false };
        if is_held_back || incoming.size_hint().upper().is_none_or(|size| size > SMALL_REST) {
            return false;
        }
        let all = async { while let Some(Ok(_)) = incoming.frame().await {} };
        timeout(REST_WAIT, all).await.is_ok() && incoming.is_end_stream()
    }
}

/// Bytes that are counted for as long as they are kept.
struct CountedBytes {
    bytes: Vec<u8>,
    counted: i64,
    count: Gauge,
    most: usize,
}

impl CountedBytes {
    fn new(count: &Gauge, most: usize) -> CountedBytes {
        CountedBytes { bytes: Vec::new(), counted: 0, count: count.clone(), most }
    }

    /// Takes more bytes, also beyond the limit, for they are here already. False: there is no room for others.
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.bytes.extend_from_slice(bytes);
        let more = i64::try_from(self.bytes.capacity()).unwrap_or(i64::MAX) - self.counted;
        let before = self.count.inc_by(more);
        self.counted += more;
        usize::try_from(before + more).unwrap_or(0) <= self.most
    }

    fn into_bytes(self) -> Option<Bytes> {
        (!self.bytes.is_empty()).then(|| Bytes::from_owner(self))
    }
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.count.dec_by(self.counted);
    }
}
