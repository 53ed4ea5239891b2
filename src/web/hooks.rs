//! `/_gate/hooks/SECRET`: the AMS tells of changes. What it says counts as a hint, so it is answered at once whatever it says.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderValue, Method, Response, header};

use super::arrived::Arrived;
use super::pages::Notice;
use super::state::{Services, answer};

/// Largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// Longest text that is given back.
const LONGEST_ECHO: usize = 64;

/// Answers whoever knows a secret; for all others there is nothing at this address.
pub async fn call(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    secret: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response<Body> {
    let frame = arrived.frame();
    if !secret.is_ok_and(|Path(secret)| services.hooks.is_valid(&secret)) {
        return answer(Notice::NotFound.html(&frame));
    }
    match *request.method() {
        Method::POST => {
            let Ok(body) = to_bytes(request.into_body(), LARGEST_BODY).await else {
                return answer(Notice::BodyTooLarge.json(&frame));
            };
            services.hooks.called(&body);
            plain(String::new())
        }
        Method::GET | Method::HEAD => match echo(&query.unwrap_or_default()) {
            Some(text) => plain(text),
            None => answer(Notice::BadRequest.json(&frame)),
        },
        _ => answer(Notice::MethodNotAllowed { allow: "GET, HEAD, POST" }.json(&frame)),
    }
}

/// The text that a sender wants to read here before it begins. Letters and digits only: whatever takes the answer for a page finds no
/// markup in it.
fn echo(query: &str) -> Option<String> {
    let mut asked = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "echo");
    let text = match asked.next() {
        Some((_, text)) => text.into_owned(),
        None => String::new(),
    };
    let is_plain = text.len() <= LONGEST_ECHO && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then_some(text)
}

fn plain(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_plain_text_is_given_back() {
        let longest = "a1".repeat(32);
        assert_eq!(echo(&format!("echo={longest}")), Some(longest.clone()));
        assert_eq!(echo("x=1&echo=Abc123&echo=other"), Some("Abc123".to_owned()));
        assert_eq!((echo(""), echo("other=x")), (Some(String::new()), Some(String::new())));
        for query in [&format!("echo={longest}a"), "echo=%3Cscript%3E", "echo=a+b", "echo=a.b", "echo=%C3%A9"]
        {
            assert_eq!(echo(query), None, "{query}");
        }
    }
}
