//! Signed statements: a compact JWS (RFC 7515) with EdDSA (RFC 8037), ES256 or RS256 (RFC 7518).
//!
//! The assertion for a site is signed on the path of every request, so its header part is made once per key. What the claims
//! are is not known here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::CryptographyFailed;
use super::pair::{Pair, thumbprint};
use crate::domain::client::Algorithm;
use crate::domain::time::Timestamp;

/// The stored bytes are not a private key of the kind that they are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key in the store cannot be read")]
pub struct DamagedKey;

/// A signing key as the store keeps it, unsealed.
pub struct StoredKey {
    /// Its public name (`kid`).
    pub id: String,
    /// With what it signs.
    pub algorithm: Algorithm,
    /// PKCS#8 bytes of the private key.
    pub pkcs8: Vec<u8>,
    /// When it was made, and published.
    pub created: Timestamp,
    /// It does not sign before.
    pub signs_from: Timestamp,
}

/// One signing key, ready for use.
pub struct Signer {
    pair: Pair,
    id: String,
    public: Map<String, Value>,
    /// The first part of every assertion, with its full stop.
    header: String,
}

impl Signer {
    /// Reads a key that was kept. A key that is kept under a name that is not its own is refused.
    pub fn from_stored(stored: &StoredKey) -> Result<Signer, DamagedKey> {
        let pair = Pair::from_pkcs8(stored.algorithm, &stored.pkcs8).ok_or(DamagedKey)?;
        let signer = Signer::from_pair(pair).ok_or(DamagedKey)?;
        if signer.id == stored.id { Ok(signer) } else { Err(DamagedKey) }
    }

    /// Makes a new key, for the store to keep. An RSA key takes up to some seconds.
    pub fn generate(
        algorithm: Algorithm,
        created: Timestamp,
        signs_from: Timestamp,
    ) -> Result<StoredKey, CryptographyFailed> {
        let pair = Pair::generate(algorithm)?;
        let pkcs8 = pair.to_pkcs8()?;
        let id = Signer::from_pair(pair).ok_or(CryptographyFailed)?.id;
        Ok(StoredKey { id, algorithm, pkcs8, created, signs_from })
    }

    fn from_pair(pair: Pair) -> Option<Signer> {
        let public = pair.public_members()?;
        let id = thumbprint(&public);
        let header = header(pair.algorithm(), "JWT", &id);
        Some(Signer { pair, id, public, header })
    }

    /// The key's public name (`kid`): its RFC 7638 thumbprint.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// With what it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.pair.algorithm()
    }

    /// Signs claims, given as the bytes of one JSON object. One allocation for an EdDSA key.
    pub fn sign(&self, claims: &[u8]) -> Result<String, CryptographyFailed> {
        self.sign_under(&self.header, claims)
    }

    /// Signs claims as a statement of another type than `JWT`, so that no reader can take it for one (RFC 8725 §3.11).
    pub fn sign_as(&self, statement: &str, claims: &[u8]) -> Result<String, CryptographyFailed> {
        self.sign_under(&header(self.algorithm(), statement, &self.id), claims)
    }

    fn sign_under(&self, header: &str, claims: &[u8]) -> Result<String, CryptographyFailed> {
        let chars = |bytes: usize| (bytes * 4).div_ceil(3);
        let room = header.len() + claims.len().div_ceil(3) * 4 + 1 + chars(self.pair.signature_len());
        let mut jws = String::with_capacity(room);
        jws.push_str(header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut jws);
        let signature = self.pair.sign(jws.as_bytes())?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        Ok(jws)
    }

    /// The claims of a statement of type `JWT` that this key signed. `None` for anything else. Times are not looked at.
    pub fn verify(&self, jws: &str) -> Option<Value> {
        let (signed, signature) = jws.rsplit_once('.')?;
        let claims = signed.strip_prefix(self.header.as_str())?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !self.pair.verify(signed.as_bytes(), &signature) {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The public key as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        for (name, value) in [("use", "sig"), ("alg", self.algorithm().as_str()), ("kid", &self.id)] {
            jwk.insert(name.to_owned(), value.into());
        }
        Value::Object(jwk)
    }
}

