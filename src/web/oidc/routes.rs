//! The provider's addresses, and who may read their answers.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::shared::OpenIdServices;
use super::{authorize, discovery, logout, token, userinfo};
use crate::web::arrived::Arrived;
use crate::web::pages::Notice;
use crate::web::paths;
use crate::web::state::{answer, unchanged};

/// Largest form that a client or its visitor may send, in bytes.
const LARGEST_FORM: usize = 16 * 1024;

/// The provider's addresses.
pub fn routes(openid: OpenIdServices) -> Router {
    let documents = Router::new()
        .route(paths::DISCOVERY, get(discovery::discovery))
        .route(paths::OAUTH_DISCOVERY, get(discovery::discovery))
        .route_layer(from_fn(for_every_origin));
    // For scripts and servers of clients
    let programs = Router::new()
        .route(paths::TOKEN, post(token::token))
        .route(paths::REVOKE, post(token::revoke))
        .route(paths::USERINFO, get(userinfo::userinfo).post(userinfo::userinfo))
        .route_layer(from_fn_with_state(openid.clone(), across_origins));
    // For people whom a client sends
    let people = Router::new()
        .route(paths::AUTHORIZE, get(authorize::authorize).head(unchanged).post(authorize::posted))
        .route(paths::END_SESSION, get(logout::end_session).head(unchanged).post(logout::posted))
        .route(paths::ONWARD, get(logout::onward).head(unchanged));
    documents
        .merge(programs)
        .merge(people)
        .route_layer(from_fn_with_state(openid.clone(), at_the_issuer))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .with_state(openid)
}

/// At every other host these addresses do not exist.
async fn at_the_issuer(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    request: Request,
    next: Next,
) -> Response<Body> {
    if arrived.site.host == openid.provider.settings().host {
        next.run(request).await
    } else {
        answer(Notice::NotFound.html(&arrived.frame()))
    }
}

/// Lets every script read a document that anybody may have. Nothing that a script sends along counts here.
pub async fn for_every_origin(request: Request, next: Next) -> Response<Body> {
    let mut response = if request.method() == Method::OPTIONS {
        preflight("GET, HEAD, OPTIONS")
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The answer to OPTIONS: which methods there are. Whether a script may use them is said by its origin.
fn preflight(methods: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static(methods);
    headers.insert(header::ALLOW, methods.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("authorization, content-type");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

/// Lets scripts of public clients read the answers, from the origins of their redirect addresses and no others. Cookies never
/// count here, so nothing is allowed to be sent along.
async fn across_origins(
    State(openid): State<OpenIdServices>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        let is_userinfo = request.uri().path() == paths::USERINFO;
        preflight(if is_userinfo { "GET, HEAD, POST, OPTIONS" } else { "POST, OPTIONS" })
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let clients = openid.provider.clients();
    let known =
        |origin: &HeaderValue| origin.to_str().is_ok_and(|text| clients.is_origin_of_a_public_client(text));
    if let Some(origin) = origin.filter(known) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate"));
    }
    response
}
