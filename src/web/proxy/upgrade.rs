//! WebSockets: once the site has said 101, bytes go both ways until either side or the visitor's right ends.
//!
//! Nothing that the client sends after its handshake reaches the site before the 101 does (hyper holds it back).

use std::rc::Rc;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::body::Body;
use super::streams::Question;
use super::worker::Worker;
use crate::adapters::upstream::SiteBody;
use crate::domain::access::Site;

/// Fields that a handshake needs and that hop-by-hop removal has taken (RFC 6455 §4.1).
pub(super) fn ask(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Whether a handshake comes from a page of another origin. Cookies alone would let any page open a socket in a member's name
/// (RFC 6455 §10.2). Programs that are no browsers send no `Origin`.
pub(super) fn is_foreign(headers: &HeaderMap, site: &Site) -> bool {
    let mut origins = headers.get_all(HeaderName::from_static("origin")).iter();
    origins.any(|origin| !origin.as_bytes().eq_ignore_ascii_case(site.origin.as_bytes()))
}

/// Whether the site has agreed to what was asked, and to nothing else.
pub(super) fn is_agreed(response: &Response<SiteBody>) -> bool {
    response.headers().get(header::UPGRADE).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Joins both connections once each has become what was agreed, and gives the 101 for the visitor.
pub(super) fn join(
    worker: &Rc<Worker>,
    mut response: Response<SiteBody>,
    visitor: OnUpgrade,
    question: Option<Box<Question>>,
) -> Response<Body> {
    let site = hyper::upgrade::on(&mut response);
    let (mut head, body) = response.into_parts();
    super::headers::response(&mut head.headers, true, false);
    ask(&mut head.headers);
    let watched = worker.streams.enter(question, true);
    let tunnel = async move {
        // Holds the place among the site's connections for as long as the tunnel lasts.
        let _place = body;
        let (Ok(visitor), Ok(site)) = tokio::join!(visitor, site) else { return };
        let (mut visitor, mut site) = (TokioIo::new(visitor), TokioIo::new(site));
        tokio::select! {
            // How a tunnel broke is of no use to anybody: both ends see it close.
            _ = copy_bidirectional(&mut visitor, &mut site) => {}
            () = std::future::poll_fn(|cx| watched.poll_over(cx)) => {}
        }
    };
    tokio::task::spawn_local(tunnel);
    Response::from_parts(head, Body::empty())
}
