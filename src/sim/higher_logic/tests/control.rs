//! Stories of the control: a test in another process that compares, and a person with `curl`.

use super::*;
use crate::sim::tests::Desk;

async fn desk() -> Desk<World> {
    let desk = Desk::at(World::with(&[]).await, World::control).await;
    let chair =
        json!({ "GroupId": "C1", "GroupName": "Education", "GroupType": "Committee", "Role": "Chair" });
    desk.world.pushed(&[person("A1", json!([chair, line("MBR", "Membership")]))]).await;
    desk
}

#[tokio::test]
async fn the_whole_state_can_be_compared() {
    let desk = desk().await;
    let state = desk.done("GET", "/state?limit=100000", None).await;
    let expected = json!({
        "contactId": "A1", "name": "Ada Okafor A1", "status": "Active", "effectiveMember": false,
        "activeGroups": { "C1": ["Chair"], "MBR": [""] },
    });
    assert_eq!(state["entries"], json!([expected]));
    assert_eq!(desk.done("GET", "/state/A1", None).await, expected);
    let status = desk.done("GET", "/status", None).await;
    assert_eq!(status["simulates"], "simulated Higher Logic");
    for (name, count) in
        [("people", 1), ("communities", 1), ("securityGroups", 1), ("queue", 0), ("intake", 1)]
    {
        assert_eq!(status["on_file"][name], count, "{name}");
    }
    let intake = desk.done("GET", "/intake/1", None).await;
    assert!(text(&intake["body"]).contains("Education") && text(&intake["digest"]).len() == 64, "{intake}");
    let trail = desk.done("GET", "/trails/A1", None).await;
    assert_eq!(
        (&trail["payload"]["Groups"][0]["Role"], &trail["history"][0]["what"]),
        (&json!("Chair"), &json!("created"))
    );
    desk.done("PUT", "/switches/queue_delay", Some(json!("1h"))).await;
    desk.world.pushed(&[person("B1", json!([]))]).await;
    assert_eq!(desk.done("GET", "/queue", None).await["entries"][0]["id"], "B1");
    assert_eq!(desk.done("GET", "/queue/B1", None).await["push"], 2);
    desk.done("POST", "/time/advance", Some(json!({ "by": "2h" }))).await;
    assert_eq!(desk.done("GET", "/queue", None).await["total"], 0, "looking applies what is due");
    assert_eq!(desk.done("GET", "/people/B1", None).await["status"], "Active");
    let calls = desk.done("GET", "/calls", None).await;
    assert_eq!(calls["kinds"]["contactinfo"], json!({ "calls": 2, "refused": 0, "failed": 0 }));
    desk.done("DELETE", "/calls", None).await;
    assert_eq!(desk.done("GET", "/calls", None).await["calls"], 0);
}

