//! One key that seals: AES-256-GCM with a random nonce, in the layout of everything that we seal.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::CryptographyFailed;
use super::secret::SecretKey;

/// The first byte of everything sealed; another layout gets another.
const VERSION: u8 = 2;

/// Counts the keys that seal, from 1. 0 is a key that is not one of several.
pub type Generation = u16;

/// A key for one purpose. Layout: version, generation of the key (2 bytes, big-endian), nonce (12 bytes), ciphertext, tag (16 bytes).
pub(super) struct Cipher {
    pub(super) generation: Generation,
    key: RandomizedNonceKey,
}

impl Cipher {
    pub(super) fn new(
        generation: Generation,
        key: &SecretKey,
        purpose: &'static str,
    ) -> Result<Cipher, CryptographyFailed> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.derive(purpose)?.as_slice())?;
        Ok(Cipher { generation, key })
    }

    pub(super) fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, CryptographyFailed> {
        let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plain);
        let nonce = self.key.seal_in_place_append_tag(Aad::from(context), &mut body)?;
        let mut sealed = Vec::with_capacity(3 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.generation.to_be_bytes());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    pub(super) fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        if generation_of(sealed)? != self.generation {
            return None;
        }
        let (nonce, body) = sealed.get(3..)?.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, Aad::from(context), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

/// With which generation of the keys something was sealed. `None`: it is nothing that we sealed.
pub fn generation_of(sealed: &[u8]) -> Option<Generation> {
    let (&VERSION, rest) = sealed.split_first()? else { return None };
    rest.first_chunk().map(|generation| Generation::from_be_bytes(*generation))
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
