//! Signs in with the crate `openidconnect`. Prints where the browser goes, reads where it came back, prints what it learnt.
//!
//! usage: openidconnect-client FOLDER ISSUER CLIENT SECRET REDIRECT_URI POST_LOGOUT_REDIRECT_URI

use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::reqwest::{blocking, redirect};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    IdTokenFields, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What we tell beyond the standard.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ours {
    roles: Vec<String>,
}
impl AdditionalClaims for Ours {}

type Fields = IdTokenFields<
    Ours,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type OurClient<A, B, C, D, E, F> = Client<
    Ours,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    A,
    B,
    C,
    D,
    E,
    F,
>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [issuer, client, secret, redirect_uri, post_logout] = &arguments[..] else {
        return Err("usage".into());
    };
    let http = blocking::Client::builder().redirect(redirect::Policy::none()).build()?;
    let metadata = ProviderMetadataWithLogout::discover(&IssuerUrl::new(issuer.clone())?, &http)?;
    let end_session =
        metadata.additional_metadata().end_session_endpoint.clone().ok_or("no end_session_endpoint")?;
    let (id, secret) = (ClientId::new(client.clone()), ClientSecret::new(secret.clone()));
    let client: OurClient<_, _, _, _, _, _> = Client::from_provider_metadata(metadata, id, Some(secret))
        .set_redirect_uri(RedirectUrl::new(redirect_uri.clone())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client.authorize_url(
        CoreAuthenticationFlow::AuthorizationCode,
        CsrfToken::new_random,
        Nonce::new_random,
    );
    for scope in ["profile", "email", "roles", "membership", "offline_access"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    let (go, state, nonce) = request.set_pkce_challenge(challenge).url();
    println!("{}", json!({ "go": go }));

    let mut landed = String::new();
    std::io::stdin().lock().read_line(&mut landed)?;
    let landed = openidconnect::url::Url::parse(landed.trim())?;
    let answer: HashMap<String, String> = landed.query_pairs().into_owned().collect();
    assert_eq!(&answer["state"], state.secret());
    assert_eq!(&answer["iss"], issuer);
    let code = AuthorizationCode::new(answer["code"].clone());
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;
    let id_token = tokens.id_token().ok_or("no id_token")?;
    let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
    let userinfo: UserInfoClaims<Ours, CoreGenderClaim> =
        client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?.request(&http)?;
    let refresh = tokens.refresh_token().ok_or("no refresh_token")?;
    let renewed = client.exchange_refresh_token(refresh)?.request(&http)?;
    let rotated = renewed.refresh_token().is_some_and(|renewed| renewed.secret() != refresh.secret());
    let logout = LogoutRequest::from(end_session)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(post_logout.clone())?)
        .set_state(CsrfToken::new("bye".to_owned()))
        .http_get_url();
    // Revocation is not tried here: the crate asks for https there, also on the machine itself.
    println!(
        "{}",
        json!({
            "claims": claims, "userinfo": userinfo, "rotated": rotated, "logout": logout,
        })
    );
    Ok(())
}
