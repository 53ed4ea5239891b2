//! What the stories of every simulator have in common: a browser without a screen, and what it reads off an answer.

mod desk;
pub mod switches;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use desk::Desk;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use url::Url;

/// A day without a change of the clocks near it; the simulator's clock starts at its noon.
pub const TODAY: jiff::civil::Date = jiff::civil::date(2026, 6, 10);

/// Where a login comes back.
pub const CALLBACK: &str = "https://www.acme.example/_gate/callback";
/// What the client of a login keeps to itself (RFC 7636).
pub const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-specification";

/// A browser that follows nothing by itself.
pub fn client() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

/// Opens an address.
pub async fn open(http: &Client, url: String, cookie: Option<&str>) -> Response {
    let request = http.get(url);
    let request = if let Some(cookie) = cookie { request.header(COOKIE, cookie) } else { request };
    request.send().await.unwrap()
}

/// Sends a form.
pub async fn post(http: &Client, url: String, cookie: Option<&str>, fields: &[(&str, &str)]) -> Response {
    let request = http.post(url).header("content-type", "application/x-www-form-urlencoded");
    let request = if let Some(cookie) = cookie { request.header(COOKIE, cookie) } else { request };
    request.body(form(fields)).send().await.unwrap()
}

/// A form, or a query, as it is sent.
pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Where a client of OpenID Connect sends a browser.
pub fn authorize_path(client_id: &str, scope: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let query = form(&[
        ("client_id", client_id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", scope),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    format!("/oauth/authorize?{query}")
}

/// What the client exchanges a code with.
pub fn redemption<'a>(code: &'a str, verifier: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ]
}

/// The parameters with which a browser comes back to the callback.
pub fn came_back(response: &Response) -> Vec<(String, String)> {
    assert_eq!(response.status(), StatusCode::FOUND);
    let back = Url::parse(&location(response)).unwrap();
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    back.query_pairs().into_owned().collect()
}

/// Status and body of an answer; an empty body is null.
pub async fn body_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
}

/// A value that must be a text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text expected, found {value}"))
}

/// Where an answer sends a browser.
pub fn location(response: &Response) -> String {
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The cookie that an answer sets.
pub fn cookie(response: &Response) -> String {
    let set = response.headers()[SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// The claims of a token, whoever signed it.
pub fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
