//! Stories of the control: a person with `curl`, and a person with a browser, while a client calls.

use super::*;
use crate::sim::tests::Desk;

async fn desk() -> Desk<World> {
    Desk::at(World::with(&[]).await, World::control).await
}

const DESK_DANA: &str = "/people/dana.ruiz@people.example";

#[tokio::test]
async fn people_are_changed_and_the_interface_answers_accordingly() {
    let desk = desk().await;
    let dana = async || desk.world.member(DANA).await;
    let act = async |action: &str, arguments: Value| {
        desk.done("POST", &format!("{DESK_DANA}/{action}"), Some(arguments)).await
    };
    let status = desk.done("GET", "/status", None).await;
    assert_eq!((&status["simulates"], &status["on_file"]["people"]), (&json!("simulated Novi"), &json!(29)));
    assert_eq!(status["addresses"]["staging"], desk.world.simulator.staging_url());
    let found = desk.done("GET", "/people?q=ruiz", None).await;
    assert_eq!((&found["total"], &found["entries"][0]["uniqueId"]), (&json!(1), &json!(DANA)));

    act("lapse", json!({})).await;
    assert_eq!(dana().await["MemberStatus"], "expired");
    act("grace", json!({})).await;
    assert_eq!(dana().await["MemberStatus"], "grace_period");
    act("renew", json!({ "type": "student" })).await;
    let renewed = dana().await;
    assert_eq!(
        (&renewed["MemberStatus"], &renewed["MemberType"]["Name"]),
        (&json!("current"), &json!("Student"))
    );
    assert_eq!(renewed["MembershipExpires"], "2027-06-10T00:00:00-04:00");
    act("disapprove", json!({})).await;
    assert_eq!(dana().await["Approved"], false);
    act("approve", json!({})).await;
    act("rename", json!({ "lastName": "Ruiz-Lopez" })).await;
    assert_eq!((&dana().await["Name"], &dana().await["Approved"]), (&json!("Dana Ruiz-Lopez"), &json!(true)));
    act("join_group", json!({ "group": "water section" })).await;
    act("leave_group", json!({ "group": "Board" })).await;
    let groups = dana().await["Groups"].clone();
    let names: Vec<&str> = groups.as_array().unwrap().iter().map(|it| text(&it["GroupName"])).collect();
    assert_eq!(names, ["All Current Members", "Water Section"]);
    act("join_committee", json!({ "committee": "Education", "role": "Chair", "start": "today+30" })).await;
    act("leave_committee", json!({ "committee": "Safety" })).await;
    let committees = dana().await["Committees"].clone();
    assert_eq!(committees[0]["EndDate"], "2026-06-09T00:00:00-04:00");
    assert_eq!(committees[2]["StartDate"], "2026-07-10T00:00:00-04:00");
    desk.done("POST", "/people/4426/cancel_registrations", Some(json!({ "event": "annual meeting" }))).await;
    let attendees = desk.world.rows("/api/events/4f000000-0001-4aaa-8bbb-000000000001/attendees").await;
    assert!(attendees.iter().all(|it| it["Cancelled"] == true));

    desk.done("PATCH", DESK_DANA, Some(json!({ "jobTitle": "Director", "status": "sabbatical" }))).await;
    assert_eq!(
        (&dana().await["JobTitle"], &dana().await["MemberStatus"]),
        (&json!("Director"), &json!("sabbatical"))
    );
    let bought = json!({ "order": "O-9", "product": "Journal", "purchaseDate": "today-1" });
    desk.done("POST", &format!("{DESK_DANA}/purchases"), Some(bought)).await;
    let orders = desk.world.rows("/api/orders").await;
    assert!(orders.iter().any(|it| it["OrderID"] == "O-9" && it["OrderDate"] == "2026-06-09T00:00:00-04:00"));

    let gone =
        desk.done("POST", &format!("/people/{NILS}/merge_into"), Some(json!({ "into": "4411" }))).await;
    assert_eq!((gone, desk.world.get(&format!("/api/members/{NILS}")).await.0), (Value::Null, 404));
}

