//! The body of an answer, unboxed: from the site, from the control plane, or a few bytes of our own.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::headers;
use super::streams::{Question, Watched};
use super::worker::Worker;
use crate::adapters::upstream::SiteBody;

/// The body of an answer.
pub enum Body {
    /// Bytes of our own.
    Full(Option<Bytes>),
    /// From the site, as it comes. `None`: it is held where open streams are looked after.
    Site(Option<SiteBody>, Watch),
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
        let watched = self.watched.get_or_insert_with(|| {
            let watched = self.worker.streams.enter(self.question.take(), false);
            // Leaves the waker; it was entered just now, so it cannot be over.
            let _ = watched.poll_over(cx);
            watched
        });
        watched.waits();
    }

    fn moved(&self, bytes: usize) {
        if let Some(watched) = &self.watched {
            watched.moved(bytes);
        }
    }

    /// Hands over a body of several frames once the first is there, so that it can be given up if its visitor does not read.
    fn keep(
        &mut self,
        body: &mut Option<SiteBody>,
        polled: &Poll<Option<Result<Frame<Bytes>, hyper::Error>>>,
    ) {
        if let Poll::Ready(Some(Ok(_))) = polled
            && let Some(held) = body.take_if(|body| !body.is_end_stream())
        {
            let question = &mut self.question;
            let streams = &self.worker.streams;
            self.watched.get_or_insert_with(|| streams.enter(question.take(), false)).hold(held, true);
        }
    }

    /// The next frame of the body, wherever it is held.
    fn poll_site(
        &self,
        body: &mut Option<SiteBody>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match (body, &self.watched) {
            (Some(body), _) => Pin::new(body).poll_frame(cx),
            (None, Some(watched)) => watched.poll_held(cx),
            (None, None) => Poll::Ready(None),
        }
    }

    /// What the body says of itself, wherever it is held.
    fn of_site<T>(&self, body: &Option<SiteBody>, read: impl FnOnce(&SiteBody) -> T) -> Option<T> {
        match (body, &self.watched) {
            (Some(body), _) => Some(read(body)),
            (None, Some(watched)) => watched.of_held(read),
            (None, None) => None,
        }
    }
}

impl Body {
    /// No bytes at all.
    pub fn empty() -> Body {
        Body::Full(None)
    }

    /// Has a site's body given up when its visitor does not take it: its connection to the site is then free for others, though
    /// nobody asks for the rest.
    pub(super) fn watch_reading(&mut self) {
        if let Body::Site(body, watch) = self
            && let Some(held) = body.take_if(|body| !body.is_end_stream())
        {
            let watched = watch.worker.streams.enter(watch.question.take(), false);
            watched.hold(held, false);
            watch.watched = Some(watched);
        }
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
                let mut polled = watch.poll_site(body, cx);
                if let Poll::Ready(Some(Ok(frame))) = &mut polled
                    && let Some(trailers) = frame.trailers_mut()
                {
                    headers::answer_trailers(trailers);
                }
                match &polled {
                    Poll::Pending => watch.waits(cx),
                    Poll::Ready(Some(Ok(frame))) => watch.moved(frame.data_ref().map_or(0, Bytes::len)),
                    Poll::Ready(_) => watch.moved(0),
                }
                watch.keep(body, &polled);
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
            Body::Site(body, watch) => {
                watch.tail.is_none() && watch.of_site(body, SiteBody::is_end_stream).unwrap_or(false)
            }
            Body::Control(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Body::Site(_, watch) if watch.tail.is_some() => SizeHint::default(),
            Body::Site(body, watch) => watch.of_site(body, SiteBody::size_hint).unwrap_or_default(),
            Body::Control(body) => body.size_hint(),
        }
    }
}
