//! The login's address, and a code for the person that it shows.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU16, Ordering};

use http::HeaderMap;
use openidconnect::OAuth2TokenResponse as _;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdToken, CoreTokenResponse,
};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::login_secrets::LoginSecrets;
use super::provider::LoginProvider;
use super::settings::OpenIdSettings;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::transport::{Call, CallBody, Transport};
use crate::adapters::budget::Priority;

/// What a code was exchanged for. Nothing of it is checked.
pub(super) struct CodeTokens {
    pub(super) id_token: Option<CoreIdToken>,
    pub(super) access_token: SecretString,
}

type LoginClient =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

fn client(
    settings: &OpenIdSettings,
    provider: &LoginProvider,
    callback: &str,
) -> Result<LoginClient, AmsError> {
    let unusable = |_| AmsError::Unreadable("an address of the login".to_owned());
    let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(unusable)?;
    Ok(CoreClient::new(ClientId::new(settings.client_id.clone()), issuer, provider.keys.clone())
        .set_client_secret(ClientSecret::new(settings.client_secret.expose_secret().to_owned()))
        .set_auth_uri(AuthUrl::from_url(provider.authorize.clone()))
        .set_token_uri(TokenUrl::from_url(provider.token.clone()))
        .set_redirect_uri(RedirectUrl::new(callback.to_owned()).map_err(unusable)?))
}

/// Where a browser goes to sign in.
pub(super) fn login_url(
    settings: &OpenIdSettings,
    provider: &LoginProvider,
    secrets: &LoginSecrets<'_>,
    state: &str,
) -> Result<Url, AmsError> {
    let client = client(settings, provider, secrets.callback)?;
    let (state, nonce) = (state.to_owned(), secrets.nonce.to_owned());
    let verifier = PkceCodeVerifier::new(secrets.verifier.to_owned());
    let request = client.authorize_url(
        CoreAuthenticationFlow::AuthorizationCode,
        move || CsrfToken::new(state),
        move || Nonce::new(nonce),
    );
    let request = request.add_scopes(settings.scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
    let request = settings
        .parameters
        .iter()
        .fold(request, |request, (name, value)| request.add_extra_param(*name, *value));
    let (url, _, _) =
        request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier)).url();
    Ok(url)
}

/// Exchanges a code for tokens, which are not checked here.
pub(super) async fn redeem(
    settings: &OpenIdSettings,
    transport: &Transport,
    provider: &LoginProvider,
    code: &str,
    secrets: &LoginSecrets<'_>,
) -> Result<CodeTokens, AmsError> {
    let http = TokenEndpoint { transport, settings, status: AtomicU16::new(0) };
    let first = provider.auth.clone().unwrap_or_else(|| settings.first_auth.clone());
    let other = match first {
        AuthType::RequestBody => AuthType::BasicAuth,
        _ => AuthType::RequestBody,
    };
    match asked(&http, provider, code, secrets, first).await {
        // The other way in which a client may prove itself; a code is not spent by a client that is not believed.
        Err(AmsError::CredentialsRefused) if provider.auth.is_none() => {
            asked(&http, provider, code, secrets, other).await
        }
        outcome => outcome,
    }
}

async fn asked(
    http: &TokenEndpoint<'_>,
    provider: &LoginProvider,
    code: &str,
    secrets: &LoginSecrets<'_>,
    auth: AuthType,
) -> Result<CodeTokens, AmsError> {
    let client = client(http.settings, provider, secrets.callback)?.set_auth_type(auth);
    let request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.to_owned()));
    let answered: Result<CoreTokenResponse, _> = request.request_async(http).await;
    match answered {
        Ok(answer) => Ok(CodeTokens {
            id_token: answer.id_token().cloned(),
            access_token: answer.access_token().secret().clone().into(),
        }),
        Err(RequestTokenError::Request(error)) => Err(error),
        Err(RequestTokenError::ServerResponse(error)) => Err(match error.error() {
            CoreErrorResponseType::InvalidGrant => AmsError::ArrivalRefused,
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                AmsError::CredentialsRefused
            }
            _ => AmsError::Unreadable("the login refuses the exchange of a code".to_owned()),
        }),
        // The decoder's own words could quote a token, so they are not kept.
        Err(_) => Err(match http.status.load(Ordering::Relaxed) {
            400 => AmsError::ArrivalRefused,
            401 | 403 => AmsError::CredentialsRefused,
            200 => AmsError::Unreadable("the answer of the login's token endpoint".to_owned()),
            status => AmsError::Failed(status),
        }),
    }
}

/// The token endpoint, called through our own transport: once, within limits, at a host that is allowed.
struct TokenEndpoint<'a> {
    transport: &'a Transport,
    settings: &'a OpenIdSettings,
    status: AtomicU16,
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = AmsError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AmsError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = self.settings.hosts.accept(&head.uri.to_string())?;
            let headers: HeaderMap =
                head.headers.into_iter().filter_map(|(name, value)| Some((name?, value))).collect();
            let call = Call { url, headers, sent: CallBody::Form(body.into()) };
            let answer = self.transport.send(&call, Priority::Token).await?;
            self.status.store(answer.status.as_u16(), Ordering::Relaxed);
            let mut response = HttpResponse::new(answer.body.to_vec());
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            Ok(response)
        })
    }
}
