//! Records from the shapes in which re:Members writes them.

use serde_json::json;

use super::*;
use crate::adapters::ams::dates::date;
use crate::domain::record::Quantity;

fn read(fetched: &Fetched) -> Record {
    record(fetched, Timestamp::UNIX_EPOCH).unwrap()
}

fn individual(mut value: Value) -> Record {
    value["id"] = json!("B3A1C0DE-1111-4222-8333-444455556666");
    read(&Fetched { individual: value, ..Fetched::default() })
}

#[test]
fn a_whole_profile_is_read() {
    let record = read(&Fetched {
        individual: json!({ "pageNumber": 1, "dataList": [ {
            "id": "B3A1C0DE-1111-4222-8333-444455556666", "recordNumber": "100482", "name": "Dr. Marisol Okafor",
            "firstName": "Marisol", "lastName": "Okafor", "email": "mari@okafor.example", "isDeceased": false,
            "user": { "loginEmail": "mari@okafor.example", "isApproved": true },
            "memberships": [ { "membershipType": "Corporate Gold", "code": "CORPGOLD", "joinDate": "2019-03-01T00:00:00",
                "effectiveDate": "2026-01-01T00:00:00", "expireDate": "2026-12-31T00:00:00",
                "graceExpireDate": "2027-01-30T00:00:00", "terminateDate": null, "inheritedMembershipBenefits": true,
                "renewalUrl": "https://members.acme.example/renew" } ],
            "committees": [ { "committee": { "code": "EDU", "startDate": "2015-01-01T00:00:00" }, "position": "Chair",
                "positionCode": "CHAIR", "code": "EDU-014", "startDate": "2026-01-01T00:00:00", "endDate": "2026-12-31T00:00:00" } ],
            "securityRoles": [ { "name": "Member" } ],
            "relationships": [ { "relationshipName": "Employee", "startDate": "2019-03-01T00:00:00", "endDate": null,
                "relatedToCustomer": { "customerType": "Organization", "recordNumber": "20011" } } ],
            "customFields": [ { "name": "topics", "caption": "Topics", "value": "ocean|policy" } ] } ] }),
        registrations: Some(vec![json!({ "event": { "code": "ANNUAL26", "startDate": "2026-05-21T00:00:00",
            "endDate": "2026-05-23T00:00:00", "registrationDate": "2026-02-21T15:19:07.183" } })]),
        purchases: Some(vec![json!({ "productCode": "WEB1", "purchaseDate": "2026-02-21T15:19:07" })]),
        certifications: Some(vec![json!({ "code": "CPA", "expireDate": "2026-12-31T00:00:00" })]),
        ..Fetched::default()
    });
    assert_eq!(record.id.as_str(), "b3a1c0de-1111-4222-8333-444455556666");
    let written = record.profile.written_id.as_deref();
    assert_eq!(written, Some("B3A1C0DE-1111-4222-8333-444455556666"), "as re:Members writes it");
    assert_eq!(record.profile.name, "Dr. Marisol Okafor");
    assert_eq!(record.contact, None, "nobody asks for it");
    assert_eq!(record.profile.renewal_url.as_deref(), Some("https://members.acme.example/renew"));
    assert_eq!((record.is_approved, record.is_deceased), (Some(true), false));
    let expect = Membership {
        code: Some("CORPGOLD".into()),
        type_name: Some("Corporate Gold".into()),
        standing: None,
        join_date: date("2019-03-01"),
        effective_date: date("2026-01-01"),
        expire_date: date("2026-12-31"),
        grace_expire_date: date("2027-01-30"),
        terminate_date: AmsDate::Absent,
        inherited: true,
        cancelled: false,
    };
    assert_eq!(record.memberships, [expect]);
    assert_eq!(record.security_roles, ["Member"]);
    let seat = CommitteeSeat {
        committee: "EDU".into(),
        committee_name: None,
        position: Some("CHAIR".into()),
        position_name: Some("Chair".into()),
        cancelled: false,
        start_date: date("2026-01-01"),
        end_date: date("2026-12-31"),
        ..CommitteeSeat::default()
    };
    assert_eq!(record.committees, Some(vec![seat]));
    let relationship = Relationship {
        name: "Employee".into(),
        organization: Some("20011".into()),
        cancelled: false,
        start_date: date("2019-03-01"),
        end_date: AmsDate::Absent,
    };
    assert_eq!(record.relationships, Some(vec![relationship]));
    let registration = Registration {
        event: "ANNUAL26".into(),
        registration_date: date("2026-02-21T15:19:07.183"),
        event_start: date("2026-05-21"),
        event_end: date("2026-05-23"),
        cancelled: false,
    };
    assert_eq!(record.registrations, Some(vec![registration]));
    assert_eq!(record.purchases.unwrap()[0].product, "WEB1");
    assert_eq!(record.certifications.unwrap()[0].expire_date, date("2026-12-31"));
    assert_eq!(record.custom_fields, [CustomField { name: "topics".into(), value: "ocean|policy".into() }]);
    assert_eq!(record.warnings, Vec::new());
}

