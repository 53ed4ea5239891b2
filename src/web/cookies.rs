//! The gate's own cookies: their names, how one is read, and how they are kept from the site behind.
//!
//! All other cookies belong to the site and pass untouched.

use http::{HeaderMap, HeaderValue, header};

/// The session cookie on https.
pub const SESSION: &str = "__Host-membergate";
/// The session cookie on plain http, where browsers refuse the `__Host-` prefix.
pub const SESSION_PLAIN: &str = "membergate";
/// What the names of login-attempt cookies begin with.
pub const LOGIN: &str = "__Host-membergate-login-";
/// The same on plain http.
pub const LOGIN_PLAIN: &str = "membergate-login-";

/// What a request says about its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie<'a> {
    /// None, or several, of which a browser would never send more than one.
    Absent,
    /// The value of the only one.
    One(&'a str),
}

/// The session cookie of a request; `is_secure` says which of the two names counts.
pub fn session(headers: &HeaderMap, is_secure: bool) -> SessionCookie<'_> {
    let name = if is_secure { SESSION } else { SESSION_PLAIN };
    let mut found = SessionCookie::Absent;
    for pair in headers.get_all(header::COOKIE).iter().flat_map(|value| pairs(value.as_bytes())) {
        if self::name(pair) != name.as_bytes() {
            continue;
        }
        let value = pair.get(name.len() + 1..).and_then(|value| std::str::from_utf8(value).ok());
        found = match (found, value) {
            (SessionCookie::Absent, Some(value)) => SessionCookie::One(value),
            _ => return SessionCookie::Absent,
        };
    }
    found
}

/// Takes our cookies out of a request; joins several `Cookie` lines into one, as RFC 9113 §8.2.3 asks for HTTP/1.1.
pub fn strip_request(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    let (first, more) = (lines.next(), lines.next());
    let is_foreign = |line: &HeaderValue| !pairs(line.as_bytes()).any(|pair| is_ours(name(pair)));
    match (first, more) {
        (None, _) => return,
        (Some(line), None) if is_foreign(line) => return,
        _ => {}
    }
    let mut kept = Vec::new();
    for pair in headers.get_all(header::COOKIE).iter().flat_map(|value| pairs(value.as_bytes())) {
        if is_ours(name(pair)) {
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    headers.remove(header::COOKIE);
    if let Ok(line) = HeaderValue::from_bytes(&kept)
        && !kept.is_empty()
    {
        headers.insert(header::COOKIE, line);
    }
}

/// Drops what a site says about cookies of ours.
pub fn strip_response(headers: &mut HeaderMap) {
    let sets_ours = |line: &HeaderValue| {
        // A cookie without a name is sent back as its bare value, which may look like one of ours.
        let line = line.as_bytes().trim_ascii_start();
        let line = line.strip_prefix(b"=").unwrap_or(line);
        pairs(line).next().is_some_and(|pair| is_ours(name(pair)))
    };
    if !headers.get_all(header::SET_COOKIE).iter().any(sets_ours) {
        return;
    }
    let kept: Vec<HeaderValue> =
        headers.get_all(header::SET_COOKIE).iter().filter(|line| !sets_ours(line)).cloned().collect();
    headers.remove(header::SET_COOKIE);
    for line in kept {
        headers.append(header::SET_COOKIE, line);
    }
}

fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

fn name(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii_end()
}

fn is_ours(name: &[u8]) -> bool {
    name == SESSION.as_bytes()
        || name == SESSION_PLAIN.as_bytes()
        || name.starts_with(LOGIN.as_bytes())
        || name.starts_with(LOGIN_PLAIN.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn one_session_cookie_is_read_and_two_are_none() {
        for (lines, secure, expect) in [
            (&["a=b; __Host-membergate=x; c=d"][..], true, SessionCookie::One("x")),
            (&["a=b", "__Host-membergate=x"], true, SessionCookie::One("x")),
            (&["__Host-membergate=a=b"], true, SessionCookie::One("a=b")),
            (&["__Host-membergate="], true, SessionCookie::One("")),
            (&["__Host-membergate=x; __Host-membergate=y"], true, SessionCookie::Absent),
            (&["__Host-membergate=x", "__Host-membergate=x"], true, SessionCookie::Absent),
            (&["__Host-membergate"], true, SessionCookie::Absent),
            (&["membergate=x"], true, SessionCookie::Absent),
            (&["membergate=x"], false, SessionCookie::One("x")),
            (&["__Host-membergate=x"], false, SessionCookie::Absent),
            (&["xmembergate=x"], false, SessionCookie::Absent),
            (&[], true, SessionCookie::Absent),
        ] {
            assert_eq!(session(&cookies(lines), secure), expect, "{lines:?}");
        }
    }

    #[test]
    fn the_site_sees_every_cookie_but_ours() {
        for (lines, expect) in [
            (&["a=b; c=d"][..], Some("a=b; c=d")),
            (&["a=b;c=d"], Some("a=b;c=d")),
            (&["a=b; __Host-membergate=x; c=d"], Some("a=b; c=d")),
            (&["membergate=x"], None),
            (&["membergate =x; b=1"], Some("b=1")),
            (&["__Host-membergate-login-1=x; membergate-login-2=y; z"], Some("z")),
            (&["a=b", "c=d; membergate=x"], Some("a=b; c=d")),
            (&["membergate_theme=dark; Membergate=1"], Some("membergate_theme=dark; Membergate=1")),
            (&[], None),
        ] {
            let mut headers = cookies(lines);
            strip_request(&mut headers);
            let seen: Vec<_> = headers.get_all(header::COOKIE).iter().collect();
            assert_eq!(seen, expect.into_iter().collect::<Vec<_>>(), "{lines:?}");
        }
    }

    #[test]
    fn a_site_cannot_set_our_cookies() {
        let mut headers = HeaderMap::new();
        for line in
            ["a=b; Path=/", "__Host-membergate=x; Path=/", " membergate=y", "=membergate=z", "c=membergate=x"]
        {
            headers.append(header::SET_COOKIE, line.parse().unwrap());
        }
        strip_response(&mut headers);
        let left: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(left, ["a=b; Path=/", "c=membergate=x"]);
    }
}
