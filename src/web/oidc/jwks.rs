//! What sites check our assertions by: the public keys (RFC 7517), and lists of the roles that a mapping manages. Both are
//! public, the same at any host, and readable by every script.

use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;

use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, Retry};
use crate::web::state::{Services, answer};

/// `/_gate/oidc/jwks`: the keys, cached for a while. A new key is published for twice that long before it signs.
pub async fn jwks(State(services): State<Services>) -> Response<Body> {
    public(Json(&*services.keys.jwks()).into_response(), "public, max-age=300")
}

/// `/_gate/oidc/roles/DIGEST`: the sorted role slugs whose digest this is, as a JSON array. What is there never changes.
pub async fn roles(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    Path(digest): Path<String>,
) -> Response<Body> {
    match services.lists.find(&digest).await {
        Ok(Some(list)) => public(Json(list).into_response(), "public, max-age=604800, immutable"),
        Ok(None) => answer(Notice::NotFound.html(&arrived.frame())),
        Err(error) => {
            tracing::error!(request_id = &*arrived.request_id, %error, "A list of managed roles could not be read");
            answer(Notice::Busy(Retry::after(5)).html(&arrived.frame()))
        }
    }
}

fn public(mut response: Response<Body>, caching: &'static str) -> Response<Body> {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}
