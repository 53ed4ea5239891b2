//! The socket: accepts connections, answers requests, and ends every connection when its task is ended.

use std::future::Future;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::bad_bodies::Dropped;

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(10);

/// Serves until its task is aborted; the connections belong to it and end with it.
pub async fn run<F, W>(listener: TcpListener, answer: F)
where
    F: Fn(Request<Incoming>) -> W + Clone + Send + 'static,
    W: Future<Output = Result<Response<Body>, Dropped>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // No more files may be open, or the client is gone already: a pause keeps this from spinning.
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                };
                let answer = answer.clone();
                connections.spawn(async move {
                    // An error here is a client that went away, or a fault that was asked for.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
