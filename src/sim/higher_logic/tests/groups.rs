//! Stories of groups: how they are made, who is let in, and what the tenant takes.

use jiff::SignedDuration;

use super::*;
use crate::sim::higher_logic::GroupKind;

#[tokio::test]
async fn a_group_is_made_hidden_with_name_kind_and_type_for_ever() {
    let world = World::with(&[]).await;
    world.pushed(&[person("A1", json!([line("C1", "Committee"), line("MBR", "Membership")]))]).await;
    let made = world.control().any_group("C1").unwrap();
    assert_eq!((made.kind, made.hidden, made.name.as_str()), (GroupKind::Community, true, "The C1"));
    assert_eq!(world.control().any_group("MBR").unwrap().kind, GroupKind::Security);
    let renamed =
        json!({ "GroupId": "C1", "GroupName": "Renamed", "GroupType": "Chapter", "GroupSubType": "North" });
    let wrong_kind = json!({ "GroupId": "MBR", "GroupType": "Event" });
    world.pushed(&[person("A1", json!([renamed, wrong_kind]))]).await;
    assert_eq!(world.control().any_group("C1").unwrap(), made);
    assert_eq!(world.groups("A1"), ["C1"], "only the line of the wrong kind is refused");
    assert!(
        world.notes().contains("line C1: the group keeps its type") && world.notes().contains("line MBR")
    );
    assert_eq!(world.control().any_group("c1"), None, "keys are exact");
}

#[tokio::test]
async fn a_type_that_is_not_configured_is_refused_for_its_line() {
    let world = World::with(&[]).await;
    let section = || person("A1", json!([line("S1", "Section"), line("C1", "Committee")]));
    world.pushed(&[section()]).await;
    assert_eq!(world.groups("A1"), ["C1"]);
    assert!(world.notes().contains("\"Section\" is not configured"));
    world.set("group_types=Section:community,Committee:community");
    world.pushed(&[section()]).await;
    assert_eq!(world.groups("A1"), ["C1", "S1"]);
}

#[tokio::test]
async fn lines_count_between_their_dates_and_rows_that_were_left_stay() {
    let world = World::with(&[]).await;
    let dated = |begin: &str, end: &str| {
        let mut dated = line("C1", "Committee");
        dated["Role"] = "Chair".into();
        dated["BeginDate"] = begin.into();
        dated["EndDate"] = end.into();
        person("A1", json!([dated]))
    };
    world.pushed(&[dated("2026-06-11T00:00:00.000Z", "2026-06-12T00:00:00.000Z")]).await;
    let day = SignedDuration::from_hours(24);
    assert_eq!(world.groups("A1"), [] as [&str; 0], "it begins tomorrow");
    world.control().advance(day);
    assert_eq!(world.groups("A1"), ["C1 as Chair"]);
    world.control().advance(day);
    assert_eq!(world.groups("A1"), [] as [&str; 0], "it is over by its date");
    world.pushed(&[dated("2026-06-11T00:00:00.000Z", "2026-12-31T00:00:00.000Z")]).await;
    assert_eq!(world.groups("A1"), ["C1 as Chair"], "the same line with another end");
    world.pushed(&[person("A1", json!([line("C1", "Committee")]))]).await;
    assert_eq!(world.groups("A1"), ["C1"], "another role is another line");
    world.pushed(&[dated("2026-06-11T00:00:00.000Z", "2026-12-31T00:00:00.000Z")]).await;
    let rows = world.control().contact("A1").unwrap().memberships;
    let left: Vec<bool> = rows.iter().map(|it: &Membership| it.removed_at.is_some()).collect();
    assert_eq!(left, [true, true, false]);
    let history = world.control().trail("A1").unwrap().history;
    let history: Vec<&str> = history.iter().map(|it| it.what.as_str()).collect();
    assert!(
        history.contains(&"created")
            && history.contains(&"other dates in C1 as Chair")
            && history.contains(&"left C1"),
        "{history:?}"
    );
}

#[tokio::test]
async fn somebody_is_a_member_by_the_flag_or_by_a_group_with_benefits() {
    let world = World::with(&[]).await;
    let mut flagged = person("A1", json!([]));
    flagged["ContactDetails"]["IsMember"] = true.into();
    let mut ends = line("MBR", "Membership");
    ends["EndDate"] = "2026-06-12T00:00:00.000Z".into();
    world
        .pushed(&[flagged, person("B1", json!([ends])), person("C1", json!([line("COM", "Committee")]))])
        .await;
    let members = || ["A1", "B1", "C1"].map(|id| world.control().is_member(id));
    assert_eq!(members(), [true, false, false]);
    world.set("benefit_groups=OTHER,MBR,COM");
    assert_eq!(members(), [true, true, false], "a community gives no benefits");
    world.control().advance(SignedDuration::from_hours(48));
    assert_eq!(members(), [true, false, false]);
}

