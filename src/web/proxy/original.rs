//! What a web server says about the request that it asks about. It says so in one of three ways, and in exactly one:
//!
//! - `X-Original-Method`, `-Proto`, `-Host` and `-URI`: nginx, as our configuration for it has it;
//! - `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`: Traefik and Caddy, which write them by themselves;
//! - the request itself, its path behind the question's own: Envoy.
//!
//! The question's own path is `/_gate/verify@NAME`, with the name of the site before which the server stands. That name is in the
//! server's configuration, where no visitor can reach it; the host is what the visitor wrote.
//!
//! Anything missing, doubled, mixed or malformed is no request at all. Kept out: which peer is believed, and the decision.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request};

use super::intake::{Rejected, Target, authority};
use crate::domain::access::normal_host;
use crate::web::paths;

/// Longest address that is read, in bytes: what the usual servers take as a request line.
const LONGEST_URI: usize = 8192;
/// Longest of the other values: a host name with its port.
const LONGEST_VALUE: usize = 300;

/// How the one who asks reads our answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// 200 allows, 401 and 403 deny, and anything else is an error to it: nginx.
    ThreeStatuses,
    /// 200 allows; anything else goes to the visitor as it is.
    Everything,
}

/// The request that is asked about.
pub(super) struct Original<'r> {
    /// The name of the site that the server means.
    pub(super) site: Option<&'r str>,
    pub(super) target: Target,
    pub(super) method: Method,
}

/// The parts of a question's own path: the site that it names, and what follows. `None`: it is no question. Only the very bytes
/// count, so that the servers can keep visitors from asking by a rule that is as simple.
pub(super) fn question(path_and_query: &str) -> Option<(Option<&str>, &str)> {
    let rest = path_and_query.strip_prefix(paths::VERIFY)?;
    let Some(named) = rest.strip_prefix('@') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((None, rest));
    };
    let (name, rest) = named.split_at(named.find(['/', '?']).unwrap_or(named.len()));
    Some((Some(name), rest))
}

/// How the one who asks reads our answer, known before anything else about it.
pub(super) fn reads(headers: &HeaderMap) -> Reads {
    if NGINX.is_used(headers) { Reads::ThreeStatuses } else { Reads::Everything }
}

impl Original<'_> {
    /// Reads what was said about the original request.
    pub(super) fn read<B>(request: &Request<B>) -> Result<Original<'_>, Rejected> {
        let headers = request.headers();
        let asked = request.uri().path_and_query().and_then(|all| question(all.as_str()));
        let (site, rest) = asked.ok_or(Rejected::Question)?;
        let rest = Some(rest).filter(|rest| rest.starts_with('/'));
        let (method, host, authority, uri) = match (NGINX.is_used(headers), FORWARDED.is_used(headers), rest)
        {
            (true, false, None) => NGINX.read(headers)?,
            (false, true, None) => FORWARDED.read(headers)?,
            (false, false, Some(rest)) => {
                let (host, authority) = authority(request).ok_or(Rejected::Host)?;
                (request.method().clone(), host, authority, rest)
            }
            _ => return Err(Rejected::Question),
        };
        if matches!(method, Method::CONNECT | Method::TRACE) {
            return Err(Rejected::Method);
        }
        let is_address = uri.starts_with('/')
            && uri.len() <= LONGEST_URI
            && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let path_and_query = uri.parse::<PathAndQuery>().ok().filter(|_| is_address);
        let path_and_query = path_and_query.ok_or(Rejected::Target)?;
        Ok(Original { site, target: Target { host, authority, path_and_query }, method })
    }
}

/// The names under which a kind of server writes an original request.
struct Family {
    method: &'static str,
    proto: &'static str,
    host: &'static str,
    uri: &'static str,
}

const NGINX: Family = Family {
    method: "x-original-method",
    proto: "x-original-proto",
    host: "x-original-host",
    uri: "x-original-uri",
};

const FORWARDED: Family = Family {
    method: "x-forwarded-method",
    proto: "x-forwarded-proto",
    host: "x-forwarded-host",
    uri: "x-forwarded-uri",
};

type ForwardedParts<'a> = (Method, String, HeaderValue, &'a str);

impl Family {
    /// Proto and host do not count: proxies of every kind write those of the forwarded family.
    fn is_used(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(self.method) || headers.contains_key(self.uri)
    }

