//! Stories about the client against a small AMS made by hand: usual answers, and a script that replaces some.

mod garbage;
mod handshake;
mod records;

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::catalogue::AmsCatalogue as _;
use crate::adapters::budget::{MemoryLedger, Priority};
use crate::adapters::clock::Clock;
use crate::adapters::clock::SystemClock;
use crate::adapters::http::HttpLimits;
use crate::domain::budget::Rate;
use crate::domain::time::Timestamp;

const USER: &str = "b3a1c0de-1111-4222-8333-444455556666";
const SSO: &str = "1f2e3d4c-5b6a-4978-8a6b-5c4d3e2f1a0b";

/// One call as the hand-made AMS saw it.
#[derive(Debug, Clone)]
struct Seen {
    /// Path and query.
    path: String,
    headers: HeaderMap,
    body: String,
    /// How many calls there were to this path by now, this one included.
    nth: usize,
}

impl Seen {
    fn is(&self, part: &str) -> bool {
        self.path.contains(part)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

struct TestClock(AtomicI64);

impl TestClock {
    fn forward(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct World {
    ams: ReMembers,
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    clock: Arc<TestClock>,
}

impl World {
    async fn start(script: impl Fn(&Seen) -> Option<Response> + Clone + Send + Sync + 'static) -> World {
        World::start_with(Rate::new(1_000, 10_000), HttpLimits::default(), script).await
    }

    async fn start_with(
        rate: Rate,
        limits: HttpLimits,
        script: impl Fn(&Seen) -> Option<Response> + Clone + Send + Sync + 'static,
    ) -> World {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, base) = (Arc::clone(&seen), address.clone());
        let answer = move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let call = {
                let mut log = log.lock().unwrap();
                let path = uri.to_string();
                let nth = 1 + log.iter().filter(|call| call.path == path).count();
                let body = String::from_utf8(body.to_vec()).unwrap();
                log.push(Seen { path, headers, body, nth });
                log.last().unwrap().clone()
            };
            // Lets calls overlap, as they do on a network.
            tokio::task::yield_now().await;
            script(&call).unwrap_or_else(|| usual(&call, &base))
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });

        let clock = Arc::new(TestClock(AtomicI64::new(1_790_000_000)));
        let http = HttpClient::new(limits);
        let budget = Arc::new(Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::new(SystemClock)));
        let shared: SharedClock = Arc::clone(&clock) as SharedClock;
        let ams = ReMembers::new(environment(&address), http.unwrap(), budget, shared);
        World { ams, address, seen, clock }
    }

    async fn redeem(&self, parts: Parts) -> Result<Record, AmsError> {
        let arrival = self
            .ams
            .arrival(&format!("UserId={USER}&sso={SSO}"), &Keep::new(KIND, "production", ""))
            .unwrap();
        Ok(self.ams.redeem(&arrival, parts, Priority::Person).await?.record)
    }

    async fn read(&self) -> Result<Option<Record>, AmsError> {
        self.read_with(Parts::default()).await
    }

    async fn read_with(&self, parts: Parts) -> Result<Option<Record>, AmsError> {
        let id = IndividualId::parse(USER).unwrap();
        self.ams.read(&id, parts, Priority::Refresh).await
    }

    fn calls(&self, part: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|call| call.is(part)).count()
    }
}

/// Serves an API of its own; gives its base address.
async fn serve(api: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v1/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, api).await });
    base
}

fn environment(address: &str) -> Environment {
    Environment {
        name: "production".into(),
        discovery_url: Url::parse(&format!("{address}/Api/v1/WebApiUrl")).unwrap(),
        portal: Portal::at(Url::parse(address).unwrap()),
        allowed_hosts: AllowedHosts::parse(&["127.0.0.1"], true).unwrap(),
        credentials: Credentials {
            app_name: "acmeGateway".into(),
            app_key: "k3y".into(),
            app_id: None,
            app_password: None,
            user_email: "gateway@acme.example".into(),
            user_password: "pass-phrase".into(),
        },
        canary: None,
    }
}

fn usual(call: &Seen, address: &str) -> Response {
    if call.is("WebApiUrl") {
        let uri = format!("{address}/api/v1/signup/authenticate");
        return ok(json!({ "uri": uri, "accessToken": "access-1", "appToken": null }));
    }
    if call.is("authenticate") {
        return authenticated(&format!("{address}/api/v1/"), call.nth);
    }
    if call.is("/api/v1/Individuals/FindBySsoToken/") || call.is("/api/v1/Individuals/Profile/") {
        return ok(envelope(json!([person(USER)])));
    }
    if call.is("/api/v1/Individuals/") || call.is("/api/v1/Ads/") {
        return ok(envelope(json!([])));
    }
    StatusCode::NOT_FOUND.into_response()
}

fn authenticated(uri: &str, nth: usize) -> Response {
    let (app, user) = (format!("app-{nth}"), format!("user-{nth}"));
    ok(json!({ "uri": uri, "accessToken": null, "appToken": app, "userToken": user, "ssoToken": "own" }))
}

fn person(id: &str) -> Value {
    json!({ "id": id, "name": "Dr. Marisol Okafor", "email": null, "memberships": [] })
}

fn envelope(list: Value) -> Value {
    json!({ "pageNumber": 1, "dataList": list })
}

fn ok(document: Value) -> Response {
    axum::Json(document).into_response()
}

fn status(code: u16) -> Response {
    (StatusCode::from_u16(code).unwrap(), "\"Something went wrong\"").into_response()
}

fn nothing() -> Parts {
    Parts::default()
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in futures.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *outcome = Some(value);
            }
        }
        if futures.iter().all(|(_, outcome)| outcome.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, outcome)| outcome).collect()
}
