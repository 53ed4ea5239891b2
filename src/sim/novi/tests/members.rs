//! Stories of records: what a membership, a company above, a group or the scope of a key makes of them.

use jiff::SignedDuration;

use super::*;

/// Status word, name of the own type, and of the type that applies.
fn membership(member: &Value) -> (String, Option<&str>, Option<&str>) {
    let name = |member_type: &'static str| member[member_type]["Name"].as_str();
    (text(&member["MemberStatus"]).to_owned(), name("MemberType"), name("EffectiveMemberType"))
}

fn groups(member: &Value) -> Vec<(&str, bool)> {
    let groups = member["Groups"].as_array().into_iter().flatten();
    groups.map(|it| (text(&it["GroupName"]), it["InheritingMember"].as_bool().unwrap())).collect()
}

fn person(number: u32) -> String {
    format!("6a6f5f2e-{number:04}-4222-8333-44445555{number:04}")
}

#[tokio::test]
async fn each_person_of_the_cast_has_the_membership_that_the_note_tells() {
    let world = World::with(&[]).await;
    for (number, status, own, effective) in [
        (1, "current", Some("Individual"), Some("Individual")),
        (2, "current", None, Some("Corporate")),
        (3, "grace_period", Some("Individual"), Some("Individual")),
        (4, "expired", Some("Individual"), Some("Individual")),
        (5, "sabbatical", Some("Individual"), Some("Individual")),
        (6, "current", None, Some("Small Business")),
        (7, "non_member", None, None),
        (8, "non_member", None, None),
        (12, "current", Some("Individual"), Some("Individual")),
        (14, "non_member", None, None),
        (15, "applicant", Some("Individual"), Some("Individual")),
        (19, "pending", Some("Individual"), Some("Individual")),
        (20, "current", Some("Individual"), Some("Individual")),
    ] {
        let member = world.member(&person(number)).await;
        assert_eq!(membership(&member), (status.to_owned(), own, effective), "{number}");
    }
    let company = world.member(ACME).await;
    assert_eq!(
        (&company["CustomerType"], &company["Name"]),
        (&json!("Company"), &json!("Acme Builders, Inc."))
    );
    assert_eq!(membership(&company).2, Some("Corporate"));
}

#[tokio::test]
async fn a_record_has_the_shape_that_integrations_have_seen() {
    let world = World::with(&[]).await;
    let dana = world.member(DANA).await;
    assert_eq!(dana["MembershipExpires"], "2026-12-22T00:00:00-05:00");
    let seat = &dana["Committees"][0];
    assert_eq!((&seat["CommitteeName"], &seat["PositionName"]), (&json!("Safety"), &json!("Chair")));
    assert_eq!(
        (&seat["StartDate"], &seat["EndDate"]),
        (&json!("2026-02-10T00:00:00-05:00"), &json!("2027-02-10T00:00:00-05:00"))
    );
    assert_eq!(dana["CustomFields"]["Region"]["Value"], "West");
    assert_eq!(dana["Awards"], json!([{ "Name": "Builder of the Year", "Year": "2019" }]));
    assert_eq!(groups(&dana), [("All Current Members", false), ("Board", false)]);
    assert_eq!(
        (&dana["AccountEmail"], &dana["PersonalEmail"]),
        (&json!(DANAS_EMAIL), &json!("dana@home.example"))
    );
    assert_eq!(dana["MemberProfile"], "<p>Keeps building sites safe.</p>");
    assert_eq!((&dana["Fax"], &dana["HideOnWebsite"]), (&json!(""), &json!(false)));
    assert_eq!(
        (&dana["BillingAddress"]["City"], &dana["ShippingAddress"]["City"]),
        (&json!("Reno"), &json!(""))
    );
    let stamp = text(&dana["LastUpdatedDate"]);
    let fraction = stamp.split('.').nth(1).unwrap().split('-').next().unwrap();
    assert!(
        (2..=7).contains(&fraction.len()) && stamp.ends_with("-04:00") | stamp.ends_with("-05:00"),
        "{stamp}"
    );

    let marek = world.member(MAREK).await;
    assert_eq!((&marek["ParentCustomerUniqueID"], &marek["MembershipExpires"]), (&json!(ACME), &Value::Null));
    assert_eq!(groups(&marek), [("All Current Members", true), ("Patron Companies", true)]);
    let nils = world.member(NILS).await;
    assert_eq!((&nils["Groups"], &nils["MemberType"]), (&Value::Null, &Value::Null));
    let dora = world.member(DORA).await;
    assert_eq!((&dora["Active"], &dora["AccountEmail"]), (&json!(false), &json!("")));
    let bram = world.member(&person(24)).await;
    assert_eq!((&bram["MembershipExpires"], &bram["Groups"]), (&json!("soon"), &json!("none")));

    world.set("empty_strings=off");
    world.set("dates_have_offset=off");
    let marek = world.member(MAREK).await;
    assert_eq!((&marek["PersonalEmail"], &marek["JobTitle"]), (&Value::Null, &Value::Null));
    let dana = world.member(DANA).await;
    assert_eq!(dana["MembershipExpires"], "2026-12-22T00:00:00");
    world.set("api_inheriting=on");
    assert_eq!(world.member(MAREK).await["MemberStatus"], "inheriting");
    world.set("detail=data");
    assert_eq!(world.member(DANA).await["data"]["UniqueID"], DANA);
}

