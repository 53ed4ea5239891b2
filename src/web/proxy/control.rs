//! The way over to the control plane, for our own addresses.

use http::{HeaderValue, Request, Response, Uri};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::runtime::Handle;

use super::body::Body;
use super::declined::Declined;
use super::headers::REQUEST_ID;
use super::worker::Context;
use crate::adapters::upstream::Upload;
use crate::web::arrived::{Arrived, PostedTo};
use crate::web::log;
use crate::web::pages::Notice;
use crate::web::paths;

/// The control plane: its routes and the runtime on which they run.
pub struct Control {
    routes: TowerToHyperService<axum::Router>,
    runtime: Handle,
}

impl Control {
    /// Routes under `/_gate`, to be run on `runtime`.
    pub fn new(routes: axum::Router, runtime: Handle) -> Control {
        Control { routes: TowerToHyperService::new(routes), runtime }
    }

    /// Answers a request for one of our own addresses. It runs to its end even when the visitor goes away: a sign-in whose
    /// token is spent must not be cut in half.
    pub(super) async fn answer(
        &self,
        arrived: Arrived,
        context: &Context,
        request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(arrived.clone());
        let routes = self.routes.clone();
        let running = self.runtime.spawn(async move { routes.call(request).await });
        match running.await {
            Ok(Ok(response)) => {
                log::answered(&arrived, response.status());
                let mut response = response.map(Body::Control);
                let headers = response.headers_mut();
                headers.insert(REQUEST_ID, context.request_id.clone());
                if !headers.contains_key(http::header::CACHE_CONTROL) {
                    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                }
                Ok(response)
            }
            Err(error) => Err(Declined::because(Notice::Broken, &error)),
        }
    }

    /// Hands over a form that was posted without a session.
    pub(super) async fn keep_form(
        &self,
        arrived: Arrived,
        context: &Context,
        mut request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let original = std::mem::replace(request.uri_mut(), Uri::from_static(paths::KEEP_FORM));
        let page = original.path_and_query().map(ToString::to_string).unwrap_or_default();
        request.extensions_mut().insert(PostedTo(page));
        self.answer(arrived, context, request).await
    }
}
