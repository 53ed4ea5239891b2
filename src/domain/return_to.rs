//! Where a browser may be sent after sign-in: a page of the same site, and nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::path::RequestPath;

/// Longest address that comes back whole after a sign-in, in bytes, and longest request of an OpenID client that waits for one.
pub const LONGEST: usize = 8192;

/// Longest address that travels in an address or a cookie; a longer one waits in the store.
pub const LONGEST_CARRIED: usize = 1536;

/// Longest path that travels beside the key of a longer address, for the case that the store has lost it.
const LONGEST_CUT: usize = 512;

/// An address of ours to which a sign-in may lead: there, a form that was being posted is sent after all.
pub const RESUME_FORM: &str = "/_gate/resume";

/// Administration: a sign-in may lead to its pages, none of which does anything when it is merely opened.
pub const ADMIN: &str = "/_gate/admin";
/// The other one: there, a client's request goes on that had to wait for the sign-in.
pub const AUTHORIZE: &str = "/_gate/oidc/authorize";

/// Path, query and fragment on the host at which the visitor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

/// The address is not one to which we send a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the return address is not a page of this site")]
pub struct NotAReturnAddress;

impl ReturnTo {
    /// Parses a path with optional query and fragment. Refused are other hosts, a reading that begins with `//`, dot segments, raw
    /// backslashes, control characters, and our own addresses.
    pub fn parse(text: &str) -> Result<ReturnTo, NotAReturnAddress> {
        if text.len() > LONGEST
            || !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte))
        {
            return Err(NotAReturnAddress);
        }
        let (before_fragment, _) = text.split_once('#').unwrap_or((text, ""));
        let (path, _) = before_fragment.split_once('?').unwrap_or((before_fragment, ""));
        let path = RequestPath::parse(path).map_err(|_| NotAReturnAddress)?;
        // Browsers remove dot segments before they ask, and take `//` at the beginning for another host.
        let misleads = |reading: &str| {
            reading.starts_with("//") || reading.split('/').any(|segment| matches!(segment, "." | ".."))
        };
        if path.readings().any(misleads) {
            return Err(NotAReturnAddress);
        }
        let is_inside = path.has_one_reading() && is_open_to_sign_in(path.literal());
        if path.readings().any(is_ours) && !is_inside {
            return Err(NotAReturnAddress);
        }
        Ok(ReturnTo(text.to_owned()))
    }

    /// The same page at another place within it. A fragment that is not plain is left out: it only says where to scroll.
    pub fn at_fragment(&self, fragment: &str) -> ReturnTo {
        let page = self.0.split_once('#').map_or(self.0.as_str(), |(page, _)| page);
        ReturnTo::parse(&format!("{page}#{fragment}")).unwrap_or_else(|_| self.clone())
    }

    /// Whether it can travel in an address and a cookie.
    pub fn fits(&self) -> bool {
        self.0.len() <= LONGEST_CARRIED
    }

    /// Its path, or the root where even that is too long to travel.
    pub fn cut(&self) -> ReturnTo {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        ReturnTo(if path.len() <= LONGEST_CUT { path } else { "/" }.to_owned())
    }

    /// As it goes after an origin in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_open_to_sign_in(decoded_path: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    [RESUME_FORM, AUTHORIZE].contains(&decoded_path) || decoded_path.strip_prefix(ADMIN).is_some_and(below)
}

/// Whether a decoded path lies under the prefix that we keep for ourselves on every site.
pub fn is_ours(decoded_path: &str) -> bool {
    let first = decoded_path.split('/').nth(1).unwrap_or_default();
    first.eq_ignore_ascii_case("_gate")
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = NotAReturnAddress;
    fn try_from(text: String) -> Result<ReturnTo, NotAReturnAddress> {
        ReturnTo::parse(&text)
    }
}

