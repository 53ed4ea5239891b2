//! Stories of a bad day: wrong keys, too many calls, broken answers.

use futures_util::future::join_all;
use jiff::SignedDuration;

use super::*;
use crate::sim::novi::Scope;
use crate::sim::switches::Fault;

const PROBE: &str = "/api/member-types";

#[tokio::test]
async fn the_key_is_sent_as_it_is() {
    let world = World::with(&[]).await;
    let key = world.credentials().api_key;
    let status = async |header: String| {
        let request = world.http.get(world.url(PROBE)).header("authorization", header);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(format!("Basic {key}")).await, 200);
    assert_eq!(status(format!("Bearer {key}")).await, 401);
    assert_eq!(status("Basic a-guess".to_owned()).await, 401);
    let encoded = world.http.get(world.url(PROBE)).basic_auth("", Some(&key)).send().await.unwrap();
    assert_eq!(encoded.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(world.open(PROBE, None).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn https_is_asked_for_where_the_switch_says() {
    let world = World::with(&["https_only=on"]).await;
    assert_eq!(world.get(PROBE).await.0, 403);
    let request = world.http.get(world.url(PROBE)).header("x-forwarded-proto", "https");
    assert_eq!(world.keyed(request).send().await.unwrap().status(), StatusCode::OK);
    world.set("https_only=off");
    assert_eq!(world.get(PROBE).await.0, 200);
}

#[tokio::test]
async fn too_many_calls_are_429_until_the_wait_is_over() {
    for (switch, least, most) in
        [("rate_limit_per_minute=3", 1, 60), ("rate_limit_per_day=3", 86_000, 86_400)]
    {
        let world = World::with(&["rate_limit=on", switch, "rate_limit_per_second=100"]).await;
        for _ in 0..3 {
            assert_eq!(world.get(PROBE).await.0, 200, "{switch}");
        }
        let refused = world.call(PROBE).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{switch}");
        let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((least..=most).contains(&wait), "{switch}: {wait}");
        assert_eq!(world.control().rate_limited(), 1);
        world.set("retry_after=off");
        assert_eq!(world.call(PROBE).await.headers().get("retry-after"), None);
        assert_eq!(world.open("/.well-known/openid-configuration", None).await.status(), StatusCode::OK);
        world.control().advance(SignedDuration::from_secs(wait));
        assert_eq!(world.get(PROBE).await.0, 200, "{switch}");
        world.set("rate_limit=off");
        for _ in 0..5 {
            assert_eq!(world.get(PROBE).await.0, 200, "{switch}");
        }
    }
    let world = World::with(&["rate_limit=on", "rate_limit_per_second=1"]).await;
    let at_once = join_all((0..10).map(|_| world.get(PROBE))).await;
    assert!(at_once.iter().any(|(status, _)| *status == 429), "{at_once:?}");
}

#[tokio::test]
async fn answers_go_wrong_in_every_way() {
    let world = World::with(&[]).await;
    let control = world.control();
    let dana = format!("/api/members/{DANA}");
    for (fault, status) in [
        (Fault::ServerError, 500),
        (Fault::Unavailable, 503),
        (Fault::Unauthorized, 401),
        (Fault::TooMany, 429),
        (Fault::NoContent, 204),
        (Fault::Redirect, 302),
        (Fault::Status(418), 418),
    ] {
        control.fail_next(Scope::Only(Endpoint::Member), fault, 1);
        assert_eq!(world.call(&dana).await.status().as_u16(), status, "{fault:?}");
    }
    control.fail_next(Scope::Api, Fault::WrongShape, 1);
    assert_eq!(world.ok("/api/members").await["Results"], 42);
    let names = async || {
        let page = world.ok("/api/members?pageSize=4&offset=4").await;
        page["Results"].as_array().unwrap().iter().map(|it| text(&it["Name"]).to_owned()).collect::<Vec<_>>()
    };
    let all = names().await;
    control.fail_next(Scope::Api, Fault::EmptyList, 1);
    assert_eq!(names().await, [] as [&str; 0]);
    control.fail_next(Scope::Api, Fault::HalfRows, 1);
    assert_eq!(names().await, [all[0].clone(), all[2].clone()]);
    control.fail_next(Scope::Api, Fault::ShiftedRows, 1);
    assert_eq!(names().await[..3], all[1..]);
    for fault in [Fault::TruncatedJson, Fault::HtmlOk, Fault::EmptyOk] {
        control.fail_next(Scope::Api, fault, 1);
        let body = world.call(&dana).await.bytes().await.unwrap();
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{fault:?}");
    }
    control.fail_next(Scope::Api, Fault::Closed, 1);
    assert!(world.keyed(world.http.get(world.url(&dana))).send().await.is_err());
    control.fail_next(Scope::Only(Endpoint::Token), Fault::Unavailable, 1);
    let code = world.code(DANAS_EMAIL, "openid").await;
    let broken = world.http.post(world.url("/oauth/token")).send().await.unwrap();
    assert_eq!(broken.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.redeem(&code, VERIFIER).await.0, 200, "and then all is well");
}

#[tokio::test]
async fn a_fault_by_switch_comes_every_so_often_and_only_where_it_should() {
    let world = World::with(&["fault=unavailable", "fault_on=member_types", "fault_every=3"]).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(world.call(PROBE).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 200, 200, 503]);
    world.set("fault_on=portal");
    world.set("fault_every=1");
    assert_eq!(world.open("/login", None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.get(PROBE).await.0, 200);
    world.set("fault=none");
    assert_eq!(world.open("/login", None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_waiting_answer_waits_and_what_nobody_knows_is_refused() {
    let world = World::with(&["latency=50ms"]).await;
    let begin = std::time::Instant::now();
    world.open("/login", None).await;
    assert!(begin.elapsed() >= std::time::Duration::from_millis(50));
    world.set("latency=0ms");
    assert_eq!(world.call("/api/nothing").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.send("PUT", "/api/members", json!({})).await.0, 405);
}

#[tokio::test]
async fn thousands_of_generated_people_are_on_file_at_once() {
    let many = |settings: &mut Settings| {
        settings.people.people = super::super::people::generate(5_000, 7, TODAY).collect();
    };
    let world = World::with_settings(&[], many).await;
    let page = world.ok("/api/members?pageSize=1000&offset=4500").await;
    assert_eq!((&page["TotalCount"], page["Results"].as_array().unwrap().len()), (&json!(5_000), 500));
    let statuses: std::collections::BTreeSet<&str> =
        page["Results"].as_array().unwrap().iter().map(|it| text(&it["MemberStatus"])).collect();
    assert!(
        ["current", "grace_period", "expired", "non_member"].iter().all(|it| statuses.contains(it)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn stopping_frees_both_addresses() {
    let world = World::with(&[]).await;
    let listen = world.simulator.address();
    let staging = world.simulator.staging_url();
    world.simulator.stop().await;
    let staging_listen = staging.trim_start_matches("http://").parse().unwrap();
    let again = Simulator::start(Settings { listen, staging_listen, ..Settings::demo() }).await.unwrap();
    assert_eq!((again.base_url(), again.staging_url()), (format!("http://{listen}"), staging));
    let taken = Simulator::start(Settings { listen, ..Settings::demo() }).await;
    assert!(taken.is_err());
    let with_path = Settings { public_base: Some("http://a.example/path".into()), ..Settings::demo() };
    assert!(Simulator::start(with_path).await.unwrap_err().to_string().contains("without path"));
}
