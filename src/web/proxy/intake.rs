//! What a request must be before its path is read: one host, printable ASCII, a method that we pass on.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header};

use super::headers::{folds_to, lists};
use crate::adapters::upstream::MAX_FIELDS;
use crate::domain::access::{Site, is_same_host_name, normal_host};
use crate::domain::outcome::Outcome;
use crate::domain::path::PathFault;
use crate::web::pages::Notice;
use crate::web::refusal_log::Reason;

/// Methods that a proxy for websites passes on; told to whoever asks for another.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    /// No host, two hosts, or something that is not a host.
    Host,
    /// The target is not a path with an optional query.
    Target,
    /// A path that no site gets.
    Path(PathFault),
    /// A transfer coding that we do not pass on.
    TransferCoding,
    /// A WebSocket handshake that is more than that.
    Upgrade,
    /// A web server's question that lacks something, or says it in two ways.
    Question,
    /// A web server's question for one site about a request to another's host.
    QuestionForAnotherSite,
    /// A method that asks for a tunnel or an echo.
    Method,
    /// No site of ours is there.
    NoSite,
    /// More header fields than we take.
    TooManyFields,
    /// A length that is no number, or two lengths that differ.
    ContentLength,
    /// The site's own web server answers for it and asks us; nobody should come here.
    SiteNotServedHere,
}

impl Rejected {
    /// What the client is told.
    pub(super) fn notice(self) -> Notice {
        match self {
            Rejected::Host
            | Rejected::Target
            | Rejected::TransferCoding
            | Rejected::ContentLength
            | Rejected::Upgrade
            | Rejected::Question => Notice::BadRequest,
            Rejected::Path(fault) => Notice::BadAddress(fault),
            Rejected::NoSite | Rejected::SiteNotServedHere | Rejected::QuestionForAnotherSite => {
                Notice::UnknownSite
            }
            Rejected::TooManyFields => Notice::HeadTooLarge,
            Rejected::Method => Notice::MethodNotAllowed { allow: METHODS },
        }
    }

    /// What the log says.
    pub(super) fn reason(self) -> Reason {
        match self {
            Rejected::Host => Reason::HostUnclear,
            Rejected::Target => Reason::TargetUnclear,
            Rejected::Path(fault) => Reason::Path(fault),
            Rejected::TransferCoding => Reason::TransferCoding,
            Rejected::ContentLength => Reason::ContentLength,
            Rejected::TooManyFields => Reason::Page(Outcome::HeadTooLarge),
            Rejected::Upgrade => Reason::UpgradeUnclear,
            Rejected::Question => Reason::QuestionUnclear,
            Rejected::QuestionForAnotherSite => Reason::QuestionForAnotherSite,
            Rejected::Method => Reason::MethodNotProxied,
            Rejected::NoSite => Reason::Page(Outcome::UnknownSite),
            Rejected::SiteNotServedHere => Reason::SiteNotServedHere,
        }
    }
}

/// Where a request goes.
pub(super) struct Target {
    /// In the form in which sites are found.
    pub(super) host: String,
    /// As the visitor wrote it.
    pub(super) authority: HeaderValue,
    /// The bytes whose readings are matched and the bytes that are forwarded.
    pub(super) path_and_query: PathAndQuery,
}

impl Target {
    /// Reads a request's address; the error says why there is none.
    pub(super) fn read<B>(request: &Request<B>) -> Result<Target, Rejected> {
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Rejected::Method);
        }
        // HTTP/1 refuses it while it reads; HTTP/2 counts bytes only.
        if request.headers().len() > MAX_FIELDS {
            return Err(Rejected::TooManyFields);
        }
        let (host, authority) = authority(request).ok_or(Rejected::Host)?;
        let path_and_query = request.uri().path_and_query().ok_or(Rejected::Target)?;
        let printable = path_and_query.as_str().bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || !path_and_query.as_str().starts_with('/') {
            return Err(Rejected::Target);
        }
        if has_odd_coding(request.headers()) {
            return Err(Rejected::TransferCoding);
        }
        if has_odd_length(request.headers()) {
            return Err(Rejected::ContentLength);
        }
        Ok(Target { host, authority, path_and_query: path_and_query.clone() })
    }

    /// Whether the visitor wrote host and port as the configuration does.
    pub(super) fn is_spelled_as_configured(&self, site: &Site) -> bool {
        self.authority.as_bytes() == site.authority().as_bytes()
    }

    /// Whether the visitor's browser keeps other cookies for this spelling of the host, so that nothing of ours works there.
    pub(super) fn is_at_another_host_name(&self, site: &Site) -> bool {
        let written = self.authority.to_str().unwrap_or_default();
        // Some addresses of ours are answered at any host.
        self.host == *site.host && !is_same_host_name(written, site.authority())
    }

    /// Host and port as the site knows them, whatever the visitor wrote.
    pub(super) fn public_authority(&self, site: &Site) -> HeaderValue {
        if self.is_spelled_as_configured(site) {
            return self.authority.clone();
        }
        HeaderValue::from_str(site.authority()).unwrap_or_else(|_| self.authority.clone())
    }
}

