//! Key pairs of the three kinds with which we sign: making, reading, signing, verifying, and the public half as a JWK.
//!
//! Nothing here knows what is signed, or when a key is in use.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, Signature, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{CryptographyFailed, random};
use crate::domain::client::Algorithm;

/// A private key with its public half.
pub(super) enum Pair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// The length of an Ed25519 signature, and of a P-256 one in fixed form, in bytes.
const SHORT: usize = 64;

/// A signature: on the stack where it is short, because that one is made for every request.
pub(super) enum Signed {
    Short([u8; SHORT]),
    Long(Vec<u8>),
}

fn short(signature: &Signature) -> Signed {
    let mut bytes = [0; SHORT];
    bytes.iter_mut().zip(signature.as_ref()).for_each(|(to, from)| *to = *from);
    Signed::Short(bytes)
}

impl AsRef<[u8]> for Signed {
    fn as_ref(&self) -> &[u8] {
        match self {
            Signed::Short(signature) => signature,
            Signed::Long(signature) => signature,
        }
    }
}

impl Pair {
    /// Makes a key. An RSA key takes up to some seconds: never call this for one where somebody waits for other work.
    pub(super) fn generate(algorithm: Algorithm) -> Result<Pair, CryptographyFailed> {
        Ok(match algorithm {
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::generate()?),
            Algorithm::Es256 => Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Rs256 => Pair::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048)?)),
        })
    }

    /// Reads a private key from PKCS#8. `None`: it is not one of this kind.
    pub(super) fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Option<Pair> {
        Some(match algorithm {
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::from_pkcs8(pkcs8).ok()?),
            Algorithm::Es256 => {
                Pair::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?)
            }
            Algorithm::Rs256 => Pair::Rs256(Box::new(RsaKeyPair::from_pkcs8(pkcs8).ok()?)),
        })
    }

    pub(super) fn to_pkcs8(&self) -> Result<Vec<u8>, CryptographyFailed> {
        Ok(match self {
            Pair::EdDsa(pair) => pair.to_pkcs8()?.as_ref().to_vec(),
            Pair::Es256(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Pair::Rs256(pair) => pair.as_der()?.as_ref().to_vec(),
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Pair::EdDsa(_) => Algorithm::EdDsa,
            Pair::Es256(_) => Algorithm::Es256,
            Pair::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// How long a signature is, in bytes.
    pub(super) fn signature_len(&self) -> usize {
        match self {
            Pair::EdDsa(_) | Pair::Es256(_) => SHORT,
            Pair::Rs256(pair) => pair.public_modulus_len(),
        }
    }

    /// Signs.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signed, CryptographyFailed> {
        Ok(match self {
            Pair::EdDsa(pair) => short(&pair.try_sign(message)?),
            Pair::Es256(pair) => short(&pair.sign(&SystemRandom::new(), message)?),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
                Signed::Long(signature)
            }
        })
    }

    /// Whether this key made `signature`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Pair::EdDsa(pair) => {
                UnparsedPublicKey::new(&ED25519, pair.public_key()).verify(message, signature)
            }
            Pair::Es256(pair) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()).verify(message, signature)
            }
            Pair::Rs256(pair) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())
                .verify(message, signature),
        };
        verified.is_ok()
    }

    /// The members of the public key that its RFC 7638 thumbprint is made of.
    pub(super) fn public_members(&self) -> Option<Map<String, Value>> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self {
            Pair::EdDsa(pair) => {
                json!({ "crv": "Ed25519", "kty": "OKP", "x": text(pair.public_key().as_ref()) })
            }
            Pair::Es256(pair) => {
                // SEC 1, 2.3.3: 4, then the two coordinates.
                let point = pair.public_key().as_ref().strip_prefix(&[4])?;
                let (x, y) = point.split_at_checked(32)?;
                json!({ "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y) })
            }
            Pair::Rs256(pair) => {
                let key = pair.public_key();
                let (modulus, exponent) = (key.modulus(), key.exponent());
                let (modulus, exponent) =
                    (modulus.big_endian_without_leading_zero(), exponent.big_endian_without_leading_zero());
                json!({ "e": text(exponent), "kty": "RSA", "n": text(modulus) })
            }
        };
        match members {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// RFC 7638: the digest of the required members in lexical order, without white space.
pub(super) fn thumbprint(members: &Map<String, Value>) -> String {
    // The map is kept in lexical order.
    let text = Value::Object(members.clone()).to_string();
    URL_SAFE_NO_PAD.encode(random::digest(text.as_bytes()))
}
