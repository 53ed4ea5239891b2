//! Stories of a bad day: wrong keys, too many calls, broken answers.

use futures_util::future::join_all;
use jiff::SignedDuration;

use super::*;
use crate::sim::growthzone::Scope;
use crate::sim::switches::Fault;

const PROBE: &str = "/api/roles";

#[tokio::test]
async fn the_key_has_a_word_before_it() {
    let world = World::with(&[]).await;
    let status = async |header: &str| {
        let request = world.http.get(world.url(PROBE)).header("authorization", header);
        request.send().await.unwrap().status().as_u16()
    };
    let key = Credentials::demo().api_key;
    assert_eq!(status(&format!("ApiKey {key}")).await, 200);
    for wrong in [format!("Basic {key}"), "ApiKey guess".to_owned(), "Bearer guess".to_owned(), key] {
        assert_eq!(status(&wrong).await, 401, "{wrong}");
    }
}

#[tokio::test]
async fn too_many_calls_are_429_until_the_wait_is_over() {
    let world = World::with(&["rate_limit=on", "rate_limit_per_minute=3", "rate_limit_per_second=100"]).await;
    for _ in 0..3 {
        assert_eq!(world.get(PROBE).await.0, 200);
    }
    let refused = world.call(PROBE).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    world.set("retry_after=off");
    assert_eq!(world.call(PROBE).await.headers().get("retry-after"), None);
    world.control().advance(SignedDuration::from_secs(wait));
    assert_eq!((world.get(PROBE).await.0, world.control().rate_limited()), (200, 2));

    world.set("rate_limit_per_minute=100");
    world.set("rate_limit_per_second=1");
    let at_once = join_all((0..10).map(|_| world.get(PROBE))).await;
    assert!(at_once.iter().any(|(status, _)| *status == 429), "{at_once:?}");
}

#[tokio::test]
async fn what_is_not_on_file_is_answered_as_the_switches_say() {
    let world = World::with(&[]).await;
    for (switch, status) in [
        ("missing_record=no_content", 204),
        ("missing_record=server_error", 500),
        ("missing_record=not_found", 404),
    ] {
        world.set(switch);
        for path in ["/api/contacts/person/1", "/api/contacts/OrgGeneral/1001001", "/api/groups/1/members"] {
            assert_eq!(world.call(path).await.status().as_u16(), status, "{path} with {switch}");
        }
    }
    world.set("error_body=text");
    assert_eq!(world.call("/api/contacts/person/1").await.text().await.unwrap(), "No record was found.");
    world.set("error_body=empty");
    assert_eq!(world.call("/api/contacts/person/1").await.text().await.unwrap(), "");
}

#[tokio::test]
async fn answers_go_wrong_in_every_way() {
    let world = World::with(&[]).await;
    let control = world.control();
    for (fault, status) in [(Fault::ServerError, 500), (Fault::Unavailable, 503), (Fault::Status(418), 418)] {
        control.fail_next(Scope::Only(Endpoint::Roles), fault, 1);
        assert_eq!(world.call(PROBE).await.status().as_u16(), status, "{fault:?}");
    }
    control.fail_next(Scope::Api, Fault::WrongShape, 1);
    assert_eq!(world.ok(PROBE).await["Results"], 42);
    control.fail_next(Scope::Api, Fault::Closed, 1);
    assert!(world.keyed(world.http.get(world.url(PROBE))).send().await.is_err());
    world.set("fault=unavailable");
    world.set("fault_on=roles");
    world.set("fault_every=2");
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(world.call(PROBE).await.status().as_u16());
    }
    assert_eq!((statuses, world.get("/api/groups/all").await.0), (vec![200, 503, 200, 503], 200));
    world.set("fault=none");
    let begin = std::time::Instant::now();
    world.set("latency=50ms");
    assert_eq!(world.get(PROBE).await.0, 200);
    assert!(begin.elapsed() >= std::time::Duration::from_millis(50));
}

#[tokio::test]
async fn thousands_of_generated_people_are_on_file_at_once() {
    let many = |settings: &mut Settings| {
        settings.people.people = super::super::people::generate(5_000, 7, TODAY).collect();
    };
    let world = World::with_settings(&[], many).await;
    let page = world.ok("/api/contacts?$skip=4950&$top=100").await;
    assert_eq!(
        (&page["TotalRecordAvailable"], page["Results"].as_array().unwrap().len()),
        (&json!(5_000), 50)
    );
    assert!(world.ok("/api/groups/31/members").await["TotalRecordAvailable"].as_u64() > Some(100));
}

#[tokio::test]
async fn stopping_frees_the_address() {
    let world = World::with(&[]).await;
    let listen = world.simulator.address();
    world.simulator.stop().await;
    let again = Simulator::start(Settings { listen, ..Settings::demo() }).await.unwrap();
    assert_eq!(again.base_url(), format!("http://{listen}"));
    assert!(Simulator::start(Settings { listen, ..Settings::demo() }).await.is_err());
    let with_path = Settings { public_base: Some("http://a.example/path".into()), ..Settings::demo() };
    assert!(Simulator::start(with_path).await.unwrap_err().to_string().contains("without path"));
}
