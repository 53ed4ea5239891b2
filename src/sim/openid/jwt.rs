//! ID tokens, right and wrong (RFC 7519, OpenID Connect Core 1.0, section 2).

use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::keys::{Algorithm, Keys, hs256};
use crate::sim::switches::{Setting, choice};

choice! {
    /// What is wrong with an ID token, for clients that must refuse it.
    Flaw {
        /// Nothing.
        None = "none",
        /// There is none in the answer.
        Missing = "missing",
        /// A signature of another key.
        BadSignature = "bad_signature",
        /// `alg` is `none`, and there is no signature.
        Unsigned = "unsigned",
        /// Signed by the other algorithm: HS256 is keyed with the public RSA key, which anybody has.
        OtherAlgorithm = "other_algorithm",
        /// A key that is not in the key set.
        UnknownKey = "unknown_key",
        /// A key that is not in the key set, and in `jku` the address of a key set that has it.
        KeyAddress = "jku",
        /// A key that is not in the key set, and in `jwk` that key.
        EmbeddedKey = "jwk",
        /// Another issuer.
        Issuer = "issuer",
        /// Another audience.
        Audience = "audience",
        /// Two audiences, and no `azp`.
        TwoAudiences = "two_audiences",
        /// The nonce of another login.
        Nonce = "nonce",
        /// Ended an hour ago.
        Expired = "expired",
        /// Made in an hour.
        Early = "early",
        /// No subject.
        NoSubject = "no_subject",
        /// Another person than userinfo tells.
        OtherSubject = "other_subject",
    }
}

/// What an ID token is made with.
#[derive(Debug)]
pub struct IdToken<'a> {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The key of HS256.
    pub secret: &'a [u8],
    /// The number of the key of RS256.
    pub key: u32,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// Where the keys are that are not the provider's ([`Keys::other`]).
    pub other_keys: &'a str,
    /// When it is made.
    pub now: Timestamp,
    /// How long it lasts.
    pub lifetime: SignedDuration,
}

impl IdToken<'_> {
    /// The token with these claims, `iat` and `exp`; nothing if there is to be none.
    pub fn of(&self, keys: &mut Keys, claims: Map<String, Value>) -> Result<Option<String>, Unspecified> {
        let claims = Value::Object(self.flawed(claims));
        let made = match (self.flaw, self.algorithm) {
            (Flaw::Missing, _) => return Ok(None),
            (Flaw::Unsigned, _) => jwt(&json!({ "typ": "JWT", "alg": "none" }), &claims, |_| Ok(Vec::new())),
            (Flaw::BadSignature | Flaw::UnknownKey, Algorithm::Hs256) => {
                jwt_hs256(b"another secret", &claims)
            }
            (Flaw::BadSignature, Algorithm::Rs256) => {
                jwt_rs256(&Keys::id(self.key), &claims, |message| keys.rs256(Keys::other(self.key), message))
            }
            (Flaw::UnknownKey, Algorithm::Rs256) => {
                let other = Keys::other(self.key);
                jwt_rs256(&Keys::id(other), &claims, |message| keys.rs256(other, message))
            }
            (Flaw::KeyAddress, _) => {
                let other = Keys::other(self.key);
                let header =
                    json!({ "typ": "JWT", "alg": "RS256", "kid": Keys::id(other), "jku": self.other_keys });
                jwt(&header, &claims, |message| keys.rs256(other, message))
            }
            (Flaw::EmbeddedKey, _) => {
                let other = Keys::other(self.key);
                let header = json!({ "typ": "JWT", "alg": "RS256", "jwk": keys.jwk(other)? });
                jwt(&header, &claims, |message| keys.rs256(other, message))
            }
            (Flaw::OtherAlgorithm, Algorithm::Rs256) => jwt_hs256(&keys.public(self.key)?, &claims),
            (Flaw::OtherAlgorithm, Algorithm::Hs256) | (_, Algorithm::Rs256) => {
                jwt_rs256(&Keys::id(self.key), &claims, |message| keys.rs256(self.key, message))
            }
            (_, Algorithm::Hs256) => jwt_hs256(self.secret, &claims),
        };
        made.map(Some)
    }

    fn flawed(&self, mut claims: Map<String, Value>) -> Map<String, Value> {
        const HOUR: SignedDuration = SignedDuration::from_hours(1);
        let made = match self.flaw {
            Flaw::Expired => self.now.saturating_sub(self.lifetime).and_then(|at| at.saturating_sub(HOUR)),
            Flaw::Early => self.now.saturating_add(HOUR),
            _ => Ok(self.now),
        }
        .unwrap_or(self.now);
        let end = made.saturating_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iat", made.as_second().into());
        set("exp", end.as_second().into());
        match self.flaw {
            Flaw::Issuer => set("iss", json!("https://elsewhere.example")),
            Flaw::Audience => set("aud", json!("another-client")),
            Flaw::TwoAudiences => {
                let own = claims.get("aud").cloned().unwrap_or_default();
                claims.insert("aud".to_owned(), json!([own, "another-client"]))
            }
            Flaw::Nonce => set("nonce", json!("of-another-login")),
            Flaw::NoSubject => claims.remove("sub"),
            Flaw::OtherSubject => set("sub", json!("00000000-0000-4000-8000-00000000dead")),
            _ => None,
        };
        claims
    }
}

/// The claims of a token that this RSA key has signed, whatever else is wrong with it.
pub fn signed_claims(keys: &mut Keys, key: u32, token: &str) -> Option<Map<String, Value>> {
    let (message, signature) = token.rsplit_once('.')?;
    // The same key signs the same octets the same way (RFC 8017, section 8.2).
    let own = keys.rs256(key, message.as_bytes()).ok()?;
    let (_, claims) = message.split_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok().filter(|_| URL_SAFE_NO_PAD.encode(own) == signature)?;
    serde_json::from_slice(&claims).ok()
}

/// A token with HS256 and nothing special about it.
pub fn jwt_hs256(key: &[u8], claims: &Value) -> Result<String, Unspecified> {
    jwt(&json!({ "typ": "JWT", "alg": "HS256" }), claims, |message| Ok(hs256(key, message)))
}

fn jwt_rs256(
    kid: &str,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Unspecified>,
) -> Result<String, Unspecified> {
    jwt(&json!({ "typ": "JWT", "alg": "RS256", "kid": kid }), claims, sign)
}

/// The compact form of RFC 7515.
fn jwt(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Unspecified>,
) -> Result<String, Unspecified> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = sign(message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
