//! Bodies that go wrong while they are sent: one that breaks off, one that trickles, one that never ends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Ends the connection on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection was ended on purpose")]
pub struct Dropped;

type Polled = Poll<Option<Result<Frame<Bytes>, Dropped>>>;

/// Promises more than it gives, then ends the connection.
pub(super) struct HalfBody {
    promised: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl HalfBody {
    pub(super) fn new(half: Bytes) -> HalfBody {
        HalfBody { promised: half.len() as u64 * 2 + 1, half: Some(half), flushed: false }
    }
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Polled {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // One more turn lets the first half reach the client before the end does.
            self.flushed = true;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Dropped)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

const DROP_EVERY: Duration = Duration::from_millis(100);

/// Sends its content byte by byte, so that something always arrives and it still takes for ever.
pub(super) struct TrickleBody {
    rest: Bytes,
    pause: Pin<Box<Sleep>>,
}

impl TrickleBody {
    pub(super) fn new(whole: Bytes) -> TrickleBody {
        TrickleBody { rest: whole, pause: Box::pin(sleep(DROP_EVERY)) }
    }
}

impl Body for TrickleBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Polled {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        std::task::ready!(self.pause.as_mut().poll(task));
        self.pause = Box::pin(sleep(DROP_EVERY));
        let byte = self.rest.split_to(1);
        Poll::Ready(Some(Ok(Frame::data(byte))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// White space, which JSON allows in any amount, until the client has had enough.
pub(super) struct EndlessBody;

impl Body for EndlessBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        const SPACES: &[u8] = &[b' '; 4096];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(SPACES)))))
    }
}
