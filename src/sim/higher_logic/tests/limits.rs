//! Stories of a bad day: limits, broken answers, pushes that are done by half.

use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::sim::switches::Fault;

#[tokio::test]
async fn pushes_have_limits_where_the_switches_say() {
    let world = World::with(&["largest_batch=2"]).await;
    let three: Vec<Value> = ["A1", "B1", "C1"].map(|id| person(id, json!([]))).into();
    assert_eq!(world.push(CONTACT_INFO, json!(three)).await.0, 413);
    assert_eq!(world.push(MEMBERS, envelope(&["A1", "B1", "C1"].map(member))).await.0, 413);
    world.pushed(&three[..2]).await;
    world.set("largest_batch=off");
    world.set("largest_kilobytes=1");
    let many: Vec<Value> = (0..20).map(|number| person(&format!("P{number}"), json!([]))).collect();
    assert_eq!(world.push(CONTACT_INFO, json!(many)).await.0, 413);
    world.set("largest_kilobytes=off");
    world.pushed(&many).await;
    let huge = json!([{ "ContactDetails": { "ContactId": "x".repeat(11 * 1024 * 1024) } }]);
    assert!(world.request(CONTACT_INFO, &huge).send().await.map_or(true, |it| it.status() == 413));
    world.set("push_per_minute=2");
    world.control().advance(SignedDuration::from_mins(2));
    world.pushed(&three).await;
    world.pushed(&three).await;
    assert_eq!(world.push(CONTACT_INFO, json!(three)).await.0, 429);
    world.set("push_per_minute=off");
    world.pushed(&three).await;
}

#[tokio::test]
async fn a_push_is_lost_before_or_after_it_was_kept() {
    let world = World::with(&[]).await;
    let control = world.control();
    let lost = async |fault: Fault, id: &str| {
        control.fail_next(Scope::Only(Endpoint::ContactInfo), fault, 1);
        let request = world.request(CONTACT_INFO, &json!([person(id, json!([]))]));
        assert!(request.timeout(Duration::from_millis(300)).send().await.is_err(), "{fault:?}");
        control.contact(id).is_some()
    };
    assert!(!lost(Fault::HangBefore, "A1").await, "nothing was done");
    assert!(lost(Fault::Hang, "B1").await, "it was done, and nobody was told");
    assert!(lost(Fault::Closed, "C1").await);
    assert_eq!(control.intake().len(), 2);
    assert_eq!(control.call_report(1).kinds["contactinfo"].failed, 3);
}

#[tokio::test]
async fn a_batch_is_done_by_half() {
    let world = World::with(&["answer=items"]).await;
    let batch = json!(["A1", "B1", "C1", "D1"].map(|id| person(id, json!([]))));
    let on_file = || ["A1", "B1", "C1", "D1"].map(|id| world.control().contact(id).is_some());
    let clear = || ["A1", "B1", "C1", "D1"].map(|id| world.control().act(id, "purge", &json!({})));
    world.control().fail_next(Scope::Api, Fault::HalfDone, 1);
    assert_eq!(world.push(CONTACT_INFO, batch.clone()).await.0, 500);
    assert_eq!(on_file(), [true, true, false, false]);
    clear();
    world.control().fail_next(Scope::Api, Fault::HalfRows, 1);
    let (status, results) = world.push(CONTACT_INFO, batch.clone()).await;
    assert_eq!(
        (status, &results[1]["Success"]),
        (200, &json!(true)),
        "every other one is lost without a word"
    );
    assert_eq!(on_file(), [true, false, true, false]);
    world.pushed(&[person("A1", json!([]))]).await;
    assert_eq!(world.push(CONTACT_INFO, batch).await.0, 200);
    assert_eq!(on_file(), [true; 4], "and then all is well");
}

#[tokio::test]
async fn answers_go_wrong_in_every_way() {
    let world = World::with(&["fault=none", "fault_every=1", "latency=1ms", "error_body=object"]).await;
    let push = async || world.request(CONTACT_INFO, &json!([person("A1", json!([]))])).send().await.unwrap();
    for (fault, status) in [
        (Fault::Unauthorized, 401),
        (Fault::Status(403), 403),
        (Fault::TooMany, 429),
        (Fault::ServerError, 500),
        (Fault::Unavailable, 503),
        (Fault::NoContent, 204),
    ] {
        world.control().fail_next(Scope::Only(Endpoint::ContactInfo), fault, 1);
        assert_eq!(push().await.status().as_u16(), status, "{fault:?}");
        assert_eq!(world.control().contacts(), 0, "{fault:?}");
    }
    world.control().fail_next(Scope::Api, Fault::HtmlOk, 1);
    let page = push().await;
    assert_eq!((page.status().as_u16(), page.text().await.unwrap().contains("<html>")), (200, true));
    assert_eq!(world.control().contacts(), 0, "a page with status 200 is no success");
    world.set("fault=server_error");
    world.set("fault_on=contactinfo");
    assert_eq!((push().await.status().as_u16(), world.open("/", None).await.status().as_u16()), (500, 200));
    world.set("error_body=text");
    assert_eq!(push().await.text().await.unwrap(), "An error has occurred.");
    world.set("fault=none");
    assert_eq!(push().await.status(), 200);
    assert_eq!(world.open("/v2/contactinfo", None).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.open("/v2/nothing", None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn thousands_of_contacts_are_pushed_in_batches() {
    let world = World::with(&[]).await;
    let groups = || json!([line("MBR", "Membership"), line("C1", "Committee")]);
    for batch in 0..10 {
        let people = (0..500).map(|number| person(&format!("P{}", batch * 500 + number), groups()));
        world.pushed(&people.collect::<Vec<_>>()).await;
    }
    assert_eq!(world.control().contacts(), 5_000);
    let page = world.page("/").await;
    assert!(page.contains("5000 found; the first 200 are shown") && page.contains("5000 members"));
    assert_eq!(world.control().calls(Endpoint::ContactInfo), 10);
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