#[tokio::test]
async fn limit_by_and_exclude_by_keep_people_out() {
    let world = World::with(&["exclude_by=OUT"]).await;
    let one = |id: &str, group: &str| person(id, json!([line(group, "Committee")]));
    world.pushed(&[one("A1", "IN"), one("B1", "OUT")]).await;
    assert!(world.control().contact("A1").is_some() && world.control().contact("B1").is_none());
    assert_eq!(world.control().any_group("OUT"), None);
    world.pushed(&[one("A1", "OUT")]).await;
    assert_eq!(
        (world.contact("A1").await["ContactStatusCode"].clone(), world.groups("A1").len()),
        (json!("DeSynced"), 0)
    );
    assert!(world.page("/admin/people/A1").await.contains("it is in a group of ExcludeBy"));
    world.set("limit_by=OUT");
    world.pushed(&[one("A1", "OUT"), one("C1", "IN")]).await;
    assert_eq!(world.contact("A1").await["ContactStatusCode"], "Active", "LimitBy goes before ExcludeBy");
    assert!(
        world.control().contact("C1").is_none() && world.notes().contains("it is in no group of LimitBy")
    );
    world.set("limit_by=off");
    world.set("exclude_by=off");
    world.pushed(&[one("C1", "IN")]).await;
    assert_eq!(world.groups("C1"), ["IN"]);
}

#[tokio::test]
async fn the_tenant_takes_bio_picture_and_social_pages_or_not() {
    let pushed = |text: &str| {
        let mut ada = person("A1", json!([]));
        for name in ["Bio", "ProfileImageURL", "FacebookURL"] {
            ada["ContactDetails"][name] = format!("https://{text}.example/{name}").into();
        }
        ada
    };
    let world = World::with(&[]).await;
    for (switch, field) in [
        ("integrate_bio=off", "bio"),
        ("integrate_image=off", "profileImageUrl"),
        ("integrate_social=off", "facebookUrl"),
    ] {
        world.pushed(&[pushed("first")]).await;
        world.set(switch);
        world.pushed(&[pushed("second")]).await;
        let contact = world.control().contact("A1").unwrap();
        for name in ["bio", "profileImageUrl", "facebookUrl"] {
            let expected = if name == field { "first" } else { "second" };
            assert!(contact.text(name).contains(expected), "{switch}: {contact:?}");
        }
        world.set(&switch.replace("off", "on"));
    }
    world.set("integrate_bio=off");
    assert!(world.control().act("A1", "write_bio", &json!({ "bio": "Mine." })));
    world.pushed(&[person("A1", json!([]))]).await;
    assert_eq!(world.control().contact("A1").unwrap().text("bio"), "Mine.");
}

#[tokio::test]
async fn the_smaller_edition_takes_no_groups() {
    let world = World::with(&["tier=essentials", "answer=items"]).await;
    let mut ada = person("A1", json!([line("C1", "Committee")]));
    ada["JobHistory"] = json!([{ "CompanyName": "Northwind" }]);
    ada["EmailAddresses"] = json!([{ "EmailAddress": "ada@example.org" }]);
    world.pushed(std::slice::from_ref(&ada)).await;
    let details = world.control().contact("A1").unwrap().details;
    assert_eq!(
        (world.groups("A1").len(), details.keys().map(String::as_str).collect::<Vec<_>>()),
        (0, vec!["emailAddresses"])
    );
    assert!(world.notes().contains("this edition has no groups") && world.notes().contains("no jobHistory"));
    let meeting = || json!([{ "MeetingId": "M1", "Title": "Meeting" }]);
    assert_eq!(world.push("/v2/meeting", meeting()).await, (200, Value::Null));
    world.set("beyond_tier=refused");
    assert_eq!(world.push("/v2/meeting", meeting()).await.0, 403);
    assert_eq!(world.push(CONTACT_INFO, json!([ada])).await.1[0]["Success"], false);
    world.set("beyond_tier=ignored");
    world.set("tier=full");
    assert_eq!(world.push("/v2/meeting", meeting()).await.1[0]["Success"], true);
}

#[tokio::test]
async fn companies_have_people() {
    let world = World::with(&[]).await;
    let company = json!({ "ContactDetails": { "ContactId": "N1", "OrganizationName": "Northwind Clinics", "IsOrganization": true } });
    let mut ada = person("A1", json!([]));
    ada["ContactDetails"]["ParentContactId"] = "N1".into();
    world.pushed(&[company, ada]).await;
    let page = world.page("/people/N1").await;
    assert!(
        page.contains("Northwind Clinics") && page.contains("Ada Okafor A1") && page.contains("Company"),
        "{page}"
    );
    assert!(world.page("/admin/people/A1").await.contains("· Northwind Clinics"));
    assert_eq!(world.contact("N1").await["IsCompany"], true);
}
