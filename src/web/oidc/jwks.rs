//! `/_gate/oidc/jwks`: the public keys by which sites check our assertions, and clients our ID tokens (RFC 7517).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;

use crate::web::state::Gate;

/// The keys; public, readable by every script, and cached for a while. A new key is published for twice that long before it signs.
pub async fn jwks(State(gate): State<Gate>) -> Response<Body> {
    let mut response = Json(&*gate.keys.jwks()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
