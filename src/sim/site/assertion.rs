//! Reads the gateway's assertion for the eye. It verifies nothing, and the page says so: a real site must verify.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

/// The two readable parts of a JWT, pretty-printed.
pub(super) struct Assertion {
    pub(super) header: String,
    pub(super) claims: String,
    /// `exp`, in seconds since 1970.
    pub(super) expires: Option<i64>,
}

/// The parts of `header.claims.signature`; nothing when it does not have that shape.
pub(super) fn read(token: &str) -> Option<Assertion> {
    let mut parts = token.split('.');
    let (header, claims) = (json(parts.next()?)?, json(parts.next()?)?);
    let expires = claims.get("exp").and_then(Value::as_i64);
    parts.next()?;
    Some(Assertion { header: format!("{header:#}"), claims: format!("{claims:#}"), expires })
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_taken_apart_or_left_alone() {
        let token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI0MiIsImV4cCI6MTc5NX0.c2ln";
        let read_well = read(token).unwrap();
        assert_eq!(read_well.expires, Some(1795));
        assert!(read_well.header.contains("\"EdDSA\"") && read_well.claims.contains("\"sub\": \"42\""));
        for broken in ["", "a.b.c", "eyJhbGciOiJFZERTQSJ9", "eyJhbGciOiJFZERTQSJ9.e30", "....."] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }
}