#[test]
fn only_a_missing_individual_or_id_is_an_error() {
    for (body, expect) in [
        (json!(null), NoRecord::NoIndividual),
        (json!(""), NoRecord::NoIndividual),
        (json!("Invalid token"), NoRecord::NoIndividual),
        (json!([]), NoRecord::NoIndividual),
        (json!({ "pageNumber": 1, "dataList": [] }), NoRecord::NoIndividual),
        (json!({ "pageNumber": 1, "dataList": null }), NoRecord::NoIndividual),
        (json!({ "name": "x" }), NoRecord::NoId),
        (json!({ "id": "" }), NoRecord::NoId),
        (json!({ "id": null }), NoRecord::NoId),
        (json!({ "id": ["a"] }), NoRecord::NoId),
        (json!({ "id": "x".repeat(200) }), NoRecord::NoId),
    ] {
        let fetched = Fetched { individual: body, ..Fetched::default() };
        assert_eq!(record(&fetched, Timestamp::UNIX_EPOCH), Err(expect));
    }
    let bare = Fetched { individual: json!([{ "id": 7 }]), ..Fetched::default() };
    assert_eq!(read(&bare).id.as_str(), "7");
}

#[test]
fn a_list_comes_in_several_shapes() {
    for (body, expect) in [
        (json!(null), 0),
        (json!(""), 0),
        (json!([]), 0),
        (json!({}), 0),
        (json!({ "pageNumber": 3 }), 0),
        (json!({ "pageNumber": 3, "dataList": "" }), 0),
        (json!({ "PageNumber": 1, "DataList": [1, null, 2] }), 2),
        (json!([{ "a": 1 }, null]), 1),
        (json!({ "a": 1 }), 1),
        (json!({ "pageNumber": 1, "dataList": { "a": 1 } }), 1),
        (json!("oops"), 1),
    ] {
        assert_eq!(items(&body).len(), expect, "{body}");
        let owned = items_owned(body.clone());
        assert_eq!(owned.iter().collect::<Vec<_>>(), items(&body), "{body}");
    }
}

#[test]
fn a_part_is_taken_from_the_individual_unless_it_was_fetched() {
    let seats = json!([{ "committee": { "code": "EDU" } }]);
    let embedded = json!({ "id": "a", "committees": seats, "relationships": null });
    let record = read(&Fetched { individual: embedded.clone(), ..Fetched::default() });
    assert_eq!(record.committees.map(|seats| seats.len()), Some(1));
    // Null does not say that there are none, and what was never fetched is not empty.
    assert_eq!((record.relationships, record.purchases), (None, None));
    let fetched = Fetched { individual: embedded, committees: Some(Vec::new()), ..Fetched::default() };
    assert_eq!(read(&fetched).committees, Some(Vec::new()));
}

