//! Where a site names itself by its internal address, its answers get the public one. It does so mostly with
//! `preserve_host = false`, because that is the host it sees; some do so whatever they see.
//!
//! Only the site's own upstream is replaced; every other host stays. Bodies pass untouched. What counts as the upstream:
//! its host, in any spelling, with its port; `http` and `https` alike, because a site behind a gateway does not know which of
//! them the visitor speaks.

use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};
use url::Host;

use crate::adapters::upstream::Endpoint;
use crate::domain::access::Site;

/// Of RFC 2068, and still written by some older programs.
const URI: HeaderName = HeaderName::from_static("uri");

/// A site's names for itself.
pub(super) struct Names<'a> {
    internal: Host<&'a str>,
    port: u16,
    origin: &'a str,
    host: &'a str,
}

impl<'a> Names<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, site: &'a Site) -> Names<'a> {
        let internal = match endpoint.host() {
            Host::Domain(name) => Host::Domain(without_final_dot(name)),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        };
        Names { internal, port: endpoint.port(), origin: &site.origin, host: &site.host }
    }

    /// Replaces them in the header section of an answer.
    pub(super) fn make_public(&self, headers: &mut HeaderMap) {
        for name in [header::LOCATION, header::CONTENT_LOCATION, URI] {
            change(headers, name, |value| self.reference(value));
        }
        change(headers, header::REFRESH, |value| self.refresh(value));
        change(headers, header::LINK, |value| self.link(value));
        change(headers, header::SET_COOKIE, |value| self.cookie(value));
    }

    /// `http://internal:3000/a` becomes `https://www.acme.example/a`. `None`: it leads elsewhere, or is relative.
    fn reference(&self, reference: &[u8]) -> Option<Vec<u8>> {
        let text = reference.trim_ascii_start();
        let (scheme_port, rest) = match () {
            () if begins_with(text, b"https:") => (Some(443), text.get(6..)?),
            () if begins_with(text, b"http:") => (Some(80), text.get(5..)?),
            () => (None, text),
        };
        // Browsers take `\` for `/` here, and more than two for two.
        let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
        let slashes = rest.iter().take_while(|byte| is_slash(byte)).count();
        let rest = rest.get(slashes..).filter(|_| slashes >= 2)?;
        let end = rest.iter().position(|byte| is_slash(byte) || matches!(byte, b'?' | b'#'));
        let (authority, path) = rest.split_at(end.unwrap_or(rest.len()));
        if !self.is_internal(std::str::from_utf8(authority).ok()?, scheme_port) {
            return None;
        }
        Some([self.origin.as_bytes(), path].concat())
    }

    fn is_internal(&self, authority: &str, scheme_port: Option<u16>) -> bool {
        let host_and_port = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host_and_port, ""),
        };
        let is_usual = |port: u16| matches!(port, 80 | 443);
        let is_port = match (port.parse::<u16>(), scheme_port) {
            (Ok(port), _) if port == self.port => true,
            // `https://internal/` for `http://internal/`: the usual port of a scheme that was only guessed.
            (Ok(port), Some(usual)) => port == usual && is_usual(self.port),
            (Ok(_), None) => false,
            (Err(_), _) => port.is_empty() && is_usual(self.port),
        };
        is_port && self.is_internal_host(host)
    }

    fn is_internal_host(&self, host: &str) -> bool {
        match (Host::parse(without_final_dot(host)), &self.internal) {
            (Ok(Host::Domain(host)), Host::Domain(internal)) => host == *internal,
            (Ok(Host::Ipv4(host)), Host::Ipv4(internal)) => host == *internal,
            (Ok(Host::Ipv6(host)), Host::Ipv6(internal)) => host == *internal,
            _ => false,
        }
    }

    /// `5; url=http://internal/`, as browsers read it: the `url=` and the quotes may be missing.
    fn refresh(&self, value: &[u8]) -> Option<Vec<u8>> {
        let skip = |from: usize, skipped: fn(&u8) -> bool| {
            from + value.get(from..).unwrap_or_default().iter().take_while(|byte| skipped(byte)).count()
        };
        let blanks = |from| skip(from, u8::is_ascii_whitespace);
        let mut start = skip(blanks(0), |byte| byte.is_ascii_digit() || *byte == b'.');
        start = blanks(start);
        start += usize::from(matches!(value.get(start), Some(b';' | b',')));
        start = blanks(start);
        if begins_with(value.get(start..)?, b"url") {
            let equals = blanks(start + 3);
            if value.get(equals) == Some(&b'=') {
                start = blanks(equals + 1);
            }
        }
        let quote = value.get(start).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        start += usize::from(quote.is_some());
        let (before, rest) = value.split_at_checked(start)?;
        let end = quote.and_then(|quote| rest.iter().position(|byte| *byte == quote)).unwrap_or(rest.len());
        let (reference, after) = rest.split_at(end);
        Some([before, &self.reference(reference)?, after].concat())
    }

    /// Each `<…>` of `Link` (RFC 8288).
    fn link(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut changed = Vec::new();
        let (mut rest, mut any) = (value, false);
        while let Some(open) = rest.iter().position(|byte| *byte == b'<') {
            let (before, target) = rest.split_at(open + 1);
            let (target, after) = target.split_at(target.iter().position(|byte| *byte == b'>')?);
            changed.extend_from_slice(before);
            let public = self.reference(target);
            any |= public.is_some();
            changed.extend_from_slice(public.as_deref().unwrap_or(target));
            rest = after;
        }
        changed.extend_from_slice(rest);
        any.then_some(changed)
    }

    /// Without a `Domain` that the visitor's browser would not take from this site, or that is the upstream's own: the cookie is
    /// then for the site's host alone.
    fn cookie(&self, line: &[u8]) -> Option<Vec<u8>> {
        let is_kept = |attribute: &&[u8]| {
            let text = std::str::from_utf8(attribute).unwrap_or_default();
            text.split_once('=').is_none_or(|(name, domain)| {
                !name.trim().eq_ignore_ascii_case("domain") || !self.is_internal_domain(domain.trim())
            })
        };
        let mut parts = line.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let kept: Vec<&[u8]> = std::iter::once(pair).chain(parts.clone().filter(is_kept)).collect();
        (kept.len() <= parts.count()).then(|| kept.join(&b';'))
    }

    fn is_internal_domain(&self, domain: &str) -> bool {
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let domain = match domain.rsplit_once(':') {
            Some((host, port)) if is_port(port) && (host.ends_with(']') || !host.contains(':')) => host,
            _ => domain,
        };
        if domain.is_empty() || domain.eq_ignore_ascii_case(self.host) {
            return false;
        }
        let bracketed = format!("[{domain}]");
        if self.is_internal_host(domain) || self.is_internal_host(&bracketed) {
            return true;
        }
        // A domain above the upstream's host is the site's affair if the public host is below it too.
        let domain = without_final_dot(domain).to_ascii_lowercase();
        match &self.internal {
            Host::Domain(internal) => is_below(internal, &domain) && !is_below(self.host, &domain),
            Host::Ipv4(_) | Host::Ipv6(_) => false,
        }
    }
}

