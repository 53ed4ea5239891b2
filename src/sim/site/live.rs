//! What stays open: a clock by server-sent events, and a WebSocket that repeats what it is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, header};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::{data, fed};
use crate::sim::websocket;

/// Who owns the tasks behind event streams and sockets.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

/// One event each second: the time of day in UTC as `id` and text. The first comes at once.
pub(super) async fn events(State(live): State<Live>) -> Response {
    let (sender, body) = fed();
    let stop = live.stop.clone();
    live.tasks.spawn(async move {
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.cancelled() => return,
                () = sender.closed() => return,
            }
            let seconds = now();
            let clock = time_of_day(seconds);
            if sender.send(data(format!("id: {seconds}\ndata: {clock}\n\n"))).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

/// Answers 101 and then repeats each text frame; 426 to anything that is not a WebSocket handshake.
pub(super) async fn socket(State(live): State<Live>, mut request: Request) -> Response {
    let Some(handshake) = websocket::accept(request.headers()) else {
        let mut response = Response::new(Body::from("This address speaks WebSocket.\n"));
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        response.headers_mut().insert(header::UPGRADE, http::HeaderValue::from_static("websocket"));
        return response;
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let stop = live.stop.clone();
    live.tasks.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = async {
                if let Ok(stream) = upgrade.await {
                    websocket::echo(hyper_util::rt::TokioIo::new(stream)).await;
                }
            } => {}
        }
    });
    handshake.map(Body::new)
}

/// The time of day in UTC.
pub(super) fn time_of_day(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Seconds since 1970. The site is not ours, so it has a clock of its own.
#[expect(clippy::disallowed_methods, reason = "a site behind the gateway reads its own clock")]
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}
