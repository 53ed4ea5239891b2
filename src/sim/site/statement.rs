//! What a gateway signs about a person, verified as any site has to: type, signature, issuer, audience, times.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

/// So far may the gateway's clock be ahead of ours, in seconds.
const LEEWAY: u64 = 60;

/// Whose statements a site takes.
#[derive(Clone, Debug)]
pub struct Teller {
    /// Where its public keys are.
    pub jwks: String,
    /// The issuer that it names: the site's public origin.
    pub issuer: String,
    /// How it calls the site.
    pub site: String,
}

/// Ed25519 keys by name.
pub(super) type Keys = BTreeMap<String, Vec<u8>>;

/// A statement that was verified.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sub: String,
    pub(super) version: u64,
    pub(super) is_removed: bool,
    pub(super) name: String,
    pub(super) roles: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: u64,
    exp: u64,
    sub: String,
    version: u64,
    state: String,
    #[serde(default)]
    name: String,
    roles: Vec<String>,
}

/// The keys for signatures of this kind in a key set (RFC 7517, RFC 8037).
pub(super) fn keys(set: &Value) -> Keys {
    let all = set["keys"].as_array().into_iter().flatten();
    let ours = all.filter(|key| key["kty"] == "OKP" && key["crv"] == "Ed25519");
    let named = |key: &Value| {
        let public = BASE64_URL_SAFE_NO_PAD.decode(key["x"].as_str()?).ok()?;
        Some((key["kid"].as_str()?.to_owned(), public))
    };
    ours.filter_map(named).collect()
}

/// By which key a token says that it is signed.
pub(super) fn key_name(token: &str) -> Option<String> {
    part::<Header>(token.split('.').next()?).map(|header| header.kid)
}

/// What it says; or why it does not count, in one word.
pub(super) fn read(token: &str, keys: &Keys, teller: &Teller, now: u64) -> Result<Statement, &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or("malformed")?;
    let (header, claims) = signed.split_once('.').ok_or("malformed")?;
    let header: Header = part(header).ok_or("malformed")?;
    if header.typ != "membergate-person+jwt" {
        return Err("type");
    }
    if header.alg != "EdDSA" {
        return Err("algorithm");
    }
    let key = keys.get(&header.kid).ok_or("unknown_key")?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| "signature")?;
    let verified = UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature);
    verified.map_err(|_| "signature")?;
    let claims: Claims = part(claims).ok_or("claims")?;
    if claims.iss != teller.issuer {
        return Err("issuer");
    }
    if claims.aud != teller.site {
        return Err("audience");
    }
    if claims.exp <= now {
        return Err("expired");
    }
    if claims.iat > now + LEEWAY {
        return Err("not_yet_valid");
    }
    let is_removed = match claims.state.as_str() {
        "present" => false,
        "removed" if claims.roles.is_empty() => true,
        _ => return Err("claims"),
    };
    let Claims { sub, version, name, roles, .. } = claims;
    if sub.is_empty() || version == 0 {
        return Err("claims");
    }
    Ok(Statement { sub, version, is_removed, name, roles })
}

fn part<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn signed(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
        let text = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    #[test]
    fn only_what_is_signed_for_this_site_and_this_minute_counts() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let keys = keys(&json!({ "keys": [
            { "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" },
            { "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x },
        ] }));
        assert_eq!(keys.len(), 1);
        let teller = Teller {
            jwks: String::new(),
            issuer: "https://a.example".to_owned(),
            site: "library".to_owned(),
        };
        let header = json!({ "alg": "EdDSA", "typ": "membergate-person+jwt", "kid": "k" });
        let claims = json!({
            "iss": "https://a.example", "aud": "library", "iat": NOW - 1, "exp": NOW + 59, "sub": "7",
            "version": 3, "state": "present", "name": "Zoë", "roles": ["member"],
        });
        let said = |token: &str| read(token, &keys, &teller, NOW);
        let good = signed(&pair, &header, &claims);
        let zoe = Statement {
            sub: "7".to_owned(),
            version: 3,
            is_removed: false,
            name: "Zoë".to_owned(),
            roles: vec!["member".to_owned()],
        };
        assert_eq!(said(&good), Ok(zoe));
        assert_eq!(key_name(&good).as_deref(), Some("k"));

        let with = |of: &Value, name: &str, value: Value| {
            let mut changed = of.clone();
            changed[name] = value;
            changed
        };
        for (name, value, word) in [
            ("typ", json!("JWT"), "type"),
            ("alg", json!("none"), "algorithm"),
            ("kid", json!("other"), "unknown_key"),
        ] {
            assert_eq!(said(&signed(&pair, &with(&header, name, value), &claims)), Err(word), "{name}");
        }
        for (name, value, word) in [
            ("iss", json!("https://b.example"), "issuer"),
            ("aud", json!("shop"), "audience"),
            ("exp", json!(NOW), "expired"),
            ("iat", json!(NOW + 61), "not_yet_valid"),
            ("version", json!(0), "claims"),
            ("version", json!(-1), "claims"),
            ("state", json!("away"), "claims"),
            ("state", json!("removed"), "claims"),
            ("sub", json!(""), "claims"),
        ] {
            assert_eq!(said(&signed(&pair, &header, &with(&claims, name, value))), Err(word), "{name}");
        }
        let stranger = Ed25519KeyPair::generate().unwrap();
        assert_eq!(said(&signed(&stranger, &header, &claims)), Err("signature"));
        for broken in ["", "a.b", "a.b.c", "....."] {
            assert_eq!(said(broken), Err("malformed"), "{broken}");
        }
    }
}
