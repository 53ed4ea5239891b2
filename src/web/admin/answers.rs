//! What handlers of the administration give: a page, a file, JSON for our script, or why there is nothing to show.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use crate::adapters::store::StoreError;
use crate::domain::outcome::Outcome;
use crate::flows::administer::mapping::ChangeError;
use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, Page, respond};
use crate::web::state::answer;

/// What a handler gives.
pub type Answer = Result<Response<Body>, PageError>;

/// Why a handler has nothing to show. `guard` puts the page that says so in its place.
#[derive(Debug)]
pub enum PageError {
    /// There is no such page.
    NotFound,
    /// Something failed on our side. The cause goes to the log.
    Broken(Box<dyn Error + Send + Sync>),
}

impl PageError {
    /// Something failed on our side.
    pub fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> PageError {
        PageError::Broken(cause.into())
    }

    /// The page that says so.
    pub fn page(&self, arrived: &Arrived) -> Response<Body> {
        let notice = match self {
            PageError::NotFound => Notice::NotFound,
            PageError::Broken(cause) => {
                crate::web::log::ending(arrived, Outcome::Broken, cause);
                Notice::Broken
            }
        };
        answer(notice.html(&arrived.frame()))
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> PageError {
        PageError::broken(error)
    }
}

impl<Content: fmt::Debug + Send + Sync + 'static> From<ChangeError<Content>> for PageError {
    fn from(error: ChangeError<Content>) -> PageError {
        match error {
            ChangeError::NoVersion(_) => PageError::NotFound,
            other => PageError::broken(other),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// A page.
pub fn page<P: Page>(page: &P) -> Answer {
    Ok(answer(respond(page)))
}

/// A file for the browser to keep. `name` is a constant of ours.
pub fn download(text: String, kind: &'static str, name: &'static str) -> Answer {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// JSON for a script of ours.
pub fn json_answer(value: serde_json::Value) -> Answer {
    let mut response = Json(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
