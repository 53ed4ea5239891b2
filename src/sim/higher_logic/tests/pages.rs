//! Stories of the pages that people look at.

use super::*;

#[tokio::test]
async fn the_community_shows_people_with_communities_and_roles() {
    let world = World::with(&[]).await;
    assert!(world.page("/").await.contains("There are none yet"));
    let mut chair = line("C 1/ü", "Committee");
    chair["Role"] = "Chair <b>".into();
    let mut ada = person("A/1 ü", json!([chair, line("MBR", "Membership")]));
    ada["ContactDetails"]["IsMember"] = true.into();
    ada["ContactDetails"]["Bio"] = "<script>alert(1)</script>".into();
    ada["ContactDetails"]["ProfileImageURL"] = "javascript:alert(1)".into();
    world.pushed(&[ada, person("B1", json!([]))]).await;
    let page = world.page("/").await;
    for part in
        ["Ada Okafor B1", "The C 1/ü · Chair &#60;b&#62; (hidden)", "badge member", "1 member<", "Sign in"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("The MBR"), "security groups are no places");
    let found = world.page("/?q=a%2F1").await;
    assert!(found.contains("1 found") && !found.contains("Okafor B1"), "{found}");
    let person = world.page("/people/A%2F1%20%C3%BC").await;
    assert!(
        person.contains("&#60;script&#62;") && person.contains("The MBR") && !person.contains("javascript:"),
        "{person}"
    );
    assert_eq!(world.open("/people/nobody", None).await.status(), StatusCode::NOT_FOUND);

    let unhide = world.http.post(world.url("/admin/groups/C%201%2F%C3%BC/unhide")).send().await.unwrap();
    assert_eq!(unhide.status(), StatusCode::FOUND);
    assert!(!world.page("/").await.contains("(hidden)"));
    world.http.post(world.url("/admin/groups/MBR/benefits")).send().await.unwrap();
    assert!(
        world.control().is_member("A/1 ü")
            && world.control().any_group("MBR").unwrap().provides_member_benefits
    );
    for path in ["/admin/groups/none/hide", "/admin/groups/MBR/paint"] {
        assert_eq!(world.http.post(world.url(path)).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_administrator_sees_the_calendar() {
    let world = World::with(&[]).await;
    assert!(world.page("/admin").await.contains("None."));
    let meeting = json!({
        "MeetingId": "M1", "Title": "Annual <b>Meeting</b>", "MeetingType": "Conference", "TimeZone": "Europe/Berlin",
        "BeginDate": "2026-09-01T09:00:00.000Z", "LocationName": "Harbor Hall", "City": "Portland", "IsDeleted": false,
    });
    world.push("/v2/meeting", json!([meeting])).await;
    let page = world.page("/admin").await;
    for part in [
        "Annual &#60;b&#62;",
        "<code>M1</code>",
        "Conference",
        "Europe/Berlin",
        "Harbor Hall, Portland",
        "shown",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A record is whole: what it does not say is cleared.
    world.push("/v2/meeting", json!([{ "MeetingId": "M1", "Title": "Meeting" }])).await;
    assert!(!world.page("/admin").await.contains("Harbor Hall"));
    world.push("/v2/meeting", json!([{ "MeetingId": "M1", "IsDeleted": true }])).await;
    assert!(world.page("/admin").await.contains("<td>deleted</td>"));
}

#[tokio::test]
async fn an_administrator_sees_what_was_received_and_what_came_of_it() {
    let world = World::with(&[]).await;
    let mut ada = person("A1", json!([line("C1", "Committee")]));
    ada["ContactDetails"]["Hobby"] = "Chess".into();
    world.pushed(&[ada]).await;
    let admin = world.page("/admin").await;
    assert!(
        admin.contains("The C1") && admin.contains("administrators only") && admin.contains("0 pending"),
        "{admin}"
    );
    assert!(world.page("/admin/people?q=okafor").await.contains("/admin/people/A1"));
    let record = world.page("/admin/people/A1").await;
    for part in ["Legacy Contact Key", "joined C1", "firstName", "Display Data"] {
        assert!(record.contains(part), "{part}: {record}");
    }
    let data = world.page("/admin/people/A1/data").await;
    assert!(data.contains("&#34;Hobby&#34;: &#34;Chess&#34;"), "{data}");
    let sync = world.page("/admin/sync").await;
    assert!(sync.contains("/v2/contactinfo") && sync.contains("/admin/sync/1"), "{sync}");
    let push = world.page("/admin/sync/1").await;
    assert!(push.contains("ContactDetails.Hobby is no known field") && push.contains("Chess"), "{push}");
    for path in ["/admin/people/nobody", "/admin/people/nobody/data", "/admin/sync/2"] {
        assert_eq!(world.open(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
