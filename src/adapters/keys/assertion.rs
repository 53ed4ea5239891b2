//! The signed assertion that tells a site who is asking: a compact JWS (RFC 7515) with EdDSA (RFC 8037).
//!
//! Signing is on the path of every request, so the header part is made once per key. What the claims are is not known here.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{CryptographyFailed, random};
use crate::adapters::store::StoredKey;
use crate::domain::time::Timestamp;

/// The length of an Ed25519 signature in base64url.
const SIGNATURE_CHARS: usize = 86;

/// The stored bytes are not an Ed25519 private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key in the store cannot be read")]
pub struct DamagedKey;

/// One signing key, ready for use.
pub struct Signer {
    pair: Ed25519KeyPair,
    id: String,
    public: String,
    /// The first part of every assertion, with its full stop.
    header: String,
}

impl Signer {
    /// Reads a key that was kept. A key that is kept under a name that is not its own is refused.
    pub fn from_stored(stored: &StoredKey) -> Result<Signer, DamagedKey> {
        let pair = Ed25519KeyPair::from_pkcs8(&stored.pkcs8).map_err(|_| DamagedKey)?;
        let signer = Signer::from_pair(pair);
        if signer.id == stored.id { Ok(signer) } else { Err(DamagedKey) }
    }

    /// Makes a new key, for the store to keep.
    pub fn generate(created: Timestamp) -> Result<StoredKey, CryptographyFailed> {
        let pair = Ed25519KeyPair::generate()?;
        let pkcs8 = pair.to_pkcs8()?.as_ref().to_vec();
        Ok(StoredKey { id: Signer::from_pair(pair).id, pkcs8, created })
    }

    fn from_pair(pair: Ed25519KeyPair) -> Signer {
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        let id = thumbprint(&public);
        let header = format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{id}"}}"#);
        let header = format!("{}.", URL_SAFE_NO_PAD.encode(header));
        Signer { pair, id, public, header }
    }

    /// The key's public name (`kid`): its RFC 7638 thumbprint.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs claims, given as the bytes of one JSON object. One allocation.
    pub fn sign(&self, claims: &[u8]) -> Result<String, CryptographyFailed> {
        let claims_chars = claims.len().div_ceil(3) * 4;
        let mut jws = String::with_capacity(self.header.len() + claims_chars + 1 + SIGNATURE_CHARS);
        jws.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut jws);
        let signature = self.pair.try_sign(jws.as_bytes())?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        Ok(jws)
    }

    /// The public key as a JWK (RFC 7517; `OKP` is RFC 8037).
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.id,
            "x": self.public,
        })
    }
}

/// The set in which sites find the keys.
pub fn jwks<'a>(signers: impl IntoIterator<Item = &'a Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
}

/// RFC 7638: the digest of the required members in lexical order, without white space.
fn thumbprint(public: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
    URL_SAFE_NO_PAD.encode(random::digest(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

    use super::*;

    fn signer() -> Signer {
        Signer::from_stored(&Signer::generate(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
    }

    /// What a site does: finds the key by its name in the published set, then verifies.
    fn verify(jws: &str, published: &Value) -> Option<Value> {
        let set: JwkSet = serde_json::from_value(published.clone()).unwrap();
        let header = decode_header(jws).ok()?;
        let key = DecodingKey::from_jwk(set.find(&header.kid?)?).ok()?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["https://www.example"]);
        decode::<Value>(jws, &key, &validation).ok().map(|token| token.claims)
    }

    fn claims() -> Value {
        json!({ "sub": "m-1", "aud": "https://www.example", "exp": 4_102_444_800_u64 })
    }

    #[test]
    fn a_site_verifies_the_assertion_from_the_published_keys() {
        let (old, new) = (signer(), signer());
        let published = jwks([&old, &new]);
        let claims = claims();
        for signer in [&old, &new] {
            let jws = signer.sign(claims.to_string().as_bytes()).unwrap();
            assert_eq!(verify(&jws, &published), Some(claims.clone()));
        }
        let stranger = signer().sign(claims.to_string().as_bytes()).unwrap();
        assert_eq!(verify(&stranger, &published), None);
    }

    #[test]
    fn an_assertion_with_one_changed_character_is_refused() {
        let signer = signer();
        let jws = signer.sign(claims().to_string().as_bytes()).unwrap();
        for place in 0..jws.len() {
            let mut changed = jws.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(verify(&changed, &jwks([&signer])), None, "changed at {place}");
        }
    }

    #[test]
    fn the_assertion_is_allocated_once() {
        let signer = signer();
        for length in 0..300 {
            let jws = signer.sign(&vec![b'x'; length]).unwrap();
            let room = signer.header.len() + length.div_ceil(3) * 4 + 1 + SIGNATURE_CHARS;
            assert_eq!(jws.capacity(), room, "it did not grow at {length}");
        }
    }

    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(thumbprint(public), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_private_key_is_not_published() {
        let jwk = signer().jwk();
        assert!(jwk.get("d").is_none());
        assert_eq!(jwk["x"].as_str().unwrap().len(), 43);
    }

    #[test]
    fn a_key_under_a_name_that_is_not_its_own_is_refused() {
        let mut stored = Signer::generate(Timestamp::UNIX_EPOCH).unwrap();
        assert!(Signer::from_stored(&stored).is_ok());
        stored.id.replace_range(..1, "*");
        assert_eq!(Signer::from_stored(&stored).err(), Some(DamagedKey));
        stored.pkcs8.clear();
        assert_eq!(Signer::from_stored(&stored).err(), Some(DamagedKey));
    }
}
