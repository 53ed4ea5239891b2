//! Stories of the API: profiles, parts, lists, and the many shapes of nothing.

use jiff::SignedDuration;

use super::*;
use crate::sim::people::{Membership, Person, generate};

pub(super) async fn start(assignments: &[&str]) -> (World, Tokens) {
    let world = World::with(assignments).await;
    let tokens = world.handshake(Environment::Production).await;
    (world, tokens)
}

#[tokio::test]
async fn a_profile_is_found_by_id_number_and_email_and_shows_more_on_request() {
    let (world, tokens) = start(&[]).await;
    let lena = world.control().person("lena.moss@people.example").unwrap();
    for key in [&lena.id, &lena.record_number, "lena.moss%40people.example"] {
        let thin = world.only(&tokens, &format!("/Individuals/Profile/{key}/1")).await;
        assert_eq!(thin["recordNumber"], json!(lena.record_number));
        assert_eq!(thin["customFields"], Value::Null);
    }
    let path = format!("/Individuals/Profile/{}?INCLUDEdetails=True", lena.id);
    let full = world.only(&tokens, &path).await;
    assert_eq!(full["customFields"][0]["value"], "ocean|policy");
    assert_eq!(world.get(&tokens, "/Individuals/Profile/999999/1").await.0, 404);

    world.control().set_switch("custom_fields_need_details=off").unwrap();
    let open = world.only(&tokens, &format!("/Individuals/Profile/{}/1", lena.id)).await;
    assert!(open["customFields"].is_array());
    let bare = world.get(&tokens, &format!("/Individuals/{}/CustomFields", lena.id)).await.1;
    assert_eq!(bare[1]["name"], "accepted_terms");
}

#[tokio::test]
async fn memberships_are_all_in_the_profile_and_sorted_by_the_bare_lists() {
    let (world, tokens) = start(&["app_token_ttl=99h"]).await;
    let codes = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|it| text(&it["code"]).to_owned()).collect()
    };
    let tomas = world.control().person("100482").unwrap().id;
    let profile = world.only(&tokens, &format!("/Individuals/Profile/{tomas}/1")).await;
    assert_eq!(codes(&profile["memberships"]), ["STUDENT", "INDIV"]);
    assert_eq!(
        codes(&world.get(&tokens, &format!("/Individuals/{tomas}/Memberships/Active")).await.1),
        ["INDIV"]
    );
    assert_eq!(
        codes(&world.get(&tokens, &format!("/Individuals/{tomas}/Memberships/Inactive")).await.1),
        ["STUDENT"]
    );
    assert_eq!(
        world.get(&tokens, "/Individuals/100482/Memberships/Active").await.0,
        404,
        "only an id will do"
    );

    let active = async |email: &str| {
        let id = world.control().person(email).unwrap().id;
        let (_, list) = world.get(&tokens, &format!("/Individuals/{id}/Memberships/Active")).await;
        list.as_array().unwrap().len()
    };
    assert_eq!(active("gus.fenwick@people.example").await, 1, "in grace");
    assert_eq!(active("priya.raman@people.example").await, 0, "effective later");
    assert_eq!(active("bram.teller@people.example").await, 0, "terminated");
    assert_eq!(active("rhea.lindholm@people.example").await, 1, "last day");
    assert_eq!(active("hugo.bellamy@people.example").await, 0, "from tomorrow on");
    assert_eq!(active("carla.reyes@people.example").await, 1, "for life");
    world.control().advance(SignedDuration::from_hours(24));
    assert_eq!(active("rhea.lindholm@people.example").await, 0, "the day after");
    assert_eq!(active("hugo.bellamy@people.example").await, 1, "tomorrow came");

    world.control().set_switch("only_active_memberships=on").unwrap();
    let profile = world.only(&tokens, &format!("/Individuals/Profile/{tomas}/1")).await;
    assert_eq!(codes(&profile["memberships"]), ["INDIV"]);
}

