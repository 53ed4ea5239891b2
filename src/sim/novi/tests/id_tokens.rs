//! Stories of ID tokens: right ones, which another library believes, and wrong ones, which it does not.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use super::*;
use crate::sim::openid::Flaw;
use crate::sim::switches::Setting as _;

/// What an independent reader makes of the ID token of a sign-in.
async fn believed(world: &World, algorithm: Algorithm, key: &DecodingKey) -> Option<Value> {
    let tokens = world.tokens(DANAS_EMAIL, "openid email").await;
    let token = tokens.get("id_token")?.as_str()?.to_owned();
    let mut rules = Validation::new(algorithm);
    rules.set_audience(&[world.credentials().client_id]);
    rules.set_issuer(&[world.base()]);
    rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // The clock of the simulator is not that of this machine.
    rules.validate_exp = false;
    let claims = decode::<Value>(&token, key, &rules).ok()?.claims;
    let now = world.control().now().as_second();
    let in_time = claims["exp"].as_i64()? > now && claims["iat"].as_i64()? <= now;
    let one_audience = claims["aud"].is_string();
    (in_time && one_audience && claims["nonce"] == "the-nonce" && claims["sub"] == DANA).then_some(claims)
}

async fn public_key(world: &World) -> DecodingKey {
    let keys = world.open("/oauth/jwks", None).await.json::<Value>().await.unwrap();
    let key = &keys["keys"][0];
    DecodingKey::from_rsa_components(text(&key["n"]), text(&key["e"])).unwrap()
}

#[tokio::test]
async fn the_secret_signs_as_text_or_decoded() {
    let world = World::with(&[]).await;
    let secret = world.credentials().client_secret;
    let as_text = DecodingKey::from_secret(secret.as_bytes());
    let decoded = DecodingKey::from_base64_secret(&secret).unwrap();
    assert!(believed(&world, Algorithm::HS256, &as_text).await.is_some());
    assert!(believed(&world, Algorithm::HS256, &decoded).await.is_none());
    world.set("hs256_key=decoded");
    assert!(believed(&world, Algorithm::HS256, &as_text).await.is_none());
    assert!(believed(&world, Algorithm::HS256, &decoded).await.is_some());
}

#[tokio::test]
async fn rsa_keys_are_published_and_change_with_the_switch() {
    let world = World::with(&["id_token_alg=rs256"]).await;
    let first = public_key(&world).await;
    assert!(believed(&world, Algorithm::RS256, &first).await.is_some());
    world.set("signing_key=2");
    assert!(believed(&world, Algorithm::RS256, &first).await.is_none());
    let second = public_key(&world).await;
    assert!(believed(&world, Algorithm::RS256, &second).await.is_some());
    let tokens = world.tokens(DANAS_EMAIL, "openid").await;
    assert_eq!(decode_header(text(&tokens["id_token"])).unwrap().kid.as_deref(), Some("key-2"));
    world.set("signing_key=1");
    assert!(believed(&world, Algorithm::RS256, &first).await.is_some(), "the first key is the same again");
}

#[tokio::test]
async fn each_flaw_makes_a_token_that_is_not_believed() {
    let world = World::with(&[]).await;
    let secret = DecodingKey::from_secret(world.credentials().client_secret.as_bytes());
    let public = public_key(&world).await;
    for flaw in Flaw::values().split(" | ") {
        world.set(&format!("id_token_flaw={flaw}"));
        for (switch, algorithm, key) in [
            ("id_token_alg=hs256", Algorithm::HS256, &secret),
            ("id_token_alg=rs256", Algorithm::RS256, &public),
        ] {
            world.set(switch);
            let is_believed = believed(&world, algorithm, key).await.is_some();
            assert_eq!(is_believed, flaw == "none", "{flaw} with {switch}");
        }
    }
    world.set("id_token_flaw=missing");
    assert_eq!(world.tokens(DANAS_EMAIL, "openid").await.get("id_token"), None);
    world.set("id_token_flaw=unsigned");
    let tokens = world.tokens(DANAS_EMAIL, "openid").await;
    assert!(text(&tokens["id_token"]).ends_with('.'));
}
