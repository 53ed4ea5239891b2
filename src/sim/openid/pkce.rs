//! Proof Key for Code Exchange (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::sim::switches::{Setting, choice};

choice! {
    /// What becomes of a code challenge.
    Pkce {
        /// It is kept with the code, and the verifier must fit.
        Checked = "checked",
        /// Nobody looks at it.
        Ignored = "ignored",
        /// As checked, and a login without one is refused.
        Required = "required",
    }
}

/// A challenge of the method S256, or of `plain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    value: String,
    is_plain: bool,
}

impl Challenge {
    /// Reads the two parameters. Nothing where the method is unknown.
    pub(super) fn read(value: &str, method: Option<&str>) -> Option<Challenge> {
        let is_plain = match method {
            None | Some("plain") => true,
            Some("S256") => false,
            Some(_) => return None,
        };
        Some(Challenge { value: value.to_owned(), is_plain })
    }

    /// Whether this is the challenge of a verifier.
    pub(super) fn fits(&self, verifier: &str) -> bool {
        if self.is_plain {
            return self.value == verifier;
        }
        self.value == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_fits() {
        let value = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge = Challenge::read(value, Some("S256")).unwrap();
        assert!(challenge.fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.fits(value) && Challenge::read(value, None).unwrap().fits(value));
        assert_eq!(Challenge::read(value, Some("S512")), None);
    }
}
