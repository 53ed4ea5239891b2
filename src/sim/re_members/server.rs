//! What becomes of a request between the socket and its handler, and of the answer after it.

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use reqwest::Client;
use tokio::net::TcpListener;

use super::call::Call;
use super::control::Control;
use super::dispatch::dispatch;
use super::webhooks;
use crate::sim::serving::{self, Dropped};
use crate::sim::switches::Fault;

/// Serves until its task is aborted.
pub(super) async fn run(listener: TcpListener, control: Control, client: Client) {
    serving::run(listener, move |request| answer(control.clone(), client.clone(), request)).await;
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
    let error_body = control.switches().error_body;
    serving::apply(fault, answer.into_response(error_body)).await
}
