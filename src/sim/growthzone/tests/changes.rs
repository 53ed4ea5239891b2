//! Stories of the feed of changes.

use jiff::SignedDuration;

use super::*;

/// Numbers and whether they are gone, of those who have changed since noon.
async fn changed(world: &World) -> Vec<(u64, bool)> {
    let rows = world.rows("/api/contacts/delta?modifiedSince=2026-06-10T12:00:00").await;
    rows.iter().map(|it| (it["ContactId"].as_u64().unwrap(), it["IsDeleted"] == true)).collect()
}

#[tokio::test]
async fn who_is_changed_or_removed_is_in_the_feed() {
    let world = World::with(&[]).await;
    assert_eq!(changed(&world).await, []);
    world.control().edit_contact(DANA, |it| it.last_name = "Ruiz-Lopez".into());
    world.control().advance(SignedDuration::from_secs(1));
    assert!(world.control().act("1001011", "merge_into", &json!({ "into": MAREK })));
    let rows = world.rows("/api/contacts/delta?modifiedSince=2026-06-10T12:00:00&top=50").await;
    assert_eq!(
        (&rows[0]["DisplayName"], &rows[0]["SystemContactTypeId"]),
        (&json!("Dana Ruiz-Lopez"), &json!(1))
    );
    assert!(text(&rows[0]["ModifiedDate"]).starts_with("2026-06-10T12:00:0"));
    let mut came = changed(&world).await;
    came.sort_unstable();
    assert_eq!(came, [(1_001_001, false), (1_001_002, false), (1_001_011, true)]);
    assert_eq!(world.rows("/api/contacts/delta?modifiedSince=2026-06-10T16:05:00Z").await.len(), 0);
    let page = world.ok("/api/contacts/delta?modifiedSince=2026-06-10T12:00:00&top=1").await;
    assert_eq!((page["Results"].as_array().unwrap().len(), &page["TotalRecordAvailable"]), (1, &json!(3)));
    assert_eq!(world.get("/api/contacts/delta?modifiedSince=soon").await.0, 500);
}

#[tokio::test]
async fn the_feed_looks_at_the_parameter_of_the_switch() {
    let world = World::with(&[]).await;
    let count = async |query: &str| {
        world.rows(&format!("/api/contacts/delta?{query}=2026-06-10T12:00:00")).await.len()
    };
    assert_eq!((count("modifiedSince").await, count("since").await), (0, 21));
    world.set("delta_parameter=since");
    assert_eq!((count("modifiedSince").await, count("since").await), (21, 0));
    world.set("delta_parameter=none");
    assert_eq!((count("modifiedSince").await, count("since").await), (21, 21));
}

#[tokio::test]
async fn what_touches_a_contact_is_a_switch() {
    let world = World::with(&["lists_touch=off", "lapse_touch=off"]).await;
    let control = world.control();
    assert!(control.act(DANA, "join_list", &json!({ "list": "Newsletter" })));
    assert!(control.act("1001015", "cancel_registrations", &json!({})));
    control.advance(SignedDuration::from_hours(21 * 24));
    assert_eq!((changed(&world).await, world.status_of("1001006").await), (vec![], "Dropped".to_owned()));
    world.set("lists_touch=on");
    assert!(control.act(DANA, "leave_list", &json!({ "list": "Newsletter" })));
    assert_eq!(changed(&world).await, [(1_001_001, false)]);
    world.set("lapse_touch=on");
    control.advance(SignedDuration::from_hours(40 * 24));
    let by_time = changed(&world).await;
    assert!(by_time.contains(&(1_001_013, false)) && !by_time.contains(&(1_001_006, false)), "{by_time:?}");

    assert!(control.act(ACME, "drop", &json!({})));
    assert!(!changed(&world).await.contains(&(1_001_002, false)));
    world.set("delta_by_organization=on");
    assert!(control.act(ACME, "reactivate", &json!({})));
    assert!(changed(&world).await.contains(&(1_001_002, false)));
}
