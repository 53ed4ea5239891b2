//! Turns a page or a JSON problem into a whole response, with the headers that keep it private and inert.
//!
//! Scripts and styles are constants of the program, so the policy names their SHA-256 digests. That is stricter than
//! a nonce (only these texts run, wherever they stand) and leaves nothing to carry from header to template.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::{Forms, Page};
use crate::domain::outcome::Outcome;

/// Challenge of a 401 where a session is missing; RFC 9110 §15.5.2 asks for one. A scheme of our own, so that no browser opens a
/// password box.
pub const SESSION_CHALLENGE: HeaderValue = HeaderValue::from_static("Membergate");

/// What a visitor reads when even the page cannot be made.
const LAST_RESORT: &str = "Something went wrong on our side. Please try again in a few minutes.\n";

/// The page as a response: its own status, never stored, never framed, nothing loaded from anywhere.
pub fn respond<P: Page>(page: &P) -> Response<Bytes> {
    match page.render() {
        Ok(html) => {
            let policy = policy(P::STYLE, P::SCRIPT, page.forms());
            let mut response = finish(page.status(), "text/html; charset=utf-8", &policy, Bytes::from(html));
            if page.forms() != Forms::None {
                // Under `no-referrer` a browser says `Origin: null`, and sites refuse such a form.
                let same_origin = HeaderValue::from_static("same-origin");
                response.headers_mut().insert(header::REFERRER_POLICY, same_origin);
            }
            response
        }
        Err(_) => last_resort(),
    }
}

/// The JSON twin of a page, for a caller that is a program. `login` is where a person can sign in.
pub fn problem(outcome: Outcome, sentence: &str, request_id: &str, login: Option<&str>) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Problem<'a> {
        error: &'a str,
        message: &'a str,
        request_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<&'a str>,
    }
    match serde_json::to_vec(&Problem { error: outcome.slug(), message: sentence, request_id, login }) {
        Ok(json) => finish(status(outcome), "application/json", "default-src 'none'", Bytes::from(json)),
        Err(_) => last_resort(),
    }
}

/// The HTTP status of an outcome, on a page as in JSON.
pub fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::SignInRequired | Outcome::FormNotKept => StatusCode::UNAUTHORIZED,
        Outcome::NotEntitled | Outcome::NotAdmitted | Outcome::ReadOnly => StatusCode::FORBIDDEN,
        Outcome::TokenRefused | Outcome::ReturnMalformed | Outcome::WrongPerson => StatusCode::FORBIDDEN,
        Outcome::NoState | Outcome::StateLost | Outcome::NotStartedHere => StatusCode::BAD_REQUEST,
        Outcome::AttemptExpired | Outcome::AlreadyUsed => StatusCode::BAD_REQUEST,
        Outcome::SiteNotRegistered | Outcome::LogoutRefused => StatusCode::BAD_REQUEST,
        Outcome::BadRequest | Outcome::BadAddress => StatusCode::BAD_REQUEST,
        Outcome::TooManyAttempts | Outcome::NetworkBusy | Outcome::CheckedLately => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Outcome::RequestSlow => StatusCode::REQUEST_TIMEOUT,
        Outcome::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Outcome::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Outcome::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Outcome::NotFound => StatusCode::NOT_FOUND,
        Outcome::UnknownSite => StatusCode::MISDIRECTED_REQUEST,
        Outcome::AmsDown
        | Outcome::Busy
        | Outcome::LineFull
        | Outcome::NotKnownThere
        | Outcome::FetchedAhead
        | Outcome::Unavailable
        | Outcome::SignedOutHere => StatusCode::SERVICE_UNAVAILABLE,
        Outcome::SiteDown | Outcome::SiteInvalid => StatusCode::BAD_GATEWAY,
        Outcome::SiteSlow => StatusCode::GATEWAY_TIMEOUT,
        Outcome::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn last_resort() -> Response<Bytes> {
    let body = Bytes::from_static(LAST_RESORT.as_bytes());
    finish(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "default-src 'none'", body)
}

fn finish(status: StatusCode, content_type: &'static str, policy: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let policy =
        HeaderValue::from_str(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, SESSION_CHALLENGE);
    }
    response
}

/// Content-Security-Policy, level 3.
///
/// Where a form goes to the site, `form-action` must also admit where the site then redirects (a payment page, say):
/// Chromium applies the directive to each hop.
fn policy(style: &str, script: &str, forms: Forms) -> String {
    let style = source(style);
    let script = if script.is_empty() { "'none'".to_owned() } else { source(script) };
    let forms = match forms {
        Forms::None => "form-action 'none'; ",
        Forms::ToTheSite => "form-action 'self' https:; ",
        Forms::ToAClient => {
            "form-action 'self' https: http://localhost:* http://*.localhost:* http://127.0.0.1:*; "
        }
        Forms::OnToAClient => "",
        Forms::ToUs => "connect-src 'self'; form-action 'self'; ",
    };
    format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src 'self' data:; {forms}\
         frame-ancestors 'none'; base-uri 'none'"
    )
}

fn source(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest))
}

#[cfg(test)]
pub(in crate::web) fn policy_names(policy: &str, text: &str) -> bool {
    policy.contains(&source(text))
}
