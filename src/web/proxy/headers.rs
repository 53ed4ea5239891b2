//! Which header fields travel, in which direction.
//!
//! Order matters: hop-by-hop fields go first, so that a client cannot name in `Connection` a field that we set; then the
//! whole forwarded family goes, and only then is ours set.

use std::net::IpAddr;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Version};

use super::{cookies, shared_caches};
use crate::web::identity;

/// Names a request in the log, on error pages and towards the site. What a client sends under it is replaced.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// RFC 9110 §7.6.1, with what older programs use.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// Fields that we set at most: six here, and identity.
const OURS: usize = 13;

/// What the site is told about the visitor's connection.
pub(super) struct Via<'a> {
    pub(super) client: IpAddr,
    pub(super) is_secure: bool,
    /// Where visitors find the site, port included if it is not the scheme's own.
    pub(super) authority: &'a HeaderValue,
    /// The port to which they come.
    pub(super) port: u16,
    /// The site's own, when the visitor's is not preserved.
    pub(super) upstream_host: Option<&'a HeaderValue>,
    pub(super) request_id: &'a HeaderValue,
}

/// Makes the header section of a visitor's request into that of a request to the site. Identity is stamped afterwards.
pub(super) fn request(headers: &mut HeaderMap, via: &Via<'_>) {
    let wants_trailers = lists(headers, &header::TE, "trailers");
    remove_hop_by_hop(headers);
    remove_claims(headers);
    cookies::strip_request(headers);
    // Equal lengths may be said twice (RFC 9110 §8.6); the site hears it once.
    if headers.get_all(header::CONTENT_LENGTH).iter().nth(1).is_some() {
        let length = headers.remove(header::CONTENT_LENGTH);
        headers.extend(length.map(|length| (header::CONTENT_LENGTH, length)));
    }
    // It has been answered: the body is asked for only once the request is on its way.
    headers.remove(header::EXPECT);
    if wants_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    // Grows once, and has room for the identity that is stamped afterwards.
    headers.reserve(OURS);
    headers.insert(header::HOST, via.upstream_host.unwrap_or(via.authority).clone());
    if let Ok(client) = HeaderValue::from_str(&via.client.to_string()) {
        headers.insert(FORWARDED_FOR, client);
    }
    let proto = if via.is_secure { "https" } else { "http" };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
    headers.insert(FORWARDED_HOST, via.authority.clone());
    headers.insert(FORWARDED_PORT, port(via.port));
    headers.insert(REQUEST_ID, via.request_id.clone());
}

fn port(port: u16) -> HeaderValue {
    match port {
        443 => HeaderValue::from_static("443"),
        80 => HeaderValue::from_static("80"),
        port => HeaderValue::from(port),
    }
}

/// Makes the site's header section into ours. `is_public`: strangers may have the page too. `is_signed_in`: it may be about a person.
pub(super) fn response(headers: &mut HeaderMap, is_public: bool, is_signed_in: bool) {
    remove_hop_by_hop(headers);
    cookies::strip_response(headers);
    if !is_public || is_signed_in {
        shared_caches::keep_out(headers);
    }
    // The site is told who asks on public pages too.
    shared_caches::vary_by_cookie(headers);
}

/// Takes out of a trailer section what a site might read as a header.
pub(super) fn trailers(trailers: &mut HeaderMap) {
    remove_hop_by_hop(trailers);
    remove_claims(trailers);
    for name in [header::HOST, header::CONTENT_LENGTH, header::COOKIE, header::AUTHORIZATION] {
        trailers.remove(name);
    }
}

/// Takes out of a site's trailer section what frames a message or steers its way and use (RFC 9110 §6.5.1).
pub(super) fn answer_trailers(trailers: &mut HeaderMap) {
    remove_hop_by_hop(trailers);
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::CACHE_CONTROL,
        header::SET_COOKIE,
        header::TRAILER,
    ] {
        trailers.remove(name);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = tokens(headers, &header::CONNECTION)
            .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
            // These frame the message or route it; naming them here must not hide them.
            .filter(|name| !matches!(*name, header::HOST | header::CONTENT_LENGTH | header::COOKIE))
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Removes what a visitor claims about who or where it is: identity names under any spelling, and the forwarded family.
fn remove_claims(headers: &mut HeaderMap) {
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| identity::is_identity(name.as_str()) || is_forwarded_family(name.as_str()))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
}

