//! The answers that we give ourselves: pages and their JSON twins, and the way to the login.
//!
//! None of them carries a byte of the site, and none is stored by anybody.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::body::Body;
use super::headers::REQUEST_ID;
use super::worker::Context;
use super::{Gate, Snapshot};
use crate::adapters::upstream::UpstreamError;
use crate::domain::access::{Require, Site, Standing};
use crate::domain::rule::Role;
use crate::web::client_kind::{ClientKind, client_kind};
use crate::web::pages::{Code, Missing, Notice, Refused, Retry, problem};
use crate::web::paths;

/// A longer address is not carried through the login (`domain::return_to` has the same limit).
const LONGEST_RETURN: usize = 2048;

/// Challenge of a 401, which RFC 9110 §15.5.2 asks for. A scheme of our own, so that no browser opens a password box.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Membergate");

/// When a page tries again that needs a place, or the store.
pub(super) const SOON: Retry = Retry::after(5);
/// When a page tries again that needs the AMS.
pub(super) const LATER: Retry = Retry::after(15);

/// A notice for whoever asked: a page for a person, JSON for a program.
pub(super) fn notice(context: &Context, kind: ClientKind, notice: &Notice) -> Response<Body> {
    let frame = context.frame();
    let response = match kind {
        ClientKind::Navigation => notice.html(&frame),
        ClientKind::Program => notice.json(&frame),
    };
    finish(context, response)
}

/// A WebSocket handshake from a page of another origin.
pub(super) fn foreign_socket(context: &Context) -> Response<Body> {
    let sentence = "A WebSocket to this page can only be opened by the site's own pages.";
    finish(context, problem(Code::NotEntitled, sentence, context.request_id_text(), None))
}

/// To the login and back to this very page. `origin`: of the site, where the browser is not asking us; else empty.
pub(super) fn to_login(context: &Context, origin: &str, target: &PathAndQuery) -> Response<Body> {
    elsewhere(context, &format!("{origin}{}", login_url(Some(target))))
}

/// To another address of this host, or of the site's.
pub(super) fn elsewhere(context: &Context, address: &str) -> Response<Body> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The same address answers a program with 401.
    headers
        .insert(header::VARY, HeaderValue::from_static("Cookie, Accept, Sec-Fetch-Mode, X-Requested-With"));
    finish(context, response)
}

/// Where a login starts that ends at `target`.
pub(super) fn login_url(target: Option<&PathAndQuery>) -> String {
    with_return(paths::LOGIN, target)
}

/// An address of ours that leads back to `target`.
pub(super) fn with_return(address: &str, target: Option<&PathAndQuery>) -> String {
    let fits = |text: &&str| text.len() <= LONGEST_RETURN;
    let target =
        target.and_then(|target| Some(target.as_str()).filter(fits).or(Some(target.path()).filter(fits)));
    match target {
        Some(target) => {
            format!("{address}?return_to={}", utf8_percent_encode(target, NON_ALPHANUMERIC))
        }
        None => address.to_owned(),
    }
}

/// Somebody asks in the name of a visitor whom we do not believe.
pub(super) fn not_a_proxy(context: &Context) -> Response<Body> {
    let sentence = "This address answers only the web servers that are configured to ask here.";
    finish(context, problem(Code::NotEntitled, sentence, context.request_id_text(), None))
}

/// What is missing, by the labels that people know.
pub(super) fn refused(gate: &Gate, snapshot: &Snapshot, standing: &Standing, require: &Require) -> Notice {
    let association = &snapshot.association;
    let published = gate.rules.load();
    let label = |role: &Role| published.rules.label_of(role).to_string();
    let lacks = |role: &&Role| !standing.decision.roles.contains(*role);
    let missing = match require {
        Require::Public | Require::SignedIn => Missing::AnyOf(Vec::new()),
        Require::AnyOf(roles) => Missing::AnyOf(roles.iter().map(label).collect()),
        Require::AllOf(roles) => Missing::AllOf(roles.iter().filter(lacks).map(label).collect()),
    };
    Notice::Refused(Refused {
        name: standing.profile.name.clone(),
        missing,
        renew_url: standing
            .profile
            .renewal_url
            .clone()
            .or_else(|| association.renew_url.as_ref().map(ToString::to_string)),
        contact: association.contact.clone(),
        sign_out: paths::LOGOUT.to_owned(),
    })
}

/// What a visitor is told when a site gave no answer.
pub(super) fn of_upstream(error: &UpstreamError) -> Notice {
    match error {
        UpstreamError::Unreachable(_)
        | UpstreamError::Untrusted(_)
        | UpstreamError::Broken(_)
        | UpstreamError::NoUpstream => Notice::SiteDown,
        UpstreamError::ConnectTimeout | UpstreamError::HeadersTimeout => Notice::SiteSlow,
        UpstreamError::RequestBroken => Notice::BadRequest,
        UpstreamError::Busy => Notice::Busy(SOON),
    }
}

/// Whether a form can be kept across a sign-in: posted by one of the site's own pages, as a navigation, and of known, small size.
pub(super) fn is_form_to_keep(method: &Method, headers: &HeaderMap, site: &Site, limit: u64) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let from_here = match text(header::ORIGIN) {
        Some(origin) => origin.eq_ignore_ascii_case(&site.origin),
        None => text(HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
    };
    *method == Method::POST
        && client_kind(headers) == ClientKind::Navigation
        && kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && length.is_some_and(|length| length <= limit)
        && from_here
}

fn finish(context: &Context, response: Response<Bytes>) -> Response<Body> {
    let mut response = response.map(Body::from);
    let headers_401 = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if headers_401 {
        headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    headers.insert(REQUEST_ID, context.request_id.clone());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::PathPattern;

    #[test]
    fn the_login_comes_back_to_the_very_page() {
        for (target, expect) in [
            (
                "/members?a=b&c=d e".replace(' ', "%20"),
                "/_gate/login?return_to=%2Fmembers%3Fa%3Db%26c%3Dd%2520e",
            ),
            ("/".to_owned(), "/_gate/login?return_to=%2F"),
            (format!("/a?{}", "x".repeat(5000)), "/_gate/login?return_to=%2Fa"),
            (format!("/{}", "x".repeat(5000)), "/_gate/login"),
        ] {
            assert_eq!(login_url(Some(&target.parse().unwrap())), expect);
        }
    }

    #[test]
    fn only_a_small_form_of_the_sites_own_pages_is_kept() {
        let site = Site {
            name: "library".into(),
            title: "Library".into(),
            origin: "https://library.example".into(),
            host: "library.example".into(),
            prefix: PathPattern::parse("/").unwrap(),
            home: "/".into(),
            access: Vec::new(),
        };
        let form = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("content-length", "100"),
            ("origin", "https://library.example"),
            ("sec-fetch-mode", "navigate"),
        ];
        let with = |name: &'static str, value: &'static str| {
            let mut headers: HeaderMap =
                form.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect();
            headers.insert(name, HeaderValue::from_static(value));
            is_form_to_keep(&Method::POST, &headers, &site, 65_536)
        };
        assert!(with("accept", "text/html"));
        assert!(!with("content-type", "multipart/form-data"));
        assert!(!with("content-length", "65537"));
        assert!(!with("origin", "https://evil.example"));
        assert!(!with("origin", "null"));
        assert!(!with("sec-fetch-mode", "cors"));
        assert!(!with("x-requested-with", "XMLHttpRequest"));
    }
}
