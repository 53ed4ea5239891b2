//! Stories of the read side.

use jiff::SignedDuration;

use super::*;

/// A chair who was an editor before, and somebody who left.
async fn committee() -> World {
    let world = World::with(&[]).await;
    let with_role = |role: &str| {
        let mut line = line("C1", "Committee");
        line["Role"] = role.into();
        line
    };
    let members = json!([line("MBR", "Membership"), with_role("Editor")]);
    world.pushed(&[person("A1", members), person("B1", json!([line("C1", "Committee")]))]).await;
    world.control().advance(SignedDuration::from_hours(1));
    let members = json!([line("MBR", "Membership"), with_role("Chair")]);
    world.pushed(&[person("A1", members), person("B1", json!([]))]).await;
    world
}

#[tokio::test]
async fn a_contact_is_found_by_exactly_its_key() {
    let world = committee().await;
    let contact = world.contact("A1").await;
    assert_eq!(contact["SecurityGroups"], Value::Null, "they come only if they are asked for");
    let expected =
        [("LegacyContactKey", "A1"), ("EmailAddress", "A1@example.org"), ("CompanyTitle", "Director")];
    for (name, value) in expected {
        assert_eq!(contact[name], value, "{name}");
    }
    let path =
        format!("Contacts/GetContact?contactKey={}&includeSecurityGroups=true", text(&contact["ContactKey"]));
    let (_, same) = world.get(&path).await;
    assert_eq!(same["SecurityGroups"][0]["IntegrationKey"], "MBR");
    assert_eq!(same["SecurityGroups"][0]["ProvidesMemberBenefits"], false);
    let missing = "Contacts/GetContact?legacyContactKey=a1";
    assert_eq!(world.get(missing).await.0, 404);
    world.set("missing_contact=null");
    assert_eq!(world.get(missing).await, (200, Value::Null));
    assert_eq!(world.get("Contacts/GetContact").await.0, 400);
    world.control().act("A1", "opt_out", &json!({}));
    let contact = world.contact("A1").await;
    assert_eq!(
        (&contact["HLDirectoryOptOut"], &contact["AMSDirectoryOptOut"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn communities_of_a_contact_are_listed_with_those_that_were_left() {
    let world = committee().await;
    let path = "Communities/GetContactCommunities?legacyContactKey=A1";
    let (_, rows) = world.get(path).await;
    let shown: Vec<(&Value, &Value)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["CommunityMemberRoles"][0], &row["IsActive"]))
        .collect();
    assert_eq!(shown, [(&json!("Editor"), &json!(false)), (&json!("Chair"), &json!(true))]);
    assert_eq!((&rows[0]["LegacyGroupKey"], rows[0]["RemovedOn"].is_string()), (&json!("C1"), true));
    world.set("past_listed=off");
    assert_eq!(world.get(path).await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn members_of_a_community_come_by_last_name_in_pages() {
    let world = World::with(&[]).await;
    let people: Vec<Value> =
        ["D", "B", "A", "C"].map(|id| person(id, json!([line("C1", "Committee")]))).into();
    world.pushed(&people).await;
    let guid = world.control().any_group("C1").unwrap().guid;
    let ids = async |first: u32, last: u32| {
        let asked = json!({ "CommunityKey": guid, "StartRecord": first, "EndRecord": last });
        let (status, rows) = world.ask("Communities/GetCommunityMembers", asked).await;
        assert_eq!(status, 200, "{rows}");
        rows.as_array().unwrap().iter().map(|it| text(&it["LegacyContactKey"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(1, 3).await, ids(4, 6).await),
        (vec!["A".into(), "B".into(), "C".into()], vec!["D".to_owned()])
    );
    assert_eq!(ids(9, 10).await, [] as [&str; 0]);
    assert_eq!(world.ask("Communities/GetCommunityMembers", json!({ "CommunityKey": guid })).await.0, 400);
    assert_eq!(world.ask("Communities/GetCommunityMembers", json!({ "CommunityKey": "C1" })).await.0, 404);
}

#[tokio::test]
async fn updates_tell_who_joined_and_who_left() {
    let world = committee().await;
    let updates = async |from: &str, to: &str| {
        world.ask("System/GetCommunityMemberUpdates", json!({ "StartDate": from, "EndDate": to })).await
    };
    let (_, all) = updates("2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z").await;
    assert_eq!((&all["JoinCount"], &all["RemovalCount"]), (&json!(3), &json!(2)), "{all}");
    let removed = &all["CommunityRemovals"][1];
    assert_eq!((&removed["IntegrationID"], &removed["CommunityIntegrationID"]), (&json!("B1"), &json!("C1")));
    let (_, later) = updates("2026-06-10T16:30:00Z", "2026-06-11T00:00:00Z").await;
    assert_eq!((&later["JoinCount"], &later["RemovalCount"]), (&json!(1), &json!(2)), "{later}");
    assert_eq!(world.ask("System/GetCommunityMemberUpdates", json!({})).await.0, 400);
    world.set("api_admin=off");
    assert_eq!(updates("2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z").await.0, 403);
}

#[tokio::test]
async fn the_read_side_has_keys_of_its_own_and_a_limit() {
    let world = World::with(&["rate_limit_per_minute=3"]).await;
    let bare = world.http.get(world.url("/api/v2.0/Contacts/GetContact?legacyContactKey=A1"));
    assert_eq!(bare.header("HLIAMKey", Credentials::demo().iam_key).send().await.unwrap().status(), 401);
    let call = async || world.reading("GET", "Contacts/GetContact").send().await.unwrap();
    for _ in 0..3 {
        assert_eq!(call().await.status(), 400);
    }
    let refused = call().await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (429, true));
    world.set("retry_after=off");
    assert!(!call().await.headers().contains_key("retry-after"));
    world.set("rate_limit=off");
    assert_eq!(call().await.status(), 400);
    world.set("rate_limit=on");
    world.control().advance(SignedDuration::from_mins(2));
    assert_eq!(call().await.status(), 400);
}
