//! Keeps the gate's own cookies from the site behind. All other cookies belong to the site and pass untouched.

use http::{HeaderMap, HeaderValue, header};

use crate::web::cookies::is_ours;

/// Takes our cookies out of a request; joins several `Cookie` lines into one, as RFC 9113 §8.2.3 asks for HTTP/1.1.
pub(super) fn strip_request(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    let (first, more) = (lines.next(), lines.next());
    let is_foreign = |line: &HeaderValue| !pairs(line.as_bytes()).any(names_ours);
    match (first, more) {
        (None, _) => return,
        (Some(line), None) if is_foreign(line) => return,
        _ => {}
    }
    let mut kept = Vec::new();
    for pair in headers.get_all(header::COOKIE).iter().flat_map(|value| pairs(value.as_bytes())) {
        if names_ours(pair) {
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
pub(super) fn strip_response(headers: &mut HeaderMap) {
    let sets_ours = |line: &HeaderValue| {
        // A cookie without a name is sent back as its bare value, which may look like one of ours.
        let line = line.as_bytes().trim_ascii_start();
        let line = line.strip_prefix(b"=").unwrap_or(line);
        pairs(line).next().is_some_and(names_ours)
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

fn names_ours(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii_end();
    std::str::from_utf8(name).is_ok_and(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (&["membergate_theme=dark; n=é"], Some("membergate_theme=dark; n=é")),
            (&["n=é; membergate=x"], Some("n=é")),
            (&[], None),
        ] {
            let line = |line: &&str| (header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            let mut headers: HeaderMap = lines.iter().map(line).collect();
            strip_request(&mut headers);
            let seen: Vec<_> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
            assert_eq!(seen, expect.map(str::as_bytes).into_iter().collect::<Vec<_>>(), "{lines:?}");
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
