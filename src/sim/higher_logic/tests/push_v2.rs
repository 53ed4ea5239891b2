//! Stories of Push v2: records that are whole, records that are not in order, and the three answers.

use super::*;

#[tokio::test]
async fn a_record_is_the_whole_record() {
    let world = World::with(&[]).await;
    let mut ada = person("A1", json!([line("MBR", "Membership")]));
    ada["ContactDetails"]["Bio"] = "Writes.".into();
    ada["ContactDetails"]["Birthday"] = "1980-02-03T00:00:00.000Z".into();
    ada["PhoneNumbers"] = json!([{ "FormattedNumber": "202-555-0142", "PhoneType": "Work" }]);
    ada["Demographics"] = json!([{ "DemographicTypeKey": "SEC", "DemographicValue": "Water" }]);
    world.pushed(&[ada]).await;
    let contact = world.control().contact("A1").unwrap();
    assert_eq!((contact.text("bio"), contact.text("birthday")), ("Writes.", "1980-02-03T00:00:00Z"));
    assert_eq!((contact.details.len(), contact.full_name().as_str()), (2, "Ada Okafor A1"));

    world
        .pushed(&[json!({ "ContactDetails": { "ContactId": "A1", "FirstName": "Ada", "LastName": "O" } })])
        .await;
    let contact = world.control().contact("A1").unwrap();
    let left: Vec<&str> = contact.profile.keys().map(String::as_str).collect();
    assert_eq!(
        (left, contact.details.len()),
        (vec!["firstName", "lastName"], 0),
        "what is left out is cleared"
    );
    assert_eq!(world.groups("A1"), [] as [&str; 0]);
    assert!(contact.memberships[0].removed_at.is_some(), "the line stays as an inactive row");
    assert_eq!(world.control().contact("a1"), None, "keys are exact");
}

#[tokio::test]
async fn a_deletion_needs_the_id_alone_and_is_soft() {
    let world = World::with(&[]).await;
    world.pushed(&[person("A1", json!([line("MBR", "Membership")]))]).await;
    world.pushed(&[json!({ "ContactDetails": { "ContactId": "A1", "IsDeleted": true } })]).await;
    let contact = world.control().contact("A1").unwrap();
    assert_eq!((contact.status(), contact.text("firstName")), ("Deleted", "Ada"));
    assert_eq!(world.groups("A1"), [] as [&str; 0]);
    world.pushed(&[person("A1", json!([]))]).await;
    assert_eq!(world.contact("A1").await["ContactStatusCode"], "Active");
    world.pushed(&[json!({ "ContactDetails": { "ContactId": "A1", "IsDeleted": true } })]).await;
    world.set("deleted_returns=off");
    world.pushed(&[person("A1", json!([line("MBR", "Membership")]))]).await;
    assert_eq!(world.contact("A1").await["ContactStatusCode"], "Deleted");
    assert!(world.notes().contains("it was deleted, and stays so"));
    world.pushed(&[json!({ "ContactDetails": { "ContactId": "B1", "IsDeleted": true } })]).await;
    assert!(world.notes().contains("nobody to delete") && world.control().contact("B1").is_none());
}

/// Records that are not in order, each with a part of the reason.
fn wrong_records() -> Vec<(Value, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut record = person("W1", json!([]));
        record["ContactDetails"][name] = value;
        record
    };
    let lined = |line: Value| person("W1", json!([line]));
    vec![
        (json!({}), "ContactDetails is required"),
        (json!("W1"), "no object"),
        (with("ContactId", json!("")), "ContactId is required"),
        (with("ContactId", json!(7)), "ContactId is required"),
        (with("FirstName", json!(null)), "firstName is required"),
        (with("LastName", json!("")), "lastName is required"),
        (with("IsMember", json!("True")), "IsMember: is neither true nor false"),
        (with("Title", json!({})), "Title: is of the wrong type"),
        (with("MemberSince", json!("2026-01-31")), "MemberSince: is no date"),
        (with("MemberSince", json!("2026-01-31T00:00:00Z")), "MemberSince: is no date"),
        (
            json!({ "ContactDetails": { "ContactId": "W1", "IsOrganization": true } }),
            "organizationName is required",
        ),
        (lined(json!({ "GroupType": "Committee" })), "GroupId is required"),
        (lined(json!({ "GroupId": "C1" })), "GroupType is required"),
        (
            lined(json!({ "GroupId": "C1", "GroupType": "Committee", "EndDate": "1/31/2026" })),
            "EndDate: is no date",
        ),
        (
            json!({ "ContactDetails": { "ContactId": "W1", "FirstName": "A", "LastName": "B" }, "Groups": 3 }),
            "no list",
        ),
    ]
}

