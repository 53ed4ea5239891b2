//! Random ids and digests: what cannot be guessed, and what it is stored and compared by.
//!
//! A session id is random text that only the browser has. Everything on our side knows its digest alone, so whoever reads the
//! store cannot sign in with what they find.

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::CryptographyFailed;
use crate::domain::base64url;
use crate::domain::session::SessionKey;

/// How long 32 bytes are in base64url without padding.
pub const TOKEN_CHARS: usize = base64url::LENGTH;

/// 32 bytes that nobody can guess.
pub fn bytes() -> Result<[u8; 32], CryptographyFailed> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// 256 random bits as [`TOKEN_CHARS`] characters of base64url.
pub fn token() -> Result<String, CryptographyFailed> {
    Ok(URL_SAFE_NO_PAD.encode(bytes()?))
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    to_array(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// The output of a 256-bit digest as an array.
pub(super) fn to_array(output: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
    array
}

/// A new session id, on its way into the cookie. It is never stored.
pub struct SessionSecret(String);

impl SessionSecret {
    /// Draws a new one.
    pub fn new() -> Result<SessionSecret, CryptographyFailed> {
        token().map(SessionSecret)
    }

    /// What the cookie holds: [`TOKEN_CHARS`] characters.
    pub fn cookie_text(&self) -> &str {
        &self.0
    }

    /// What the session is stored and found by.
    pub fn key(&self) -> SessionKey {
        SessionKey(digest(self.0.as_bytes()))
    }
}

/// Finds the key for what a browser sent. `None` for anything that cannot be one of our ids: the store is not asked then.
/// Allocates nothing.
pub fn key_of(cookie_text: &str) -> Option<SessionKey> {
    base64url::is_256_bits(cookie_text).then(|| SessionKey(digest(cookie_text.as_bytes())))
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_the_text_in_its_cookie() {
        let secret = SessionSecret::new().unwrap();
        assert_eq!(secret.cookie_text().len(), TOKEN_CHARS);
        assert_eq!(key_of(secret.cookie_text()), Some(secret.key()));
        assert_ne!(SessionSecret::new().unwrap().key(), secret.key());
    }

    #[test]
    fn text_that_cannot_be_one_of_our_ids_has_no_key() {
        let good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123-_9";
        assert!(key_of(good).is_some());
        let cases = [
            String::new(),
            good[1..].to_owned(),
            format!("{good}a"),
            format!("{good}="),
            format!(" {}", &good[1..]),
            format!("+{}", &good[1..]),
            format!("/{}", &good[1..]),
            format!("\0{}", &good[1..]),
            format!("é{}", &good[2..]),
            "a".repeat(65_536),
        ];
        for case in cases {
            assert_eq!(key_of(&case), None, "{case:?}");
        }
    }

    #[test]
    fn the_secret_does_not_print() {
        let secret = SessionSecret::new().unwrap();
        assert!(!format!("{secret:?}").contains(secret.cookie_text()));
    }

    #[test]
    fn the_digest_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let abc = digest(b"abc");
        assert_eq!(abc[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(abc[28..], [0xf2, 0x00, 0x15, 0xad]);
    }

    #[test]
    fn only_equal_secrets_are_the_same() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
    }
}
