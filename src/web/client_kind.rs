//! Whether a person or a program is asking: a person is shown a page or sent to sign in, a program is told so in JSON.

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
