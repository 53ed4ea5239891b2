//! Stories of the queue: accepted is not applied.

use jiff::SignedDuration;

use super::*;

fn titled(id: &str, title: &str) -> Value {
    let mut record = person(id, json!([]));
    record["ContactDetails"]["Title"] = title.into();
    record
}

#[tokio::test]
async fn a_record_is_pending_until_its_delay_is_over() {
    let world = World::with(&["queue_delay=1h"]).await;
    world.pushed(&[titled("A1", "First"), titled("B1", "First")]).await;
    let control = world.control();
    assert_eq!((control.pending(), control.contacts()), (2, 0));
    let page = world.page("/admin/sync").await;
    assert!(
        page.contains("<strong id=\"pending\">2</strong>") && page.contains("Last refresh: never"),
        "{page}"
    );
    control.advance(SignedDuration::from_mins(59));
    assert_eq!((control.pending(), world.get("Contacts/GetContact?legacyContactKey=A1").await.0), (2, 404));
    control.advance(SignedDuration::from_mins(2));
    assert_eq!((control.pending(), control.contacts()), (0, 2));
    let page = world.page("/admin/sync").await;
    assert!(
        page.contains("<strong id=\"pending\">0</strong>") && page.contains("Last refresh: 2026-06-10 17:01"),
        "{page}"
    );

    world.set("queue_delay=30s");
    world.pushed(&[titled("A1", "Second")]).await;
    assert_eq!(control.contact("A1").unwrap().text("title"), "First");
    let refreshed = world.http.post(world.url("/admin/people/A1/refresh")).send().await.unwrap();
    assert_eq!((refreshed.status().as_u16(), location(&refreshed).as_str()), (302, "/admin/people/A1"));
    assert_eq!((control.pending(), control.contact("A1").unwrap().text("title")), (0, "Second"));
}

#[tokio::test]
async fn the_order_in_which_records_are_applied_decides() {
    let world = World::with(&["queue_delay=30s", "queue_order=reversed"]).await;
    world.pushed(&[titled("A1", "Older")]).await;
    world.pushed(&[titled("A1", "Newer")]).await;
    world.control().advance(SignedDuration::from_secs(31));
    assert_eq!(
        world.control().contact("A1").unwrap().text("title"),
        "Older",
        "the older one is applied last"
    );
    world.set("queue_order=in_order");
    world.pushed(&[titled("A1", "Older")]).await;
    world.pushed(&[titled("A1", "Newer")]).await;
    world.control().advance(SignedDuration::from_secs(31));
    assert_eq!(world.control().contact("A1").unwrap().text("title"), "Newer");
}

#[tokio::test]
async fn the_queue_may_be_slow_or_stand_still() {
    let world = World::with(&["queue_per_minute=60"]).await;
    let batch: Vec<Value> = (0..5).map(|number| titled(&format!("P{number}"), "x")).collect();
    world.pushed(&batch).await;
    assert_eq!(world.control().contacts(), 1);
    world.control().advance(SignedDuration::from_secs(10));
    assert_eq!(world.control().contacts(), 5);
    world.set("queue_per_minute=off");
    world.set("queue_runs=off");
    world.pushed(&[titled("A1", "x")]).await;
    world.control().advance(SignedDuration::from_hours(24));
    assert_eq!(world.control().pending(), 1);
    assert!(world.control().act("A1", "refresh", &json!({})), "one can be refreshed by hand");
    assert_eq!(world.control().pending(), 0);
    world.pushed(&[titled("A2", "x")]).await;
    world.set("queue_runs=on");
    assert_eq!((world.control().pending(), world.control().contact("A2").is_some()), (0, true));
}
