//! Sealing: what leaves our hands, into a file or a cookie, can be read and made only with the operator's secret key.
//!
//! Each purpose has a key of its own, derived from that one, so nothing sealed for one purpose opens for another. What is
//! sealed is bound to its context, so a row cannot be put in the place of another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox};

use super::random::{self, TOKEN_CHARS};
use super::{CryptographyFailed, random::to_array};

/// The first byte of everything sealed; another layout gets another.
const VERSION: u8 = 1;

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

    /// The key for one purpose (HKDF with SHA-256, RFC 5869).
    fn derive(&self, purpose: &'static str) -> Result<Zeroizing<[u8; 32]>, CryptographyFailed> {
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

/// Seals and opens for one purpose: AES-256-GCM with a random nonce.
///
/// Layout: version, nonce (12 bytes), ciphertext, tag (16 bytes).
pub struct Sealer(RandomizedNonceKey);

impl Sealer {
    /// For one purpose, named by a constant of ours that no other place uses.
    pub fn new(key: &SecretKey, purpose: &'static str) -> Result<Sealer, CryptographyFailed> {
        Ok(Sealer(RandomizedNonceKey::new(&AES_256_GCM, key.derive(purpose)?.as_slice())?))
    }

    /// Seals `plain`. The same `context` is needed to open it; it is neither hidden nor kept.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, CryptographyFailed> {
        let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plain);
        let nonce = self.0.seal_in_place_append_tag(Aad::from(context), &mut body)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what was sealed with this key, for this purpose and in this context. `None` for anything else.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

/// A digest that only we can make: finds a row by something that the row must not tell.
pub struct KeyedDigest(hmac::Key);

impl KeyedDigest {
    /// For one purpose, as in [`Sealer::new`].
    pub fn new(key: &SecretKey, purpose: &'static str) -> Result<KeyedDigest, CryptographyFailed> {
        Ok(KeyedDigest(hmac::Key::new(hmac::HMAC_SHA256, key.derive(purpose)?.as_slice())))
    }

    /// HMAC-SHA-256.
    pub fn of(&self, bytes: &[u8]) -> [u8; 32] {
        to_array(hmac::sign(&self.0, bytes).as_ref())
    }
}

/// Joins parts into one context, each with its length before it, so that no two lists of parts give the same bytes.
pub fn context(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::parse(&SecretKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_again_and_does_not_show() {
        let sealer = Sealer::new(&key(), "test").unwrap();
        for plain in [&b""[..], b"Dana Reyes", &[7; 100_000]] {
            let sealed = sealer.seal(plain, b"row 1").unwrap();
            assert_eq!(sealed.len(), 1 + 12 + plain.len() + 16);
            assert_eq!(sealer.open(&sealed, b"row 1").as_deref(), Some(plain));
            assert!(plain.is_empty() || !sealed.windows(plain.len()).any(|window| window == plain));
            assert_ne!(sealer.seal(plain, b"row 1").unwrap(), sealed, "the nonce is new each time");
        }
    }

    #[test]
    fn nothing_else_opens() {
        let one = key();
        let sealer = Sealer::new(&one, "test").unwrap();
        let sealed = sealer.seal(b"Dana Reyes", b"row 1").unwrap();
        assert_eq!(sealer.open(&sealed, b"row 2"), None, "another context");
        assert_eq!(Sealer::new(&one, "other").unwrap().open(&sealed, b"row 1"), None, "another purpose");
        assert_eq!(Sealer::new(&key(), "test").unwrap().open(&sealed, b"row 1"), None, "another key");
        for length in 0..sealed.len() {
            assert_eq!(sealer.open(&sealed[..length], b"row 1"), None, "cut at {length}");
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(sealer.open(&changed, b"row 1"), None, "changed at {place}");
        }
    }

    #[test]
    fn keys_do_not_change_from_one_release_to_the_next() {
        let key = SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        // What was stored before an update must open after it. The value was worked out with another HKDF and HMAC.
        let digest = KeyedDigest::new(&key, "test").unwrap().of(b"abc");
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
        assert_eq!(format!("{:?}", key()), "SecretKey");
    }

    #[test]
    fn no_two_lists_of_parts_give_the_same_context() {
        assert_ne!(context(&[b"ab", b"c"]), context(&[b"a", b"bc"]));
        assert_ne!(context(&[b"ab"]), context(&[b"ab", b""]));
    }
}
