//! Stories of Push v1: lenient values, one verdict for the whole batch, the same contacts behind.

use super::*;

#[tokio::test]
async fn a_member_has_groups_of_both_kinds_and_several_roles() {
    let world = World::with(&["time_zone=America/New_York"]).await;
    let mut ada = member("A1");
    let details = &mut ada["MemberDetails"];
    details["IsMember"] = "True".into();
    details["MemberSince"] = "3/1/2019".into();
    details["MemberExpiresOn"] = "".into();
    details["CompanyName"] = "Northwind Clinics".into();
    details["ParentMemberKey"] = "N1".into();
    details["EmailAddress"] = "ada@example.org".into();
    details["Address1"] = "1 Main Street".into();
    details["Phone1"] = "202-555-0142".into();
    details["Phone1Type"] = "Work".into();
    ada["SecurityGroups"] = json!([{ "GroupKey": "MBR", "GroupName": "Members", "GroupType": "Security" }]);
    ada["CommunityGroups"] = json!([
        { "GroupKey": "C1", "GroupName": "Education", "GroupType": "Committee", "RoleDescription": "Chair" },
        { "GroupKey": "C1", "GroupName": "Education", "GroupType": "Committee", "RoleDescription": "Editor",
          "BeginDate": "2026-06-11", "EndDate": "" },
    ]);
    let (status, verdict) = world.push(MEMBERS, envelope(&[ada])).await;
    assert_eq!((status, verdict), (200, json!({ "success": true, "count": 1, "errorMessage": null })));
    assert_eq!(world.groups("A1"), ["C1 as Chair", "MBR"], "the other role begins tomorrow");
    world.control().advance(jiff::SignedDuration::from_hours(24));
    assert_eq!(world.groups("A1"), ["C1 as Chair", "C1 as Editor", "MBR"]);
    let contact = world.contact("A1").await;
    assert_eq!((&contact["IsMember"], &contact["CompanyLegacyContactKey"]), (&json!(true), &json!("N1")));
    assert_eq!(
        (&contact["Phone1"], &contact["Addresses"][0]["AddressLine1"]),
        (&json!("202-555-0142"), &json!("1 Main Street"))
    );
    assert_eq!(world.control().contact("A1").unwrap().text("memberSince"), "2019-03-01T05:00:00Z");
    world.set("time_zone=UTC");
    assert_eq!(world.push(MEMBERS, envelope(&[member("A1")])).await.0, 200);
    assert_eq!(world.groups("A1"), [] as [&str; 0], "the same full replace");

    let mut gone = member("A1");
    gone["MemberDetails"]["IsActive"] = "False".into();
    gone["MemberDetails"]["IsMember"] = true.into();
    world.push(MEMBERS, envelope(&[gone])).await;
    let contact = world.contact("A1").await;
    assert_eq!((&contact["ContactStatusCode"], &contact["IsMember"]), (&json!("Inactive"), &json!(false)));
}

#[tokio::test]
async fn a_batch_has_one_verdict() {
    let world = World::with(&["v1_failure=ok"]).await;
    let wrong = json!({ "MemberDetails": { "LegacyContactKey": "B1", "FirstName": "No last name" } });
    let strange = json!({ "MemberDetails": { "LegacyContactKey": "B1", "IsMember": "yes" } });
    for (bad, why) in [
        (&wrong, "lastName is required"),
        (&strange, "IsMember"),
        (&json!(3), "no object"),
        (&json!({}), "MemberDetails"),
    ] {
        let (status, verdict) = world.push(MEMBERS, envelope(&[member("A1"), bad.clone()])).await;
        assert_eq!((status, &verdict["success"], &verdict["count"]), (200, &json!(false), &json!(0)));
        assert!(text(&verdict["errorMessage"]).contains(why), "{verdict}");
        assert_eq!(world.control().contacts(), 0, "not the good one either");
    }
    world.set("v1_failure=bad_request");
    assert_eq!(world.push(MEMBERS, envelope(&[wrong])).await.0, 400);
    let other_tenant = json!({ "TenantCode": "OTHER", "Items": [member("A1")] });
    let (status, verdict) = world.push(MEMBERS, other_tenant).await;
    assert_eq!((status, text(&verdict["errorMessage"])), (400, "The tenant code is not valid."));
    assert_eq!(world.push(MEMBERS, json!({ "TenantCode": "DEMO" })).await.0, 400);
    let keyless = world.http.post(world.url(MEMBERS)).header("ApiKey", Credentials::demo().api_key);
    assert_eq!(keyless.body("{}").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn both_versions_write_the_same_contacts_and_a_key_keeps_its_kind() {
    let world = World::with(&[]).await;
    world.pushed(&[person("A1", json!([line("C1", "Committee")]))]).await;
    let mut as_security = member("A1");
    as_security["SecurityGroups"] = json!([{ "GroupKey": "C1", "GroupType": "Security" }]);
    as_security["Demographics"] =
        json!([{ "DemographicTypeKey": "SEC", "DemographicValue": "Water", "IsFreeForm": "False" }]);
    assert_eq!(world.push(MEMBERS, envelope(&[as_security])).await.1["success"], true);
    assert!(world.notes().contains("line C1: the key stands for something of another kind"));
    assert_eq!(world.groups("A1"), [] as [&str; 0]);
    assert_eq!(world.control().contact("A1").unwrap().details.len(), 1);
}

#[tokio::test]
async fn events_are_in_the_calendar() {
    let world = World::with(&[]).await;
    let event = json!({ "EventKey": "E1", "Title": "Webinar", "BeginDate": "9/1/2026 9:00:00 AM" });
    let (_, verdict) = world.push("/push/v1/events", envelope(&[event])).await;
    assert_eq!(verdict["success"], true);
    let (_, verdict) = world.push("/push/v1/events", envelope(&[json!({ "EventKey": "E2" })])).await;
    assert!(text(&verdict["errorMessage"]).contains("Title is required"));
    assert!(world.page("/admin").await.contains("Webinar"));
    assert_eq!(world.control().calls(Endpoint::V1Events), 2);
}
