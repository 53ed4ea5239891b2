//! The keys with which a provider signs: the client's secret, or RSA keys that are made when they are first needed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::sim::switches::{Setting, choice};

choice! {
    /// How an ID token is signed.
    Algorithm {
        /// HMAC with SHA-256, keyed by the client's secret.
        Hs256 = "hs256",
        /// RSA with SHA-256, by a key of the key set.
        Rs256 = "rs256",
    }
}

choice! {
    /// What of a client's secret is the key of an HMAC.
    Secret {
        /// The octets of its text, as OpenID Connect Core 1.0, section 10.1, says.
        Text = "text",
        /// What its base64 stands for.
        Decoded = "decoded",
    }
}

impl Secret {
    /// The key that a secret stands for.
    pub fn key(self, secret: &str) -> Vec<u8> {
        match self {
            Secret::Text => secret.as_bytes().to_vec(),
            Secret::Decoded => STANDARD.decode(secret).unwrap_or_default(),
        }
    }
}

/// RSA keys by number. Only the one in use is published.
#[derive(Debug, Default)]
pub struct Keys {
    pairs: BTreeMap<u32, KeyPair>,
}

impl Keys {
    fn pair(&mut self, number: u32) -> Result<&KeyPair, Unspecified> {
        // Making a key takes a while, and most simulators never need one.
        match self.pairs.entry(number) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(KeyPair::generate(KeySize::Rsa2048)?)),
        }
    }

    /// The name of a key in the key set.
    pub fn id(number: u32) -> String {
        format!("key-{number}")
    }

    /// Signs with an RSA key.
    pub(super) fn rs256(&mut self, number: u32, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let pair = self.pair(number)?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
        Ok(signature)
    }

    /// The public half of an RSA key, as anybody can have it.
    pub(super) fn public(&mut self, number: u32) -> Result<Vec<u8>, Unspecified> {
        Ok(self.pair(number)?.public_key().as_ref().to_vec())
    }

    /// The number of a key that is never published as the provider's.
    pub fn other(number: u32) -> u32 {
        number.wrapping_add(1_000_000)
    }

    /// The key set (RFC 7517).
    pub fn jwks(&mut self, number: u32) -> Result<Value, Unspecified> {
        Ok(json!({ "keys": [self.jwk(number)?] }))
    }

    /// One key (RFC 7517, section 4).
    pub(super) fn jwk(&mut self, number: u32) -> Result<Value, Unspecified> {
        let key = self.pair(number)?.public_key();
        let (modulus, exponent) = (key.modulus(), key.exponent());
        let n = URL_SAFE_NO_PAD.encode(modulus.big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(exponent.big_endian_without_leading_zero());
        Ok(json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": Keys::id(number), "n": n, "e": e }))
    }
}

/// HMAC with SHA-256.
pub(super) fn hs256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// Text that nobody can guess, fit for an address.
pub(super) fn unguessable() -> String {
    let mut bytes = [0; 32];
    // The generator of the operating system does not fail once it has been seeded; a simulator may live with zeros.
    let _ = rand::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
