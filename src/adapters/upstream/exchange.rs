//! One request and its answer over a pooled connection, streamed both ways.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::time::timeout;

use super::UpstreamError;
use super::pool::{Lease, Pool};

/// How far a request body has come.
#[derive(Default)]
struct Progress {
    parts: Cell<u64>,
    is_over: Cell<bool>,
    is_broken: Cell<bool>,
}

pub(super) async fn exchange(
    pool: Rc<Pool>,
    request: Request<Incoming>,
    trailers: fn(&mut HeaderMap),
) -> Result<Response<SiteBody>, UpstreamError> {
    let progress = Rc::new(Progress::default());
    let is_head = request.method() == Method::HEAD;
    let mut request = request.map(|body| Outgoing::new(body, Rc::clone(&progress), trailers));
    let mut lease = match pool.reuse(pool.slot().await?) {
        Ok(lease) => lease,
        Err(slot) => pool.open(slot).await?,
    };
    loop {
        match answer(&mut lease, request, &progress).await {
            Ok(response) => return Ok(with_lease(response, lease, progress, is_head)),
            // The site closed a kept connection before any of this request went into it. Once is enough: the next
            // connection is a new one.
            Err(Failed { unsent: Some(again), .. }) if lease.is_reused => {
                request = again;
                let pool = Rc::clone(lease.pool());
                lease = pool.open(lease.into_slot()).await?;
            }
            Err(failed) => return Err(failed.error),
        }
    }
}

struct Failed {
    error: UpstreamError,
    unsent: Option<Request<Outgoing>>,
}

async fn answer(
    lease: &mut Lease,
    request: Request<Outgoing>,
    progress: &Progress,
) -> Result<Response<Incoming>, Failed> {
    let limit = lease.pool().endpoint.limits.headers;
    let failed = |error| Failed { error, unsent: None };
    let mut answer = std::pin::pin!(lease.sender().try_send_request(request));
    loop {
        let parts = progress.parts.get();
        match timeout(limit, answer.as_mut()).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(mut error)) => {
                let unsent = error.take_message();
                let error = error.into_error();
                let error = match progress.is_broken.get() {
                    true => UpstreamError::RequestBroken,
                    false => UpstreamError::Broken(error),
                };
                return Err(Failed { error, unsent });
            }
            // A long upload that still moves is not a slow site.
            Err(_) if progress.parts.get() != parts => {}
            Err(_) => return Err(failed(UpstreamError::HeadersTimeout)),
        }
    }
}

fn with_lease(
    response: Response<Incoming>,
    lease: Lease,
    request: Rc<Progress>,
    is_head: bool,
) -> Response<SiteBody> {
    let keep = may_be_shared(response.status(), response.headers());
    response.map(|incoming| {
        let mut body = SiteBody { incoming, lease: Some((lease, request)), keep };
        if is_head || body.incoming.is_end_stream() {
            body.finish();
        }
        body
    })
}

/// Whether the connection may serve other visitors. Not after an upgrade, and not once the site begins NTLM or Negotiate,
/// which sign in a connection instead of a request.
fn may_be_shared(status: StatusCode, headers: &HeaderMap) -> bool {
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return false;
    }
    status != StatusCode::UNAUTHORIZED
        || !headers.get_all(header::WWW_AUTHENTICATE).iter().any(|challenge| {
            let challenge = challenge.as_bytes().to_ascii_lowercase();
            challenge.starts_with(b"ntlm") || challenge.starts_with(b"negotiate")
        })
}

/// A request body on its way to the site.
pub struct Outgoing {
    incoming: Incoming,
    progress: Rc<Progress>,
    trailers: fn(&mut HeaderMap),
}

impl Outgoing {
    fn new(incoming: Incoming, progress: Rc<Progress>, trailers: fn(&mut HeaderMap)) -> Outgoing {
        progress.is_over.set(incoming.is_end_stream());
        Outgoing { incoming, progress, trailers }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut polled = Pin::new(&mut self.incoming).poll_frame(cx);
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
                progress.is_over.set(self.incoming.is_end_stream());
            }
            Poll::Ready(Some(Err(_))) => progress.is_broken.set(true),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// A response body from the site. At its end the connection goes back to the pool; dropped earlier, the connection is closed.
pub struct SiteBody {
    incoming: Incoming,
    lease: Option<(Lease, Rc<Progress>)>,
    keep: bool,
}

impl SiteBody {
    fn finish(&mut self) {
        // A request that was not read to its end leaves bytes behind that the next exchange would trip over.
        if let Some((lease, request)) = self.lease.take_if(|_| self.keep)
            && request.is_over.get()
        {
            lease.give_back();
        }
    }
}

impl Body for SiteBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.finish(),
            Poll::Ready(Some(Ok(_))) if self.incoming.is_end_stream() => self.finish(),
            Poll::Ready(Some(Err(_))) => self.lease = None,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
