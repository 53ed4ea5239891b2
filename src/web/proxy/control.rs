//! The control plane, as the data plane reaches it.

use std::convert::Infallible;

use http::{Request, Response};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use crate::adapters::upstream::Upload;

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
        request: Request<Upload>,
    ) -> Result<Response<axum::body::Body>, JoinError> {
        let routes = self.routes.clone();
        let request = request.map(axum::body::Body::new);
        let running = self.runtime.spawn(async move { routes.call(request).await });
        running.await.map(|answered: Result<_, Infallible>| match answered {
            Ok(response) => response,
            Err(never) => match never {},
        })
    }
}
