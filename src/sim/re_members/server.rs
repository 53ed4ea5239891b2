//! The socket: accepts connections, answers requests, and ends every connection when its task is ended.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::bad_bodies::Dropped;
use super::call::Call;
use super::control::Control;
use super::dispatch::dispatch;
use super::{faults, webhooks};
use crate::sim::switches::Fault;

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(10);

/// Serves until its task is aborted; the connections belong to it and end with it.
pub(super) async fn run(listener: TcpListener, control: Control, client: Client) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // No more files may be open, or the client is gone already: a pause keeps this from spinning.
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                };
                let (control, client) = (control.clone(), client.clone());
                connections.spawn(async move {
                    let service = service_fn(|request| answer(control.clone(), client.clone(), request));
                    // An error here is a client that went away, or a fault that was asked for.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    control: Control,
    client: Client,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let call = Call::read(request).await;
    let latency = control.switches().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (fault, mut answer) = match call {
        Ok(call) => dispatch(&mut control.lock(), call),
        Err(answer) => (Fault::None, answer),
    };
    if let Some(echo) = answer.take_echo() {
        answer = webhooks::ask(echo, &control, &client, answer).await;
    }
    let response = answer.into_response(&control.lock().switches);
    faults::apply(fault, response).await
}