#[tokio::test]
async fn a_record_that_is_not_in_order_is_answered_in_one_of_three_ways() {
    let world = World::with(&["answer=items"]).await;
    for (record, why) in wrong_records() {
        let good = person("G1", json!([]));
        world.set("answer=items");
        let (status, results) = world.push(CONTACT_INFO, json!([record, good])).await;
        assert_eq!((status, &results[1]["Success"]), (200, &json!(true)), "{results}");
        assert!(text(&results[0]["ErrorMessage"]).contains(why), "{why}: {results}");
        assert_eq!((world.control().contacts(), world.control().contact("W1")), (1, None));
        assert!(world.control().act("G1", "purge", &json!({})));

        world.set("answer=batch");
        let (status, answer) = world.push(CONTACT_INFO, json!([record, good])).await;
        assert_eq!(status, 400, "{answer}");
        assert!(text(&answer["message"]).contains(why), "{why}: {answer}");
        assert_eq!(world.control().contacts(), 0, "one bad record, and none is taken");

        world.set("answer=empty");
        assert_eq!(world.push(CONTACT_INFO, json!([record, good])).await, (200, Value::Null));
        assert_eq!(world.control().contacts(), 1);
        assert!(world.notes().contains(why), "{why}");
        assert!(world.control().act("G1", "purge", &json!({})));
    }
    for body in [json!({}), json!(null), person("G1", json!([]))] {
        assert_eq!(world.push(CONTACT_INFO, body).await.0, 400);
    }
    let of_type = async |kind: &str| {
        let request = world.http.post(world.url(CONTACT_INFO)).header("ApiKey", Credentials::demo().api_key);
        request.header("content-type", kind).body("[]").send().await.unwrap().status().as_u16()
    };
    assert_eq!((of_type("text/json").await, of_type("text/plain").await), (200, 415));
    assert_eq!(world.push(CONTACT_INFO, json!([])).await, (200, Value::Null));
}

#[tokio::test]
async fn an_unknown_field_is_noted_or_refused() {
    let world = World::with(&["answer=items"]).await;
    let mut misspelt = person("A1", json!([{ "GroupId": "C1", "GroupType": "Committee", "Rolle": "Chair" }]));
    misspelt["ContactDetails"]["Firstname"] = "Ada".into();
    misspelt["Phones"] = json!([]);
    world.pushed(std::slice::from_ref(&misspelt)).await;
    let notes = world.notes();
    for part in ["ContactDetails.Firstname", "Groups.Rolle", "record.Phones"] {
        assert!(notes.contains(part), "{notes}");
    }
    assert_eq!(world.groups("A1"), ["C1"]);
    world.set("unknown_fields=refused");
    let (_, results) = world.push(CONTACT_INFO, json!([misspelt])).await;
    assert!(text(&results[0]["ErrorMessage"]).contains("record.Phones is no known field"), "{results}");
}

#[tokio::test]
async fn an_id_that_is_twice_in_a_batch_counts_as_the_switch_says() {
    let batch = || {
        let mut second = person("A1", json!([]));
        second["ContactDetails"]["Title"] = "Second".into();
        json!([person("A1", json!([])), second, person("B1", json!([]))])
    };
    for (switch, title) in [
        ("duplicate_id=last", Some("Second")),
        ("duplicate_id=first", Some("Director")),
        ("duplicate_id=refused", None),
    ] {
        let world = World::with(&[switch, "answer=items"]).await;
        let (_, results) = world.push(CONTACT_INFO, batch()).await;
        let contact = world.control().contact("A1");
        assert_eq!(contact.as_ref().map(|it| it.text("title")), title, "{switch}");
        assert_eq!(results[1]["Success"], json!(title.is_some()), "{switch}: {results}");
        assert!(world.notes().contains("twice in the batch") && world.control().contact("B1").is_some());
    }
}

