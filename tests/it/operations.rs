//! What the operations listener says of a running gateway: whether it is ready, and the figures by which trouble shows.

use crate::world::{CHAIR, World};

async fn operations(world: &World, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}{path}", world.gate().operations())).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The value of a series.
pub async fn value(world: &World, series: &str) -> Option<i64> {
    let (_, page) = operations(world, "/metrics").await;
    let line = page.lines().find(|line| line.starts_with(&format!("membergate_{series} ")))?;
    Some(line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_store_cannot_write_is_not_ready_until_it_can() {
    let world = World::start().await;
    assert_eq!(operations(&world, "/readyz").await, (200, "ok\n".to_owned()));
    let store = rusqlite::Connection::open(world.folder.path().join("gate.sqlite")).unwrap();
    // As the disk answers when it is full. Nobody could sign in: that needs the same table.
    let full = "BEFORE INSERT ON uses BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    store.execute_batch(&format!("CREATE TRIGGER full {full}")).unwrap();
    let (status, said) = operations(&world, "/readyz").await;
    assert_eq!(status, 503);
    assert!(said.starts_with("store: ") && said.contains("disk is full"), "{said}");
    store.execute_batch("DROP TRIGGER full").unwrap();
    assert_eq!(operations(&world, "/readyz").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_only_the_log_told_is_counted() {
    let world = World::start().await;
    let known_from_the_start = [
        "logout_messages{state=\"pending\"}",
        "logout_messages{state=\"given_up\"}",
        "reloads_refused_total",
        "store_write_failures_total",
    ];
    for series in known_from_the_start {
        assert_eq!(value(&world, series).await, Some(0), "{series}");
    }
    // Nothing in front of this gateway ends TLS, and nobody has signed in.
    for series in ["certificate_end_timestamp_seconds", "ams_last_answer_timestamp_seconds"] {
        assert_eq!(value(&world, series).await, None, "{series}");
    }
    world.visitor().sign_in(CHAIR, world.url("/members")).await.expect(200);
    let answered = value(&world, "ams_last_answer_timestamp_seconds").await.unwrap();
    assert!((0..60).contains(&(world.now().as_second() - answered)), "{answered}");
    world.gate().note_refused_reload();
    assert_eq!(value(&world, "reloads_refused_total").await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_over_how_often_the_ams_may_be_called() {
    let world = World::start().await;
    assert_eq!(value(&world, "ams_budget").await, Some(100_000));
    let mut settings = world.settings();
    settings.ams.rate.per_minute = 30;
    world.gate().reload(&settings).unwrap();
    assert_eq!(value(&world, "ams_budget").await, Some(30));
}