#[tokio::test]
async fn a_membership_goes_by_the_calendar_of_the_association() {
    let world = World::with(&["time_zone=America/Los_Angeles"]).await;
    let status = async |id: &str| membership(&world.member(id).await).0;
    world.control().edit_customer(DANA, |it| it.membership_expires = Some("2026-06-10T00:00:00".into()));
    assert_eq!(status(DANA).await, "current", "its last day is today");
    world.set("expiry_day_counts=off");
    assert_eq!(status(DANA).await, "grace_period");
    world.set("expiry_day_counts=on");
    world.control().advance(SignedDuration::from_hours(12));
    assert_eq!(status(DANA).await, "grace_period");
    world.control().advance(SignedDuration::from_hours(30 * 24 - 1));
    assert_eq!(status(DANA).await, "grace_period");
    world.control().advance(SignedDuration::from_hours(1));
    assert_eq!(status(DANA).await, "expired");
    assert_eq!(status(GRETA).await, "expired", "her grace is over, too");
}

#[tokio::test]
async fn benefits_flow_from_the_company_and_stop_with_it() {
    let world = World::with(&[]).await;
    let control = world.control();
    let status = async |number: u32| membership(&world.member(&person(number)).await).0;
    assert!(control.act(ACME, "grace", &json!({})));
    assert_eq!(status(2).await, "grace_period");
    assert!(control.act(ACME, "lapse", &json!({})));
    assert_eq!(status(2).await, "non_member");
    assert_eq!(groups(&world.member(MAREK).await), []);
    assert!(control.act(ACME, "renew", &json!({})));
    assert_eq!(status(2).await, "current");
    assert!(control.act(ACME, "deactivate", &json!({})));
    assert_eq!(status(2).await, "non_member");
    assert!(
        control.act(&person(7), "give_seat", &json!({})) && control.act(&person(6), "take_seat", &json!({}))
    );
    assert_eq!((status(6).await, status(7).await), ("non_member".to_owned(), "current".to_owned()));
    control.edit_customer(&person(14), |it| it.parent = Some(person(14)));
    assert_eq!(status(14).await, "non_member", "a family tree that is a circle ends");
    control.edit_customer(&person(14), |it| it.parent = Some("c0a1c0de-0004-4222-8333-444455550004".into()));
    assert_eq!(status(14).await, "non_member", "nobody inherits from a supplier");
}

#[tokio::test]
async fn the_scope_of_a_key_hides_fields_and_people() {
    let world = World::with(&["scope_fields=Name,Email,MemberStatus"]).await;
    let names = |member: &Value| member.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let dana = world.member(DANA).await;
    assert_eq!(names(&dana), ["Email", "MemberStatus", "Name", "SpecifiedSystemFields", "UniqueID"]);
    assert_eq!(dana["SpecifiedSystemFields"], json!(["Name", "Email", "MemberStatus"]));
    world.set("hidden_field=null");
    let dana = world.member(DANA).await;
    assert_eq!(
        (&dana["Active"], &dana["Groups"], &dana["Name"]),
        (&Value::Null, &Value::Null, &json!("Dana Ruiz"))
    );
    world.set("scope_fields=off");
    assert_eq!(world.member(DANA).await["SpecifiedSystemFields"], json!([]));

    let all = world.rows("/api/members").await.len();
    world.set("scope_group=All Current Members");
    let seen = world.rows("/api/members").await;
    assert!(seen.len() < all && seen.iter().any(|it| it["UniqueID"] == MAREK));
    assert!(seen.iter().all(|it| it["UniqueID"] != NILS));
    let nils = format!("/api/members/{NILS}");
    assert_eq!((world.get(&nils).await.0, world.get(&format!("/api/members/{DANA}")).await.0), (404, 200));
    world.set("hidden_record=forbidden");
    assert_eq!(world.get(&nils).await.0, 403);
    let staff = "/api/groups/2f000000-0004-4aaa-8bbb-000000000004/members";
    assert_eq!(world.rows(staff).await.len(), 0);
    world.set("scope_group=off");
    assert_eq!((world.get(&nils).await.0, world.rows(staff).await.len()), (200, 1));
}