/// The host of a request. There is exactly one: RFC 9112 §3.2 for HTTP/1, RFC 9113 §8.3.1 for HTTP/2. Where it is said twice,
/// both must say the same, or two programs could believe different ones.
pub(super) fn authority<B>(request: &Request<B>) -> Option<(String, HeaderValue)> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (said, again) = (hosts.next(), hosts.next());
    if again.is_some() {
        return None;
    }
    let in_target = request.uri().authority().map(|authority| authority.as_str());
    let authority = match (said, in_target) {
        (Some(said), None) => said.clone(),
        (Some(said), Some(target)) if said.as_bytes().eq_ignore_ascii_case(target.as_bytes()) => said.clone(),
        (None, Some(target)) if request.version() == Version::HTTP_2 => HeaderValue::from_str(target).ok()?,
        _ => return None,
    };
    let host = normal_host(authority.to_str().ok()?)?;
    Some((host, authority))
}

/// A transfer coding other than `chunked` would be lost on the way, and what is left would be another body.
fn has_odd_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let odd = |value: &HeaderValue| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    codings.next().is_some_and(odd) || codings.next().is_some()
}

/// A length that is no number, or two that differ (RFC 9110 §8.6): two programs could see two ends.
fn has_odd_length(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return false };
    !first.as_bytes().iter().all(u8::is_ascii_digit)
        || first.is_empty()
        || lengths.any(|other| other != first)
}

/// Other methods that a request asks the site to take it for. Several frameworks obey these, so what is decided for the
/// method on the request line alone would be a decision about another request. Bodies are not looked into.
pub(super) fn claimed_methods(headers: &HeaderMap, query: Option<&str>) -> Vec<String> {
    const HEADERS: [&str; 3] = ["x_http_method_override", "x_http_method", "x_method_override"];
    let asks = |name: &HeaderName| HEADERS.iter().any(|known| folds_to(name.as_str(), known));
    // Some servers on the way join several lines by commas.
    let in_headers = headers.iter().filter(|(name, _)| asks(name)).flat_map(|(_, value)| {
        let methods = String::from_utf8_lossy(value.as_bytes()).to_ascii_uppercase();
        methods.split(',').map(|method| method.trim().to_owned()).collect::<Vec<_>>()
    });
    let may_ask = |query: &&str| query.contains('%') || query.to_ascii_lowercase().contains("method");
    // `;` separates as `&` does for older frameworks.
    let parts = query.filter(may_ask).into_iter().flat_map(|query| query.split(['&', ';']));
    let fields = parts.flat_map(|part| url::form_urlencoded::parse(part.as_bytes()));
    let in_query = fields.filter(|(name, _)| is_method_field(name));
    in_headers.chain(in_query.map(|(_, method)| method.trim().to_ascii_uppercase())).collect()
}

/// Whether a site may read a field of a query as `_method`. PHP skips blanks before a name, ends it at a NUL and makes `_` of a
/// blank, `.` and `[`; others know brackets. So whatever begins with a sign and has no letters but these counts.
fn is_method_field(name: &str) -> bool {
    let name = name.split('\0').next().unwrap_or_default().trim_start();
    let letters =
        name.chars().filter(|letter| letter.is_alphanumeric()).map(|letter| letter.to_ascii_lowercase());
    name.starts_with(|first: char| !first.is_alphanumeric()) && letters.eq("method".chars())
}

/// What matters about a request when it is sent to the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handling {
    /// What it wants its connection to become.
    pub(super) upgrade: Upgrade,
    /// Every method that the site may take it for is idempotent (RFC 9110 §9.2.2).
    pub(super) may_repeat: bool,
}

/// What a request wants its connection to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// Nothing, or something that we do not pass on (`h2c`): the request is answered as any other.
    None,
    /// A WebSocket (RFC 6455 §4.1).
    WebSocket,
}

