//! What a cache between us and the visitors may keep of a site's answer (RFC 9111 §3 and §4.1).
//!
//! A site knows whether a page is about a person; a cache in front does not, and goes by `Cache-Control` and `Vary`. Kept out: our own
//! answers, which nobody stores.

use http::header::{self, HeaderMap, HeaderValue};

const PRIVATE: HeaderValue = HeaderValue::from_static("private");
const COOKIE: HeaderValue = HeaderValue::from_static("Cookie");

/// Keeps shared caches out, unless the site itself lets them in by `public` or `s-maxage`. What the site says to the visitor's own
/// browser stays. Without a word of the site's, a cache may keep many answers by its own estimate (RFC 9111 §4.2.2).
pub(super) fn keep_out(headers: &mut HeaderMap) {
    let mut said = String::new();
    for line in headers.get_all(header::CACHE_CONTROL) {
        let Ok(line) = line.to_str() else {
            // Nobody can say what a cache makes of it.
            headers.insert(header::CACHE_CONTROL, PRIVATE);
            return;
        };
        // `private="name"` speaks of one field, and `no-cache` only of asking again.
        let settles = |directive: &str| {
            let name = directive.split_once('=').map_or(directive, |(name, _)| name).trim();
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            is("no-store") || is("public") || is("s-maxage") || is("private") && !directive.contains('=')
        };
        if directives(line).any(settles) {
            return;
        }
        if !said.is_empty() {
            said.push_str(", ");
        }
        said.push_str(line.trim());
    }
    let said = if said.is_empty() { PRIVATE } else { with_private(&said) };
    headers.insert(header::CACHE_CONTROL, said);
}

fn with_private(said: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("private, {said}")).unwrap_or(PRIVATE)
}

/// The members of a list; a comma inside quotes separates nothing.
fn directives(line: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    line.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    })
}

/// Says that who asks matters: a cache then keeps one answer for each `Cookie`, and gives a member's to nobody else.
pub(super) fn vary_by_cookie(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::VARY).iter();
    let (first, more) = (lines.next(), lines.next());
    let Some(first) = first else {
        headers.insert(header::VARY, COOKIE);
        return;
    };
    // Some caches read one line only, so there is one.
    let lines = if more.is_none() {
        first.to_str().map(str::to_owned).unwrap_or_default()
    } else {
        let all = headers.get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
        all.collect::<Vec<_>>().join(", ")
    };
    let names = |known: &str| lines.split(',').any(|name| name.trim().eq_ignore_ascii_case(known));
    let is_settled = names("cookie") || names("*");
    if is_settled && more.is_none() {
        return;
    }
    let lines = if is_settled { lines } else { format!("{lines}, Cookie") };
    headers.insert(header::VARY, HeaderValue::from_str(lines.trim_start_matches(", ")).unwrap_or(COOKIE));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: header::HeaderName, lines: &[&str], change: fn(&mut HeaderMap)) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        change(&mut headers);
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect();
        lines.join(" | ")
    }

    #[test]
    fn shared_caches_keep_out_unless_the_site_lets_them_in() {
        for (lines, expect) in [
            (&[][..], "private"),
            (&["max-age=60"], "private, max-age=60"),
            (&["max-age=60", "must-revalidate"], "private, max-age=60, must-revalidate"),
            (&["no-cache"], "private, no-cache"),
            (&["no-cache=\"set-cookie\", max-age=9"], "private, no-cache=\"set-cookie\", max-age=9"),
            (&["private=\"x-a, public\", max-age=9"], "private, private=\"x-a, public\", max-age=9"),
            (&["é"], "private"),
            (&["max-age=60, private"], "max-age=60, private"),
            (&["no-store"], "no-store"),
            (&["public, max-age=60"], "public, max-age=60"),
            (&["max-age=0, S-MaxAge=60"], "max-age=0, S-MaxAge=60"),
            (&["max-age=0", "Public"], "max-age=0 | Public"),
        ] {
            assert_eq!(said(header::CACHE_CONTROL, lines, keep_out), expect, "{lines:?}");
        }
    }

    #[test]
    fn every_answer_varies_with_the_cookie_in_one_line() {
        for (lines, expect) in [
            (&[][..], "Cookie"),
            (&["Accept-Encoding"], "Accept-Encoding, Cookie"),
            (&["Accept-Encoding", "Origin"], "Accept-Encoding, Origin, Cookie"),
            (&["cookie"], "cookie"),
            (&["Accept", "COOKIE"], "Accept, COOKIE"),
            (&["*"], "*"),
            (&["x-cookie"], "x-cookie, Cookie"),
            (&["é"], "Cookie"),
        ] {
            assert_eq!(said(header::VARY, lines, vary_by_cookie), expect, "{lines:?}");
        }
    }
}
