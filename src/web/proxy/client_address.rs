//! The visitor's address, when proxies that we trust stand before us.

use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;

/// A range of addresses, such as `10.0.0.0/8`; one address alone is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: u128,
    bits: u32,
    is_v4: bool,
}

/// The text is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a range of addresses: write `192.0.2.1`, `10.0.0.0/8` or `2001:db8::/32`")]
pub struct NotANetwork(pub String);

impl Network {
    /// Whether an address is in the range. An IPv4 address in IPv6 clothes counts as IPv4.
    pub fn holds(&self, address: IpAddr) -> bool {
        let (bits, width, is_v4) = number(address.to_canonical());
        is_v4 == self.is_v4 && masked(bits, width, self.bits) == self.first
    }
}

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Network, NotANetwork> {
        let bad = || NotANetwork(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_: AddrParseError| bad())?;
        let (bits, width, is_v4) = number(address);
        let length = length.unwrap_or(width);
        if length > width || masked(bits, width, length) != bits {
            return Err(bad());
        }
        Ok(Network { first: bits, bits: length, is_v4 })
    }
}

fn number(address: IpAddr) -> (u128, u32, bool) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32, true),
        IpAddr::V6(v6) => (u128::from(v6), 128, false),
    }
}

/// The number with all but its first `length` of `width` bits cleared.
fn masked(number: u128, width: u32, length: u32) -> u128 {
    let low = width.saturating_sub(length);
    number.checked_shr(low).and_then(|high| high.checked_shl(low)).unwrap_or(0)
}

/// The nearest address that is not a trusted proxy: `peer`, or, behind trusted ones, what they wrote into `X-Forwarded-For`,
/// read from the right. Reading stops where it stops making sense.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
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
    trusted.iter().any(|network| network.holds(peer))
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
        assert!("0.0.0.0/0".parse::<Network>().unwrap().holds("255.1.2.3".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().holds("::1".parse().unwrap()));
    }
}