#[test]
fn only_a_clear_word_approves_or_refuses() {
    for (user, deceased, expect) in [
        (json!(null), json!(null), (None, false)),
        (json!(""), json!(""), (None, false)),
        (json!({}), json!("false"), (None, false)),
        (json!({ "isApproved": true }), json!(0), (Some(true), false)),
        (json!({ "isApproved": "True" }), json!("True"), (Some(true), true)),
        (json!({ "isApproved": "false" }), json!(1), (Some(false), true)),
        (json!({ "IsApproved": 0 }), json!(false), (Some(false), false)),
        // What cannot be read refuses.
        (json!({ "isApproved": "perhaps" }), json!(false), (Some(false), false)),
        (json!({ "isApproved": [] }), json!({}), (Some(false), true)),
        (json!(7), json!(false), (Some(false), false)),
    ] {
        let record = individual(json!({ "user": user, "isDeceased": deceased }));
        assert_eq!((record.is_approved, record.is_deceased), expect, "{user} {deceased}");
    }
}

#[test]
fn values_are_read_in_whatever_type_they_come() {
    let record = individual(json!({
        "recordNumber": 100482, "firstName": "Mari", "lastName": "Okafor", "name": null,
        "customFields": [ { "name": "a", "value": true }, { "name": "b", "value": 7 }, { "name": "c", "value": null },
                          { "name": "d", "value": ["x", "y"] } ],
        "securityRoles": ["Staff", { "Name": "Board" }],
        "memberships": [ { "code": 12, "inheritedMembershipBenefits": "TRUE", "expireDate": 20261231 } ],
    }));
    assert_eq!(record.profile.record_number.as_deref(), Some("100482"));
    assert_eq!(record.profile.name, "Mari Okafor");
    let values: Vec<&str> = record.custom_fields.iter().map(|field| field.value.as_str()).collect();
    assert_eq!(values, ["true", "7", "", "x|y"]);
    assert_eq!(record.security_roles, ["Staff", "Board"]);
    assert_eq!((record.memberships[0].code.as_deref(), record.memberships[0].inherited), (Some("12"), true));
    assert!(record.memberships[0].expire_date.is_unreadable());
    assert_eq!(record.warnings, Vec::new());
}

#[test]
fn an_entry_that_cannot_be_understood_stays_without_a_name_and_gives_a_warning() {
    let record = read(&Fetched {
        individual: json!({ "id": "a", "memberships": [3, { "code": {} }], "securityRoles": [{ "name": "" }],
            "customFields": "x" }),
        committees: Some(vec![json!({ "code": "EDU-014" }), json!({ "committee": "EDU" })]),
        registrations: Some(vec![json!({ "event": null })]),
        purchases: Some(vec![json!([])]),
        certifications: Some(vec![json!({ "name": "CPA" })]),
        relationships: Some(vec![json!(true)]),
        partly: Default::default(),
    });
    assert_eq!(record.memberships, vec![unknown_membership(); 2]);
    assert_eq!(record.security_roles, [""]);
    assert_eq!(record.custom_fields, [CustomField::default()]);
    assert_eq!(record.committees, Some(vec![CommitteeSeat::default(); 2]));
    assert_eq!(record.registrations, Some(vec![Registration::default()]));
    assert_eq!(record.purchases, Some(vec![Purchase::default()]));
    assert_eq!(record.certifications, Some(vec![Certification::default()]));
    assert_eq!(record.relationships, Some(vec![Relationship::default()]));
    assert_eq!(record.warnings.len(), 10);
    let crate::domain::record::RecordWarning { part, said } = &record.warnings[0];
    assert_eq!(
        (*part, &**said),
        (Part::Memberships, "The membership at place 1 cannot be understood; it grants nothing.")
    );
}

#[test]
fn a_relationship_to_a_person_has_no_organization() {
    let related = |kind: &str| {
        let customer = json!({ "customerType": kind, "recordNumber": "7" });
        let entry = json!({ "relationshipName": "Colleague", "relatedToCustomer": customer });
        individual(json!({ "relationships": [entry] })).relationships.unwrap()[0].organization.clone()
    };
    assert_eq!(related("Individual"), None);
    assert_eq!(related("Organization").as_deref(), Some("7"));
    assert_eq!(related("").as_deref(), Some("7"));
}

