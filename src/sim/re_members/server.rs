//! What becomes of a request between the socket and its handler, and of the answer after it.

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use reqwest::Client;
use tokio::net::TcpListener;

use super::control::Control;
use super::webhooks;
use crate::sim::people::Environment;
use crate::sim::serving::{self, Call, Dropped};

/// Serves until its task is aborted.
pub(super) async fn run(listener: TcpListener, control: Control, client: Client) {
    serving::run(listener, move |request| answer(control.clone(), client.clone(), request)).await;
}

async fn answer(
    control: Control,
    client: Client,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let call = Call::read(request, Environment::Production).await.map(placed);
    let (fault, mut answer) = serving::answer(&control, call).await;
    if let Some(echo) = answer.take_echo() {
        answer = webhooks::ask(echo, &control, &client, answer).await;
    }
    serving::send(&control, (fault, answer)).await
}

/// The call in the environment that its path names; the path loses that prefix.
fn placed(mut call: Call) -> Call {
    if call.path.first().is_some_and(|first| first.eq_ignore_ascii_case("staging")) {
        call.path.remove(0);
        call.environment = Environment::Staging;
    }
    call
}
