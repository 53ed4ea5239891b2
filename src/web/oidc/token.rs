//! `/_gate/oidc/token` and `/_gate/oidc/revoke`: clients exchange a code, renew tokens, and give them back.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::shared::{OpenIdServices, is_form, json_answer};
use crate::domain::grant::request::Parameters;
use crate::domain::outcome::Outcome;
use crate::flows::grant::token::{Basic, TokenError};
use crate::web::arrived::Arrived;
use crate::web::log::{self, Claimed};
use crate::web::refusal_log::Reason;

/// Answers with tokens (RFC 6749 §5.1), or an error (§5.2).
pub(super) async fn token(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let tokens = async {
        let (basic, parameters) = read(&headers, &body)?;
        let client = openid.provider.authenticate(arrived.client_address, basic, &parameters)?;
        openid.provider.token(&client, &parameters).await
    };
    match tokens.await.map(|tokens| serde_json::to_vec(&tokens)) {
        Ok(Ok(body)) => json_answer(StatusCode::OK, body),
        Ok(Err(_)) => json_answer(StatusCode::INTERNAL_SERVER_ERROR, br#"{"error":"server_error"}"#.to_vec()),
        Err(error) => refuse(&arrived, &headers, &body, &error),
    }
}

/// Takes a token back (RFC 7009).
pub(super) async fn revoke(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let revoked = async {
        let (basic, parameters) = read(&headers, &body)?;
        let client = openid.provider.authenticate(arrived.client_address, basic, &parameters)?;
        openid.provider.revoke(&client, &parameters).await
    };
    match revoked.await {
        Ok(()) => json_answer(StatusCode::OK, b"{}".to_vec()),
        Err(error) => refuse(&arrived, &headers, &body, &error),
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Option<Basic>, Parameters), TokenError> {
    if !is_form(headers) {
        return Err(TokenError::InvalidRequest("the body must be a form"));
    }
    Ok((basic(headers)?, Parameters::parse(body)))
}

/// RFC 6749 §2.3.1: name and secret, each encoded as in a form, joined by a colon, in base64.
fn basic(headers: &HeaderMap) -> Result<Option<Basic>, TokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(TokenError::InvalidRequest("there is more than one Authorization header"));
    }
    let parse = || {
        let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
        let credentials = BASE64_STANDARD.decode(credentials.trim()).ok()?;
        let credentials = String::from_utf8(credentials).ok()?;
        let (id, secret) = credentials.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        Some(Basic { id: decoded(id), secret: decoded(secret) })
    };
    parse().map(Some).ok_or(TokenError::InvalidClient("the Authorization header is not of the form Basic"))
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Who it claims to be, whether or not that is proved: for the log alone.
fn claimed(headers: &HeaderMap, body: &[u8]) -> Option<Claimed> {
    let in_header = basic(headers).ok().flatten().map(|basic| basic.id);
    let in_form = || Parameters::parse(body).one("client_id").ok().flatten().map(str::to_owned);
    in_header.or_else(in_form).map(|id| Claimed::new(&id))
}

fn refuse(arrived: &Arrived, headers: &HeaderMap, body: &[u8], error: &TokenError) -> Response<Body> {
    let (status, code, why) = match error {
        TokenError::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", *why),
        TokenError::InvalidClient(why) => (StatusCode::UNAUTHORIZED, "invalid_client", *why),
        TokenError::TooManyWrongSecrets => (
            StatusCode::TOO_MANY_REQUESTS,
            "invalid_client",
            "too many wrong secrets came from this network; try again in ten minutes",
        ),
        TokenError::InvalidGrant(why) => (StatusCode::BAD_REQUEST, "invalid_grant", *why),
        TokenError::InvalidScope => {
            let why = "scope must name, with single spaces between, what was granted and nothing else";
            (StatusCode::BAD_REQUEST, "invalid_scope", why)
        }
        TokenError::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", "use authorization_code or refresh_token")
        }
        TokenError::Store(_) | TokenError::Keys(_) | TokenError::Cryptography(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "something failed at the provider")
        }
    };
    let claimed = claimed(headers, body);
    match status.is_server_error() {
        true => log::ending_of(arrived, claimed.as_ref(), Outcome::Broken, error),
        false => log::refused(arrived, claimed.as_ref(), status, Reason::OpenIdCall, Some(error)),
    }
    let body = json!({ "error": code, "error_description": why });
    let mut response = json_answer(status, body.to_string().into_bytes());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    }
    // RFC 6749 §5.2 asks for it where a header was tried, RFC 9110 §15.5.2 with every 401.
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(r#"Basic realm="OpenID clients""#);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_secret_are_read_as_a_form_writes_them() {
        let basic_of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(text).unwrap());
            basic(&headers).ok().flatten().map(|basic| (basic.id, basic.secret))
        };
        let encoded = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        for (text, read) in [
            (encoded("wiki:s3cret"), pair("wiki", "s3cret")),
            (encoded("wiki:s3cret").replace("Basic", "bAsIc"), pair("wiki", "s3cret")),
            (encoded("w%3Aiki:s%2B+x:y"), pair("w:iki", "s+ x:y")),
            (encoded("wiki:"), pair("wiki", "")),
            (encoded("wiki"), None),
            ("Bearer abc".to_owned(), None),
            ("Basic".to_owned(), None),
            ("Basic *".to_owned(), None),
        ] {
            assert_eq!(basic_of(&text), read, "{text}");
        }
        let value = HeaderValue::from_str(&encoded("wiki:s3cret")).unwrap();
        let twice: HeaderMap =
            [value.clone(), value].map(|value| (header::AUTHORIZATION, value)).into_iter().collect();
        assert!(basic(&twice).is_err(), "two headers");
    }
}