#[tokio::test]
async fn contacts_and_groups_are_changed() {
    let desk = desk().await;
    let act = async |action: &str, arguments: Value| {
        desk.done("POST", &format!("/people/A1/{action}"), Some(arguments)).await
    };
    let groups = || desk.world.groups("A1");
    desk.done("PATCH", "/people/A1", Some(json!({ "title": "President" }))).await;
    assert_eq!(desk.world.contact("A1").await["CompanyTitle"], "President");
    act("join", json!({ "community": "C1", "role": "Guest" })).await;
    assert_eq!(groups(), ["C1 as Chair", "C1 as Guest", "MBR"]);
    desk.world.pushed(&[person("A1", json!([]))]).await;
    assert_eq!(groups(), ["C1 as Guest"], "what somebody joined by hand is not the push's to take");
    act("leave", json!({ "community": "C1" })).await;
    assert_eq!(groups(), [] as [&str; 0]);
    act("opt_out", json!({})).await;
    assert!(desk.world.page("/people/A1").await.contains("not in the directory"));
    act("opt_in", json!({})).await;
    assert!(!desk.world.page("/people/A1").await.contains("not in the directory"));
    desk.done("POST", "/communities/C1/unhide", None).await;
    assert!(!desk.world.control().any_group("C1").unwrap().hidden);
    desk.done("POST", "/communities/C1/hide", None).await;
    assert_eq!(desk.done("GET", "/communities/C1", None).await["hidden"], true);
    desk.done(
        "PATCH",
        "/securityGroups/MBR",
        Some(json!({ "providesMemberBenefits": true, "name": "Members" })),
    )
    .await;
    desk.world.pushed(&[person("A1", json!([line("MBR", "Membership")]))]).await;
    assert!(desk.world.control().is_member("A1"));
    let group = desk.world.control().any_group("MBR").unwrap();
    assert_eq!(group.name, "Members", "a push does not rename it back");
    let new = json!({ "contactId": "Z1", "firstName": "Zoe", "lastName": "Hand" });
    assert_eq!(desk.ask("PUT", "/people/Z1", Some(new)).await.0, 201);
    act("purge", json!({})).await;
    assert_eq!(desk.ask("GET", "/people/A1", None).await.0, 404);
    for path in ["/people/Z1", "/communities/C1", "/securityGroups/MBR"] {
        assert_eq!(desk.ask("DELETE", path, None).await.0, 204, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let desk = desk().await;
    let before = desk.done("GET", "/people/A1", None).await;
    for (method, path, body, status) in [
        ("GET", "/people/a1", None, 404),
        ("GET", "/dogs", None, 404),
        ("PATCH", "/people/A1", Some(json!({ "surname": "x" })), 400),
        ("PATCH", "/people/A1", Some(json!({ "contactId": "B1" })), 400),
        ("PATCH", "/people/A1", Some(json!({ "details": { "hobbies": [] } })), 400),
        ("PATCH", "/communities/C1", Some(json!({ "kind": "security" })), 400),
        ("PATCH", "/communities/C1", Some(json!({ "key": "C2" })), 400),
        ("PUT", "/securityGroups/C1", Some(json!({ "key": "C1", "kind": "security" })), 400),
        ("PUT", "/intake/1", Some(json!({})), 400),
        ("PUT", "/meetings/1", Some(json!({})), 400),
        ("POST", "/people/nobody/opt_out", None, 404),
        ("POST", "/people/A1/join", Some(json!({})), 400),
        ("POST", "/people/A1/join", Some(json!({ "community": "none" })), 400),
        ("POST", "/people/A1/write_bio", Some(json!({})), 400),
        ("DELETE", "/tokens?kind=bus", None, 400),
    ] {
        let (found, answer) = desk.ask(method, path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|it| it.len() > 10), "{method} {path}: {answer}");
    }
    assert_eq!(desk.done("GET", "/people/A1", None).await, before);
}

#[tokio::test]
async fn calls_are_logged_without_secrets_and_the_page_works() {
    let desk = desk().await;
    desk.world.get("Contacts/GetContact?legacyContactKey=A1&includeSecurityGroups=true").await;
    desk.world.open("/HigherLogic/Security/OAuth/Authentication.aspx?code=secret&state=hidden", None).await;
    let calls = desk.done("GET", "/calls", None).await;
    assert_eq!(calls["latest"][1]["asked"], "GET /api/v2.0/Contacts/GetContact?…&includeSecurityGroups=true");
    let all = calls.to_string();
    assert!(
        !all.contains("secret") && !all.contains("hidden") && !all.contains("demo-higher-logic"),
        "{all}"
    );
    let page = desk.world.http.get(desk.control.base_url()).send().await.unwrap().text().await.unwrap();
    for part in ["Ada", "/form/act/A1/refresh", "integrate_bio", "simulated Higher Logic"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(desk.done("DELETE", "/tokens", None).await["ended"], 0);
    desk.world.open("/HigherLogic/Security/OAuth/Authentication.aspx", None).await;
    assert_eq!(desk.done("DELETE", "/tokens?kind=browsers", None).await["ended"], 0);
    assert_eq!(desk.done("DELETE", "/tokens?kind=attempts", None).await["ended"], 1);
}
