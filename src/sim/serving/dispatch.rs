//! The way of a call through every simulator: route, fault, what stands before its handler, the handler, the log.

use axum::body::Body;
use http::{Response, StatusCode};
use tokio::net::TcpListener;

use super::answer::{Answer, Handled};
use super::bad_bodies::Dropped;
use super::call::Call;
use super::endpoint::Kind;
use super::faults::{Own, apply, instead};
use super::routes::{Route, find};
use super::server;
use crate::sim::control::{CallLine, Control, Simulated};
use crate::sim::people::Environment;
use crate::sim::switches::{Fault, SwitchSet};

/// What answers the calls of one route.
pub type Handler<S> = fn(&mut S, &Call) -> Handled;

/// A simulator, as its calls meet it.
pub trait Service: Simulated + Sized {
    /// Its routes. The first that fits is taken.
    const ROUTES: &'static [Route<Self::Endpoint, Handler<Self>>];

    /// What its wrong answers look like.
    fn own() -> Own;
    /// A call as it may be shown: without secrets.
    fn shown(call: &Call) -> String;
    /// Brings up to date what time alone has changed.
    fn settle(&mut self) {}
    /// What stands before a handler: keys, tokens, limits, rights.
    fn admit(&mut self, call: &Call, endpoint: Self::Endpoint) -> Result<(), Answer>;
}

/// Answers a call, and says how the answer goes wrong on its way.
fn dispatch<S: Service>(state: &mut S, mut call: Call) -> (Fault, Answer) {
    let (endpoint, handler) = match find(S::ROUTES, &mut call) {
        Ok(found) => found,
        Err(answer) => return (Fault::None, answer),
    };
    Service::settle(state);
    let at = state.common().clock.now();
    let switches = state.switches().common();
    call.fault = state.common_mut().next_fault(endpoint, &switches);
    let mut answer = instead(call.fault, S::own(), switches.retry_after).unwrap_or_else(|| {
        state.admit(&call, endpoint).and_then(|()| handler(state, &call)).unwrap_or_else(|early| early)
    });
    if call.fault == Fault::HalfDone {
        answer = Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.");
    }
    let comes = !matches!(call.fault, Fault::Hang | Fault::HangBefore | Fault::Closed);
    state.common_mut().calls.note(CallLine {
        number: 0,
        at,
        kind: endpoint.name(),
        portal: endpoint.is_portal(),
        environment: call.environment.name(),
        asked: S::shown(&call),
        status: comes.then(|| answer.status().as_u16()),
    });
    (call.fault, answer)
}

/// Answers a request that was read, after the time that every answer waits.
pub async fn answer<S: Service>(control: &Control<S>, call: Result<Call, Answer>) -> (Fault, Answer) {
    let latency = control.switches().common().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match call {
        Ok(call) => dispatch(&mut *control.lock(), call),
        Err(answer) => (Fault::None, answer),
    }
}

/// Writes an answer, and lets it go wrong on its way.
pub async fn send<S: Service>(
    control: &Control<S>,
    (fault, answer): (Fault, Answer),
) -> Result<Response<Body>, Dropped> {
    let error_body = control.switches().common().error_body;
    apply(fault, answer.into_response(error_body)).await
}

/// Serves one environment at a socket of its own, until its task is aborted.
pub async fn serve<S: Service>(listener: TcpListener, environment: Environment, control: Control<S>) {
    let respond = move |request| {
        let control = control.clone();
        async move {
            let call = Call::read(request, environment).await;
            send(&control, answer(&control, call).await).await
        }
    };
    server::run(listener, respond).await;
}