#[test]
fn a_renewal_address_must_be_a_web_address() {
    let renewal =
        |url: &str| individual(json!({ "memberships": [{ "renewalUrl": url }] })).profile.renewal_url;
    assert_eq!(renewal("javascript:alert(1)"), None);
    assert_eq!(renewal(""), None);
    assert_eq!(renewal("https://a.example/r").as_deref(), Some("https://a.example/r"));
}

#[test]
fn a_cancelled_entry_is_known_by_its_flag_or_its_status() {
    let purchase = |mut entry: Value| {
        entry["productCode"] = json!("WEB1");
        let record = read(&Fetched {
            individual: json!({ "id": "a" }),
            purchases: Some(vec![entry]),
            ..Fetched::default()
        });
        let said = record.purchases.unwrap()[0].clone();
        (said.product.as_str() == "WEB1", said.cancelled, record.warnings.len())
    };
    let (counts, odd, gone, unknown) =
        ((true, false, 0), (true, false, 1), (true, true, 0), (false, false, 1));
    for (entry, expect) in [
        (json!({}), counts),
        (json!({ "isCancelled": false, "cancelled": null, "status": "" }), counts),
        (json!({ "status": "Confirmed" }), counts),
        (json!({ "status": "tentative" }), odd),
        (json!({ "status": "not cancelled" }), odd),
        (json!({ "status": 3 }), odd),
        (json!({ "isCancelled": true, "status": "Confirmed" }), gone),
        (json!({ "cancelled": "True" }), gone),
        (json!({ "IsCanceled": 1 }), gone),
        (json!({ "status": " Wait\u{a0} List " }), gone),
        (json!({ "status": "WAITLISTED" }), gone),
        (json!({ "status": "With\u{200b}drawn" }), gone),
        (json!({ "isCancelled": "perhaps" }), unknown),
        (json!({ "status": {} }), unknown),
    ] {
        assert_eq!(purchase(entry.clone()), expect, "{entry}");
    }
    let record = individual(json!({
        "securityRoles": [{ "name": "Staff", "status": "revoked" }, { "name": "Press" }],
        "memberships": [{ "code": "GOLD", "isCancelled": true }],
    }));
    assert_eq!(record.security_roles, ["Press"]);
    assert!(record.memberships[0].cancelled);
}

#[test]
fn a_quantity_is_a_whole_number_of_units() {
    for (quantity, expect) in [
        (json!(null), Quantity::Units(1)),
        (json!(""), Quantity::Units(1)),
        (json!(2), Quantity::Units(2)),
        (json!(-1.0), Quantity::Units(-1)),
        (json!("-1.00"), Quantity::Units(-1)),
        (json!(0), Quantity::Units(0)),
        (json!(0.5), Quantity::Unreadable),
        (json!("many"), Quantity::Unreadable),
        (json!({}), Quantity::Unreadable),
        (json!("99999999999999999999"), Quantity::Unreadable),
    ] {
        let entry = json!({ "productCode": "WEB1", "quantity": quantity });
        let individual = json!({ "id": "a", "purchases": [entry] });
        let record = read(&Fetched { individual, ..Fetched::default() });
        assert_eq!(record.purchases.unwrap()[0].quantity, expect, "{quantity}");
    }
}

#[test]
fn what_is_too_long_is_cut_or_left_out_and_the_person_is_read() {
    let address = |length: usize| format!("{}@people.example", "x".repeat(length - 15));
    let record = individual(json!({
        "name": "é".repeat(600), "firstName": "J".repeat(1024), "lastName": "M".repeat(5000), "email": address(255),
    }));
    assert_eq!(record.profile.name, "é".repeat(512));
    assert_eq!(record.profile.first_name.map(|name| name.len()), Some(1024));
    assert_eq!(record.profile.last_name.map(|name| name.len()), Some(1024));
    assert_eq!(record.profile.email, None);
    assert_eq!(record.warnings.len(), 3);
    let record = individual(json!({ "email": address(254) }));
    assert_eq!(record.profile.email.map(|email| email.len()), Some(254));
}
