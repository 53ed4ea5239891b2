//! One request and its answer over a pooled connection, streamed both ways.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::time::timeout;

use super::error::UpstreamError;
use super::framing;
use super::outgoing::{Outgoing, Progress, UploadFailure};
use super::pool::{Lease, Pool};
use super::upload::Upload;
use crate::domain::network::ClientNetwork;

pub(super) async fn exchange(
    pool: Rc<Pool>,
    client: ClientNetwork,
    mut request: Request<Upload>,
    trailers: fn(&mut HeaderMap),
    may_repeat: bool,
) -> Result<Response<SiteBody>, UpstreamError> {
    let is_empty = request.body().is_end_stream();
    let begun = request.body_mut().begin(&pool.tally.buffered).await;
    begun.map_err(|error| UpstreamError::from(UploadFailure::from(&error)))?;
    if !is_empty && request.body().is_end_stream() {
        // Chunks that held nothing. Some servers want to be told (RFC 9110 §8.6).
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    let progress = Rc::new(Progress::default());
    let is_head = request.method() == Method::HEAD;
    let mut request = request.map(|body| Outgoing::new(body, Rc::clone(&progress), trailers));
    framing::request(&mut request);
    let mut lease = match pool.reuse(pool.slot(client).await?) {
        Ok(lease) => lease,
        Err(slot) => pool.open(slot).await?,
    };
    let spare = (may_repeat && lease.is_reused).then(|| Outgoing::copy(&request)).flatten();
    let failed = match answer(&mut lease, request, &progress).await {
        Ok(response) => return with_lease(response, lease, progress, is_head),
        Err(failed) => failed,
    };
    // The site may have closed a kept connection at the moment at which it was used. A new one cannot be closed in that way,
    // so it is tried once.
    let is_stale =
        lease.is_reused && !lease.received().anything() && matches!(failed.error, UpstreamError::Broken(_));
    let again = match failed.unsent {
        Some(unsent) if lease.is_reused => unsent,
        _ => spare.filter(|_| is_stale).ok_or(failed.error)?,
    };
    let pool = Rc::clone(lease.pool());
    lease = pool.open(lease.into_slot()).await?;
    let response = answer(&mut lease, again, &progress).await.map_err(|failed| failed.error)?;
    with_lease(response, lease, progress, is_head)
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
    lease.received().reset();
    let mut answer = std::pin::pin!(lease.sender().try_send_request(request));
    loop {
        let parts = progress.parts.get();
        match timeout(limit, answer.as_mut()).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(mut error)) => {
                let unsent = error.take_message();
                let error = error.into_error();
                let error = match progress.failure.get() {
                    Some(failure) => failure.into(),
                    None => of_hyper(error),
                };
                return Err(Failed { error, unsent });
            }
            // A long upload that still moves is not a slow site.
            Err(_) if progress.parts.get() != parts => {}
            Err(_) => return Err(failed(UpstreamError::HeadersTimeout)),
        }
    }
}

fn of_hyper(error: hyper::Error) -> UpstreamError {
    match () {
        () if error.is_parse_too_large() => UpstreamError::AnswerTooLarge,
        () if error.is_parse() => UpstreamError::NotHttp(error),
        () => UpstreamError::Broken(error),
    }
}

fn with_lease(
    mut response: Response<Incoming>,
    lease: Lease,
    request: Rc<Progress>,
    is_head: bool,
) -> Result<Response<SiteBody>, UpstreamError> {
    let keep =
        framing::answer(&mut response, is_head)? && may_be_shared(response.status(), response.headers());
    Ok(response.map(|incoming| {
        let mut body = SiteBody { incoming, lease: Some((lease, request)), keep };
        if is_head || body.incoming.is_end_stream() {
            body.finish();
        }
        body
    }))
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

/// A response body from the site. At its end the connection goes back to the pool; dropped earlier, the connection is closed.
pub struct SiteBody {
    incoming: Incoming,
    lease: Option<(Lease, Rc<Progress>)>,
    keep: bool,
}

impl SiteBody {
    /// Whether requests wait for a connection to the site, such as this body uses.
    pub fn is_in_demand(&self) -> bool {
        self.lease.as_ref().is_some_and(|(lease, _)| lease.pool().is_in_demand())
    }

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
