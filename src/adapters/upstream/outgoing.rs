//! A request body on its way to the site, and how far it has come.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body, Frame, SizeHint};

use super::error::UpstreamError;
use super::upload::{Upload, UploadError};

/// How far a request body has come.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) parts: Cell<u64>,
    pub(super) is_over: Cell<bool>,
    /// Why the visitor's body stopped before its end.
    pub(super) failure: Cell<Option<UploadFailure>>,
}

#[derive(Clone, Copy)]
pub(super) enum UploadFailure {
    Broken,
    Slow,
}

impl From<&UploadError> for UploadFailure {
    fn from(error: &UploadError) -> UploadFailure {
        match error {
            UploadError::Broken(_) => UploadFailure::Broken,
            UploadError::Slow => UploadFailure::Slow,
        }
    }
}

impl From<UploadFailure> for UpstreamError {
    fn from(failure: UploadFailure) -> UpstreamError {
        match failure {
            UploadFailure::Broken => UpstreamError::RequestBroken,
            UploadFailure::Slow => UpstreamError::RequestSlow,
        }
    }
}

/// A request body on its way to the site.
pub(super) struct Outgoing {
    upload: Upload,
    progress: Rc<Progress>,
    trailers: fn(&mut HeaderMap),
}

impl Outgoing {
    pub(super) fn new(upload: Upload, progress: Rc<Progress>, trailers: fn(&mut HeaderMap)) -> Outgoing {
        progress.is_over.set(upload.is_end_stream());
        Outgoing { upload, progress, trailers }
    }

    /// The same request again, if it is idempotent (RFC 9110 §9.2.2) and has no body.
    pub(super) fn copy(request: &Request<Outgoing>) -> Option<Request<Outgoing>> {
        let body = request.body();
        if !request.method().is_idempotent() || !body.is_end_stream() {
            return None;
        }
        let mut copy = Request::new(Outgoing {
            upload: Upload::empty(),
            progress: Rc::clone(&body.progress),
            trailers: body.trailers,
        });
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        copy.headers_mut().clone_from(request.headers());
        Some(copy)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let mut polled = Pin::new(&mut self.upload).poll_frame(cx);
        let progress = &self.progress;
        if let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
        {
            (self.trailers)(trailers);
        }
        match &polled {
            Poll::Ready(None) => progress.is_over.set(true),
            Poll::Ready(Some(Ok(_))) => {
                progress.parts.set(progress.parts.get() + 1);
                progress.is_over.set(self.upload.is_end_stream());
            }
            Poll::Ready(Some(Err(error))) => progress.failure.set(Some(error.into())),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.upload.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.upload.size_hint()
    }
}
