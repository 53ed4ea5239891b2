//! Addresses that tests of a proxy need. Each says what it received, or misbehaves in one known way.

use std::io;
use std::time::Duration;

use aws_lc_rs::digest;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

use super::body::{data, fed};
use super::live::Live;

/// What arrived. Headers are in the order of arrival, with lower-case names; each value of a repeated one is listed.
#[derive(Serialize)]
struct Echo {
    method: String,
    version: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    trailers: Vec<(String, String)>,
    body_bytes: u64,
    body_sha256: String,
}

/// Any method: the request as JSON. The body is digested as it streams, so its size does not matter.
pub(super) async fn echo(request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let mut context = digest::Context::new(&digest::SHA256);
    let (mut body_bytes, mut trailers) = (0, Vec::new());
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => {
                body_bytes += bytes.len() as u64;
                context.update(&bytes);
            }
            Ok(Err(frame)) => trailers = frame.trailers_ref().map(pairs).unwrap_or_default(),
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    }
    let body_sha256 = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Json(Echo {
        method: parts.method.to_string(),
        version: format!("{:?}", parts.version),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: pairs(&parts.headers),
        trailers,
        body_bytes,
        body_sha256,
    })
    .into_response()
}

/// Names and values as text; bytes that are not UTF-8 become replacement characters.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

#[derive(Deserialize)]
pub(super) struct Slow {
    #[serde(default)]
    ms: u64,
}

/// Answers after so many milliseconds, two minutes at most.
pub(super) async fn slow(Query(slow): Query<Slow>) -> String {
    let wait = slow.ms.min(120_000);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    format!("after {wait} ms\n")
}

#[derive(Deserialize)]
pub(super) struct Big {
    #[serde(default)]
    bytes: u64,
    /// Leaves out `Content-Length`.
    #[serde(default)]
    chunked: bool,
}

/// So many bytes of `x`, streamed in pieces of 64 KiB.
pub(super) async fn big(State(live): State<Live>, Query(big): Query<Big>) -> Response {
    const PIECE: &[u8] = &[b'x'; 65_536];
    let (sender, body) = fed();
    live.tasks.spawn(async move {
        let mut left = big.bytes;
        while left > 0 {
            let size = usize::try_from(left).map_or(PIECE.len(), |left| left.min(PIECE.len()));
            let piece = Bytes::from_static(PIECE).slice(..size);
            if sender.send(data(piece)).await.is_err() {
                return;
            }
            left -= size as u64;
        }
    });
    let mut response = Response::new(Body::new(body));
    if !big.chunked {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(big.bytes));
    }
    response
}

/// A body followed by the trailer `x-checksum: 42`.
pub(super) async fn trailers(State(live): State<Live>) -> Response {
    let (sender, body) = fed();
    live.tasks.spawn(async move {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("42"));
        if sender.send(data("with trailers\n")).await.is_ok() {
            let _ = sender.send(Ok(Frame::trailers(trailers))).await;
        }
    });
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("x-checksum"));
    response
}

/// Announces 1,000 bytes, sends a few, and cuts the connection.
pub(super) async fn cut(State(live): State<Live>) -> Response {
    let (sender, body) = fed();
    live.tasks.spawn(async move {
        if sender.send(data("the beginning")).await.is_ok() {
            let _ = sender.send(Err(io::Error::other("cut on purpose"))).await;
        }
    });
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(1_000));
    response
}

/// Answers with that status; 400 when it is none.
pub(super) async fn status(Path(status): Path<u16>) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::BAD_REQUEST)
}
