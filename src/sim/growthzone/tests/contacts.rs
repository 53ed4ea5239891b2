//! Stories of contacts: status, organizations, and what the interface tells of one.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn each_person_of_the_cast_has_the_status_that_the_note_tells() {
    let world = World::with(&[]).await;
    for (id, status, number) in [
        ("1001001", "Active", 2),
        ("1001002", "Active", 2),
        ("1001003", "Active", 2),
        ("1001004", "Non Member", 8),
        ("1001005", "Dropped", 16),
        ("1001006", "Active", 2),
        ("1001007", "Active", 2),
        ("1001008", "Pending Approval", 1),
        ("1001009", "Suspended", 16),
        ("1001010", "Courtesy", 4),
        ("1001011", "Non Member", 8),
        ("1001012", "Sabbatical", 64),
        ("1001015", "Active", 2),
    ] {
        let person = world.ok(&format!("/api/contacts/person/{id}")).await;
        assert_eq!(
            (&person["Status"], &person["MembershipStatusTypeId"]),
            (&json!(status), &json!(number)),
            "{id}"
        );
    }
    let broken = world.ok("/api/contacts/person/1001019").await;
    assert_eq!((&broken["MembershipStatusTypeId"], &broken["Status"]), (&json!("two"), &json!(7)));
}

#[tokio::test]
async fn time_ends_only_the_memberships_that_it_may_end() {
    let world = World::with(&["time_zone=America/Los_Angeles"]).await;
    world.control().advance(SignedDuration::from_hours(20 * 24));
    assert_eq!(world.status_of("1001006").await, "Active", "the last day of grace");
    world.control().advance(SignedDuration::from_hours(24));
    assert_eq!(
        (world.status_of("1001006").await, world.status_of("1001007").await),
        ("Dropped".into(), "Active".into())
    );
    let row = world.ok("/api/contacts/person/1001006/memberships").await[0].clone();
    assert_eq!((&row["Status"], &row["MembershipStatusTypeId"]), (&json!("Dropped"), &json!(5)));
    assert!(world.control().act(ACME, "drop", &json!({})));
    assert_eq!(world.status_of(MAREK).await, "Non Member");
    assert!(world.control().act(ACME, "reactivate", &json!({})));
    assert_eq!(world.status_of(MAREK).await, "Active");
}

#[tokio::test]
async fn a_contact_is_told_in_many_shapes() {
    let world = World::with(&[]).await;
    let summary = world.ok("/api/contacts/PersonSummary/1001001").await;
    assert_eq!(
        (&summary["MembershipStatus"], &summary["MembershipLevel"]),
        (&json!("Active"), &json!("Regular"))
    );
    assert_eq!(summary["OrganizationName"], "");
    let row = world.ok("/api/contacts/person/1001001/memberships").await[0].clone();
    assert_eq!((&row["Type"], &row["PackageName"]), (&json!("Active Member"), &json!("Individual")));
    assert_eq!(row["GracePeriodExpirationDate"], "2027-01-21T00:00:00");
    assert_eq!(
        world.ok("/api/contacts/person/1001007/memberships").await[0]["GracePeriodExpirationDate"],
        "0001-01-01T00:00:00"
    );
    let general = world.ok(&format!("/api/contacts/OrgGeneral/{ACME}")).await;
    assert_eq!(
        (&general["ContactDisplayName"], &general["SystemContactTypeId"]),
        (&json!("Acme Builders, Inc."), &json!(2))
    );
    assert_eq!(general["Contacts"].as_array().unwrap().len(), 2);
    assert_eq!(world.ok(&format!("/api/contacts/org/{ACME}/memberships")).await[0]["MembershipId"], 9001);
    let fields = world.ok("/api/contacts/1001001/NotesAndFields").await;
    assert_eq!(fields["Fields"], json!([{ "Name": "Region", "Value": "West" }]));
    assert_eq!(
        world.ok("/api/contacts/PrimaryContact/Emails/1001001").await[0]["Address"],
        "dana.ruiz@people.example"
    );
    let ties = world.rows("/api/ContactOverview/1001003/ContactOrgs/").await;
    assert_eq!((&ties[0]["StatusText"], &ties[1]["StatusText"]), (&json!("Dropped"), &json!("Active")));
    let certifications = world.rows("/api/contactoverview/1001015/certifications").await;
    assert_eq!(certifications[1]["CompletedDate"], "0001-01-01T00:00:00");
    assert_eq!(world.rows("/api/certifications/contacts").await.len(), 2);

    world.set("date_sentinel=off");
    world.set("empty_strings=off");
    assert_eq!(
        world.ok("/api/contacts/person/1001007/memberships").await[0]["GracePeriodExpirationDate"],
        Value::Null
    );
    assert_eq!(world.ok("/api/contacts/PersonSummary/1001001").await["OrganizationName"], Value::Null);
}