impl From<ReturnTo> for String {
    fn from(return_to: ReturnTo) -> String {
        return_to.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_of_the_site_comes_back_whole() {
        for text in [
            "/",
            "/members?x=1&y=%2f#part-2",
            "/caf%C3%A9/?next=https://else.example/",
            "/wiki/AC%2FDC",
            "/wiki/A//B",
            "/index.php/Steins;Gate",
            "/caf%E9",
            "/100%25%20done",
            "/back%5Cslash",
            "/a#/b//c",
            "/_gate/resume?form=x",
            "/_gate/admin",
            "/_gate/admin/audit?action=published",
            "/_gate/oidc/authorize?resume=x",
        ] {
            assert_eq!(ReturnTo::parse(text).map(|r| r.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn nothing_leads_to_another_host_or_back_into_the_gate() {
        for text in [
            "",
            "members",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%5cevil.example",
            "/%2fevil.example",
            "/%252fevil.example",
            "/;/evil.example",
            "/a/..//evil.example",
            "/a/%2e%2e/b",
            "/a/..;/b",
            "/_gate//logout",
            "/a%00",
            "/_gate/admin;x/../logout",
            "/\t/evil.example",
            " /a",
            "/a b",
            "/a?\"",
            "/a?<b>",
            "/a\r\nSet-Cookie:x",
            "/é",
            "/a/../b",
            "/_gate/login",
            "/_gate/resume/x",
            "/_gate/administrator",
            "/_gate/admin/../login",
            "/_gate/oidc/authorize/x",
            "/_gate/oidc/logout",
            "/_GATE/logout",
            "/%5fgate/slo",
            "javascript:alert(1)",
            "?x",
            "#x",
        ] {
            assert_eq!(ReturnTo::parse(text), Err(NotAReturnAddress), "{text:?}");
        }
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(LONGEST))).is_err());
    }

    #[test]
    fn a_fragment_is_replaced_or_left_out() {
        let page = ReturnTo::parse("/members?x=1#old").unwrap();
        assert_eq!(page.at_fragment("new").as_str(), "/members?x=1#new");
        assert_eq!(page.at_fragment("a b").as_str(), "/members?x=1#old");
    }

    /// S-24: pieces of which addresses are made that mislead a browser, in any order.
    fn a_misleading_address() -> impl Strategy<Value = String> {
        #[rustfmt::skip]
        let pieces = vec![
            "/", "/", "/", "//", "///", "\\", "/\\", "%2f", "%2F", "%5c", "%09", "%0a", "%0d", "%00", "%20", "%252f", "%ef%bc%8f",
            "\t", "\r", "\n", "\u{b}", " ", "\u{a0}", "\u{3000}", "\u{ff0f}", "\u{2215}", "\u{200b}", "\u{feff}",
            ".", "..", ":", "@", ";", "?", "#", "&", "=", "*", "~", "[", "]", "http:", "https:", "HtTpS:", "javascript:", "data:",
            "ftp:", "view-source:", "evil.example", "library.example", "library.example.evil.example", "library.example@evil.example",
            "user:pass@", ":443", "127.0.0.1", "0x7f000001", "[::1]", "xn--example-", "alert(1)", "a", "_gate", "logout",
        ];
        proptest::collection::vec(proptest::sample::select(pieces), 1..7).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        /// As browsers read a `Location` (WHATWG URL): behind our origin, alone, and from any page of ours.
        #[test]
        fn no_browser_reads_a_return_address_as_another_host(text in a_misleading_address()) {
            if let Ok(return_to) = ReturnTo::parse(&text) {
                let origin = "https://library.example";
                let page = url::Url::parse(origin).unwrap().join("/_gate/login?x").unwrap();
                for read in [url::Url::parse(&format!("{origin}{return_to}")), page.join(return_to.as_str())] {
                    let read = read.unwrap();
                    prop_assert_eq!(read.origin().ascii_serialization(), origin, "{}", text);
                    prop_assert!(read.username().is_empty() && read.password().is_none(), "{}", text);
                    prop_assert!(!read.path().starts_with("//"), "{}", text);
                }
            }
        }
    }
}
