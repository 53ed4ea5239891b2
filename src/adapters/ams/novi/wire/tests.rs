//! Records from the shapes in which Novi writes them.

use serde_json::json;

use super::*;
use crate::adapters::ams::dates::date;
use crate::domain::code::Code;
use crate::domain::record::{Purchase, Quantity};

const DANA: &str = "6A6F5F2E-6b9e-4a55-9a0f-1f3c7d0c9b11";

fn whole() -> Value {
    json!({ "UniqueID": DANA, "InternalIdentifier": 4411, "CustomerType": "Person", "Name": "Dana Ruiz",
        "FirstName": "Dana", "LastName": "Ruiz", "Email": "office@acme.example", "AccountEmail": "dana@acme.example",
        "Active": true, "Approved": true, "ParentCustomerUniqueID": "b2e1c7d4-0d0f-4f6b-8c1e-6b5a4f3e2d1c",
        "ParentMemberName": "Acme Builders, Inc.", "MemberStatus": "current", "MemberSubStatus": null,
        "OriginalJoinDate": "", "MemberSince": "2019-03-01T00:00:00-05:00", "MembershipExpires": "2026-12-31T00:00:00-05:00",
        "MemberType": null,
        "EffectiveMemberType": { "UniqueID": "5f00", "Name": "Contractor", "Description": "", "ForCompanies": true },
        "Groups": [{ "GroupUniqueID": "9d00", "GroupName": "All Current Members", "InheritingMember": true,
            "JoinDate": "2025-01-02T00:00:00-05:00" }],
        "Committees": [{ "CommitteeMemberUniqueID": "77", "CommitteeUniqueID": "c100", "CommitteeName": "Safety",
            "PositionName": "Chair", "StartDate": "2025-01-01T00:00:00-05:00", "EndDate": null }],
        "CustomFields": { "Region": { "CustomFieldUniqueID": "ab", "CustomFieldName": "Region", "Value": "West|East" } } })
}

/// The whole record with some fields replaced; `null` in place of a field takes it away.
fn with(changes: Value) -> Value {
    let mut member = whole();
    for (name, value) in changes.as_object().unwrap() {
        member[name] = value.clone();
    }
    member
}

fn read(member: &Value) -> Record {
    record(member, &MemberFieldsSeen::all(), Timestamp::UNIX_EPOCH).unwrap()
}

#[test]
fn a_whole_record_is_read() {
    let record = read(&whole());
    assert_eq!(record.id.as_str(), DANA.to_lowercase());
    assert_eq!(record.profile.written_id.as_deref(), Some(DANA), "as Novi writes it");
    let lower = with(json!({ "UniqueID": format!(" {} ", DANA.to_lowercase()) }));
    assert_eq!(read(&lower).profile.written_id, None);
    assert_eq!(record.contact, None, "nobody asks for it");
    assert_eq!(
        (record.profile.name.as_str(), record.profile.record_number.as_deref()),
        ("Dana Ruiz", Some("4411"))
    );
    assert_eq!(record.profile.email.as_deref(), Some("dana@acme.example"), "the one to sign in with");
    assert_eq!(record.is_approved, Some(true));
    let expect = Membership {
        code: Some("5f00".into()),
        type_name: Some("Contractor".into()),
        standing: Some(MembershipStanding::Active),
        inherited: true,
        ..Membership::default()
    };
    assert_eq!(record.memberships, [expect]);
    let seat = CommitteeSeat {
        committee: "c100".into(),
        committee_name: Some("Safety".into()),
        position_name: Some("Chair".into()),
        start_date: date("2025-01-01"),
        ..CommitteeSeat::default()
    };
    assert_eq!(record.committees, Some(vec![seat]));
    let place = GroupPlace {
        group: "9d00".into(),
        group_name: Some("All Current Members".into()),
        inherited: true,
        ..GroupPlace::default()
    };
    assert_eq!(record.groups, Some(vec![place]));
    let relationship = Relationship {
        name: "Company".into(),
        organization: Some("b2e1c7d4-0d0f-4f6b-8c1e-6b5a4f3e2d1c".into()),
        ..Relationship::default()
    };
    assert_eq!(record.relationships, Some(vec![relationship]));
    assert_eq!(record.custom_fields, [CustomField { name: "Region".into(), value: "West|East".into() }]);
    assert_eq!((record.purchases, record.registrations, record.certifications), (None, None, None));
    assert_eq!(record.confirmed.of(Part::SecurityRoles), None, "Novi has none");
    assert_eq!(record.warnings, []);
}

