//! The answers that we give ourselves: pages and their JSON twins, and the way to the login.
//!
//! None of them carries a byte of the site, and none is stored by anybody.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::body::Body;
use super::context::Context;
use super::gate::Gate;
use super::headers::REQUEST_ID;
use super::snapshot::Snapshot;
use crate::adapters::upstream::UpstreamError;
use crate::domain::access::{Require, Site, Standing};
use crate::domain::outcome::Outcome;
use crate::domain::return_to::LONGEST_CARRIED;
use crate::flows::long_addresses::LongAddresses;
use crate::web::client_kind::{ClientKind, client_kind};
use crate::web::cookies::Cookies;
use crate::web::pages::{AnswerFault, Notice, Retry, SESSION_CHALLENGE, problem};
use crate::web::{missing_roles, paths};

/// Marks an address to which a browser has been sent from another spelling of the host.
const AT_ORIGIN: &str = "at_origin=1";

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
    finish(context, problem(Outcome::NotEntitled, sentence, context.request_id_text(), None))
}

/// A browser fetches ahead where something would begin or end. 503, since a prerendered 200 would be shown on the click without
/// a second request.
pub(super) fn fetched_ahead(context: &Context) -> Response<Body> {
    let sentence =
        "Nothing has happened: this address does not answer before somebody has chosen to open it.";
    finish(context, problem(Outcome::FetchedAhead, sentence, context.request_id_text(), None))
}

/// To the login and back to this very page. `origin`: of the site, where the browser is not asking us; else empty. What is too long
/// to travel is kept meanwhile, and the browser gets the key of it; a request for the head alone is only shown the way.
pub(super) async fn to_login(
    context: &Context,
    long: &LongAddresses,
    (site, origin): (&Site, &str),
    (method, target, headers): (&Method, &PathAndQuery, &HeaderMap),
) -> Response<Body> {
    let text = target.as_str();
    if text.len() <= LONGEST_CARRIED || *method == Method::HEAD {
        return elsewhere(context, &format!("{origin}{}", login_url(Some(target))));
    }
    let to = long.pack_text(&site.host, context.client, text).await;
    let login = to.as_ref().map_or_else(|| paths::LOGIN.to_owned(), paths::login_to);
    let mut response = elsewhere(context, &format!("{origin}{login}"));
    let key = to.and_then(|to| to.key);
    let cookies = key.map(|key| Cookies::read(headers, site.is_https()).set_key(&key)).unwrap_or_default();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// To the same address of ours at the configured origin: the browser keeps other cookies where it is. A mark in the address keeps it from
/// being sent twice, should something in between spell the host in a way of its own.
pub(super) fn at_the_origin(context: &Context, site: &Site, target: &PathAndQuery) -> Option<Response<Body>> {
    let query = target.query().unwrap_or_default();
    if query.split('&').any(|part| part == AT_ORIGIN) {
        return None;
    }
    let sign = if query.is_empty() { "" } else { "&" };
    Some(elsewhere(context, &format!("{}{}?{query}{sign}{AT_ORIGIN}", site.origin, target.path())))
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
    let Some(target) = target else { return address.to_owned() };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match target.as_str() {
        whole if whole.len() <= LONGEST_CARRIED => format!("{address}?return_to={}", encoded(whole)),
        _ if target.path().len() <= LONGEST_CARRIED => {
            format!("{address}?return_to={}&cut=1", encoded(target.path()))
        }
        _ => format!("{address}?return_to=%2F&cut=1"),
    }
}

/// Somebody asks in the name of a visitor whom we do not believe.
pub(super) fn not_a_proxy(context: &Context) -> Response<Body> {
    let sentence = "This address answers only the web servers that are configured to ask here.";
    finish(context, problem(Outcome::NotEntitled, sentence, context.request_id_text(), None))
}

/// What is missing, by the labels that people know.
pub(super) fn refused(gate: &Gate, snapshot: &Snapshot, standing: &Standing, require: &Require) -> Notice {
    Notice::Refused(missing_roles::of(&gate.rules, &snapshot.association, standing, require))
}

/// What a visitor is told when a site gave no answer.
pub(super) fn of_upstream(error: &UpstreamError) -> Notice {
    match error {
        UpstreamError::Unreachable(_)
        | UpstreamError::NameUnknown(_)
        | UpstreamError::Untrusted(_)
        | UpstreamError::Broken(_)
        | UpstreamError::NoUpstream => Notice::SiteDown,
        UpstreamError::AnswerTooLarge => Notice::SiteInvalid { why: AnswerFault::TooLarge },
        UpstreamError::NotHttp(_) | UpstreamError::UnknownCoding | UpstreamError::UnaskedUpgrade => {
            Notice::SiteInvalid { why: AnswerFault::NotHttp }
        }
        UpstreamError::ConnectTimeout(_)
        | UpstreamError::HandshakeTimeout
        | UpstreamError::HeadersTimeout => Notice::SiteSlow,
        UpstreamError::RequestBroken => Notice::BadRequest,
        UpstreamError::RequestSlow => Notice::RequestSlow,
        UpstreamError::Busy => Notice::Busy(SOON),
        UpstreamError::NetworkBusy => Notice::NetworkBusy(SOON),
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
        headers.insert(header::WWW_AUTHENTICATE, SESSION_CHALLENGE);
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
            (format!("/a?{}", "x".repeat(5000)), "/_gate/login?return_to=%2Fa&cut=1"),
            (format!("/{}", "x".repeat(5000)), "/_gate/login?return_to=%2F&cut=1"),
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
            paths: crate::domain::path::PathPolicy::default(),
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