fn change(headers: &mut HeaderMap, name: HeaderName, new: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    if !headers.contains_key(&name) {
        return;
    }
    let Entry::Occupied(mut values) = headers.entry(name) else { return };
    for value in values.iter_mut() {
        if let Some(Ok(new)) = new(value.as_bytes()).map(|bytes| HeaderValue::from_bytes(&bytes)) {
            *value = new;
        }
    }
}

fn begins_with(text: &[u8], lower: &[u8]) -> bool {
    text.get(..lower.len()).is_some_and(|head| head.eq_ignore_ascii_case(lower))
}

fn without_final_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::adapters::upstream::{Trust, UpstreamLimits};
    use crate::domain::path::PathPattern;

    /// What becomes of one field of the site at `upstream`, whose visitors find it at `https://www.acme.example`.
    fn public(upstream: &str, name: &'static str, value: &str) -> String {
        let url = Url::parse(upstream).unwrap();
        let endpoint = Endpoint::new(&url, &Trust::Platform, UpstreamLimits::default()).unwrap();
        let site = Site {
            name: "www".into(),
            title: "Acme".into(),
            origin: "https://www.acme.example".into(),
            host: "www.acme.example".into(),
            prefix: PathPattern::parse("/shop").unwrap(),
            home: "/shop".into(),
            access: Vec::new(),
            paths: crate::domain::path::PathPolicy::default(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        Names::new(&endpoint, &site).make_public(&mut headers);
        String::from_utf8(headers[name].as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn the_sites_own_address_becomes_the_public_one_and_no_other_does() {
        let own = "https://www.acme.example/shop/x?a=b#c";
        for (upstream, value, is_own) in [
            ("http://shop.lan:3000", "http://shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "https://shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "HTTP://Shop.LAN:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "//shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "http:\\\\shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "http://u:p@shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "http://shop.lan.:3000/shop/x?a=b#c", true),
            ("http://shop.lan:3000", "http://shop.lan:03000/shop/x?a=b#c", true),
            ("http://SHOP.lan.:3000", "http://shop.lan:3000/shop/x?a=b#c", true),
            ("http://shop.lan", "http://shop.lan/shop/x?a=b#c", true),
            ("http://shop.lan", "http://shop.lan:80/shop/x?a=b#c", true),
            ("http://shop.lan", "https://shop.lan/shop/x?a=b#c", true),
            ("http://shop.lan", "https://shop.lan:443/shop/x?a=b#c", true),
            ("http://shop.lan", "//shop.lan/shop/x?a=b#c", true),
            ("https://shop.lan", "http://shop.lan/shop/x?a=b#c", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/shop/x?a=b#c", true),
            ("http://[::1]:3000", "http://[::1]:3000/shop/x?a=b#c", true),
            ("http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000/shop/x?a=b#c", true),
            ("http://[2001:DB8::1]", "//[2001:db8:0::1]/shop/x?a=b#c", true),
            // Elsewhere.
            ("http://shop.lan:3000", "http://shop.lan/x", false),
            ("http://shop.lan:3000", "http://shop.lan:3001/x", false),
            ("http://shop.lan", "http://shop.lan:8080/x", false),
            ("http://shop.lan", "http://other.lan/x", false),
            ("http://shop.lan:3000", "http://shop.lan.evil.example:3000/x", false),
            ("http://shop.lan:3000", "http://shop.lan:3000@evil.example/x", false),
            ("http://[::1]:3000", "http://[::2]:3000/x", false),
            ("http://shop.lan:3000", "/shop/x", false),
            ("http://shop.lan:3000", "x", false),
            ("http://shop.lan:3000", "?u=http://shop.lan:3000/", false),
            ("http://shop.lan:3000", "/r?to=//shop.lan:3000/", false),
            ("http://shop.lan:3000", "ftp://shop.lan:3000/x", false),
            ("http://shop.lan:3000", "mailto:a@shop.lan", false),
            ("http://shop.lan:3000", "", false),
        ] {
            for name in ["location", "content-location", "uri"] {
                let expect = if is_own { own } else { value };
                assert_eq!(public(upstream, name, value), expect, "{name} {value} from {upstream}");
            }
        }
        let to = |value| public("http://shop.lan:3000", "location", value);
        assert_eq!(to("http://shop.lan:3000"), "https://www.acme.example");
        assert_eq!(to("http://shop.lan:3000?a"), "https://www.acme.example?a");
        assert_eq!(
            to("http://shop.lan:3000/caf\u{e9}/%7e/../a"),
            "https://www.acme.example/caf\u{e9}/%7e/../a"
        );
    }

    #[test]
    fn addresses_inside_other_fields_are_found() {
        for (name, value, expect) in [
            ("refresh", "5; url=http://shop.lan:3000/x", "5; url=https://www.acme.example/x"),
            ("refresh", "0;URL='http://shop.lan:3000/x'", "0;URL='https://www.acme.example/x'"),
            ("refresh", "0, url = \"//shop.lan:3000/x\" ", "0, url = \"https://www.acme.example/x\" "),
            ("refresh", "0.5 http://shop.lan:3000/x", "0.5 https://www.acme.example/x"),
            ("refresh", "5; url=/x?u=http://shop.lan:3000/", "5; url=/x?u=http://shop.lan:3000/"),
            ("refresh", "5", "5"),
            ("refresh", "5; url=", "5; url="),
            (
                "link",
                "<http://shop.lan:3000/a>; rel=next, </b>; rel=prev, <http://o.example/>, <//shop.lan:3000/c>",
                "<https://www.acme.example/a>; rel=next, </b>; rel=prev, <http://o.example/>, <https://www.acme.example/c>",
            ),
            ("link", "<http://shop.lan:3000/a", "<http://shop.lan:3000/a"),
            // A body is the site's own, and so are fields that name nothing to be opened.
            ("x-generator", "http://shop.lan:3000/", "http://shop.lan:3000/"),
        ] {
            assert_eq!(public("http://shop.lan:3000", name, value), expect);
        }
    }

    #[test]
    fn a_cookie_for_the_upstreams_host_is_for_the_sites() {
        for (upstream, line, expect) in [
            ("http://shop.lan:3000", "a=b; Domain=shop.lan; Path=/", "a=b; Path=/"),
            ("http://shop.lan:3000", "a=b; path=/;DOMAIN = .Shop.LAN", "a=b; path=/"),
            ("http://shop.lan:3000", "a=b; domain=shop.lan:3000; Secure", "a=b; Secure"),
            ("http://shop.lan:3000", "a=b; Domain=shop.lan; Domain=.shop.lan", "a=b"),
            ("http://shop.lan:3000", "a=b; Domain=lan", "a=b"),
            ("http://127.0.0.1:3000", "a=b; Domain=127.0.0.1", "a=b"),
            ("http://[::1]:3000", "a=b; Domain=[::1]", "a=b"),
            ("http://[::1]:3000", "a=b; Domain=::1", "a=b"),
            ("http://app.acme.example", "a=b; Domain=app.acme.example", "a=b"),
            // The site shares this one on purpose, and the browser takes it.
            ("http://app.acme.example", "a=b; Domain=acme.example", "a=b; Domain=acme.example"),
            ("http://www.acme.example", "a=b; Domain=www.acme.example", "a=b; Domain=www.acme.example"),
            ("http://shop.lan:3000", "a=b; Domain=acme.example", "a=b; Domain=acme.example"),
            ("http://shop.lan:3000", "a=b; Domain=other.lan", "a=b; Domain=other.lan"),
            ("http://shop.lan:3000", "a=b; Domain=; Path=/", "a=b; Domain=; Path=/"),
            ("http://shop.lan:3000", "Domain=shop.lan; Path=/", "Domain=shop.lan; Path=/"),
            ("http://shop.lan:3000", "a=b; HttpOnly", "a=b; HttpOnly"),
        ] {
            assert_eq!(public(upstream, "set-cookie", line), expect, "{line} from {upstream}");
        }
    }
}