/// The fields in which proxies and web servers tell a site about the visitor: where from, by which address, and who. Compared as
/// CGI and PHP fold names, so that no spelling of one gets through. `Proxy` is here because CGI makes it `HTTP_PROXY`, and
/// `X-Middleware-Subrequest` because it made Next.js skip its own rules (CVE-2025-29927). Each line has one first letter.
fn is_forwarded_family(name: &str) -> bool {
    let (names, families): (&[&str], &[&str]) = match name.as_bytes().first() {
        Some(b'x') => (
            &[
                "x_real_ip",
                "x_client_ip",
                "x_cluster_client_ip",
                "x_proxyuser_ip",
                "x_host",
                "x_scheme",
                "x_protocol",
                "x_https",
                "x_ssl",
                "x_url_scheme",
                "x_rewrite_url",
                "x_request_uri",
                "x_script_name",
                "x_http_host_override",
                "x_request_id",
                "x_client_cert",
                "x_auth_user",
                "x_authenticated_user",
                "x_webauth_user",
                "x_proxy_user",
                "x_client_verify",
                "x_middleware_subrequest",
                "x_http_destinationurl",
            ],
            &[
                "x_forward",
                "x_original_",
                "x_envoy_",
                "x_accel_",
                "x_remote_",
                "x_auth_request_",
                "x_ssl_client_",
                "x_arr_",
                "x_azure_",
                "x_appengine_",
                "x_goog_authenticated_",
                "x_goog_iap_",
                "x_amzn_oidc_",
                "x_ms_client_principal",
                "x_authentik_",
            ],
        ),
        Some(b'f') => (&["front_end_https", "fastly_client_ip", "fly_client_ip"], &["forwarded"]),
        Some(b'c') => (&["client_ip", "client_cert", "client_cert_chain"], &["cf_"]),
        Some(b't') => (&["true_client_ip"], &["tailscale_user_"]),
        Some(b'p') => (&["proxy"], &[]),
        Some(b'r') => (&["request_uri"], &["remote_", "redirect_remote_user"]),
        Some(b'a') => (&["auth_user", "auth_type", "authenticated_user"], &[]),
        Some(b's') => (&["script_name", "ssl_https"], &["ssl_client_"]),
        Some(b'h') => (&["https"], &[]),
        Some(b'd') => (&["do_connecting_ip"], &[]),
        Some(b'o') => (&[], &["oidc_"]),
        Some(b'm') => (&["ms_client_principal"], &[]),
        _ => return false,
    };
    names.iter().any(|known| folds_to(name, known))
        || families.iter().any(|family| name.get(..family.len()).is_some_and(|head| folds_to(head, family)))
}

/// Whether a header name reads as `folded` once everything but letters and digits is `_`. Names are in lower case here.
pub(crate) fn folds_to(name: &str, folded: &str) -> bool {
    let fold = |byte: u8| if byte.is_ascii_alphanumeric() { byte } else { b'_' };
    name.len() == folded.len() && name.bytes().map(fold).eq(folded.bytes())
}

/// Whether a list field has this token.
pub(super) fn lists(headers: &HeaderMap, field: &HeaderName, token: &str) -> bool {
    tokens(headers, field).any(|listed| listed.eq_ignore_ascii_case(token))
}

