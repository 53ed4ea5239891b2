//! Stories of lists: pages, filters, and each list of the interface.

use jiff::SignedDuration;

use super::*;

const SAFETY: &str = "3f000000-0001-4aaa-8bbb-000000000001";
const EDUCATION: &str = "3f000000-0002-4aaa-8bbb-000000000002";
const MEETING: &str = "4f000000-0001-4aaa-8bbb-000000000001";
const CURRENT: &str = "2f000000-0001-4aaa-8bbb-000000000001";

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(&row["UniqueID"])).collect()
}

#[tokio::test]
async fn pages_have_a_size_an_offset_and_a_total() {
    let world = World::with(&["page_size=4", "largest_page=6"]).await;
    let page = async |query: &str| {
        let page = world.ok(&format!("/api/members{query}")).await;
        (page["TotalCount"].as_u64().unwrap(), page["Results"].as_array().unwrap().clone())
    };
    let (total, first) = page("").await;
    assert_eq!((total, first.len()), (28, 4));
    let mut all = Vec::new();
    for offset in (0..total).step_by(3) {
        all.extend(page(&format!("?pageSize=3&offset={offset}")).await.1);
    }
    let mut distinct = ids(&all);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 28);
    assert_eq!(ids(&first), ids(&all)[..4].to_vec());
    assert_eq!(page("?pageSize=3&offset=28").await, (28, Vec::new()));
    assert_eq!(page("?pageSize=50").await.1.len(), 6);
    world.set("over_largest=refused");
    assert_eq!(world.get("/api/members?pageSize=50").await.0, 400);
    for query in ["?pageSize=0", "?pageSize=all", "?offset=-1"] {
        assert_eq!(world.get(&format!("/api/members{query}")).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn members_are_found_by_name_email_and_company() {
    let world = World::with(&[]).await;
    let found = async |query: &str| {
        world
            .rows(&format!("/api/members?{query}"))
            .await
            .iter()
            .map(|it| text(&it["Name"]).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("name=dana%20RUIZ").await, ["Dana Ruiz"]);
    assert_eq!(found("name=Dana").await, [] as [&str; 0]);
    assert_eq!(found("email=lund.family%40people.example").await, ["Pia Lund", "Per Lund"]);
    assert_eq!(found("parentName=acme%20builders,%20inc.").await, ["Marek Holt", "Hanna Koch"]);

    assert_eq!(found("email=ines%40signin.example").await, [] as [&str; 0]);
    world.set("email_search=account");
    assert_eq!(found("email=ines%40signin.example").await, ["Ines Carvalho"]);
    assert_eq!(found("email=lund.family%40people.example").await, ["Pia Lund"]);
    world.set("email_search=both");
    assert_eq!(found("email=office.ines%40people.example").await, ["Ines Carvalho"]);

    assert_eq!(found("name=Dora%20Vale").await, ["Dora Vale"]);
    world.set("inactive_listed=off");
    assert_eq!(found("name=Dora%20Vale").await, [] as [&str; 0]);
    assert_eq!(world.get(&format!("/api/members/{DORA}")).await.0, 200);
}

#[tokio::test]
async fn changes_are_found_by_their_instant() {
    let world = World::with(&[]).await;
    let since =
        async |date: &str| ids(&world.rows(&format!("/api/members?lastModifiedDate={date}")).await).len();
    assert_eq!(since("2026-06-10T16:00:00Z").await, 0);
    world.control().edit_customer(DANA, |it| it.last_name = "Ruiz-Lopez".into());
    world.control().advance(SignedDuration::from_secs(60));
    assert_eq!((since("2026-06-10T16:00:00Z").await, since("2026-06-10T12:00:59-04:00").await), (1, 0));
    assert_eq!((since("06/10/2026").await, since("06/11/2026").await), (1, 0));
    assert_eq!(world.get("/api/members?lastModifiedDate=soon").await.0, 400);
    world.set("modified_filter=day_only");
    assert_eq!(since("2026-06-10T12:00:59-04:00").await, 1);
    world.set("modified_filter=ignored");
    assert_eq!(since("2026-06-11").await, 28);

    assert_ne!(ids(&world.rows("/api/members").await)[0], DANA);
    world.set("list_order=by_change");
    assert_eq!(ids(&world.rows("/api/members").await)[0], DANA);
}

#[tokio::test]
async fn what_touches_a_record_is_a_switch() {
    let world = World::with(&[]).await;
    let control = world.control();
    let changed = async || {
        let rows = world.rows("/api/members?lastModifiedDate=2026-06-10T16:00:00Z").await;
        rows.iter().map(|it| text(&it["UniqueID"]).to_owned()).collect::<Vec<_>>()
    };
    world.set("lists_touch=off");
    assert!(control.act(NILS, "join_group", &json!({ "group": "Water Section" })));
    assert!(control.act(NILS, "join_committee", &json!({ "committee": "Safety" })));
    control.edit_customer(NILS, |it| it.purchases.push(super::super::people::Purchase::default()));
    assert_eq!(changed().await, [] as [&str; 0]);
    world.set("lists_touch=on");
    assert!(control.act(NILS, "leave_group", &json!({ "group": "Water Section" })));
    assert_eq!(changed().await, [NILS]);

    assert!(control.act(ACME, "lapse", &json!({})));
    assert_eq!(changed().await, [ACME, NILS]);
    world.set("inherited_touch=on");
    assert!(control.act(ACME, "renew", &json!({})));
    assert!(changed().await.contains(&MAREK.to_owned()));

    control.advance(SignedDuration::from_hours(21 * 24));
    assert!(!changed().await.contains(&GRETA.to_owned()));
    world.set("lapse_touch=on");
    control.advance(SignedDuration::from_hours(30 * 24));
    assert!(changed().await.contains(&"6a6f5f2e-0017-4222-8333-444455550017".to_owned()));
}

#[tokio::test]
async fn groups_have_members_and_beneficiaries() {
    let world = World::with(&[]).await;
    let groups = world.rows("/api/groups").await;
    let current = world.ok(&format!("/api/groups/{CURRENT}")).await;
    assert_eq!(groups.iter().find(|it| it["UniqueID"] == CURRENT), Some(&current));
    assert_eq!(
        (&current["Name"], &current["SyncToHigherLogic"]),
        (&json!("All Current Members"), &json!(true))
    );
    assert_eq!(current["Categories"][0]["Name"], "Membership");
    let roster = format!("/api/groups/{CURRENT}/members");
    let rows = world.rows(&roster).await;
    let marek = rows.iter().find(|it| it["UniqueID"] == MAREK).unwrap();
    assert_eq!((&marek["Name"], &marek["DuesPayerUniqueID"]), (&json!("Marek Holt"), &json!(ACME)));
    assert_eq!(current["TotalMemberCount"], rows.len());
    world.set("beneficiaries_listed=off");
    let without = world.rows(&roster).await;
    assert_eq!(current["PrimaryMemberCount"], without.len());
    assert!(without.len() < rows.len() && without.iter().all(|it| it["UniqueID"] != MAREK));
    assert_eq!(world.rows("/api/group-categories").await.len(), 4);
}

#[tokio::test]
async fn committees_have_rosters_with_terms_or_without() {
    let world = World::with(&[]).await;
    assert_eq!(ids(&world.rows("/api/committees").await), [SAFETY, EDUCATION]);
    let safety = world.ok(&format!("/api/committees/{SAFETY}")).await;
    let roster = format!("/api/committees/{SAFETY}/members");
    let chair = world.rows(&roster).await[0].clone();
    assert_eq!((&chair["MemberUniqueID"], &chair["Role"]), (&json!(DANA), &safety["Roles"][0]));
    assert_eq!(
        (&chair["Status"], &chair["TermEnd"]),
        (&json!("Active"), &json!("2027-02-10T00:00:00-05:00"))
    );
    let of_member = &world.member(DANA).await["Committees"][0];
    assert_eq!(of_member["CommitteeMemberUniqueID"], chair["UniqueID"]);
    let education = world.rows(&format!("/api/committees/{EDUCATION}/members")).await;
    assert_eq!(education.iter().filter(|it| it["Inherited"] == true).count(), 1);
    assert_eq!(education.len(), 3, "ended and future terms too");
    world.set("committee_terms=off");
    let chair = world.rows(&roster).await[0].clone();
    assert_eq!((chair.get("Role"), chair.get("TermEnd"), chair.get("Status")), (None, None, None));
    assert_eq!(chair["MemberUniqueID"], DANA);
}

#[tokio::test]
async fn attendees_are_not_their_purchasers_and_may_have_cancelled() {
    let world = World::with(&[]).await;
    let events = world.rows("/api/events").await;
    assert_eq!((&events[0]["UniqueID"], &events[0]["EventCategory"]["Id"]), (&json!(MEETING), &json!(1)));
    assert_eq!(world.ok(&format!("/api/events/{MEETING}")).await, events[0]);
    let roster = format!("/api/events/{MEETING}/attendees");
    let rows = world.rows(&roster).await;
    let lena = rows.iter().find(|it| it["FirstName"] == "Lena").unwrap();
    assert_eq!((&lena["PurchaserUniqueId"], &lena["Cancelled"]), (&json!(MAREK), &json!(false)));
    assert_ne!(lena["AttendeeCustomerUniqueId"], lena["PurchaserUniqueId"]);
    assert_eq!(lena["RegistrationDate"], "2026-05-21T15:19:07.1830001-04:00");
    let karim = rows.iter().find(|it| it["FirstName"] == "Karim").unwrap();
    assert_eq!((&karim["Cancelled"], &karim["PaymentStatus"]), (&json!(true), &json!("Refunded")));
    assert_eq!(world.rows(&format!("{roster}?registrationDate=2026-05-20")).await.len(), 1);
    let tickets = world.rows("/api/tickets").await;
    assert!(tickets.iter().any(|it| it["UniqueID"] == lena["TicketUniqueId"] && it["Name"] == "Full"));
    let registrations = world.rows("/api/registrations").await;
    let first = &registrations[0];
    let path = format!("/api/registrations/{}", text(&first["RegistrationUniqueID"]));
    assert_eq!((&world.ok(&path).await, &first["PurchaserUniqueID"]), (first, &json!(MAREK)));

    world.set("attendee_dates=off");
    assert!(world.rows(&roster).await.iter().all(|it| it["RegistrationDate"].is_null()));
    world.set("event_access=off");
    for path in
        ["/api/events", roster.as_str(), "/api/registrations", "/api/tickets", "/api/event-categories"]
    {
        assert_eq!(world.get(path).await.0, 403, "{path}");
    }
    world.set("event_access=on");
    assert_eq!(world.rows("/api/event-categories").await.len(), 2);
}

#[tokio::test]
async fn purchases_lead_to_people_by_their_order() {
    let world = World::with(&[]).await;
    let purchases = world.rows("/api/products/product-purchases").await;
    let webinar = purchases.iter().find(|it| it["OrderID"] == "O-7001").unwrap();
    assert_eq!((&webinar["Quantity"], webinar.get("CustomerUniqueID")), (&json!(1), None));
    let products = world.rows("/api/products").await;
    let product = products.iter().find(|it| it["UniqueID"] == webinar["ProductUniqueID"]).unwrap();
    assert_eq!((&product["Name"], &product["ProductType"]), (&json!("Recorded Webinar"), &json!("Standard")));
    let orders = world.rows("/api/orders").await;
    let order = orders.iter().find(|it| it["OrderID"] == "O-7001").unwrap();
    let noor = "6a6f5f2e-0018-4222-8333-444455550018";
    assert_eq!(
        (&order["CustomerUniqueID"], &order["OrderItems"][0]["Name"]),
        (&json!(noor), &product["Name"])
    );
    let subscriptions = world.rows("/api/subscriptions").await;
    assert_eq!((subscriptions.len(), &subscriptions[0]["ProductName"]), (1, &json!("Journal")));
    assert_eq!(subscriptions[0]["SubscriptionEnd"], "2026-11-22T00:00:00-05:00");
}

#[tokio::test]
async fn catalogues_are_pages_or_bare_and_what_is_missing_is_404() {
    let world = World::with(&[]).await;
    let types = world.rows("/api/member-types").await;
    assert_eq!((types.len(), &types[2]["ForCompanies"]), (5, &json!(true)));
    let fields = world.rows("/api/custom-fields").await;
    let values = world.rows("/api/customer-custom-fields").await;
    assert_eq!((fields.len(), &fields[0]["UniqueID"]), (1, &values[0]["CustomFieldUniqueID"]));
    world.set("catalogues=bare");
    assert_eq!(world.ok("/api/member-types").await, json!(types));
    assert_eq!(world.ok("/api/custom-fields").await, json!(fields));
    assert_eq!(world.rows("/api/groups").await.len(), 5, "other lists are pages still");
    world.set("missing_endpoints=group_members,membership_activities");
    assert_eq!(world.get(&format!("/api/groups/{CURRENT}/members")).await.0, 404);
    assert_eq!(world.get("/api/membership-activities").await.0, 404);
    assert_eq!(world.get("/api/groups").await.0, 200);
}