fn header(algorithm: Algorithm, statement: &str, id: &str) -> String {
    let alg = algorithm.as_str();
    let header = format!(r#"{{"alg":"{alg}","typ":"{statement}","kid":"{id}"}}"#);
    format!("{}.", URL_SAFE_NO_PAD.encode(header))
}

/// The set in which sites find the keys.
pub fn jwks<'a>(signers: impl IntoIterator<Item = &'a Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};

    use super::*;

    fn signer_with(algorithm: Algorithm) -> Signer {
        let stored = Signer::generate(algorithm, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).unwrap();
        Signer::from_stored(&stored).unwrap()
    }

    fn signer() -> Signer {
        signer_with(Algorithm::EdDsa)
    }

    /// What a site does: finds the key by its name in the published set, then verifies.
    fn verify(jws: &str, published: &Value) -> Option<Value> {
        let set: JwkSet = serde_json::from_value(published.clone()).unwrap();
        let header = decode_header(jws).ok()?;
        let key = DecodingKey::from_jwk(set.find(&header.kid?)?).ok()?;
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&["https://www.example"]);
        decode::<Value>(jws, &key, &validation).ok().map(|token| token.claims)
    }

    fn claims() -> Value {
        json!({ "sub": "m-1", "aud": "https://www.example", "exp": 4_102_444_800_u64 })
    }

    #[test]
    fn a_site_verifies_the_assertion_from_the_published_keys() {
        let signers = [signer(), signer(), signer_with(Algorithm::Es256), signer_with(Algorithm::Rs256)];
        let published = jwks(&signers);
        let claims = claims();
        for signer in &signers {
            let jws = signer.sign(claims.to_string().as_bytes()).unwrap();
            assert_eq!(verify(&jws, &published), Some(claims.clone()), "{:?}", signer.algorithm());
            assert_eq!(signer.verify(&jws), Some(claims.clone()), "{:?}", signer.algorithm());
            let other = signer.sign_as("logout+jwt", claims.to_string().as_bytes()).unwrap();
            assert_eq!(signer.verify(&other), None, "a statement of another type");
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
            assert_eq!(signer.verify(&changed), None, "changed at {place}");
        }
    }

    #[test]
    fn the_assertion_is_allocated_once() {
        let signer = signer();
        for length in 0..300 {
            let jws = signer.sign(&vec![b'x'; length]).unwrap();
            let room = signer.header.len() + length.div_ceil(3) * 4 + 1 + 86;
            assert_eq!(jws.capacity(), room, "it did not grow at {length}");
        }
    }

    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let public =
            json!({"kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "crv": "Ed25519"});
        assert_eq!(thumbprint(public.as_object().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_private_key_is_not_published() {
        for (algorithm, members) in [
            (Algorithm::EdDsa, &["alg", "crv", "kid", "kty", "use", "x"][..]),
            (Algorithm::Es256, &["alg", "crv", "kid", "kty", "use", "x", "y"]),
            (Algorithm::Rs256, &["alg", "e", "kid", "kty", "n", "use"]),
        ] {
            let jwk = signer_with(algorithm).jwk();
            let names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, members);
        }
    }

    #[test]
    fn a_key_under_a_name_that_is_not_its_own_is_refused() {
        let (now, algorithm) = (Timestamp::UNIX_EPOCH, Algorithm::EdDsa);
        let mut stored = Signer::generate(algorithm, now, now).unwrap();
        assert!(Signer::from_stored(&stored).is_ok());
        stored.id.replace_range(..1, "*");
        assert_eq!(Signer::from_stored(&stored).err(), Some(DamagedKey));
        stored.pkcs8.clear();
        assert_eq!(Signer::from_stored(&stored).err(), Some(DamagedKey));
    }
}
