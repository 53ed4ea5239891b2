//! The operations listener: `/livez`, `/readyz` and `/metrics`, for the operator's machines only.
//!
//! Kept out: what makes a gateway ready and what is counted; `app` answers through [`Operations`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::adapters::BoxFuture;

/// A gateway that needs longer to say whether it is ready is not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why no visitors should be sent here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unready {
    /// It is about to end.
    Draining,
    /// The store gives no answer. The text is the store's own error.
    Store(String),
    /// The question itself took too long.
    Slow,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unready::Draining => f.write_str("draining: this gateway is about to end"),
            Unready::Store(error) => write!(f, "store: {error}"),
            Unready::Slow => f.write_str("slow: no answer within two seconds"),
        }
    }
}

/// What the listener asks the gateway.
pub trait Operations: Send + Sync + 'static {
    /// Everything that speaks against sending visitors here. Nothing: ready.
    fn unready(&self) -> BoxFuture<'_, Vec<Unready>>;

    /// All counts in the OpenMetrics text format.
    fn metrics(&self) -> BoxFuture<'_, String>;
}

/// The routes.
pub fn router(operations: Arc<dyn Operations>) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operations)
}

/// The process runs and its control plane answers.
async fn live() -> &'static str {
    "ok\n"
}

async fn ready(State(operations): State<Arc<dyn Operations>>) -> Response {
    let unready = tokio::time::timeout(PATIENCE, operations.unready()).await;
    let unready = unready.unwrap_or_else(|_| vec![Unready::Slow]);
    if unready.is_empty() {
        return "ok\n".into_response();
    }
    let reasons: String = unready.iter().map(|reason| format!("{reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, reasons).into_response()
}

async fn metrics(State(operations): State<Arc<dyn Operations>>) -> Response {
    let mut response = operations.metrics().await.into_response();
    let format = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, format);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None`: never says whether it is ready.
    struct Gateway(Option<Vec<Unready>>);

    impl Operations for Gateway {
        fn unready(&self) -> BoxFuture<'_, Vec<Unready>> {
            Box::pin(async {
                match &self.0 {
                    Some(reasons) => reasons.clone(),
                    None => std::future::pending().await,
                }
            })
        }

        fn metrics(&self) -> BoxFuture<'_, String> {
            Box::pin(async { "# EOF\n".into() })
        }
    }

    async fn text_of(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    async fn readiness(gateway: Gateway) -> (u16, String) {
        let response = ready(State(Arc::new(gateway))).await;
        (response.status().as_u16(), text_of(response).await)
    }

    #[tokio::test]
    async fn a_gateway_is_ready_when_nothing_speaks_against_it() {
        assert_eq!(readiness(Gateway(Some(Vec::new()))).await, (200, "ok\n".into()));
    }

    #[tokio::test]
    async fn every_reason_is_given() {
        let reasons = vec![Unready::Draining, Unready::Store("the store is overloaded".into())];
        let told = "draining: this gateway is about to end\nstore: the store is overloaded\n";
        assert_eq!(readiness(Gateway(Some(reasons))).await, (503, told.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_cannot_say_is_not_ready() {
        assert_eq!(readiness(Gateway(None)).await, (503, "slow: no answer within two seconds\n".into()));
    }

    #[tokio::test]
    async fn the_three_addresses_answer_over_a_socket() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server =
            tokio::spawn(async { axum::serve(listener, router(Arc::new(Gateway(Some(Vec::new()))))).await });
        for (path, status, kind, text) in [
            ("/livez", 200, "text/plain; charset=utf-8", "ok\n"),
            ("/readyz", 200, "text/plain; charset=utf-8", "ok\n"),
            ("/metrics", 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", "# EOF\n"),
            ("/", 404, "", ""),
        ] {
            let response = reqwest::get(format!("{base}{path}")).await.unwrap();
            let kind_given =
                response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            assert_eq!((response.status().as_u16(), kind_given.unwrap_or_default().as_str()), (status, kind));
            assert_eq!(response.text().await.unwrap(), text, "{path}");
        }
        server.abort();
    }
}
