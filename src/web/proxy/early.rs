//! An answer that is given before the request was read to its end.
//!
//! Over HTTP/1.1 nothing can follow on such a connection, so the visitor is told that it closes (RFC 9112 §9.6); how it is
//! closed without losing the answer is the socket's part (`serve`). Over HTTP/2 only the stream ends.

use http::{HeaderValue, Request, Response, StatusCode, Version, header};

use super::body::Body;
use crate::adapters::upstream::{Rest, Upload};

/// What has to be known of a request once it is answered.
pub(super) struct Unread {
    rest: Option<Rest>,
    /// The visitor waits for our word before it sends the body, and an answer tells it not to.
    is_held_back: bool,
    is_http1: bool,
}

impl Unread {
    /// To be asked before the request is given away.
    pub(super) fn of(request: &Request<Upload>) -> Unread {
        Unread {
            rest: request.body().rest(),
            is_held_back: request.headers().contains_key(header::EXPECT),
            is_http1: request.version() < Version::HTTP_2,
        }
    }

    /// Whether the visitor sent its request too slowly.
    pub(super) fn is_slow(&self) -> bool {
        self.rest.as_ref().is_some_and(Rest::is_slow)
    }

    /// Says `Connection: close` in the answer if it has to be said. `is_welcome`: the connection may stay.
    pub(super) async fn announce(self, response: &mut Response<Body>, is_welcome: bool) {
        if !self.is_http1 || response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        let is_over = match self.rest {
            Some(rest) => rest.is_over(self.is_held_back).await,
            None => true,
        };
        if !is_welcome || !is_over {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}
