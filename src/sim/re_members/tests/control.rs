//! Stories of the control: a person with `curl`, and a person with a browser, while a client calls.

use super::*;
use crate::sim::tests::Desk;

async fn desk() -> Desk<World> {
    Desk::at(World::with(&[]).await, World::control).await
}

impl Desk<World> {
    async fn form(&self, path: &str, fields: &str) -> Response {
        let request = self.http.post(format!("{}{path}", self.control.base_url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(fields.to_owned()).send().await.unwrap()
    }

    async fn page(&self) -> String {
        let response = self.http.get(self.control.base_url()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.unwrap()
    }
}

const JANE: &str = "/people/jane.marlowe@harborlabs.example";

#[tokio::test]
async fn people_are_changed_and_the_interface_answers_accordingly() {
    let desk = desk().await;
    let tokens = desk.world.handshake(Environment::Production).await;
    let jane = async || desk.world.only(&tokens, "/Individuals/Profile/100481/1").await;

    let found = desk.done("GET", "/people?q=marlowe", None).await;
    assert_eq!((&found["total"], &found["entries"][0]["recordNumber"]), (&json!(1), &json!("100481")));
    desk.done("POST", &format!("{JANE}/lapse"), None).await;
    assert_eq!(jane().await["memberships"][0]["expireDate"], "2026-06-09T00:00:00");
    desk.done("POST", &format!("{JANE}/renew"), Some(json!({}))).await;
    assert_eq!(jane().await["memberships"][0]["expireDate"], "2027-06-10T00:00:00");
    desk.done("POST", &format!("{JANE}/disapprove"), None).await;
    assert_eq!(jane().await["user"]["isApproved"], false);
    desk.done("PATCH", JANE, Some(json!({ "user": { "isApproved": true }, "lastName": "Marlow" }))).await;
    assert_eq!(
        (&jane().await["user"]["isApproved"], &jane().await["lastName"]),
        (&json!(true), &json!("Marlow"))
    );

    let bought = json!({ "productCode": "NEW1", "orderNumber": "O-9", "purchaseDate": "today-1" });
    desk.done("POST", &format!("{JANE}/purchases"), Some(bought)).await;
    let purchases = "/Individuals/100481/Purchases/1?productCode=NEW1";
    assert_eq!(desk.world.only(&tokens, purchases).await["purchaseDate"], "2026-06-09T00:00:00");
    desk.done("DELETE", &format!("{JANE}/purchases/NEW1"), None).await;
    assert_eq!(desk.world.get(&tokens, purchases).await.1["dataList"], json!([]));

    let new =
        json!({ "id": "d0000000-0000-4000-8000-000000000001", "recordNumber": "900001", "firstName": "New" });
    assert_eq!(desk.ask("PUT", "/people/900001", Some(new.clone())).await.0, 201);
    assert_eq!(desk.ask("PUT", "/people/900001", Some(new)).await.0, 200);
    assert_eq!(desk.world.only(&tokens, "/Individuals/Profile/900001/1").await["firstName"], "New");
    assert_eq!(desk.ask("DELETE", "/people/900001", None).await.0, 204);
    assert_eq!(desk.world.get(&tokens, "/Individuals/Profile/900001/1").await.0, 404);
    desk.done("PUT", "/committees/NEW", Some(json!({ "id": "x", "code": "NEW", "name": "Newcomers" }))).await;
    let committees = desk.world.everything(&tokens, "/Committees/{page}").await;
    assert!(committees.iter().any(|it| it["code"] == "NEW"));
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let desk = desk().await;
    let before = desk.done("GET", JANE, None).await;
    for (method, path, body, status) in [
        ("GET", "/people/nobody", None, 404),
        ("GET", "/dogs", None, 404),
        ("POST", "/people/nobody/lapse", None, 404),
        ("PATCH", JANE, Some(json!({ "surname": "x" })), 400),
        ("PATCH", JANE, Some(json!({ "recordNumber": "100001" })), 400),
        ("PUT", "/people/1", Some(json!({ "firstName": "No key" })), 400),
        ("DELETE", "/people/100481/committees/NONE", None, 404),
        ("POST", "/people/100481/firstName", Some(json!("x")), 404),
        ("POST", "/people/100481/lapse", Some(json!({ "code": "NONE" })), 400),
        ("PUT", "/switches/colour", Some(json!("red")), 400),
        ("POST", "/faults", Some(json!({ "fault": "boredom" })), 400),
        ("POST", "/faults", Some(json!({ "fault": "hang", "on": "moon" })), 400),
        ("DELETE", "/faults/7", None, 404),
        ("PUT", "/time", Some(json!({ "now": "yesterday" })), 400),
        ("DELETE", "/tokens?kind=bus", None, 400),
    ] {
        let (found, answer) = desk.ask(method, path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|it| it.len() > 10), "{method} {path}: {answer}");
    }
    assert_eq!(desk.done("GET", JANE, None).await, before);
}

#[tokio::test]
async fn faults_switches_tokens_and_the_time_are_moved() {
    let desk = desk().await;
    let tokens = desk.world.handshake(Environment::Production).await;
    let profile = async || desk.world.get(&tokens, "/Individuals/Profile/100481/1").await.0;

    desk.done("POST", "/faults", Some(json!({ "fault": "status_418", "on": "profile", "times": 1 }))).await;
    assert_eq!((profile().await, profile().await), (418, 200));
    desk.done("POST", "/faults", Some(json!({ "fault": "unavailable", "for": "30s" }))).await;
    assert_eq!(desk.world.call(&tokens, "/Ads/Mobile/All/1").send().await.unwrap().status(), 503);
    desk.done("POST", "/time/advance", Some(json!({ "by": "31s" }))).await;
    assert_eq!((profile().await, desk.done("GET", "/faults", None).await), (200, json!([])));

    desk.done("PUT", "/switches/page-size", Some(json!(1))).await;
    desk.done("PATCH", "/switches", Some(json!({ "list_filters": "refused", "retry_after": "off" }))).await;
    assert_eq!(desk.world.get(&tokens, "/Individuals/100481/Purchases/1?productCode=WEB1").await.0, 400);
    let switches = desk.done("DELETE", "/switches/list_filters", None).await;
    let of = |name: &str| {
        switches.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(
        (of("list_filters"), of("page_size"), of("retry_after")),
        (json!("honored"), json!("1"), json!("off"))
    );

    assert_eq!(profile().await, 200);
    assert!(desk.done("DELETE", "/tokens?kind=interface", None).await["ended"].as_u64() >= Some(2));
    assert_eq!(profile().await, 401);
    desk.done("PUT", "/time", Some(json!({ "now": "2031-02-28T12:00:00Z" }))).await;
    assert_eq!(desk.world.control().today(), jiff::civil::date(2031, 2, 28));
    let back = desk.done("DELETE", "/time", None).await;
    assert_eq!(back["ahead_seconds"], 0);
}

#[tokio::test]
async fn calls_are_counted_by_kind_and_the_latest_are_listed_without_secrets() {
    let desk = desk().await;
    let tokens = desk.world.handshake(Environment::Production).await;
    let (_, address) = desk
        .world
        .sign_in(
            "/account/login.aspx?RedirectUrl=http%3A%2F%2Fa.example%2Fsecret",
            "jane.marlowe@harborlabs.example",
        )
        .await;
    desk.world
        .get(&tokens, &format!("/Individuals/FindBySsoToken/{}?includeDetails=true", sso(&address)))
        .await;
    desk.world.get(&tokens, "/Individuals/FindByEmail/jane.marlowe@harborlabs.example?x=secret").await;
    desk.world.get(&tokens, "/Individuals/Profile/nobody/1").await;

    let report = desk.done("GET", "/calls", None).await;
    assert_eq!((&report["calls"], &report["refused"]), (&json!(5), &json!(0)), "{report}");
    assert_eq!(report["kinds"]["profile"], json!({ "calls": 1, "refused": 0, "failed": 1 }));
    assert_eq!(report["kinds"]["login"]["calls"], 1);
    let text = report.to_string();
    for secret in [sso(&address), &tokens.app, &tokens.user, "secret", "jane.marlowe"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let latest = &report["latest"][0];
    assert_eq!(
        (&latest["asked"], &latest["status"]),
        (&json!("GET /api/v1/Individuals/Profile/nobody/1"), &json!(404))
    );
    let of_kind = desk.done("GET", &format!("/calls?kind=profile&after={}", latest["number"]), None).await;
    assert_eq!(of_kind["latest"], json!([]));

    desk.done("DELETE", "/calls", None).await;
    desk.world.get(&tokens, "/Ads/Mobile/All/1").await;
    let again = desk.done("GET", "/calls", None).await;
    assert_eq!((&again["calls"], &again["kinds"]["ads"]["calls"]), (&json!(1), &json!(1)));
    assert!(again["latest"][0]["number"].as_u64() > latest["number"].as_u64(), "numbers go on");
}

#[tokio::test]
async fn the_page_lapses_somebody_and_plans_a_fault() {
    let desk = desk().await;
    let page = desk.page().await;
    for part in ["Marlowe", "/form/act/100481/lapse", "rate_limit", "nobody is asked to sign in"] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(desk.form("/form/act/100481/lapse", "").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        desk.world.control().person("100481").unwrap().memberships[0].expire_date.as_deref(),
        Some("2026-06-09T00:00:00")
    );
    let fields = "fault=unavailable&on=portal&times=&lasting=30s";
    assert_eq!(desk.form("/form/faults", fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.world.open("/account/login.aspx", None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(desk.page().await.contains("unavailable on portal"));
    assert_eq!(desk.form("/form/faults/clear", "").await.status(), StatusCode::SEE_OTHER);
    let refused = desk.form("/form/faults", "fault=boredom&on=&times=&lasting=").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(refused.text().await.unwrap().contains("Nothing was changed"));
    for (path, fields) in [
        ("/form/time", "by=36h"),
        ("/form/time", "by="),
        ("/form/switches/page_size", "value=3"),
        ("/form/tokens", "kind=sso"),
        ("/form/calls/reset", ""),
    ] {
        assert_eq!(desk.form(path, fields).await.status(), StatusCode::SEE_OTHER, "{path}");
    }
}
