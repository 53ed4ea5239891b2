//! Stories of a bad day: too many calls, broken answers, broken connections.

use jiff::SignedDuration;

use super::*;
use crate::sim::re_members::{Endpoint, Scope};
use crate::sim::switches::Fault;

const PROBE: &str = "/Ads/Mobile/All/1";

#[tokio::test]
async fn too_many_calls_are_429_until_the_wait_is_over() {
    let world =
        World::with(&["rate_limit=on", "rate_limit_per_second=100", "rate_limit_per_minute=10"]).await;
    let tokens = world.handshake(Environment::Production).await;
    for _ in 0..8 {
        assert_eq!(world.get(&tokens, PROBE).await.0, 200);
    }
    let refused = world.call(&tokens, PROBE).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait}");
    assert_eq!(world.control().rate_limited(), 1);
    world.control().advance(SignedDuration::from_secs(wait));
    assert_eq!(world.get(&tokens, PROBE).await.0, 200);
    world.control().set_switch("rate_limit_per_minute=1").unwrap();
    world.control().set_switch("retry_after=off").unwrap();
    let refused = world.call(&tokens, PROBE).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (429, None));
}

#[tokio::test]
async fn answers_go_wrong_in_every_way() {
    let world = World::with(&[]).await;
    let tokens = world.handshake(Environment::Production).await;
    let jane = "/Individuals/Profile/100481/1";
    let check = async |fault: Fault, status: u16, kind: &str| {
        world.control().fail_next(Scope::Only(Endpoint::Profile), fault, 1);
        let response = world.call(&tokens, jane).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{fault:?}");
        let found = response.headers().get("content-type").map_or("", |it| it.to_str().unwrap());
        assert!(found.starts_with(kind), "{fault:?}: {found}");
        response.bytes().await
    };
    check(Fault::ServerError, 500, "application/json").await.unwrap();
    check(Fault::Unavailable, 503, "text/html").await.unwrap();
    check(Fault::HtmlOk, 200, "text/html").await.unwrap();
    check(Fault::WrongShape, 200, "application/json").await.unwrap();
    check(Fault::Redirect, 302, "").await.unwrap();
    check(Fault::NoContent, 204, "").await.unwrap();
    check(Fault::Unauthorized, 401, "application/json").await.unwrap();
    check(Fault::TooMany, 429, "application/json").await.unwrap();
    let cut = check(Fault::TruncatedJson, 200, "application/json").await.unwrap();
    assert!(!cut.is_empty() && serde_json::from_slice::<Value>(&cut).is_err());
    check(Fault::HalfClosed, 200, "application/json").await.unwrap_err();

    for (fault, most) in [(Fault::Trickle, 1), (Fault::Endless, 100_000)] {
        world.control().fail_next(Scope::Api, fault, 1);
        let mut response = world.call(&tokens, jane).send().await.unwrap();
        let mut arrived = 0;
        while arrived < most {
            arrived += response.chunk().await.unwrap().unwrap().len();
        }
        assert!(fault != Fault::Trickle || arrived == 1, "{arrived}");
    }
    world.control().fail_next(Scope::Api, Fault::Closed, 1);
    assert!(world.call(&tokens, jane).send().await.is_err());
    world.control().fail_next(Scope::Everything, Fault::Hang, 1);
    let impatient = world.call(&tokens, jane).timeout(std::time::Duration::from_millis(100));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    assert_eq!(world.get(&tokens, jane).await.0, 200, "and then all is well");
}

#[tokio::test]
async fn a_fault_by_switch_comes_every_so_often_and_only_where_it_should() {
    let world = World::with(&["fault=unavailable", "fault_on=ads", "fault_every=3"]).await;
    let tokens = world.handshake(Environment::Production).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(world.call(&tokens, PROBE).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 200, 200, 503]);
    world.control().set_switch("fault_on=portal").unwrap();
    world.control().set_switch("fault_every=1").unwrap();
    assert_eq!(world.open("/account/login.aspx", None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.get(&tokens, PROBE).await.0, 200);
}

#[tokio::test]
async fn an_error_body_has_the_shape_that_is_switched() {
    let world = World::with(&[]).await;
    let tokens = world.handshake(Environment::Production).await;
    let body = async |value: &str| {
        world.control().set_switch(&format!("error_body={value}")).unwrap();
        world.call(&tokens, "/Individuals/Profile/nobody").send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(body("json_string").await, "\"No record was found.\"");
    assert_eq!(body("object").await, "{\"message\":\"No record was found.\"}");
    assert_eq!(body("text").await, "No record was found.");
    assert_eq!(body("empty").await, "");
}

#[tokio::test]
async fn calls_and_tokens_are_counted() {
    let world = World::with(&[]).await;
    let tokens = world.handshake(Environment::Production).await;
    world.handshake(Environment::Production).await;
    world.get(&tokens, PROBE).await;
    let control = world.control();
    assert_eq!((control.calls(Endpoint::WebApiUrl), control.calls(Endpoint::Ads)), (2, 1));
    assert_eq!((control.api_calls(), control.app_tokens_seen()), (5, 1));
    control.reset_counts();
    assert_eq!((control.api_calls(), control.app_tokens_seen()), (0, 0));
}

#[tokio::test]
async fn a_waiting_answer_waits_and_a_large_request_is_refused() {
    let world = World::with(&["latency=50ms"]).await;
    let begin = std::time::Instant::now();
    world.open("/account/login.aspx", None).await;
    assert!(begin.elapsed() >= std::time::Duration::from_millis(50));
    let large =
        world.http.post(world.url("/api/v1/WebApiUrl")).body(vec![b'x'; 100_000]).send().await.unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let wrong = world.http.post(world.url("/api/v1/WebApiUrl")).body("[]").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let method = world.http.put(world.url("/api/v1/WebApiUrl")).send().await.unwrap();
    assert_eq!(method.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn stopping_ends_waiting_connections_and_frees_the_address() {
    let world = World::with(&["fault=hang"]).await;
    let address = world.simulator.address();
    let waiting = tokio::spawn(world.http.get(world.url("/my-profile")).send());
    while world.control().calls(Endpoint::MyProfile) == 0 {
        tokio::task::yield_now().await;
    }
    world.simulator.stop().await;
    assert!(waiting.await.unwrap().is_err());
    let settings = Settings { listen: address, ..Settings::demo() };
    let again = Simulator::start(settings).await.unwrap();
    assert_eq!(again.base_url(), format!("http://{address}"));
}

#[tokio::test]
async fn the_clock_starts_on_the_day_that_was_asked_for() {
    let day = |settings: &mut Settings| settings.today = Some(jiff::civil::date(2031, 2, 28));
    let world = World::with_settings(&[], day).await;
    assert_eq!(world.control().today(), jiff::civil::date(2031, 2, 28));
    world.control().advance(SignedDuration::from_hours(12));
    assert_eq!(world.control().today(), jiff::civil::date(2031, 3, 1));
}