#[test]
fn a_record_comes_flat_or_in_an_envelope() {
    assert_eq!(opened(json!({ "data": whole() })), Some(whole()));
    assert_eq!(opened(whole()), Some(whole()));
    for nothing in [json!(null), json!({}), json!({ "data": null })] {
        assert_eq!(opened(nothing), None);
    }
    assert!(record(&json!([]), &MemberFieldsSeen::default(), Timestamp::UNIX_EPOCH).is_err());
    assert!(record(&json!({ "UniqueID": "" }), &MemberFieldsSeen::default(), Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn the_status_word_the_approval_and_the_types_say_how_a_membership_stands() {
    use MembershipStanding::{Active, Ended, Grace, Pending, Unknown};
    let own = json!({ "UniqueID": "AA", "Name": "Individual" });
    let other = json!({ "UniqueID": "bb", "Name": "Corporate" });
    // Of each membership: how it stands, whether it is inherited, its code.
    let check = |changes: Value, expect: &[(Option<MembershipStanding>, bool, Option<&str>)]| {
        let record = read(&with(changes.clone()));
        let found: Vec<_> =
            record.memberships.iter().map(|it| (it.standing, it.inherited, it.code.as_deref())).collect();
        assert_eq!(found, expect, "{changes}");
    };
    let with_own =
        |status: Value| json!({ "MemberStatus": status, "MemberType": own, "EffectiveMemberType": own });
    check(with_own(json!("current")), &[(Some(Active), false, Some("AA"))]);
    check(with_own(json!(" Current ")), &[(Some(Active), false, Some("AA"))]);
    check(with_own(json!("grace_period")), &[(Some(Grace), false, Some("AA"))]);
    check(with_own(json!("Grace Period")), &[(Some(Grace), false, Some("AA"))]);
    check(with_own(json!("expired")), &[(Some(Ended), false, Some("AA"))]);
    check(with_own(json!("pending")), &[(Some(Pending), false, Some("AA"))]);
    check(with_own(json!("sabbatical")), &[(Some(Unknown), false, Some("AA"))]);
    check(with_own(json!("currently")), &[(Some(Unknown), false, Some("AA"))]);
    check(with_own(json!({})), &[(Some(Unknown), false, Some("AA"))]);
    check(with_own(json!("")), &[(Some(Unknown), false, Some("AA"))]);
    check(with_own(json!("non_member")), &[]);
    // By a company.
    check(json!({ "MemberStatus": "inheriting" }), &[(Some(Active), true, Some("5f00"))]);
    let both =
        |status: &str| json!({ "MemberStatus": status, "MemberType": own, "EffectiveMemberType": other });
    check(both("current"), &[(Some(Active), true, Some("bb")), (None, false, Some("AA"))]);
    check(both("inheriting"), &[(Some(Active), true, Some("bb")), (None, false, Some("AA"))]);
    check(json!({ "MemberType": own, "EffectiveMemberType": null }), &[(Some(Active), false, Some("AA"))]);
    check(json!({ "MemberType": null, "EffectiveMemberType": null }), &[(Some(Active), true, None)]);
    // Not approved: no member, whatever the status says; what has ended stays ended.
    let unapproved = |status: &str, approved: Value| json!({ "MemberStatus": status, "Approved": approved, "MemberType": own, "EffectiveMemberType": own });
    check(unapproved("current", json!(false)), &[(Some(Pending), false, Some("AA"))]);
    check(unapproved("current", json!("false")), &[(Some(Pending), false, Some("AA"))]);
    check(unapproved("grace_period", json!(null)), &[(Some(Unknown), false, Some("AA"))]);
    check(unapproved("current", json!("perhaps")), &[(Some(Unknown), false, Some("AA"))]);
    check(unapproved("expired", json!(false)), &[(Some(Ended), false, Some("AA"))]);
}

#[test]
fn who_is_not_active_is_kept_out_and_in_doubt_too() {
    for (active, expect) in [
        (json!(true), Some(true)),
        (json!("True"), Some(true)),
        (json!(false), Some(false)),
        (json!(0), Some(false)),
        (json!("maybe"), Some(false)),
        (json!({}), Some(false)),
        (json!(null), None),
        (json!(""), None),
    ] {
        assert_eq!(read(&with(json!({ "Active": active }))).is_approved, expect, "{active}");
    }
}

#[test]
fn a_field_that_was_never_sent_is_not_known_and_one_that_was_is_absent() {
    let hidden = json!({ "UniqueID": DANA, "Active": true, "Approved": true, "MemberStatus": "current" });
    let nulls = with(json!({ "Groups": null, "Committees": null, "CustomFields": null,
        "ParentCustomerUniqueID": "" }));
    for member in [&hidden, &nulls] {
        let seen = MemberFieldsSeen::default();
        let unread = record(member, &seen, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((&unread.groups, &unread.committees, &unread.relationships), (&None, &None, &None));
        assert_eq!(unread.confirmed.of(Part::CustomFields), None);
        // Somebody has them, so whoever does not has none.
        record(&whole(), &seen, Timestamp::UNIX_EPOCH).unwrap();
        let read = record(member, &seen, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            (read.groups, read.committees, read.relationships),
            (Some(vec![]), Some(vec![]), Some(vec![]))
        );
        assert!(read.confirmed.of(Part::CustomFields).is_some() && read.custom_fields.is_empty());
    }
}

#[test]
fn what_cannot_be_understood_grants_nothing_and_is_told() {
    let record = read(&with(json!({ "Groups": [3, { "GroupName": {} }], "Committees": "Safety",
        "CustomFields": ["x"], "MemberType": [], "EffectiveMemberType": 7, "MembershipExpires": "soon" })));
    assert_eq!(record.groups, Some(vec![GroupPlace::default(); 2]));
    assert_eq!(record.committees, Some(vec![CommitteeSeat::default()]));
    assert_eq!(record.custom_fields, [CustomField::default()]);
    assert_eq!(record.memberships[0].code, None);
    assert_eq!(record.warnings.len(), 4, "{:?}", record.warnings);
}

#[test]
fn a_committee_row_has_role_term_and_status() {
    let thing = lists::ListedThing {
        id: "c1".into(),
        name: Some("Safety".into()),
        start: AmsDate::Absent,
        end: AmsDate::Absent,
    };
    let row = |status: &str| {
        json!({ "UniqueID": "r", "MemberUniqueID": DANA, "CommitteeName": "Safety", "Status": status,
            "Role": { "UniqueID": "a1", "Name": "Chair" }, "TermStart": "2025-01-01T00:00:00-05:00", "TermEnd": "" })
    };
    let rows = lists::seats(&[row("Active"), row("Withdrawn"), json!({ "CommitteeName": "Safety" })], &thing);
    assert_eq!(rows.len(), 2, "a row without a person is about nobody");
    let seats: Vec<_> = rows
        .iter()
        .map(|row| match &row.line.entry {
            crate::domain::directory::roster::RosterEntry::Seat(seat) => seat.clone(),
            crate::domain::directory::roster::RosterEntry::Registration(_) => panic!("no seat"),
        })
        .collect();
    assert_eq!((seats[0].committee.as_str(), seats[0].position_name.as_deref()), ("c1", Some("Chair")));
    assert_eq!((seats[0].start_date.clone(), seats[0].cancelled), (date("2025-01-01"), false));
    assert!(seats[1].cancelled);
}

#[test]
fn an_attendee_counts_and_the_purchaser_and_the_cancelled_do_not() {
    let thing = lists::ListedThing {
        id: "e1".into(),
        name: None,
        start: date("2026-05-21"),
        end: date("2026-05-23"),
    };
    let buyer = "c0a1c0de-0001-4222-8333-444455550001";
    let row = |attendee: Value, cancelled: Value, on: Value| json!({ "AttendeeCustomerUniqueId": attendee, "PurchaserUniqueId": buyer, "Cancelled": cancelled, "CancellationDate": on });
    let rows = [
        row(json!(DANA), json!(false), json!("")),
        row(json!(DANA), json!(true), json!(null)),
        row(json!(DANA), json!(null), json!("2026-05-01T00:00:00-04:00")),
        row(json!(null), json!(false), json!(null)),
    ];
    let rows = lists::attendees(&rows, &thing);
    let cancelled: Vec<bool> = rows
        .iter()
        .map(|row| match &row.line.entry {
            crate::domain::directory::roster::RosterEntry::Registration(it) => it.cancelled,
            crate::domain::directory::roster::RosterEntry::Seat(_) => panic!("no registration"),
        })
        .collect();
    assert_eq!(cancelled, [false, true, true]);
    assert!(rows.iter().all(|row| row.person.as_str() == DANA.to_lowercase()));
}

#[test]
fn orders_tell_who_bought_what_and_the_list_of_purchases_when() {
    let orders = [
        json!({ "OrderID": "O-1", "CustomerUniqueID": DANA, "OrderItems": [
            { "OrderItemUniqueID": "i1", "ProductUniqueID": "p1", "Quantity": 2 }, { "OrderItemUniqueID": "i2" }] }),
        json!({ "OrderID": "O-2", "OrderItems": [{ "ProductUniqueID": "p1" }] }),
        json!({ "OrderID": "O-3", "CustomerUniqueID": DANA, "OrderDate": "2026-01-05T10:00:00Z", "Status": "Cancelled",
            "OrderItems": [{ "ProductUniqueID": "p2" }] }),
    ];
    let mut lines = orders::lines(&orders);
    assert!(lines[0].lacks_date());
    orders::complete(
        &mut lines,
        &[json!({ "OrderItemUniqueID": "i1", "PurchaseDate": "2026-02-03T00:00:00-05:00" })],
    );
    let people = orders::by_person(lines);
    let bought = people.values().next().unwrap();
    assert_eq!(people.len(), 1, "an order without a person is about nobody");
    assert_eq!(
        bought[0],
        Purchase {
            product: "p1".into(),
            purchase_date: date("2026-02-03"),
            quantity: Quantity::Units(2),
            cancelled: false
        }
    );
    assert_eq!(bought[1], Purchase::default(), "it might be of any product");
    assert!(bought[2].cancelled);
}

#[test]
fn one_is_meant_by_its_id_before_its_name() {
    let rows = [json!({ "UniqueID": "A", "Name": "B" }), json!({ "UniqueID": "B", "Name": "C" })];
    let meant = |code: &str| {
        lists::meant(&rows, &Code::parse(code).unwrap())
            .map(|row| row.text("UniqueID").ok().flatten().unwrap())
    };
    assert_eq!(meant("b").as_deref(), Some("B"));
    assert_eq!(meant(" c ").as_deref(), Some("B"));
    assert_eq!(meant("D"), None);
}

#[test]
fn changes_are_read_off_both_lists() {
    let since: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let row = |id: &str, changed: &str| json!({ "UniqueID": id, "LastUpdatedDate": changed });
    let rows = [
        row("a", "2026-03-01T07:00:00.1234567-05:00"),
        row("b", "2026-03-01T06:59:59.99-05:00"),
        row("c", ""),
        json!({ "UniqueID": "d", "CustomerType": "Company", "LastUpdatedDate": "2026-03-02T00:00:01Z" }),
    ];
    let changed: Vec<_> = lists::changed_since(&rows, since).iter().map(ToString::to_string).collect();
    assert_eq!(changed, ["a", "c"]);
    let log = [
        json!({ "MemberUniqueId": "p", "DependentCustomerUniqueId": "" }),
        json!({ "MemberUniqueId": "company", "DependentCustomerUniqueId": "q" }),
    ];
    let changed: Vec<_> = lists::of_activities(&log).iter().map(ToString::to_string).collect();
    assert_eq!(changed, ["p", "q"]);
}

#[test]
fn a_line_of_a_file_holds_all_there_is() {
    let parse = |line: Value| line::record(line.as_object().unwrap().clone(), Timestamp::UNIX_EPOCH);
    let bare = json!({ "UniqueID": "x", "Active": true, "Approved": true, "MemberStatus": "non_member" });
    let record = parse(json!({ "individual": bare })).unwrap();
    assert_eq!(
        (record.groups, record.purchases, record.certifications),
        (Some(vec![]), Some(vec![]), Some(vec![]))
    );
    let record = parse(json!({ "individual": { "data": whole() }, "groups": [{ "GroupName": "Board" }],
        "registrations": [{ "EventUniqueID": "e1", "Cancelled": true }], "purchases": [{ "ProductUniqueID": "p1" }],
        "certifications": [{}], "odd": 1 }))
    .unwrap();
    assert_eq!(record.groups.unwrap()[0].group_name.as_deref(), Some("Board"));
    assert!(record.registrations.unwrap()[0].cancelled);
    assert_eq!(record.purchases.unwrap()[0].product, "p1");
    assert_eq!(record.warnings.len(), 2, "{:?}", record.warnings);
    assert!(parse(json!({})).is_err());
}