#[tokio::test]
async fn the_same_email_may_belong_to_two_or_not() {
    let world = World::with(&["same_email=refused"]).await;
    let with_email = |id: &str| {
        let mut record = person(id, json!([]));
        record["ContactDetails"]["PrimaryEmailAddress"] = "Ada@Example.org".into();
        record
    };
    world.pushed(&[with_email("A1"), with_email("B1")]).await;
    assert_eq!(world.control().contact("B1"), None);
    assert!(world.notes().contains("another contact has its e-mail address"));
    world.pushed(&[with_email("A1")]).await;
    world.set("same_email=kept");
    world.pushed(&[with_email("B1")]).await;
    assert!(world.control().contact("B1").is_some());
}

#[tokio::test]
async fn meetings_products_and_lists_are_taken() {
    let world = World::with(&["answer=items"]).await;
    let meeting = json!({
        "MeetingId": "M1", "Title": "Annual Meeting", "BeginDate": "2026-09-01T09:00:00.000-04:00",
        "TimeZone": "America/New_York", "Price": "120.00",
    });
    assert_eq!(world.push("/v2/meeting", json!([meeting])).await.1[0]["Success"], true);
    let entry = |collection: &str, id: &str| {
        let state = world.control().lock();
        crate::sim::control::Simulated::entry(&*state, collection, id).unwrap()
    };
    assert_eq!(entry("meetings", "M1")["begin"], "2026-09-01T13:00:00Z");
    world.push("/v2/meeting", json!([{ "MeetingId": "M1", "IsDeleted": true }])).await;
    let deleted = entry("meetings", "M1");
    assert_eq!((&deleted["isDeleted"], &deleted["title"]), (&json!(true), &json!("Annual Meeting")));
    let (_, results) = world.push("/v2/meeting", json!([{ "MeetingId": "M2" }])).await;
    assert!(text(&results[0]["ErrorMessage"]).contains("title is required"));
    world.push("/v2/product", json!([{ "ProductId": "P1", "ProductName": "Book" }])).await;
    assert_eq!(entry("products", "P1")["name"], "Book");

    for (mode, ids, after) in [
        ("Replace", json!(["A1", "B1"]), json!(["A1", "B1"])),
        ("Add", json!(["C1"]), json!(["A1", "B1", "C1"])),
        ("Remove", json!(["A1"]), json!(["B1", "C1"])),
        ("Replace", json!([]), json!([])),
    ] {
        let change = json!([{ "ListId": "L1", "ListName": "Readers", "Mode": mode, "ContactIds": ids }]);
        assert_eq!(world.push("/v2/list", change).await.1[0]["Success"], true, "{mode}");
        assert_eq!(entry("lists", "L1")["contacts"], after, "{mode}");
    }
    for wrong in [
        json!({ "ListId": "L1" }),
        json!({ "Mode": "Add" }),
        json!({ "ListId": "L1", "Mode": "Add", "ContactIds": [1] }),
    ] {
        assert_eq!(world.push("/v2/list", json!([wrong])).await.1[0]["Success"], false);
    }
}

#[tokio::test]
async fn the_key_and_the_tenant_code_stand_in_headers() {
    let world = World::with(&[]).await;
    let own = Credentials::demo();
    let status = async |headers: &[(&str, &str)]| {
        let mut request = world.http.post(world.url(CONTACT_INFO)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body("[]").send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&[("ApiKey", &own.api_key)]).await, 200);
    assert_eq!((status(&[]).await, status(&[("ApiKey", "a guess")]).await), (401, 401));
    assert_eq!(status(&[("ApiKey", &own.gateway_key)]).await, 401);
    for (switch, header) in [("key_header=Key", "Key"), ("key_header=x-api-key", "x-api-key")] {
        world.set(switch);
        assert_eq!(
            (status(&[(header, &own.api_key)]).await, status(&[("ApiKey", &own.api_key)]).await),
            (200, 401)
        );
    }
    world.set("key_header=ApiKey");
    world.set("tenant_code=header");
    assert_eq!(status(&[("ApiKey", &own.api_key)]).await, 401);
    assert_eq!(status(&[("ApiKey", &own.api_key), ("TenantCode", &own.tenant_code)]).await, 200);
}
