//! The metadata of a provider (OpenID Connect Discovery 1.0, section 3).

use serde_json::{Map, Value, json};

use super::keys::Algorithm;
use super::pkce::Pkce;

/// What the metadata says.
#[derive(Debug)]
pub struct Metadata<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The address before each path, without a slash at the end.
    pub base: &'a str,
    /// The token endpoint in place of the one at `token_path`.
    pub token_endpoint: Option<&'a str>,
    /// Path of the authorization endpoint.
    pub authorize_path: &'a str,
    /// Path of the token endpoint.
    pub token_path: &'a str,
    /// Path of userinfo.
    pub userinfo_path: &'a str,
    /// Path of the key set.
    pub jwks_path: &'a str,
    /// Path of the page that signs out.
    pub logout_path: &'a str,
    /// How ID tokens are signed.
    pub algorithm: Algorithm,
    /// What becomes of a code challenge.
    pub pkce: Pkce,
    /// The scopes that mean something.
    pub scopes: &'a [&'a str],
}

/// The metadata as JSON.
pub fn metadata(it: &Metadata<'_>) -> Value {
    let at = |path: &str| format!("{}{path}", it.base);
    let algorithm = match it.algorithm {
        Algorithm::Hs256 => "HS256",
        Algorithm::Rs256 => "RS256",
    };
    let token_endpoint = it.token_endpoint.map_or_else(|| at(it.token_path), str::to_owned);
    let mut document: Map<String, Value> = Map::new();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("issuer", json!(it.issuer));
    set("authorization_endpoint", json!(at(it.authorize_path)));
    set("token_endpoint", json!(token_endpoint));
    set("userinfo_endpoint", json!(at(it.userinfo_path)));
    set("jwks_uri", json!(at(it.jwks_path)));
    set("end_session_endpoint", json!(at(it.logout_path)));
    set("response_types_supported", json!(["code"]));
    set("subject_types_supported", json!(["public"]));
    set("id_token_signing_alg_values_supported", json!([algorithm]));
    set("scopes_supported", json!(it.scopes));
    set("token_endpoint_auth_methods_supported", json!(["client_secret_basic", "client_secret_post"]));
    if it.pkce != Pkce::Ignored {
        set("code_challenge_methods_supported", json!(["S256"]));
    }
    document.into()
}
