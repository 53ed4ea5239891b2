//! The visitor's address, when proxies that we trust stand before us.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::domain::network::Network;

/// The nearest address that is not a trusted proxy: `peer`, or, behind trusted ones, what they wrote into `X-Forwarded-For`,
/// read from the right. Reading stops where it stops making sense.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut named = lines.flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','));
    while is_trusted(nearest) {
        match named.next().and_then(address) {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Whether the visitor came to a trusted proxy over https.
pub(super) fn came_secure(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(peer))
        && headers
            .get("x-forwarded-proto")
            .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
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
        let found = client_address(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found.to_string(), expect, "{peer} {lines:?}");
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
