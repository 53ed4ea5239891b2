//! The control plane's route table, grouped by who calls.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Extension, Json, body::Body};

use super::arrived::Arrived;
use super::pages::Notice;
use super::state::{Gate, answer};
use super::{admin, forms, login, logout, me, paths, view_as};

/// Everything under the prefix that we keep for ourselves on every site.
pub fn control(gate: Gate) -> Router {
    let parts = gate.administer.clone().zip(gate.desk.clone());
    let admin = parts.map(|(administer, desk)| admin::Admin { gate: gate.clone(), administer, desk });
    let router = Router::new()
        // People
        .route(paths::LOGIN, only_get(get(login::login)))
        .route(paths::LOGIN_FAILED, only_get(get(login::failed::show)))
        .route(paths::CALLBACK, only_get(get(login::callback)))
        .route(paths::LOGOUT, get(logout::logout).post(logout::logout).fallback(wrong_method))
        .route(paths::RESUME_FORM, only_get(get(forms::resume)))
        .route(paths::KEEP_FORM, on(MethodFilter::POST, forms::keep).fallback(not_found))
        .route(paths::VIEW_AS, only_get(get(view_as::open)))
        .route(paths::VIEW_AS_END, only_get(get(view_as::end)))
        // The AMS, through a browser
        .route(paths::SINGLE_LOGOUT, only_get(get(logout::single_logout)))
        // Sites and their scripts
        .route(paths::ME, only_get(get(me::me)))
        .route(paths::JWKS, only_get(get(jwks)))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(forms::LARGEST_FORM))
        .with_state(gate);
    match admin {
        // Its forms are larger, and it sets their limit itself.
        Some(admin) => router.merge(admin::router(admin)),
        None => router,
    }
}

fn only_get(route: MethodRouter<Gate>) -> MethodRouter<Gate> {
    route.fallback(wrong_method)
}

async fn wrong_method(Extension(arrived): Extension<Arrived>) -> Response<Body> {
    answer(Notice::MethodNotAllowed { allow: "GET, HEAD" }.html(&arrived.frame()))
}

async fn not_found(Extension(arrived): Extension<Arrived>) -> Response<Body> {
    answer(Notice::NotFound.html(&arrived.frame()))
}

/// RFC 7517: the keys by which a site checks our assertions. Public, and cached for a while.
async fn jwks(State(gate): State<Gate>) -> Response<Body> {
    let mut response = Json(gate.keys.jwks()).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
