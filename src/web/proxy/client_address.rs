//! The visitor's address and scheme, when proxies that we trust stand before us.
//!
//! They say it in `X-Forwarded-For` and `X-Forwarded-Proto`, or in `Forwarded` (RFC 7239). `Forwarded` counts only where there is no
//! `X-Forwarded-For`: most proxies write that one alone, and pass on whatever `Forwarded` the visitor wrote. Each proxy adds at the
//! right, so lists are read from the right, and no further than the first address that is not a trusted proxy: all that is left of it
//! the visitor may have made up.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::domain::network::Network;

/// The visitor as the outermost trusted proxy saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CameFrom {
    /// Its address.
    pub(super) address: IpAddr,
    /// Whether it came by https to that proxy.
    pub(super) is_secure: bool,
}

/// What trusted proxies say about a visitor. From another peer nothing is believed.
pub(super) fn came_from(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> CameFrom {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return CameFrom { address: peer, is_secure: false };
    }
    if headers.contains_key("x-forwarded-for") || !headers.contains_key("forwarded") {
        by_x_forwarded(peer, headers, is_trusted)
    } else {
        by_forwarded(peer, headers, is_trusted)
    }
}

fn by_x_forwarded(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> CameFrom {
    let mut named = from_the_right(headers, "x-forwarded-for");
    let (mut nearest, mut proxies) = (peer, 1);
    while let Some(next) = named.next().and_then(address) {
        nearest = next;
        if !is_trusted(next) {
            break;
        }
        proxies += 1;
    }
    // The outermost proxy's own word. A list that is shorter was passed on as it was, and begins with it.
    let scheme = from_the_right(headers, "x-forwarded-proto").take(proxies).last();
    CameFrom { address: nearest, is_secure: scheme.is_some_and(is_https) }
}

fn by_forwarded(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> CameFrom {
    let lines = headers.get_all("forwarded").iter().map(|line| line.to_str().unwrap_or_default());
    let elements: Vec<&str> = lines.flat_map(|line| outside_quotes(line, ',')).collect();
    let mut seen = CameFrom { address: peer, is_secure: false };
    for element in elements.into_iter().rev() {
        let parameter = |wanted: &str| {
            let mut pairs = outside_quotes(element, ';').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
            Some(value.trim().trim_matches('"'))
        };
        seen.is_secure = parameter("proto").is_some_and(is_https);
        let Some(next) = parameter("for").and_then(address) else { break };
        seen.address = next;
        if !is_trusted(next) {
            break;
        }
    }
    seen
}

/// The members of a list field, the last first.
fn from_the_right<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    lines.flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','))
}

fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    })
}

