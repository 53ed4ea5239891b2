//! The operator's secret keys, which open a store.

use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox};

use super::CryptographyFailed;
use super::random::{self, TOKEN_CHARS};

/// Separates our derived keys from those of any other program that was given the same secret.
const SALT: &[u8] = b"membergate 1";

/// The text is not a secret key. The operator's to mend; the text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Too short or too long.
    #[error("the secret key must have 43 characters, not {0}; `membergate keys secret` makes one")]
    Length(usize),
    /// Not the text of 32 bytes.
    #[error("the secret key must be base64url text (A-Z a-z 0-9 - _); `membergate keys secret` makes one")]
    Text,
}

/// The operator's secret: 32 bytes from which every other key is derived. Erased from memory when dropped.
pub struct SecretKey(SecretBox<[u8; 32]>);

impl SecretKey {
    /// Reads the key from 43 characters of base64url without padding. White space around it is ignored, because a secret that
    /// is kept in a file usually ends with a line break.
    pub fn parse(text: &str) -> Result<SecretKey, SecretKeyError> {
        let text = text.trim_ascii();
        let length = text.chars().count();
        if length != TOKEN_CHARS {
            return Err(SecretKeyError::Length(length));
        }
        let mut bytes = Box::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) {
            Ok(32) => Ok(SecretKey(SecretBox::new(bytes))),
            _ => Err(SecretKeyError::Text),
        }
    }

    /// The text of a new key, for the operator to keep.
    pub fn generate() -> Result<String, CryptographyFailed> {
        random::token()
    }

    /// A key that nobody has seen.
    pub(super) fn random() -> Result<SecretKey, CryptographyFailed> {
        Ok(SecretKey(SecretBox::new(Box::new(random::bytes()?))))
    }

    /// From what [`SecretKey::to_bytes`] gave.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<SecretKey> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        Some(SecretKey(SecretBox::new(Box::new(bytes))))
    }

    /// The key itself, to be sealed.
    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.expose_secret())
    }

    /// Names the key without telling it: 16 characters, the same wherever the key is.
    pub fn name(&self) -> Result<String, CryptographyFailed> {
        let derived = self.derive("name of the key")?;
        let (short, _) = derived.split_at(12);
        Ok(URL_SAFE_NO_PAD.encode(short))
    }

    /// The key for one purpose (HKDF with SHA-256, RFC 5869).
    pub(super) fn derive(&self, purpose: &'static str) -> Result<Zeroizing<[u8; 32]>, CryptographyFailed> {
        let mut key = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
            .extract(self.0.expose_secret())
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)?
            .fill(key.as_mut_slice())?;
        Ok(key)
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

/// The secret keys of an installation (`store.secret_keys`): the first seals, every one opens. See `docs/operating.md`.
#[derive(Debug)]
pub struct SecretKeys {
    first: SecretKey,
    others: Vec<SecretKey>,
}

impl SecretKeys {
    /// With the key that seals, and those that only open.
    pub fn new(first: SecretKey, others: Vec<SecretKey>) -> SecretKeys {
        SecretKeys { first, others }
    }

    /// One key that nobody has seen.
    pub fn generate() -> Result<SecretKeys, CryptographyFailed> {
        SecretKey::random().map(SecretKeys::from)
    }

    /// The key that seals.
    pub fn first(&self) -> &SecretKey {
        &self.first
    }

    /// Every key, the one that seals first.
    pub fn iter(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }
}

impl From<SecretKey> for SecretKeys {
    fn from(key: SecretKey) -> SecretKeys {
        SecretKeys::new(key, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use super::*;

    #[test]
    fn keys_do_not_change_from_one_release_to_the_next() {
        let key = SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        // What was stored before an update must open after it. The value was worked out with another HKDF and HMAC.
        let derived = hmac::Key::new(hmac::HMAC_SHA256, key.derive("test").unwrap().as_slice());
        let digest = hmac::sign(&derived, b"abc");
        assert_eq!(URL_SAFE_NO_PAD.encode(digest), "i87SQ9HuX_T5Ob0ZvJzFXMKsWVwwfSKWMhzmZj-YFDM");
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_and_not_repeated() {
        let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(SecretKey::parse(&format!(" {good}\n")).is_ok());
        let cases = [
            ("", SecretKeyError::Length(0)),
            ("swordfish", SecretKeyError::Length(9)),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", SecretKeyError::Length(44)),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+", SecretKeyError::Text),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", SecretKeyError::Text),
            ("éAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", SecretKeyError::Text),
        ];
        for (text, expected) in cases {
            let error = SecretKey::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }

    #[test]
    fn the_key_does_not_print() {
        let key = SecretKey::random().unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey");
    }
}