fn tokens<'a>(headers: &'a HeaderMap, field: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(field).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// HTTP/1.1 to the site, whatever the visitor speaks.
pub(super) const UPSTREAM_VERSION: Version = Version::HTTP_11;

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let authority = HeaderValue::from_static("library.example:8443");
        let request_id = HeaderValue::from_static("id-1");
        let via = Via {
            client: "192.0.2.7".parse().unwrap(),
            is_secure: true,
            authority: &authority,
            port: 8443,
            upstream_host: None,
            request_id: &request_id,
        };
        request(&mut headers, &via);
        headers
    }

    #[test]
    fn the_site_hears_about_the_visitor_from_us_alone() {
        for name in [
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Forwarded-Port",
            "X-Forwarded-Prefix",
            "X-Forwarded-Uri",
            "X-Forwarded-User",
            "X-Forwarded",
            "X_Forwarded_For",
            "x.forwarded.for",
            "Forwarded",
            "X-Real-IP",
            "X_Real_Ip",
            "X-Original-URL",
            "X-Original-Forwarded-For",
            "X-Rewrite-URL",
            "True-Client-IP",
            "CF-Connecting-IP",
            "X-Client-IP",
            "Client-IP",
            "Proxy",
            "X-Request-Id",
            "X_Request_Id",
            "X-Envoy-External-Address",
            "X.Envoy.Internal",
            "X-Remote-User",
            "X_Remote_User",
            "X.Remote.User",
            "Remote-User",
            "REMOTE_USER",
            "Remote.User",
            "Front-End-Https",
            "X-HTTP-Host-Override",
            "X_HTTP.Host~Override",
            "X-Forwarded-Server",
            "X-Forwarded-Ssl",
            "X-Forwarded-Scheme",
            "X-Forward-For",
            "X-Host",
            "X-Url-Scheme",
            "X-Scheme",
            "X-Accel-Redirect",
            "X-Accel-Internal",
            "X-Auth-Request-Email",
            "X-Client-Cert",
            "Client-Cert",
            "SSL-Client-Verify",
            "X-SSL-Client-S-DN",
            "OIDC_CLAIM_sub",
            "X-Script-Name",
            "X-Middleware-Subrequest",
            "Https",
        ] {
            let headers = sent(&[(name, "evil")]);
            assert!(headers.values().all(|value| value != "evil"), "{name}");
        }
        let headers = sent(&[]);
        assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["x-forwarded-host"], "library.example:8443");
        assert_eq!(headers["x-forwarded-port"], "8443");
        assert_eq!(headers["host"], "library.example:8443");
    }

    #[test]
    fn fields_of_the_site_pass() {
        for name in [
            "X-Custom",
            "Client-Version",
            "X-Csrf-Token",
            "Prefer",
            "Cf",
            "X-Hostile",
            "Authorization",
            "Referer",
            "Range",
            "Accept",
            "X-Requested-With",
            "Upgrade-Insecure-Requests",
            "Sec-Purpose",
            "Destination",
            "Depth",
            "X-WP-Nonce",
            "X-Api-Key",
        ] {
            assert_eq!(sent(&[(name, "kept")])[name.to_ascii_lowercase()], "kept", "{name}");
        }
    }

    #[test]
    fn what_connection_names_goes_and_what_we_set_stays() {
        let headers = sent(&[
            ("connection", "keep-alive, X-Secret, x-forwarded-for, Host, Cookie"),
            ("connection", "X-Forwarded-Proto, membergate-id"),
            ("x-secret", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "gzip"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABkAAQ"),
            ("proxy-connection", "close"),
            ("cookie", "a=b"),
        ]);
        for gone in
            ["connection", "x-secret", "keep-alive", "te", "upgrade", "http2-settings", "proxy-connection"]
        {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["host"], "library.example:8443");
        assert_eq!(headers["cookie"], "a=b");
    }

    #[test]
    fn trailers_are_asked_for_only_when_the_visitor_can_read_them() {
        assert_eq!(sent(&[("te", "gzip, Trailers")])["te"], "trailers");
        assert!(!sent(&[("te", "gzip")]).contains_key("te"));
    }

    #[test]
    fn a_trailer_cannot_become_a_header() {
        let mut section = HeaderMap::new();
        for name in
            ["membergate-id", "membergate_roles", "x-forwarded-for", "host", "content-length", "x-checksum"]
        {
            section.insert(name, HeaderValue::from_static("1"));
        }
        trailers(&mut section);
        assert_eq!(section.keys().collect::<Vec<_>>(), ["x-checksum"]);
    }
}