fn is_https(scheme: &str) -> bool {
    scheme.trim().eq_ignore_ascii_case("https") || scheme.trim().eq_ignore_ascii_case("wss")
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expect: &str) {
        let trusted: Vec<Network> =
            ["10.0.0.0/8", "2001:db8::/32"].iter().map(|n| n.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let found = came_from(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found.address.to_string(), expect, "{peer} {lines:?}");
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_the_visitor() {
        check("198.51.100.1", &["203.0.113.9"], "198.51.100.1");
        check("10.1.1.1", &["203.0.113.9"], "203.0.113.9");
        check("10.1.1.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9");
        check("10.1.1.1", &["1.1.1.1, 203.0.113.9, 10.2.2.2"], "203.0.113.9");
        check("10.1.1.1", &["1.1.1.1", "203.0.113.9 , 10.2.2.2"], "203.0.113.9");
        check("10.1.1.1", &["203.0.113.9:5555"], "203.0.113.9");
        check("10.1.1.1", &["[2001:dead::1]:443"], "2001:dead::1");
        check("2001:db8::5", &["2001:dead::1"], "2001:dead::1");
        check("::ffff:10.1.1.1", &["::ffff:203.0.113.9"], "203.0.113.9");
        check("10.1.1.1", &[], "10.1.1.1");
        check("10.1.1.1", &["10.2.2.2"], "10.2.2.2");
        check("10.1.1.1", &["203.0.113.9, a"], "10.1.1.1");
        check("10.1.1.1", &["203.0.113.9, a, 10.3.3.3"], "10.3.3.3");
        check("10.1.1.1", &["203.0.113.9, "], "10.1.1.1");
        check("10.1.1.1", &["a"], "10.1.1.1");
    }

    #[track_caller]
    fn said(fields: &[(&'static str, &str)], expect: (&str, bool)) {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        let found = came_from("10.1.1.1".parse().unwrap(), &headers, &trusted);
        assert_eq!((found.address.to_string().as_str(), found.is_secure), expect, "{fields:?}");
        let found = came_from("198.51.100.1".parse().unwrap(), &headers, &trusted);
        assert_eq!(
            (found.address.to_string().as_str(), found.is_secure),
            ("198.51.100.1", false),
            "{fields:?}"
        );
    }

    #[test]
    fn the_scheme_is_the_outermost_trusted_proxys_word() {
        let (list, proto) = ("x-forwarded-for", "x-forwarded-proto");
        said(&[(proto, "https")], ("10.1.1.1", true));
        said(&[(proto, "HTTPS ")], ("10.1.1.1", true));
        said(&[(proto, "http")], ("10.1.1.1", false));
        said(&[(list, "203.0.113.9"), (proto, "https")], ("203.0.113.9", true));
        said(&[(list, "203.0.113.9, 10.2.2.2"), (proto, "https, http")], ("203.0.113.9", true));
        said(&[(list, "203.0.113.9, 10.2.2.2"), (proto, "https")], ("203.0.113.9", true));
        said(&[(list, "203.0.113.9, 10.2.2.2"), (proto, "https"), (proto, "http")], ("203.0.113.9", true));
        // The visitor began the list, and the proxy went on with it.
        said(&[(list, "1.1.1.1, 203.0.113.9"), (proto, "https, http")], ("203.0.113.9", false));
        said(&[(list, "203.0.113.9"), (proto, "https,http")], ("203.0.113.9", false));
    }

    #[test]
    fn forwarded_is_read_where_nothing_else_names_the_visitor() {
        let name = "forwarded";
        said(&[(name, "for=203.0.113.9;proto=https")], ("203.0.113.9", true));
        said(&[(name, "For=203.0.113.9; Proto=HTTPS;by=10.1.1.1")], ("203.0.113.9", true));
        said(&[(name, "for=\"[2001:db8::9]:4711\";proto=\"https\"")], ("2001:db8::9", true));
        said(&[(name, "for=1.1.1.1;proto=https, for=203.0.113.9;proto=http")], ("203.0.113.9", false));
        said(&[(name, "for=203.0.113.9;proto=https, for=10.2.2.2;proto=http")], ("203.0.113.9", true));
        said(&[(name, "for=203.0.113.9;proto=https"), (name, "for=10.2.2.2")], ("203.0.113.9", true));
        said(&[(name, "for=\"a, b\";proto=https")], ("10.1.1.1", true));
        said(&[(name, "for=unknown;proto=https")], ("10.1.1.1", true));
        said(&[(name, "for=203.0.113.9")], ("203.0.113.9", false));
        said(&[(name, "")], ("10.1.1.1", false));
        // Most proxies write the other field alone, and pass this one on as the visitor wrote it.
        let forged = (name, "for=1.1.1.1;proto=https");
        said(
            &[forged, ("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "http")],
            ("203.0.113.9", false),
        );
        said(&[forged, ("x-forwarded-for", "203.0.113.9")], ("203.0.113.9", false));
    }

    #[test]
    fn ranges_are_read_strictly() {
        for (text, fits) in [
            ("10.0.0.0/8", true),
            ("10.0.0.1", true),
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("10.0.0.1/8", false),
            ("10.0.0.0/33", false),
            ("10.0.0.0/", false),
            ("10.0.0", false),
            ("host", false),
        ] {
            assert_eq!(text.parse::<Network>().is_ok(), fits, "{text}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("255.1.2.3".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }
}
