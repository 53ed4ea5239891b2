//! The ways in which an answer goes wrong on the wire.

use std::future::pending;

use axum::body::{Body, Bytes};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;

use super::answer::Answer;
use super::bad_bodies::{Dropped, EndlessBody, HalfBody, TrickleBody};
use crate::sim::switches::Fault;

const WEB_SERVER_PAGE: &str = "<!DOCTYPE html><html><head><title>Service Unavailable</title></head>\
    <body><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The service is unavailable.</p></body></html>";
const FIREWALL_PAGE: &str = "<!DOCTYPE html><html><head><title>Request Rejected</title></head>\
    <body>The requested URL was rejected. Your support ID is 4711.</body></html>";

/// What a wrong answer of one simulator looks like.
#[derive(Debug)]
pub struct Own {
    /// JSON of another shape than any of its answers.
    pub wrong_shape: Value,
    /// A list that has nothing in it.
    pub empty_list: Value,
    /// The path of its login page.
    pub login: &'static str,
}

/// Faults that replace the answer, so that nothing is looked up. Nothing for the faults that spoil a real one.
pub fn instead(fault: Fault, own: Own, retry_after: bool) -> Option<Answer> {
    match fault {
        Fault::ServerError => {
            Some(Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred."))
        }
        Fault::Unavailable => Some(Answer::html(StatusCode::SERVICE_UNAVAILABLE, WEB_SERVER_PAGE.to_owned())),
        Fault::HtmlOk => Some(Answer::html(StatusCode::OK, FIREWALL_PAGE.to_owned())),
        Fault::WrongShape => Some(Answer::json(own.wrong_shape)),
        Fault::EmptyList => Some(Answer::json(own.empty_list)),
        Fault::Redirect => Some(Answer::redirect(own.login.to_owned())),
        Fault::NoContent => Some(Answer::nothing(StatusCode::NO_CONTENT)),
        Fault::EmptyOk => Some(Answer::nothing(StatusCode::OK)),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(Answer::error(status, "An error has occurred."))
        }
        Fault::Unauthorized => Some(Answer::unauthorized()),
        Fault::TooMany => Some(too_many(1, retry_after)),
        // It never comes.
        Fault::HangBefore => Some(Answer::nothing(StatusCode::NO_CONTENT)),
        Fault::None | Fault::TruncatedJson | Fault::HalfClosed | Fault::Trickle => None,
        Fault::Endless | Fault::Closed | Fault::Hang | Fault::Slow(_) => None,
        Fault::HalfRows | Fault::ShiftedRows | Fault::HalfDone => None,
    }
}

/// The answer to a call that was one too many: come back after so many seconds.
pub fn too_many(wait: i64, retry_after: bool) -> Answer {
    let answer = Answer::error(StatusCode::TOO_MANY_REQUESTS, "Too many requests. Please try again later.");
    if retry_after { answer.with(header::RETRY_AFTER, wait.to_string()) } else { answer }
}

/// Spoils an answer on its way out.
pub async fn apply(fault: Fault, response: Response<Body>) -> Result<Response<Body>, Dropped> {
    match fault {
        Fault::Closed => Err(Dropped),
        Fault::Hang | Fault::HangBefore => pending().await,
        Fault::Slow(wait) => {
            tokio::time::sleep(wait).await;
            Ok(response)
        }
        Fault::TruncatedJson => {
            let (mut parts, half) = first_half(response).await?;
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(half.len()));
            Ok(Response::from_parts(parts, Body::from(half)))
        }
        Fault::HalfClosed => {
            let (parts, half) = first_half(response).await?;
            Ok(Response::from_parts(parts, Body::new(HalfBody::new(half))))
        }
        Fault::Trickle => {
            let (parts, body) = response.into_parts();
            let whole = body.collect().await.map_err(|_| Dropped)?.to_bytes();
            Ok(Response::from_parts(parts, Body::new(TrickleBody::new(whole))))
        }
        Fault::Endless => {
            let (parts, _) = response.into_parts();
            Ok(Response::from_parts(parts, Body::new(EndlessBody)))
        }
        _ => Ok(response),
    }
}

async fn first_half(response: Response<Body>) -> Result<(http::response::Parts, Bytes), Dropped> {
    let (parts, body) = response.into_parts();
    let whole = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    Ok((parts, whole.slice(..whole.len() / 2)))
}