impl Upgrade {
    pub(super) fn read<B>(request: &Request<B>) -> Result<Upgrade, Rejected> {
        let headers = request.headers();
        let asked = lists(headers, &header::CONNECTION, "upgrade")
            && lists(headers, &header::UPGRADE, "websocket")
            && request.version() == Version::HTTP_11;
        if !asked {
            return Ok(Upgrade::None);
        }
        // A handshake has no body. One that has could be a second request in disguise.
        let has_body = headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        let alone = headers
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        if request.method() != Method::GET || has_body || !alone {
            return Err(Rejected::Upgrade);
        }
        Ok(Upgrade::WebSocket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, version: Version, fields: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(target).version(version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[track_caller]
    fn host(target: &str, version: Version, hosts: &[&str], expect: Option<&str>) {
        let fields: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let read = Target::read(&request(target, version, &fields)).ok();
        assert_eq!(read.map(|target| target.host).as_deref(), expect, "{target} {hosts:?}");
    }

    #[test]
    fn a_request_has_one_host() {
        let (h1, h2) = (Version::HTTP_11, Version::HTTP_2);
        host("/", h1, &["A.example:8080"], Some("a.example"));
        host("/", h1, &[], None);
        host("/", h1, &["a.example", "a.example"], None);
        host("/", h1, &["a.example, b.example"], None);
        host("/", h1, &["u@a.example"], None);
        host("http://a.example/", h1, &["a.example"], Some("a.example"));
        host("http://A.example/", h1, &["a.example"], Some("a.example"));
        host("http://b.example/", h1, &["a.example"], None);
        host("http://a.example:81/", h1, &["a.example:80"], None);
        host("http://a.example/", h1, &[], None);
        host("https://a.example/", h2, &[], Some("a.example"));
        host("https://a.example/", h2, &["b.example"], None);
        host("*", h1, &["a.example"], None);
    }

    #[test]
    fn only_a_clean_websocket_handshake_is_an_upgrade() {
        let ask = |fields: &[(&str, &str)]| Upgrade::read(&request("/", Version::HTTP_11, fields)).ok();
        let (connection, upgrade) = (("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"));
        assert_eq!(ask(&[connection, upgrade]), Some(Upgrade::WebSocket));
        assert_eq!(ask(&[connection, ("upgrade", "h2c")]), Some(Upgrade::None));
        assert_eq!(ask(&[upgrade]), Some(Upgrade::None));
        assert_eq!(ask(&[connection, ("upgrade", "h2c, websocket")]), None);
        assert_eq!(ask(&[connection, upgrade, ("content-length", "5")]), None);
        assert_eq!(ask(&[connection, upgrade, ("transfer-encoding", "chunked")]), None);
        assert_eq!(
            Upgrade::read(&request("/", Version::HTTP_2, &[connection, upgrade])).ok(),
            Some(Upgrade::None)
        );
    }

    #[test]
    fn a_method_in_disguise_is_seen() {
        let claims = |target: &str, fields: &[(&str, &str)]| {
            let request = request(target, Version::HTTP_11, fields);
            claimed_methods(request.headers(), request.uri().query())
        };
        assert!(claims("/a?b=c&methods=DELETE", &[]).is_empty());
        assert_eq!(claims("/a?b=c&%5Fmethod=delete", &[("x-method-override", "Put")]), ["PUT", "DELETE"]);
        assert_eq!(claims("/a?_method=delete", &[]), ["DELETE"]);
        assert_eq!(
            claims("/", &[("x-http-method-override", "delete"), ("x-http-method", "put")]),
            ["DELETE", "PUT"]
        );
        assert_eq!(claims("/", &[("x-method-override", "GET, delete")]), ["GET", "DELETE"]);
    }

    #[test]
    fn a_method_is_seen_in_every_spelling_that_a_site_may_fold() {
        let claims = |target: &str, name: &str| {
            let request = request(target, Version::HTTP_11, &[(name, "DELETE")]);
            claimed_methods(request.headers(), request.uri().query())
        };
        for query in [
            "_method=DELETE",
            ".method=DELETE",
            "+_method=DELETE",
            "%20_method=delete",
            "++.method=DELETE",
            "%5Bmethod=DELETE",
            "[_method]=DELETE",
            "%2Emethod=DELETE",
            "+%20+_method=DELETE",
            "_%6dethod=DELETE",
            "_method%00x=DELETE",
            "_method%00=+DELETE",
            "_METHOD=DELETE",
            "a=b;_method=DELETE",
            "a&b&_method=DELETE",
        ] {
            assert_eq!(claims(&format!("/?{query}"), "accept"), ["DELETE"], "{query}");
        }
        for query in [
            "method=DELETE",
            "+method=DELETE",
            "_methods=DELETE",
            "a_method=DELETE",
            "%00_method=DELETE",
            "a=_method",
        ] {
            assert!(claims(&format!("/?{query}"), "accept").is_empty(), "{query}");
        }
        for name in [
            "X_HTTP_Method_Override",
            "X.HTTP.Method.Override",
            "x-http_method~override",
            "X_HTTP-Method",
            "X!Method!Override",
        ] {
            assert_eq!(claims("/", name), ["DELETE"], "{name}");
        }
        for name in ["X-HTTP-Method-Overrides", "HTTP-Method", "X-Method"] {
            assert!(claims("/", name).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_length_that_is_said_in_two_ways_is_refused() {
        for (lengths, odd) in [
            (&[][..], false),
            (&["5"], false),
            (&["5", "5"], false),
            (&["5", "6"], true),
            (&["5", "05"], true),
            (&["5, 5"], true),
            (&["+5"], true),
            (&["-0"], true),
            (&[""], true),
            (&["5 "], true),
        ] {
            let length = |text: &&str| (header::CONTENT_LENGTH, HeaderValue::from_str(text).unwrap());
            assert_eq!(has_odd_length(&lengths.iter().map(length).collect()), odd, "{lengths:?}");
        }
    }

    #[test]
    fn a_coding_that_would_be_lost_is_refused() {
        for (value, odd) in [("chunked", false), ("Chunked", false), ("gzip, chunked", true), ("gzip", true)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static(value));
            assert_eq!(has_odd_coding(&headers), odd, "{value}");
        }
    }
}