#[tokio::test]
async fn what_is_not_on_file_is_answered_as_the_switches_say() {
    let world = World::with(&[]).await;
    let nobody = "/api/members/6a6f5f2e-9999-4222-8333-444455559999";
    assert_eq!(world.get(nobody).await, (404, json!({ "message": "No record was found." })));
    for (switch, status) in [
        ("missing_record=no_content", 204),
        ("missing_record=empty_ok", 200),
        ("missing_record=bad_request", 400),
        ("missing_record=not_found", 404),
    ] {
        world.set(switch);
        for path in [nobody, "/api/groups/x", "/api/committees/x/members", "/api/events/x/attendees"] {
            assert_eq!(world.call(path).await.status().as_u16(), status, "{path} with {switch}");
        }
    }
    for (switch, body) in [
        ("error_body=json_string", "\"No record was found.\""),
        ("error_body=text", "No record was found."),
        ("error_body=empty", ""),
    ] {
        world.set(switch);
        assert_eq!(world.call(nobody).await.text().await.unwrap(), body);
    }
}

#[tokio::test]
async fn writing_replaces_a_record_whole_and_wants_what_is_required() {
    let world = World::with(&[]).await;
    let path = format!("/api/members/{DANA}");
    let (status, error) = world.send("PUT", &path, json!({ "FirstName": "Dana", "LastName": "Ruiz" })).await;
    assert_eq!((status, &error["message"]), (400, &json!("Email is required.")));
    assert_eq!(world.member(DANA).await["MemberSince"], "2023-12-23T00:00:00-05:00");
    let new = json!({ "FirstName": "Dana", "LastName": "Ruiz-Lopez", "Email": DANAS_EMAIL, "Active": true });
    let (status, after) = world.send("PUT", &path, new.clone()).await;
    assert_eq!((status, &after["LastName"]), (200, &json!("Ruiz-Lopez")));
    assert_eq!(
        (&after["MemberSince"], &after["AccountEmail"]),
        (&Value::Null, &json!("")),
        "what was left out"
    );
    assert_eq!(world.send("PUT", "/api/members/x", new.clone()).await.0, 404);

    let (status, added) = world.send("POST", "/api/members", new).await;
    assert_eq!(status, 200);
    assert_eq!(world.member(text(&added["UniqueID"])).await["LastName"], "Ruiz-Lopez");
    let company =
        world.send("POST", "/api/members", json!({ "CustomerType": "Company", "Name": "New Co" })).await;
    assert_eq!((company.0, &company.1["Name"]), (200, &json!("New Co")));
    assert_eq!(world.send("POST", "/api/members", json!({})).await.0, 400);
}

#[tokio::test]
async fn the_log_of_changes_has_edits_and_the_calendar() {
    let world = World::with(&[]).await;
    let log = async |query: &str| world.rows(&format!("/api/membership-activities{query}")).await;
    assert_eq!(log("").await, [] as [Value; 0]);
    assert!(world.control().act(ACME, "lapse", &json!({})));
    let rows = log("").await;
    let of = |id: &str| rows.iter().filter(|it| it["MemberUniqueId"] == id).cloned().collect::<Vec<_>>();
    let company = &of(ACME)[0];
    assert_eq!(
        (
            &company["OldMembershipStatus"],
            &company["NewMembershipStatus"],
            &company["DependentCustomerUniqueId"]
        ),
        (&json!("current"), &json!("expired"), &Value::Null)
    );
    let marek = &of(MAREK)[0];
    assert_eq!(
        (
            &marek["NewMembershipStatus"],
            &marek["InheritingFromCustomerUniqueId"],
            &marek["OldMemberType"]["Name"]
        ),
        (&json!("non_member"), &json!(ACME), &json!("Corporate"))
    );
    assert_eq!((&marek["NewMemberType"], &marek["ChangeType"]), (&Value::Null, &json!("StatusChange")));
    world.set("activity_subject=company");
    let rows = log("").await;
    assert!(rows.iter().all(|it| it["MemberUniqueId"] != MAREK));
    assert!(rows.iter().any(|it| it["DependentCustomerUniqueId"] == MAREK && it["MemberUniqueId"] == ACME));

    world.control().advance(SignedDuration::from_hours(21 * 24));
    let later = log("?dateFrom=2026-06-11").await;
    let greta = later.iter().find(|it| it["MemberUniqueId"] == GRETA).unwrap();
    assert_eq!(greta["NewMembershipStatus"], "expired", "by the calendar alone");
    let dates = "?dateFrom=06/01/2026&dateTo=2026-06-10T23:00:00-04:00";
    assert_eq!(log(dates).await.len(), rows.len());
    assert_eq!(world.get("/api/membership-activities?dateFrom=soon").await.0, 400);
    world.control().edit_customer(DANA, |it| it.member_type = Some("Student".into()));
    let change = log("").await.pop().unwrap();
    assert_eq!(
        (&change["ChangeType"], &change["MemberUniqueId"]),
        (&json!("MemberTypeChange"), &json!(DANA))
    );
}