#[tokio::test]
async fn a_profile_is_told_by_the_person_and_by_the_calls_beside_it() {
    let world = World::with(&[]).await;
    let dana = world.ok("/api/contacts/person/1001001").await;
    assert_eq!((&dana["Prefix"], &dana["Suffix"]), (&json!("Ms."), &json!("")));
    let infos = dana["ContactInfos"].as_array().unwrap();
    let of = |kind: u8| infos.iter().filter(|info| info["Type"] == kind).collect::<Vec<_>>();
    assert_eq!((of(1).len(), of(2).len(), of(3).len(), of(4).len()), (1, 2, 1, 2));
    let address = world.ok("/api/contacts/ContactAddresses/1001001").await[0].clone();
    assert_eq!((&address["Id"], &address["City"]), (&of(3)[0]["EntryId"], &json!("Reno")));
    let phones = world.ok("/api/contacts/phones/1001001").await;
    assert_eq!(phones.as_array().unwrap().iter().collect::<Vec<_>>(), of(2));
    assert_eq!(
        world.ok("/api/contacts/1001001/NotesAndFields").await["Bio"],
        "Keeps building sites safe.\nSince 2004."
    );
    assert_eq!(world.ok("/api/contacts/ContactAddresses/1001002").await, json!([]));
    world.set("person_contact_infos=off");
    assert_eq!(world.ok("/api/contacts/person/1001001").await.get("ContactInfos"), None);
}

#[tokio::test]
async fn lists_of_a_contact_say_what_is_selected_and_nothing_of_roles() {
    let world = World::with(&[]).await;
    let of = world.ok("/api/contacts/person/1001001/groups").await;
    let groups = of["Groups"].as_array().unwrap();
    let group = |name: &str| groups.iter().find(|it| it["Name"] == name).unwrap();
    let (safety, board, news) = (group("Safety Committee"), group("Board"), group("Newsletter"));
    assert_eq!((&safety["IsSelected"], safety.get("Role")), (&json!(true), None));
    assert_eq!(
        (&board["IsSelected"], &board["IsRemoved"], board["ContactGroupId"] != 0),
        (&json!(false), &json!(true), true)
    );
    assert_eq!(
        (&news["IsSelected"], &news["ContactGroupId"], &news["IsMemberJoinable"]),
        (&json!(false), &json!(0), &json!(true))
    );
    assert_eq!(of["GroupMembers"].as_array().unwrap().len(), 2);
    assert_eq!(world.ok(&format!("/api/contacts/org/{ACME}/groups")).await["GroupMembers"], json!([]));
}

#[tokio::test]
async fn a_persons_token_reads_others_only_where_the_switch_says() {
    let world = World::with(&[]).await;
    let tokens = world.tokens("druiz", ALL).await;
    let own = "/api/contacts/person/1001001";
    let other = "/api/contacts/person/1001002";
    assert_eq!(world.as_person(&tokens, other).await.0, 200);
    world.set("bearer_reads_others=off");
    assert_eq!((world.as_person(&tokens, own).await.0, world.as_person(&tokens, other).await.0), (200, 403));
    assert_eq!(world.as_person(&tokens, "/api/login/aboutme").await.0, 200);
    assert_eq!(world.as_person(&tokens, "/api/contacts").await.0, 403);
    assert_eq!(world.get(other).await.0, 200, "the key may");
}
