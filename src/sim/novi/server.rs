//! What becomes of a request between the socket and its handler, and of the answer after it.

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use super::call::Call;
use super::control::Control;
use super::dispatch::dispatch;
use crate::sim::people::Environment;
use crate::sim::serving::{self, Dropped};

/// Serves one of the sites until its task is aborted.
pub(super) async fn run(listener: TcpListener, environment: Environment, control: Control) {
    serving::run(listener, move |request| answer(control.clone(), environment, request)).await;
}

async fn answer(
    control: Control,
    environment: Environment,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let call = Call::read(environment, request).await;
    let latency = control.switches().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (fault, response) = {
        let mut state = control.lock();
        match call {
            Ok(call) => {
                let (fault, answer) = dispatch(&mut state, call);
                (fault, answer.into_response(state.switches.error_body))
            }
            Err(answer) => return Ok(answer.into_response(state.switches.error_body)),
        }
    };
    serving::apply(fault, response).await
}
