//! What a request must be before anybody looks at it: one host, one path that reads only one way, a method that we pass on.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Version, header};

use super::headers::lists;
use crate::domain::access::normal_host;
use crate::domain::path::RequestPath;
use crate::web::pages::Notice;

/// Methods that a proxy for websites passes on; told to whoever asks for another.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    /// Two programs could read it in two ways, or nobody can read it at all.
    Unclear,
    /// A method that asks for a tunnel or an echo.
    Method,
    /// No site of ours is there.
    NoSite,
}

impl From<Rejected> for Notice {
    fn from(rejected: Rejected) -> Notice {
        match rejected {
            Rejected::Unclear => Notice::BadRequest,
            Rejected::NoSite => Notice::UnknownSite,
            Rejected::Method => Notice::MethodNotAllowed { allow: METHODS },
        }
    }
}

/// Where a request goes.
pub(super) struct Target {
    /// In the form in which sites are found.
    pub(super) host: String,
    /// As the visitor wrote it.
    pub(super) authority: HeaderValue,
    /// The bytes that are matched and the bytes that are forwarded.
    pub(super) path_and_query: PathAndQuery,
}

impl Target {
    /// Reads a request's address; the error says why there is none.
    pub(super) fn read<B>(request: &Request<B>) -> Result<Target, Rejected> {
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Rejected::Method);
        }
        let (host, authority) = authority(request).ok_or(Rejected::Unclear)?;
        let path_and_query = request.uri().path_and_query().ok_or(Rejected::Unclear)?;
        let printable = path_and_query.as_str().bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || !path_and_query.as_str().starts_with('/') || has_odd_coding(request.headers()) {
            return Err(Rejected::Unclear);
        }
        Ok(Target { host, authority, path_and_query: path_and_query.clone() })
    }

    /// The path in the form in which it is matched.
    pub(super) fn path(&self) -> Result<RequestPath<'_>, Rejected> {
        RequestPath::parse(self.path_and_query.path()).map_err(|_| Rejected::Unclear)
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

/// Other methods that a request asks the site to take it for. Several frameworks obey these, so what is decided for the
/// method on the request line alone would be a decision about another request. Bodies are not looked into.
pub(super) fn claimed_methods(headers: &HeaderMap, query: Option<&str>) -> Vec<String> {
    const HEADERS: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];
    let in_headers = HEADERS.iter().flat_map(|name| headers.get_all(*name));
    let mut claimed: Vec<String> =
        in_headers.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_uppercase()).collect();
    let query = query.filter(|query| query.contains("method") || query.contains('%'));
    let fields = query.map(|query| url::form_urlencoded::parse(query.as_bytes())).into_iter().flatten();
    claimed
        .extend(fields.filter(|(name, _)| name == "_method").map(|(_, method)| method.to_ascii_uppercase()));
    claimed
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
            return Err(Rejected::Unclear);
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