    fn read<'a>(&self, headers: &'a HeaderMap) -> Result<ForwardedParts<'a>, Rejected> {
        let one = |name: &str, longest: usize| {
            let mut values = headers.get_all(name).iter();
            let (value, again) = (values.next(), values.next());
            value
                .filter(|value| again.is_none() && !value.is_empty() && value.len() <= longest)
                .and_then(|value| value.to_str().ok())
                .ok_or(Rejected::Question)
        };
        // Nothing is decided by the scheme, which the site's own address tells. What is no scheme shows that the one who asks
        // is set up in another way than we think.
        if !matches!(one(self.proto, LONGEST_VALUE)?, "http" | "https" | "ws" | "wss") {
            return Err(Rejected::Question);
        }
        let method = one(self.method, LONGEST_VALUE)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| Rejected::Question)?;
        let authority = one(self.host, LONGEST_VALUE)?;
        let host = normal_host(authority).ok_or(Rejected::Host)?;
        let authority = HeaderValue::from_str(authority).map_err(|_| Rejected::Question)?;
        Ok((method, host, authority, one(self.uri, LONGEST_URI)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX_SAYS: [(&str, &str); 4] = [
        ("x-original-method", "POST"),
        ("x-original-proto", "https"),
        ("x-original-host", "Library.example:8443"),
        ("x-original-uri", "/members?x=%2F"),
    ];
    const TRAEFIK_SAYS: [(&str, &str); 4] = [
        ("x-forwarded-method", "POST"),
        ("x-forwarded-proto", "wss"),
        ("x-forwarded-host", "Library.example:8443"),
        ("x-forwarded-uri", "/members?x=%2F"),
    ];

    fn read(uri: &str, fields: &[(&str, &str)]) -> Option<(String, String, String)> {
        let mut request = Request::builder().method("POST").uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let original = Original::read(&request).ok()?;
        let target = original.target;
        Some((original.method.to_string(), target.host, target.path_and_query.to_string()))
    }

    #[test]
    fn each_kind_of_server_is_understood() {
        let expect = Some(("POST".to_owned(), "library.example".to_owned(), "/members?x=%2F".to_owned()));
        assert_eq!(read("/_gate/verify", &NGINX_SAYS), expect);
        assert_eq!(read("/_gate/verify?added", &TRAEFIK_SAYS), expect);
        assert_eq!(read("/_gate/verify/members?x=%2F", &[("host", "Library.example:8443")]), expect);
        assert_eq!(read("/_gate/verify@library", &NGINX_SAYS), expect);
        assert_eq!(read("/_gate/verify@library?x=/", &TRAEFIK_SAYS), expect);
        assert_eq!(read("/_gate/verify@library/members?x=%2F", &[("host", "Library.example:8443")]), expect);
    }

    #[test]
    fn only_the_very_bytes_are_a_question() {
        for (path, asked) in [
            ("/_gate/verify", Some((None, ""))),
            ("/_gate/verify/", Some((None, "/"))),
            ("/_gate/verify/members@x?y", Some((None, "/members@x?y"))),
            ("/_gate/verify?@library", Some((None, "?@library"))),
            ("/_gate/verify@library", Some((Some("library"), ""))),
            ("/_gate/verify@library/@open?x@y", Some((Some("library"), "/@open?x@y"))),
            ("/_gate/verify@library?/x", Some((Some("library"), "?/x"))),
            ("/_gate/verify@", Some((Some(""), ""))),
            ("/_gate/verifyx", None),
            ("/_gate/verify%40library", None),
            ("/_gate/Verify", None),
            ("/_GATE/verify", None),
            ("/_gate/verif%79", None),
            ("/%5fgate/verify", None),
            ("//_gate/verify", None),
            ("/members/_gate/verify", None),
        ] {
            assert_eq!(question(path), asked, "{path}");
        }
    }

    #[test]
    fn what_is_missing_doubled_or_malformed_is_no_request() {
        for family in [NGINX_SAYS, TRAEFIK_SAYS] {
            for (at, (name, _)) in family.iter().enumerate() {
                let mut less = family.to_vec();
                less.remove(at);
                assert_eq!(read("/_gate/verify", &less), None, "without {name}");
                let mut twice = family.to_vec();
                twice.push(family[at]);
                assert_eq!(read("/_gate/verify", &twice), None, "{name} twice");
                let huge = "x".repeat(9000);
                let path = format!("/{huge}");
                let bad = ["", " ", "a b", "\t", "a,b", "ftp", "//", "https://", &huge, &path];
                for bad in bad
                    .into_iter()
                    .chain(["TRACE", "CONNECT"].into_iter().filter(|_| name.ends_with("method")))
                {
                    // A method of one's own is a method, and a word is a host.
                    if (name.ends_with("method") || name.ends_with("host")) && bad == "ftp" {
                        continue;
                    }
                    // What a path means is judged later, by the same rules as for our own proxy.
                    if name.ends_with("uri") && bad == "//" {
                        continue;
                    }
                    let mut changed = family.to_vec();
                    changed[at].1 = bad;
                    assert_eq!(read("/_gate/verify", &changed), None, "{name}: {bad}");
                }
            }
            for uri in ["/a#b", "*", "/a\u{e9}", "http://library.example/a"] {
                let mut changed = family.to_vec();
                changed[3].1 = uri;
                assert_eq!(read("/_gate/verify", &changed), None, "{uri}");
            }
        }
    }

    #[test]
    fn nobody_speaks_in_two_ways_at_once() {
        let host = ("host", "library.example");
        let both: Vec<_> = NGINX_SAYS.into_iter().chain(TRAEFIK_SAYS).collect();
        assert_eq!(read("/_gate/verify", &both), None);
        assert_eq!(read("/_gate/verify/members", &NGINX_SAYS), None);
        assert_eq!(read("/_gate/verify/members", &TRAEFIK_SAYS), None);
        assert_eq!(read("/_gate/verify/members", &[host, ("x-forwarded-uri", "/public")]), None);
        assert_eq!(read("/_gate/verify/members", &[host, ("x-original-method", "GET")]), None);
        assert_eq!(read("/_gate/verify", &[host]), None);
        assert_eq!(read("/_gate/verify/members", &[host, host]), None);
        let behind_another: Vec<_> =
            NGINX_SAYS.into_iter().chain([("x-forwarded-host", "cdn.example")]).collect();
        assert!(read("/_gate/verify", &behind_another).is_some());
    }
}
