//! The body of an answer, unboxed: from the site, from the control plane, or a few bytes of our own.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Worker;
use super::streams::{Question, Watched};
use crate::adapters::upstream::SiteBody;

/// The body of an answer.
pub enum Body {
    /// Bytes of our own.
    Full(Option<Bytes>),
    /// From the site, as it comes.
    Site(SiteBody, Watch),
    /// From the control plane.
    Control(axum::body::Body),
}

/// Why a body stopped before its end. Whoever reads it sees a broken connection, never a short answer that looks whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The site broke off.
    #[error("the site broke off: {0}")]
    Site(#[from] hyper::Error),
    /// The visitor may not see more of it, or nothing has moved for too long.
    #[error("the stream was ended")]
    Ended,
    /// The control plane broke off.
    #[error("the control plane broke off: {0}")]
    Control(axum::Error),
}

/// Holds a body to its visitor's right to see it. Entered among the open streams when the body first has to wait.
pub struct Watch {
    worker: Rc<Worker>,
    question: Option<Box<Question>>,
    watched: Option<Rc<Watched>>,
    /// Bytes of our own that follow the site's.
    tail: Option<Bytes>,
}

impl Watch {
    pub(super) fn new(worker: Rc<Worker>, question: Option<Box<Question>>) -> Watch {
        Watch { worker, question, watched: None, tail: None }
    }

    /// Has these bytes follow the site's.
    pub(super) fn append(&mut self, tail: Option<Bytes>) {
        self.tail = tail;
    }

    fn is_over(&self, cx: &mut Context<'_>) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.poll_over(cx).is_ready())
    }

    fn waits(&mut self, cx: &mut Context<'_>) {
        if self.watched.is_none() {
            let watched = self.worker.streams.enter(self.question.take(), false);
            // Leaves the waker; it was entered just now, so it cannot be over.
            let _ = watched.poll_over(cx);
            self.watched = Some(watched);
        }
    }

    fn moved(&self) {
        if let Some(watched) = &self.watched {
            watched.moved();
        }
    }
}

impl Body {
    /// No bytes at all.
    pub fn empty() -> Body {
        Body::Full(None)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Body::Full(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Body::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Site(_, watch) if watch.is_over(cx) => Poll::Ready(Some(Err(BodyError::Ended))),
            Body::Site(body, watch) => {
                let polled = Pin::new(body).poll_frame(cx);
                match &polled {
                    Poll::Pending => watch.waits(cx),
                    Poll::Ready(_) => watch.moved(),
                }
                // Where the body ends, or its trailers begin: nothing may follow those, so ours takes their place.
                let is_end = match &polled {
                    Poll::Ready(None) => true,
                    Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
                    _ => false,
                };
                if is_end && let Some(tail) = watch.tail.take() {
                    return Poll::Ready(Some(Ok(Frame::data(tail))));
                }
                polled.map_err(BodyError::Site)
            }
            Body::Control(body) => Pin::new(body).poll_frame(cx).map_err(BodyError::Control),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Full(bytes) => bytes.is_none(),
            Body::Site(body, watch) => watch.tail.is_none() && body.is_end_stream(),
            Body::Control(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Body::Site(_, watch) if watch.tail.is_some() => SizeHint::default(),
            Body::Site(body, _) => body.size_hint(),
            Body::Control(body) => body.size_hint(),
        }
    }
}