#[tokio::test]
async fn dates_have_no_zone_and_any_number_of_digits() {
    let (world, tokens) = start(&[]).await;
    let registration = world.only(&tokens, "/Individuals/100487/Registrations/1?eventCode=annual26").await;
    assert!(text(&registration["event"]["registrationDate"]).ends_with("T15:19:07.1830001"));
    let purchase = world.only(&tokens, "/Individuals/100488/Purchases").await;
    assert!(text(&purchase["purchaseDate"]).ends_with("T09:05:51.99"));
    let jane = world.only(&tokens, "/Individuals/Profile/100481/1").await;
    assert!(text(&jane["memberships"][0]["expireDate"]).ends_with("T00:00:00"));
    let digits: std::collections::HashSet<usize> = generate(2000, 3, world.control().today())
        .flat_map(|person| person.purchases)
        .filter_map(|it| it.purchase_date)
        .map(|date| date.split_once('.').map_or(0, |(_, digits)| digits.len()))
        .collect();
    assert_eq!(digits.len(), 8);
}

#[tokio::test]
async fn each_part_has_its_own_list() {
    let (world, tokens) = start(&[]).await;
    let jane = world.control().person("100481").unwrap().id;
    let seat = world.only(&tokens, &format!("/Individuals/{jane}/Committees/1")).await;
    assert_eq!((text(&seat["committee"]["code"]), text(&seat["code"])), ("EDU", "EDU-014"));
    assert_eq!(seat["positionCode"], "CHAIR");
    let path = format!("/Individuals/{jane}/Committees/1?includeInactive=true");
    assert_eq!(world.get(&tokens, &path).await.1["dataList"].as_array().unwrap().len(), 2);

    let marisol = world.control().person("100485").unwrap().id;
    let tie = world
        .only(&tokens, &format!("/Individuals/{marisol}/Relationships/1?relationshipName=employee"))
        .await;
    assert_eq!(tie["relatedToCustomer"]["recordNumber"], "20011");
    let path = format!("/Individuals/Profile/{marisol}/1?loadPrimaryOrgDetails=true&loadRelationships=true");
    let profile = world.only(&tokens, &path).await;
    assert_eq!(profile["primaryOrganization"]["memberships"][0]["code"], "CORPGOLD");
    assert_eq!(profile["relationships"][0]["relationshipName"], "Employee");

    let certificate = world.only(&tokens, "/Individuals/100489/Certifications/1").await;
    assert_eq!(certificate["code"], "CPA");
    world.control().advance(SignedDuration::from_hours(24 * 366));
    assert_eq!(
        world
            .get(&world.handshake(Environment::Production).await, "/Individuals/100489/Certifications/1")
            .await
            .1["dataList"],
        json!([])
    );
}

#[tokio::test]
async fn nothing_is_null_or_empty_and_old_records_lack_members() {
    let (world, tokens) = start(&[]).await;
    let odd = world.only(&tokens, "/Individuals/Profile/100487/1").await;
    let even = world.only(&tokens, "/Individuals/Profile/100494/1").await;
    assert_eq!((&odd["memberships"], &even["memberships"]), (&Value::Null, &json!([])));
    assert_eq!((&odd["prefix"], &even["prefix"]), (&Value::Null, &json!("")));
    let walt = world.only(&tokens, "/Individuals/Profile/100495/1").await;
    assert_eq!(walt["user"], Value::Null);
    let carla = world.only(&tokens, "/Individuals/Profile/100500/1").await;
    let life = carla["memberships"][0].as_object().unwrap();
    assert!(!life.contains_key("effectiveDate") && life["expireDate"].is_null());
    assert_ne!(carla["email"], carla["user"]["loginEmail"]);
}

