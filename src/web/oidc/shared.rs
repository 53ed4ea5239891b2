//! What the provider's handlers share.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::flows::grant::Provider;
use crate::web::state::Services;

/// The provider, and what every page of ours has.
#[derive(Clone)]
pub struct OpenIdServices {
    /// Sessions and the AMS.
    pub services: Services,
    /// The provider.
    pub provider: Arc<Provider>,
}

impl FromRef<OpenIdServices> for Services {
    fn from_ref(openid: &OpenIdServices) -> Services {
        openid.services.clone()
    }
}

/// Whether the body is a form, as every body is that is sent to us.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A JSON answer that nobody may keep.
pub(super) fn json_answer(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
