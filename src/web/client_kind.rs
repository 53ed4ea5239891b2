//! Whether a person or a program is asking: a person is shown a page or sent to sign in, a program is told so in JSON. And
//! whether anybody has asked at all yet: browsers fetch pages ahead of a click.

use http::{HeaderMap, header};

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// A browser that goes to a page.
    Navigation,
    /// A script, an app, a subresource.
    Program,
}

/// `Sec-Fetch-Mode` decides where a browser sends it (Fetch Metadata, W3C); else whether a page is accepted.
pub fn client_kind(headers: &HeaderMap) -> ClientKind {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("x-requested-with") {
        return ClientKind::Program;
    }
    let is_navigation = match text("sec-fetch-mode") {
        Some(mode) => mode.eq_ignore_ascii_case("navigate"),
        None => headers.get_all(header::ACCEPT).iter().any(accepts_a_page),
    };
    if is_navigation { ClientKind::Navigation } else { ClientKind::Program }
}

/// Whether a browser or a mail program fetches ahead of the person: prefetch, prerender or preview. `Sec-Purpose` (Fetch
/// Standard) says so today, the others are of older programs.
pub fn is_speculative(headers: &HeaderMap) -> bool {
    let fields = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
    fields.iter().flat_map(|field| headers.get_all(*field)).any(is_ahead)
}

/// A purpose may be one of a list, and have parameters: `prefetch;prerender`.
fn is_ahead(purpose: &http::HeaderValue) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphabetic();
    let words = purpose.as_bytes().split(|byte| !is_word(byte));
    let ahead: [&[u8]; 3] = [b"prefetch", b"prerender", b"preview"];
    words.into_iter().any(|word| ahead.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

fn accepts_a_page(accept: &http::HeaderValue) -> bool {
    let Ok(accept) = accept.to_str() else { return false };
    let kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.into_iter().any(|kind| {
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientKind::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expect: ClientKind) {
        let headers: HeaderMap =
            headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        assert_eq!(client_kind(&headers), expect, "{headers:?}");
    }

    #[test]
    fn what_is_fetched_ahead_is_known_by_its_purpose() {
        for (name, value, ahead) in [
            ("sec-purpose", "prefetch", true),
            ("sec-purpose", "prefetch;prerender", true),
            ("sec-purpose", "prefetch; anonymous-client-ip", true),
            ("sec-purpose", "Prerender", true),
            ("sec-purpose", "other, prefetch", true),
            ("purpose", "prefetch", true),
            ("purpose", "preview", true),
            ("x-purpose", "preview", true),
            ("x-moz", "prefetch", true),
            ("sec-purpose", "", false),
            ("sec-purpose", "prefetched", false),
            ("purpose", "billing", false),
            ("sec-fetch-dest", "prefetch", false),
        ] {
            let headers = [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect();
            assert_eq!(is_speculative(&headers), ahead, "{name}: {value}");
        }
    }

    #[test]
    fn only_a_browser_that_goes_to_a_page_is_a_person() {
        let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        check(&[("sec-fetch-mode", "navigate"), html], Navigation);
        check(&[html], Navigation);
        check(&[("accept", "application/json"), ("accept", "TEXT/HTML;q=0.1")], Navigation);
        check(&[("sec-fetch-mode", "navigate")], Navigation);
        check(&[("sec-fetch-mode", "cors"), html], Program);
        check(&[("sec-fetch-mode", "no-cors"), html], Program);
        check(&[("x-requested-with", "XMLHttpRequest"), html], Program);
        check(&[("x-requested-with", "x"), ("sec-fetch-mode", "navigate")], Program);
        check(&[("accept", "*/*")], Program);
        check(&[("accept", "application/json")], Program);
        check(&[("accept", "x/text/html")], Program);
        check(&[], Program);
    }
}
