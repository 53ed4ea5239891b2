//! The control plane's route table, grouped by who calls.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Response;
use axum::middleware::from_fn;
use axum::routing::{MethodFilter, MethodRouter, any, get, on, post};
use axum::{Extension, body::Body};

use super::arrived::Arrived;
use super::pages::Notice;
use super::state::{Services, answer, unchanged};
use super::{admin, check_again, forms, hooks, login, logout, me, oidc, paths, view_as};
use crate::flows::administer::clients::OpenIdClients;
use crate::flows::grant::Provider;

/// Everything under the prefix that we keep for ourselves on every site, and what the OpenID Provider has besides.
pub fn control(
    services: Services,
    provider: Option<Arc<Provider>>,
    clients: Option<Arc<OpenIdClients>>,
) -> Router {
    let parts = services.administer.clone().zip(services.admin_services.clone());
    let admin = parts.map(|(administer, of_people)| admin::Admin {
        gate: services.clone(),
        administer,
        services: of_people,
        clients,
    });
    let router = Router::new()
        // People
        .route(paths::LOGIN, only_get(get(login::login).head(unchanged)))
        .route(paths::LOGIN_FAILED, only_get(get(login::failed::show)))
        .route(paths::WAITING, only_get(get(login::waiting::waiting).head(unchanged)))
        .route(paths::CALLBACK, get_and_post(get(login::callback).head(unchanged).post(login::callback_form)))
        .route(paths::LOGOUT, get_and_post(get(logout::logout).head(unchanged).post(logout::logout)))
        .route(paths::SIGNED_OUT, only_get(get(logout::signed_out)))
        .route(paths::RESUME_FORM, only_get(get(forms::resume)))
        .route(paths::KEEP_FORM, on(MethodFilter::POST, forms::keep).fallback(not_found))
        .route(
            paths::CHECK_AGAIN,
            post(check_again::check_again).fallback(|arrived| wrong_method(arrived, "POST")),
        )
        .route(paths::VIEW_AS, only_get(get(view_as::open).head(unchanged)))
        .route(paths::VIEW_AS_END, only_get(get(view_as::end).head(unchanged)))
        // The AMS, through a browser and by itself
        .route(paths::SINGLE_LOGOUT, only_get(get(logout::single_logout).head(unchanged)))
        .route(&format!("{}{{secret}}", paths::HOOKS), any(hooks::call))
        // Sites and their scripts
        .route(paths::ME, only_get(get(me::me)))
        .route(paths::JWKS, only_get(get(oidc::jwks::jwks)).layer(from_fn(oidc::for_every_origin)))
        .route(
            &format!("{}{{digest}}", paths::ROLES),
            only_get(get(oidc::jwks::roles)).layer(from_fn(oidc::for_every_origin)),
        )
        .layer(DefaultBodyLimit::max(forms::LARGEST_FORM))
        .with_state(services.clone())
        // OpenID clients
        .merge(
            provider
                .map(|provider| oidc::routes(oidc::OpenIdServices { services, provider }))
                .unwrap_or_default(),
        );
    let router = match admin {
        // Its forms are larger, and it sets their limit itself.
        Some(admin) => router.merge(admin::router(admin)),
        None => router,
    };
    router.fallback(not_found)
}

fn only_get(route: MethodRouter<Services>) -> MethodRouter<Services> {
    route.fallback(|arrived| wrong_method(arrived, "GET, HEAD"))
}

fn get_and_post(route: MethodRouter<Services>) -> MethodRouter<Services> {
    route.fallback(|arrived| wrong_method(arrived, "GET, HEAD, POST"))
}

async fn wrong_method(Extension(arrived): Extension<Arrived>, allow: &'static str) -> Response<Body> {
    answer(Notice::MethodNotAllowed { allow }.html(&arrived.frame()))
}

async fn not_found(Extension(arrived): Extension<Arrived>) -> Response<Body> {
    answer(Notice::NotFound.html(&arrived.frame()))
}
