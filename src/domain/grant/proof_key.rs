//! PKCE (RFC 7636): only whoever asked for a code can use it. The one method is S256; `plain` proves nothing.

use serde::{Deserialize, Serialize};

use crate::domain::base64url;
use crate::domain::client::is_unreserved;

/// What the client showed when it asked: the SHA-256 of its verifier, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// Reads a challenge of method S256: 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Challenge> {
        base64url::is_256_bits(text).then(|| Challenge(text.to_owned()))
    }

    /// The text, to be compared with what the verifier gives.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the client shows when it uses the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verifier<'a>(&'a str);

impl<'a> Verifier<'a> {
    /// Reads a verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
    pub fn parse(text: &'a str) -> Option<Verifier<'a>> {
        ((43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)).then_some(Verifier(text))
    }

    /// The text, of which the SHA-256 is taken.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_characters_are_those_of_the_rfc() {
        let (short, least, most, long) = ("a".repeat(42), "a".repeat(43), "a".repeat(128), "a".repeat(129));
        for (text, challenge, verifier) in [
            (short.as_str(), false, false),
            (&least, true, true),
            (&most, false, true),
            (&long, false, false),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", true, true),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=", false, false),
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX~", false, true),
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj/k", false, false),
        ] {
            assert_eq!(Challenge::parse(text).is_some(), challenge, "{text}");
            assert_eq!(Verifier::parse(text).is_some(), verifier, "{text}");
        }
    }
}
