//! Stories of lists: pages, memberships, rosters, events, roles.

use super::*;

#[tokio::test]
async fn only_parameters_with_the_sign_turn_pages() {
    let world = World::with(&["page_size=4", "largest_page=6"]).await;
    let page = async |query: &str| {
        let page = world.ok(&format!("/api/contacts{query}")).await;
        let ids: Vec<u64> =
            page["Results"].as_array().unwrap().iter().map(|it| it["ContactId"].as_u64().unwrap()).collect();
        (page["TotalRecordAvailable"].as_u64(), ids)
    };
    let (total, first) = page("").await;
    assert_eq!((total, first.len()), (Some(21), 4));
    assert_eq!(page("?skip=4&top=2").await.1, first, "the first page again");
    assert_ne!(page("?$skip=4").await.1, first);
    let mut all = Vec::new();
    for skip in (0..21).step_by(5) {
        all.extend(page(&format!("?%24skip={skip}&%24top=5&$orderby=ContactId")).await.1);
    }
    assert!(all.len() == 21 && all.is_sorted());
    assert_eq!(page("?$top=50").await.1.len(), 6);
    assert_ne!(page("?$orderby=Name").await.1, first);
    world.set("over_largest=refused");
    assert_eq!(
        world.get("/api/contacts?$top=50").await,
        (400, json!({ "message": "The request is invalid." }))
    );
    assert_eq!(world.get("/api/contacts?$top=some").await.0, 400);
    world.set("total=off");
    assert_eq!(page("").await.0, None);
}

#[tokio::test]
async fn memberships_of_every_status_are_listed_and_one_is_told_in_parts() {
    let world = World::with(&[]).await;
    let all = world.rows("/api/memberships/all").await;
    let statuses: std::collections::BTreeSet<&str> = all.iter().map(|it| text(&it["Status"])).collect();
    assert_eq!(Vec::from_iter(statuses), ["Active", "Courtesy", "Dropped", "Pending Approval", "Suspended"]);
    let request = world.http.post(world.url("/api/memberships/all?$top=100"));
    let (_, business) =
        body_of(world.keyed(request).json(&json!({ "MembershipTypeId": 7 })).send().await.unwrap()).await;
    assert_eq!(business["TotalRecordAvailable"], 2);
    let one = world.ok("/api/memberships/9001").await;
    assert_eq!((&one["OwnerContactId"], &one["MembershipTypeId"]), (&json!(1_000_042), &json!(7)));
    assert_eq!(world.ok("/api/memberships/9002/general").await["MembershipStatusType"], "Dropped");
    let related = world.rows("/api/memberships/9001/relatedcontacts").await;
    assert_eq!(related[0]["ContactId"], 1_001_002);
    assert_eq!(world.rows("/api/memberships/levels/7").await.len(), 2);
    assert_eq!(world.get("/api/memberships/1").await.0, 404);
}

#[tokio::test]
async fn catalogues_come_with_an_envelope_or_bare() {
    let world = World::with(&[]).await;
    let paths = [
        "/api/memberships/types",
        "/api/groups/all",
        "/api/groups/categories",
        "/api/events/all",
        "/api/roles",
    ];
    for path in paths {
        world.set("lists=envelope");
        let rows = world.rows(path).await;
        world.set("lists=bare");
        assert_eq!(world.ok(path).await, json!(rows), "{path}");
    }
    let types = world.ok("/api/memberships/types").await;
    assert_eq!((&types[0]["Name"], &types[0]["Type"]), (&json!("Business"), &json!("fa fa-users")));
    let roles = world.ok("/api/roles").await;
    assert_eq!((&roles[1]["Name"], &roles[1]["UsersCount"]), (&json!("Member"), &json!(2)));
}

#[tokio::test]
async fn rosters_have_roles_and_dates_or_names_alone() {
    let world = World::with(&[]).await;
    let safety = world.rows("/api/groups/31/members").await;
    assert_eq!((&safety[0]["ContactId"], &safety[0]["Role"]), (&json!(1_001_001), &json!("Chair")));
    assert_eq!(
        (&safety[0]["JoinDate"], &safety[0]["DropDate"]),
        (&json!("2026-02-10T00:00:00"), &json!("0001-01-01T00:00:00"))
    );
    assert_eq!(world.rows("/api/groups/32/members").await[0]["IsActive"], false);
    world.set("roster_details=off");
    let safety = world.rows("/api/groups/31/members").await;
    assert_eq!((safety[0].get("Role"), safety[0].get("IsActive")), (None, None));
    world.set("missing_endpoints=group_members,person_groups");
    assert_eq!(world.get("/api/groups/31/members").await.0, 404);
    assert_eq!(world.get("/api/contacts/person/1001001/groups").await.0, 404);
    assert_eq!(world.get("/api/groups/all").await.0, 200);
}

#[tokio::test]
async fn an_event_without_attendees_is_answered_bare() {
    let world = World::with(&[]).await;
    let rows = world.rows("/api/events/attendees?eventId=501").await;
    let status = |id: u64| rows.iter().find(|it| it["ContactId"] == id).unwrap()["Status"].clone();
    assert_eq!((status(1_001_015), status(1_001_016)), (json!("Registered"), json!("Cancelled")));
    let path = "/api/events/attendees?eventId=502";
    let (first, second) = (world.ok(path).await, world.ok(path).await);
    assert_eq!((&first["EventId"], first.get("Results")), (&json!(502), None));
    assert_ne!(first["EventAuditId"], second["EventAuditId"]);
    world.set("bare_event=off");
    assert_eq!(world.rows(path).await, [] as [Value; 0]);
    assert_eq!(world.get("/api/events/attendees?eventId=1").await.0, 404);
    assert_eq!(world.get("/api/events").await.0, 404);
}
