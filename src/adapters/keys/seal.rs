//! Sealing: what leaves our hands, into a file or a cookie, can be read and made only with the keys of our store.
//!
//! Each purpose has keys of its own, derived from those, so nothing sealed for one purpose opens for another. What is sealed is
//! bound to its context, so a row cannot be put in the place of another. Every generation of the data keys opens; the newest seals.

use aws_lc_rs::hmac;

use super::cipher::Cipher;
use super::data_keys::DataKeys;
use super::{CryptographyFailed, random::to_array};

pub use super::cipher::{Generation, context, generation_of};

/// Seals and opens for one purpose.
pub struct Sealer {
    /// Oldest first.
    older: Vec<Cipher>,
    newest: Cipher,
}

impl Sealer {
    /// For one purpose, named by a constant of ours that no other place uses.
    pub fn new(keys: &DataKeys, purpose: &'static str) -> Result<Sealer, CryptographyFailed> {
        let cipher = |(generation, key)| Cipher::new(generation, key, purpose);
        Ok(Sealer {
            older: keys.older().map(cipher).collect::<Result<_, _>>()?,
            newest: cipher(keys.newest())?,
        })
    }

    /// The generation with which it seals.
    pub fn generation(&self) -> Generation {
        self.newest.generation
    }

    /// Seals `plain`. The same `context` is needed to open it; it is neither hidden nor kept.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, CryptographyFailed> {
        self.newest.seal(plain, context)
    }

    /// Opens what was sealed with any of these keys, for this purpose and in this context. `None` for anything else.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let mut ciphers = std::iter::once(&self.newest).chain(&self.older);
        ciphers.find_map(|cipher| cipher.open(sealed, context))
    }
}

/// A digest that only we can make: finds a row by something that the row must not tell.
pub struct KeyedDigest(hmac::Key);

impl KeyedDigest {
    /// For one purpose, as in [`Sealer::new`].
    ///
    /// It stays the same as long as the store, whatever secret keys come and go: by it rows are found.
    pub fn new(keys: &DataKeys, purpose: &'static str) -> Result<KeyedDigest, CryptographyFailed> {
        let key = keys.digests().derive(purpose)?;
        Ok(KeyedDigest(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice())))
    }

    /// HMAC-SHA-256.
    pub fn of(&self, bytes: &[u8]) -> [u8; 32] {
        to_array(hmac::sign(&self.0, bytes).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKeys {
        DataKeys::generate().unwrap()
    }

    #[test]
    fn what_is_sealed_opens_again_and_does_not_show() {
        let sealer = Sealer::new(&key(), "test").unwrap();
        for plain in [&b""[..], b"Dana Reyes", &[7; 100_000]] {
            let sealed = sealer.seal(plain, b"row 1").unwrap();
            assert_eq!(sealed.len(), 3 + 12 + plain.len() + 16);
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
    fn an_older_generation_opens_and_the_newest_seals() {
        let old = key();
        let sealed = Sealer::new(&old, "test").unwrap().seal(b"Dana Reyes", b"row 1").unwrap();
        let both = old.followed_by_another().unwrap();
        let sealer = Sealer::new(&both, "test").unwrap();
        assert_eq!(sealer.open(&sealed, b"row 1").as_deref(), Some(&b"Dana Reyes"[..]));
        let again = sealer.seal(b"Dana Reyes", b"row 1").unwrap();
        assert_eq!((generation_of(&sealed), generation_of(&again)), (Some(1), Some(2)));
        assert_eq!(Sealer::new(&old, "test").unwrap().open(&again, b"row 1"), None);
        let digest = |keys| KeyedDigest::new(keys, "test").unwrap().of(b"abc");
        assert_eq!(digest(&old), digest(&both), "rows are found as before");
    }

    #[test]
    fn no_two_lists_of_parts_give_the_same_context() {
        assert_ne!(context(&[b"ab", b"c"]), context(&[b"a", b"bc"]));
        assert_ne!(context(&[b"ab"]), context(&[b"ab", b""]));
    }
}
