//! `/_gate/oidc/userinfo`: what a client is told about the person whose access token it holds, as of now.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::shared::{OpenIdServices, is_form, json_answer};
use crate::domain::grant::request::Parameters;
use crate::web::arrived::Arrived;

/// How a token was sent.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    Token(String),
    /// No token at all: say how to send one, and no more (RFC 6750 §3.1).
    Nothing,
    /// In two ways, or in one that cannot be read.
    Unclear,
}

/// Answers with claims, or with the challenge of RFC 6750.
pub(super) async fn userinfo(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let token = match sent(&method, &headers, &body) {
        Sent::Token(token) => token,
        Sent::Nothing => return refuse(StatusCode::UNAUTHORIZED, r#"Bearer realm="userinfo""#),
        Sent::Unclear => {
            return refuse(StatusCode::BAD_REQUEST, r#"Bearer realm="userinfo", error="invalid_request""#);
        }
    };
    match openid.provider.userinfo(&token).await {
        Ok(Some(claims)) => json_answer(StatusCode::OK, claims),
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, r#"Bearer realm="userinfo", error="invalid_token""#),
        Err(error) => {
            tracing::error!(request_id = &*arrived.request_id, %error, "A client was not told about a person");
            json_answer(StatusCode::INTERNAL_SERVER_ERROR, br#"{"error":"server_error"}"#.to_vec())
        }
    }
}

/// In the header or, by POST, in a form. Never in the address, where it would be logged (RFC 6750 §2.3).
fn sent(method: &Method, headers: &HeaderMap, body: &[u8]) -> Sent {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let in_header = values.next();
    if values.next().is_some() {
        return Sent::Unclear;
    }
    let is_form = method == Method::POST && is_form(headers);
    let form = if is_form { Parameters::parse(body) } else { Parameters::default() };
    match (in_header, form.one("access_token")) {
        (None, Ok(None)) => Sent::Nothing,
        (None, Ok(Some(token))) => Sent::Token(token.to_owned()),
        (Some(value), Ok(None)) => {
            let bearer = value.to_str().ok().and_then(|text| text.split_once(' '));
            match bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
                Some((_, token)) => Sent::Token(token.trim().to_owned()),
                None => Sent::Nothing,
            }
        }
        (Some(_), Ok(Some(_))) | (_, Err(_)) => Sent::Unclear,
    }
}

fn refuse(status: StatusCode, challenge: &'static str) -> Response<Body> {
    let mut response = json_answer(status, b"{}".to_vec());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_in_one_way() {
        let token = || Sent::Token("abc".to_owned());
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        for (method, headers, body, expect) in [
            (Method::GET, &[("authorization", "Bearer abc")][..], "", token()),
            (Method::POST, &[("authorization", "bearer abc")], "", token()),
            (Method::POST, &[("content-type", form)], "access_token=abc", token()),
            (Method::POST, &[("content-type", "text/plain")], "access_token=abc", Sent::Nothing),
            (Method::GET, &[("content-type", form)], "access_token=abc", Sent::Nothing),
            (Method::GET, &[], "", Sent::Nothing),
            (Method::GET, &[("authorization", "Basic abc")], "", Sent::Nothing),
            (
                Method::POST,
                &[("authorization", "Bearer abc"), ("content-type", form)],
                "access_token=abc",
                Sent::Unclear,
            ),
            (Method::POST, &[("content-type", form)], "access_token=abc&access_token=abc", Sent::Unclear),
            (
                Method::GET,
                &[("authorization", "Bearer abc"), ("authorization", "Bearer abc")],
                "",
                Sent::Unclear,
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(sent(&method, &map, body.as_bytes()), expect, "{method} {headers:?} {body}");
        }
    }
}
