//! Stories of the control: a person with `curl`, and a person with a browser, while a client calls.

use super::*;
use crate::sim::tests::Desk;

async fn desk() -> Desk<World> {
    Desk::at(World::with(&[]).await, World::control).await
}

#[tokio::test]
async fn people_are_changed_and_the_interface_answers_accordingly() {
    let desk = desk().await;
    let world = &desk.world;
    let act = async |action: &str, arguments: Value| {
        desk.done("POST", &format!("/people/druiz/{action}"), Some(arguments)).await
    };
    let status = desk.done("GET", "/status", None).await;
    assert_eq!(
        (&status["simulates"], &status["on_file"]["people"]),
        (&json!("simulated GrowthZone"), &json!(21))
    );
    for (action, expected) in [
        ("drop", "Dropped"),
        ("reactivate", "Active"),
        ("suspend", "Suspended"),
        ("reactivate", "Active"),
        ("expire", "Dropped"),
    ] {
        act(action, json!({})).await;
        assert_eq!(world.status_of(DANA).await, expected, "{action}");
    }
    act("relate", json!({ "organization": ACME })).await;
    assert_eq!(world.status_of(DANA).await, "Active");
    act("unrelate", json!({ "organization": ACME })).await;
    assert_eq!(world.status_of(DANA).await, "Dropped");
    act("rename", json!({ "lastName": "Ruiz-Lopez" })).await;
    act("join_list", json!({ "list": "board", "role": "Secretary", "start": "today-1", "end": "today+30" }))
        .await;
    let board = world.rows("/api/groups/32/members").await;
    assert_eq!(
        (&board[0]["ContactDisplayName"], &board[0]["Role"]),
        (&json!("Dana Ruiz-Lopez"), &json!("Secretary"))
    );
    assert_eq!((&board[0]["DropDate"], board.len()), (&json!("2026-07-10T00:00:00"), 1));
    act("leave_list", json!({ "list": "32" })).await;
    assert_eq!(world.rows("/api/groups/32/members").await[0]["IsActive"], false);
    desk.done("POST", "/people/1001015/cancel_registrations", Some(json!({ "event": "annual meeting" })))
        .await;
    let attendees = world.rows("/api/events/attendees?eventId=501").await;
    assert!(attendees.iter().all(|it| it["Status"] == "Cancelled"));
    desk.done("PATCH", "/people/1001001", Some(json!({ "status": "Sabbatical", "title": "Director" }))).await;
    assert_eq!(world.ok("/api/contacts/person/1001001").await["Title"], "Director");
    let gone = desk.done("POST", "/people/1001011/merge_into", Some(json!({ "into": "druiz" }))).await;
    assert_eq!((gone, world.get("/api/contacts/person/1001011").await.0), (Value::Null, 404));
}

#[tokio::test]
async fn records_and_lists_come_and_go_and_what_cannot_be_done_is_said() {
    let desk = desk().await;
    let new = json!({ "contactId": "77", "firstName": "New", "login": { "username": "new" } });
    assert_eq!(desk.ask("PUT", "/people/77", Some(new.clone())).await.0, 201);
    assert_eq!(desk.ask("PUT", "/people/77", Some(new)).await.0, 200);
    desk.world.browser("new").await;
    assert_eq!(desk.ask("DELETE", "/people/77", None).await.0, 204);
    assert_eq!(desk.world.get("/api/contacts/person/77").await.0, 404);
    for (list, entry) in [
        ("membershipTypes", json!({ "membershipTypeId": 99, "name": "Honorary" })),
        ("lists", json!({ "groupId": 99, "name": "Honorary" })),
        ("events", json!({ "eventId": 99, "name": "Honorary" })),
    ] {
        assert_eq!(desk.ask("PUT", &format!("/{list}/Honorary"), Some(entry)).await.0, 201, "{list}");
        assert_eq!(desk.done("GET", &format!("/{list}?q=honorary"), None).await["total"], 1, "{list}");
        assert_eq!(desk.ask("DELETE", &format!("/{list}/Honorary"), None).await.0, 204, "{list}");
        assert_eq!(desk.ask("GET", &format!("/{list}/Honorary"), None).await.0, 404, "{list}");
    }
    let before = desk.done("GET", "/people/1001001", None).await;
    for (method, path, body, status) in [
        ("GET", "/people/nobody", None, 404),
        ("GET", "/dogs", None, 404),
        ("PATCH", "/people/1001001", Some(json!({ "surname": "x" })), 400),
        ("PATCH", "/people/1001001", Some(json!({ "contactId": MAREK })), 400),
        ("PATCH", "/people/1001001", Some(json!({ "contactId": "x" })), 400),
        ("POST", "/people/1001002/drop", Some(json!({})), 400),
        ("POST", "/people/1001001/join_list", Some(json!({})), 400),
        ("POST", "/people/1001001/join_list", Some(json!({ "list": "None" })), 400),
        ("POST", "/people/1001001/relate", Some(json!({ "organization": "1" })), 400),
        ("POST", "/people/1001001/merge_into", Some(json!({ "into": "druiz" })), 400),
        ("DELETE", "/tokens?kind=bus", None, 400),
    ] {
        let (found, answer) = desk.ask(method, path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|it| it.len() > 10), "{method} {path}: {answer}");
    }
    assert_eq!(desk.done("GET", "/people/1001001", None).await, before);
}

#[tokio::test]
async fn tokens_time_and_calls_are_at_hand() {
    let desk = desk().await;
    let world = &desk.world;
    let code = world.code("druiz", ALL).await;
    assert_eq!(world.control().end_tokens("codes"), 1);
    assert_eq!(world.redeem(&code, VERIFIER).await.0, 400);
    desk.done("PUT", "/time", Some(json!({ "now": "2031-02-28T12:00:00Z" }))).await;
    assert_eq!(world.control().today(), jiff::civil::date(2031, 2, 28));
    world.get("/api/contacts?$top=5&search=dana.ruiz%40people.example").await;
    let report = desk.done("GET", "/calls", None).await;
    assert_eq!(report["kinds"]["contacts"], json!({ "calls": 1, "refused": 0, "failed": 0 }));
    assert_eq!(report["latest"][0]["asked"], "GET /api/contacts?$top=5&…");
    let all = report.to_string();
    assert!(!all.contains(&code) && !all.contains("dana.ruiz") && !all.contains("the-state"), "{all}");
    world.control().reset_counts();
    assert_eq!(world.control().calls(Endpoint::Contacts), 0);
    let page = world.http.get(desk.control.base_url()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("/form/act/1001001/drop") && page.contains("subject_version"));
    let address = format!("{}/form/act/{DANA}/drop", desk.control.base_url());
    assert_eq!(world.http.post(address).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(world.control().contact("druiz").unwrap().memberships[0].status.as_deref(), Some("Dropped"));
    world.control().update_switches(|switches| switches.show_people = true);
    assert!(world.control().switches().show_people);
}