#[tokio::test]
async fn records_and_lists_come_and_go() {
    let desk = desk().await;
    let id = "d0000000-0000-4000-8000-000000000001";
    let new = json!({ "uniqueId": id, "firstName": "New", "account": {}, "email": "new@people.example" });
    assert_eq!(desk.ask("PUT", &format!("/people/{id}"), Some(new.clone())).await.0, 201);
    assert_eq!(desk.ask("PUT", &format!("/people/{id}"), Some(new)).await.0, 200);
    desk.world.browser("new@people.example").await;
    assert_eq!(desk.ask("DELETE", &format!("/people/{id}"), None).await.0, 204);
    assert_eq!(desk.world.get(&format!("/api/members/{id}")).await.0, 404);
    let group =
        json!({ "uniqueId": "e0000000-0000-4000-8000-000000000001", "name": "New", "statuses": ["current"] });
    desk.done("PUT", "/groups/New", Some(group)).await;
    let roster = "/api/groups/e0000000-0000-4000-8000-000000000001/members";
    assert!(desk.world.rows(roster).await.iter().any(|it| it["UniqueID"] == DANA));
    assert_eq!(desk.ask("DELETE", "/groups/New", None).await.0, 204);
    assert_eq!(desk.world.get(roster).await.0, 404);
    for (list, entry) in [
        ("memberTypes", json!({ "uniqueId": "t", "name": "Honorary" })),
        ("committees", json!({ "uniqueId": "c", "name": "Honorary" })),
        ("events", json!({ "uniqueId": "e", "name": "Honorary" })),
        ("products", json!({ "uniqueId": "p", "name": "Honorary" })),
    ] {
        assert_eq!(desk.ask("PUT", &format!("/{list}/Honorary"), Some(entry)).await.0, 201, "{list}");
        assert_eq!(desk.done("GET", &format!("/{list}?q=honorary"), None).await["total"], 1, "{list}");
        assert_eq!(desk.ask("DELETE", &format!("/{list}/Honorary"), None).await.0, 204, "{list}");
        assert_eq!(desk.ask("GET", &format!("/{list}/Honorary"), None).await.0, 404, "{list}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let desk = desk().await;
    let before = desk.done("GET", DESK_DANA, None).await;
    for (method, path, body, status) in [
        ("GET", "/people/nobody", None, 404),
        ("GET", "/dogs", None, 404),
        ("GET", "/hooks/1", None, 404),
        ("PATCH", DESK_DANA, Some(json!({ "surname": "x" })), 400),
        ("PATCH", DESK_DANA, Some(json!({ "uniqueId": MAREK })), 400),
        ("PATCH", DESK_DANA, Some(json!({ "uniqueId": "" })), 400),
        ("PUT", "/hooks/1", Some(json!({})), 400),
        ("POST", "/people/nobody/lapse", None, 404),
        ("POST", "/people/4412/lapse", None, 400),
        ("POST", "/people/4424/renew", None, 400),
        ("POST", "/people/4411/renew", Some(json!({ "type": "Emperor" })), 400),
        ("POST", "/people/4411/join_group", Some(json!({})), 400),
        ("POST", "/people/4411/join_group", Some(json!({ "group": "None" })), 400),
        ("POST", "/people/4411/join_committee", Some(json!({ "committee": "None" })), 400),
        ("POST", "/people/4411/merge_into", Some(json!({ "into": "4411" })), 400),
        ("POST", "/people/4411/send_hook", Some(json!({ "event": "x" })), 400),
        ("PUT", "/switches/colour", Some(json!("red")), 400),
        ("POST", "/faults", Some(json!({ "fault": "hang", "on": "moon" })), 400),
        ("DELETE", "/tokens?kind=bus", None, 400),
    ] {
        let (found, answer) = desk.ask(method, path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|it| it.len() > 10), "{method} {path}: {answer}");
    }
    assert_eq!(desk.done("GET", DESK_DANA, None).await, before);
}

#[tokio::test]
async fn faults_switches_tokens_time_and_calls_are_at_hand() {
    let desk = desk().await;
    let world = &desk.world;
    let member = format!("/api/members/{DANA}");
    desk.done("POST", "/faults", Some(json!({ "fault": "status_418", "on": "member", "times": 1 }))).await;
    assert_eq!((world.call(&member).await.status().as_u16(), world.get(&member).await.0), (418, 200));
    desk.done("PUT", "/switches/detail", Some(json!("data"))).await;
    assert_eq!(world.member(DANA).await["data"]["UniqueID"], DANA);
    let code = world.code(DANAS_EMAIL, "openid").await;
    assert_eq!(desk.done("DELETE", "/tokens?kind=codes", None).await["ended"], 1);
    assert_eq!(world.redeem(&code, VERIFIER).await.0, 400);
    desk.done("PUT", "/time", Some(json!({ "now": "2031-02-28T12:00:00Z" }))).await;
    assert_eq!(world.control().today(), jiff::civil::date(2031, 2, 28));

    world.get("/api/members?email=dana.ruiz%40people.example&pageSize=5").await;
    world.get("/api/members/somebody%40people.example").await;
    let report = desk.done("GET", "/calls?limit=2", None).await;
    assert_eq!(report["kinds"]["member"], json!({ "calls": 4, "refused": 0, "failed": 2 }));
    assert_eq!(
        (&report["kinds"]["token"]["failed"], &report["kinds"]["authorize"]["calls"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["calls"], 6, "pages for people are not counted");
    assert_eq!(report["latest"][1]["asked"], "GET /api/members?…&pageSize=5");
    assert_eq!(report["latest"][0]["asked"], "GET /api/members/…");
    let all = desk.done("GET", "/calls", None).await.to_string();
    assert!(!all.contains(&code) && !all.contains("dana.ruiz") && !all.contains("the-state"), "{all}");
    world.control().reset_counts();
    assert_eq!(world.control().calls(Endpoint::Member), 0);
}

#[tokio::test]
async fn the_page_lapses_somebody() {
    let desk = desk().await;
    let page = desk.world.http.get(desk.control.base_url()).send().await.unwrap().text().await.unwrap();
    for part in ["Ruiz", "/form/act/c0a1c0de%2D0001%2D4222%2D8333%2D444455550001/lapse", "id_token_flaw"] {
        assert!(page.contains(part), "{part}");
    }
    let address = format!("{}/form/act/{DANA}/lapse", desk.control.base_url());
    assert_eq!(desk.world.http.post(address).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.world.member(DANA).await["MemberStatus"], "expired");
    let changed: fn(&mut Switches) = |switches| switches.show_people = true;
    desk.world.control().update_switches(changed);
    assert!(desk.world.control().switches().show_people);
    assert_eq!(desk.world.control().customer("4411").unwrap().first_name, "Dana");
}