#[tokio::test]
async fn lists_come_in_pages_and_end_as_switched() {
    let (world, tokens) = start(&["page_size=4"]).await;
    let members = world.everything(&tokens, "/Individuals/Members/All/{page}").await;
    assert!(members.len() > 8, "{}", members.len());
    assert_eq!(members[0]["memberships"], Value::Null, "thin without include flags");
    let first = "/Individuals/Members/All?includeMembership=true&membershipTypeCode=corpgold";
    assert_eq!(world.only(&tokens, first).await["memberships"][0]["inheritedMembershipBenefits"], true);

    for (value, status) in
        [("empty_list", 200), ("no_content", 204), ("not_found", 404), ("bad_request", 400)]
    {
        world.control().set_switch(&format!("end_of_list={value}")).unwrap();
        assert_eq!(world.get(&tokens, "/Individuals/Members/All/99").await.0, status, "{value}");
    }
    assert_eq!(world.get(&tokens, "/Individuals/Members/All/0").await.0, 400);
    assert_eq!(world.get(&tokens, "/Individuals/Members/All/x").await.0, 400);
    let head = world.http.head(format!("{}/Individuals/Members/All/1", tokens.base));
    let head = head.header("AppToken", &tokens.app).header("UserToken", &tokens.user).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_bad_token_is_answered_as_switched_and_good_ones_are_used_as_switched() {
    let (world, tokens) = start(&[]).await;
    let find = |token: &str| format!("/Individuals/FindBySsoToken/{token}");
    let unknown = find("11111111-2222-4333-8444-555555555555");
    for (value, status, body) in [
        ("empty_list", 200, json!({ "pageNumber": 1, "dataList": [] })),
        ("null_list", 200, json!({ "pageNumber": 1, "dataList": null })),
        ("no_content", 204, Value::Null),
    ] {
        world.control().set_switch(&format!("invalid_sso={value}")).unwrap();
        assert_eq!(world.get(&tokens, &unknown).await, (status, body), "{value}");
    }
    for (value, status) in [("unauthorized", 401), ("not_found", 404), ("bad_request", 400)] {
        world.control().set_switch(&format!("invalid_sso={value}")).unwrap();
        assert_eq!(world.get(&tokens, &unknown).await.0, status, "{value}");
    }
    let issue = || world.control().issue_sso(Environment::Production, "100481").unwrap();
    let statuses = async |token: &str, query: &str| {
        let path = format!("{}{query}", find(token));
        (world.get(&tokens, &path).await.0, world.get(&tokens, &path).await.0)
    };
    let spare = "?updateTokenUsage=false&includeDetails=true";
    for (value, plain, spared) in [
        ("unlimited", (200, 200), (200, 200)),
        ("once", (200, 400), (200, 400)),
        ("counted", (200, 400), (200, 200)),
    ] {
        world.control().set_switch(&format!("sso_use={value}")).unwrap();
        assert_eq!(statuses(&issue(), "").await, plain, "{value}");
        assert_eq!(statuses(&issue(), spare).await, spared, "{value}");
    }
    let token = issue();
    world.control().advance(SignedDuration::from_hours(23));
    let tokens = world.handshake(Environment::Production).await;
    world.control().advance(SignedDuration::from_hours(1));
    assert_eq!(world.get(&tokens, &find(&token)).await.0, 400, "past its time");
}

#[tokio::test]
async fn a_test_changes_adds_merges_and_breaks_people() {
    let (world, tokens) = start(&[]).await;
    let control = world.control();
    control.edit_person("100481", |jane| {
        jane.user.as_mut().unwrap().is_approved = false;
        jane.email = Some("jane@new.example".into());
        jane.overrides.insert("memberships".into(), json!("none"));
    });
    let jane = world.only(&tokens, "/Individuals/FindByEmail/jane@new.example").await;
    assert_eq!((&jane["user"]["isApproved"], &jane["memberships"]), (&json!(false), &json!("none")));
    assert_eq!(
        world.get(&tokens, "/Individuals/FindByEmail/jane.marlowe@harborlabs.example").await.1["dataList"],
        json!([])
    );

    let membership = Membership { code: "INDIV".into(), ..Membership::default() };
    let new = Person {
        id: "d0000000-0000-4000-8000-000000000001".into(),
        record_number: "700001".into(),
        memberships: vec![membership; 2],
        ..Person::default()
    };
    control.add_person(new.clone());
    assert_eq!(
        world.only(&tokens, "/Individuals/Profile/700001").await["memberships"].as_array().unwrap().len(),
        2
    );

    let jane = control.person("100481").unwrap().id;
    let token = control.issue_sso(Environment::Production, &new.id).unwrap();
    assert!(control.merge(&new.id, &jane));
    assert_eq!(world.get(&tokens, &format!("/Individuals/Profile/{}/1", new.id)).await.0, 404);
    assert_eq!(
        world.get(&tokens, &format!("/Individuals/FindBySsoToken/{token}")).await.1["dataList"],
        json!([])
    );
}

#[tokio::test]
async fn organizations_committees_events_fields_and_hooks_are_listed() {
    let (world, tokens) = start(&[]).await;
    let check = async |path: &str, pointer: &str, expected: &str| {
        let (status, body) = world.get(&tokens, path).await;
        assert_eq!((status, body.pointer(pointer)), (200, Some(&json!(expected))), "{path}: {body}");
    };
    check("/Organizations/Profile/20011", "/dataList/0/name", "Harbor Labs").await;
    check("/Organizations/Members/All/1", "/dataList/0/recordNumber", "20011").await;
    check("/Organizations/20011/Relationships", "/dataList/0/relatedToCustomer/firstName", "Marisol").await;
    check("/Organizations/20011/Memberships/Active", "/0/code", "CORPGOLD").await;
    check("/Committees?Code=edu", "/dataList/0/name", "Education Committee").await;
    check("/Committees/EDU/Members?positionCodes=CHAIR", "/dataList/0/lastName", "Marlowe").await;
    check("/Committees/EDU/Positions", "/dataList/0/code", "CHAIR").await;
    check("/Events/All/1", "/dataList/1/eventCode", "WEBINAR1").await;
    check("/Events/Upcoming/1", "/dataList/0/eventCode", "ANNUAL26").await;
    check("/Setup/customfields/1", "/dataList/1/availableValues/1", "policy").await;
    check("/Customers/RelationshipTypes/1", "/dataList/0/reciprocalRelationshipName", "Employer").await;

    let hook =
        json!({ "typeName": "Membership.Terminated", "secret": "x", "callBackUrl": "https://g.example/h" });
    let url = format!("{}/Webhooks/membership.terminated", tokens.base);
    let send = |request: reqwest::RequestBuilder| {
        request.header("AppToken", &tokens.app).header("UserToken", &tokens.user).send()
    };
    let made: Value = send(world.http.post(url).json(&hook)).await.unwrap().json().await.unwrap();
    check("/Webhooks", "/dataList/0/callBackUrl", "https://g.example/h").await;
    let gone =
        send(world.http.delete(format!("{}/Webhooks/{}", tokens.base, text(&made["id"])))).await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(world.get(&tokens, "/Webhooks").await.1["dataList"], json!([]));
    assert_eq!(world.get(&tokens, "/Nothing/Here").await.0, 404);
}

#[test]
fn a_record_line_has_every_part() {
    let settings = Settings::demo();
    let jane = settings.people.people.first().unwrap();
    let line = crate::sim::re_members::record_line(&settings.people, jane);
    assert_eq!(line["individual"]["id"], json!(jane.id));
    assert_eq!(line["committees"][0]["committee"]["code"], "EDU");
    assert_eq!(line["individual"]["committees"], line["committees"]);
    for part in ["registrations", "purchases", "certifications", "relationships"] {
        assert_eq!(line[part], json!([]));
    }
}
