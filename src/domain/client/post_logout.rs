//! Where a logout may end: an exact address, or one in whose query the value of a single parameter is free.
//!
//! WordPress, for one, adds the visitor's language to the address: `wp-login.php?loggedout=true&wp_lang=en_US`. It is registered as
//! `https://wp.example/wp-login.php?loggedout=true&wp_lang=*`. Everything else is compared as whole text. Addresses at which a
//! sign-in ends know no such freedom, because a code goes there.

use serde::{Deserialize, Serialize};

use super::address::{BadAddress, ClientAddress, is_unreserved};

/// Longest value of the free parameter.
const LONGEST_VALUE: usize = 128;

/// An address at which a logout may end, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostLogoutAddress {
    text: String,
    /// Where the free value begins and the rest goes on; `None`: the address is exact.
    free: Option<usize>,
}

impl PostLogoutAddress {
    /// Accepts what [`ClientAddress::parse`] does, and a `*` as the whole value of one query parameter.
    pub fn parse(text: &str) -> Result<PostLogoutAddress, BadAddress> {
        PostLogoutAddress::parse_by(text, ClientAddress::parse)
    }

    /// Accepts, for a public client, what [`ClientAddress::parse_of_app`] does, and such a `*`.
    pub fn parse_of_app(text: &str) -> Result<PostLogoutAddress, BadAddress> {
        PostLogoutAddress::parse_by(text, ClientAddress::parse_of_app)
    }

    fn parse_by(
        text: &str,
        parse: impl Fn(&str) -> Result<ClientAddress, BadAddress>,
    ) -> Result<PostLogoutAddress, BadAddress> {
        let free = match text.find('*') {
            None => None,
            Some(at) if is_free_value(text, at) => Some(at),
            Some(_) => return Err(BadAddress::Wildcard),
        };
        parse(&text.replacen('*', "", usize::from(free.is_some())))?;
        Ok(PostLogoutAddress { text: text.to_owned(), free })
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address that was asked for, if it is this one.
    pub fn matches(&self, asked: &str) -> Option<ClientAddress> {
        let is_this = match self.free {
            None => asked == self.text,
            Some(at) => {
                let (before, rest) = self.text.split_at_checked(at)?;
                let value = asked.strip_prefix(before)?.strip_suffix(rest.strip_prefix('*')?)?;
                is_value(value)
            }
        };
        is_this.then(|| ClientAddress::parse_of_app(asked).ok()).flatten()
    }
}

/// Whether the `*` at this place is the only one, and the whole value of a named parameter of the query.
fn is_free_value(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else { return false };
    let Some((_, query)) = before.split_once('?') else { return false };
    let name = query.rsplit('&').next().and_then(|last| last.strip_suffix('='));
    let names_one = name.is_some_and(|name| !name.is_empty() && !name.contains('='));
    names_one && !before.contains('#') && (after.is_empty() || after.starts_with('&')) && !after.contains('*')
}

/// A value that no reader takes for more than one: letters, digits, `-._~+` and bytes in percent-encoding.
fn is_value(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_plain = is_unreserved(byte) || byte == b'+';
        let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        if !(is_plain || byte == b'%' && hex() && hex()) {
            return false;
        }
    }
    text.len() <= LONGEST_VALUE
}

impl TryFrom<String> for PostLogoutAddress {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<PostLogoutAddress, BadAddress> {
        // What a client may have was decided when it was registered.
        PostLogoutAddress::parse_of_app(&text)
    }
}

impl From<PostLogoutAddress> for String {
    fn from(address: PostLogoutAddress) -> String {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDPRESS: &str = "https://wp.example/wp-login.php?loggedout=true&wp_lang=*";

    #[test]
    fn one_named_parameter_may_be_free_and_nothing_else() {
        for text in [
            WORDPRESS,
            "https://wp.example/?lang=*",
            "https://wp.example/out?lang=*&x=1",
            "https://wp.example/out",
            "http://localhost:9/?a=*",
        ] {
            assert_eq!(PostLogoutAddress::parse(text).map(String::from), Ok(text.to_owned()));
        }
        for text in [
            "https://*.example/",
            "https://wp.example/*",
            "https://wp.example/*?lang=en",
            "https://wp.example/?*",
            "https://wp.example/?*=1",
            "https://wp.example/?=*",
            "https://wp.example/?lang=en*",
            "https://wp.example/?lang=*en",
            "https://wp.example/?lang=**",
            "https://wp.example/?lang=*&more=*",
            "https://wp.example/?lang==*",
            "https://wp.example/lang=*",
        ] {
            assert_eq!(PostLogoutAddress::parse(text), Err(BadAddress::Wildcard), "{text}");
        }
        for (text, error) in [
            ("http://wp.example/?lang=*", BadAddress::NotHttps),
            ("https://wp.example/?lang=*&x#y", BadAddress::Fragment),
            ("https://a@wp.example/?lang=*", BadAddress::UserInfo),
            ("/?lang=*", BadAddress::NotAnAddress),
        ] {
            assert_eq!(PostLogoutAddress::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_free_value_is_one_value_and_the_rest_is_exact() {
        let wordpress = PostLogoutAddress::parse(WORDPRESS).unwrap();
        let at = |value: &str| WORDPRESS.replace('*', value);
        let longest = "a".repeat(LONGEST_VALUE);
        for value in ["en_US", "", "de-DE", "a+b", "%E2%82%AC", &longest] {
            let matched = wordpress.matches(&at(value));
            assert_eq!(matched.map(|address| address.as_str().to_owned()), Some(at(value)));
        }
        let too_long = "a".repeat(LONGEST_VALUE + 1);
        for value in [
            "a&b=1", "a#b", "a/b", "a=b", "a;b", "a%2", "a%zz", "a b", "é", "*", "a?b", "a\\b", "a@b",
            &too_long,
        ] {
            assert_eq!(wordpress.matches(&at(value)), None, "{value}");
        }
        for other in [
            "https://wp.example/wp-login.php?loggedout=true",
            "https://wp.example/wp-login.php?wp_lang=en&loggedout=true",
            "https://wp.example/wp-login.php?loggedout=true&wp_lang=en&x=1",
            "https://wp.example/wp-login.php?loggedout=false&wp_lang=en",
            "https://wp.example.evil.example/wp-login.php?loggedout=true&wp_lang=en",
            "https://evil.example/?https://wp.example/wp-login.php?loggedout=true&wp_lang=en",
        ] {
            assert_eq!(wordpress.matches(other), None, "{other}");
        }
        let exact = PostLogoutAddress::parse("https://wp.example/out").unwrap();
        assert!(exact.matches("https://wp.example/out").is_some());
        assert!(exact.matches("https://wp.example/out?lang=en").is_none());
    }

    proptest! {
        /// As every reader of a query sees it: the registered parameters in their order, and one value that differs.
        #[test]
        fn whatever_matches_differs_in_one_value_only(value in ".{0,40}") {
            let pattern = PostLogoutAddress::parse("https://wp.example/out?a=1&lang=*&b=2").unwrap();
            if let Some(address) = pattern.matches(&format!("https://wp.example/out?a=1&lang={value}&b=2")) {
                let pairs: Vec<(String, String)> = address.url().query_pairs().into_owned().collect();
                let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
                prop_assert_eq!(names, ["a", "lang", "b"]);
                prop_assert_eq!((address.url().path(), address.url().fragment()), ("/out", None));
            }
        }
    }
}
