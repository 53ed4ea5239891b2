//! Parts of records from the shapes in which GrowthZone writes them.

use serde_json::json;

use super::memberships::{TypeNames, joined, rows};
use super::places::{ListPlaces, PlaceDetail, of_contact};
use super::status::ContactStanding::{Deleted, NoMember, Standing};
use super::*;
use crate::domain::record::{Membership, RecordWarning};
use crate::domain::standing::MembershipStanding::{self, Active, Ended, Grace, Pending, Unknown};

fn read(contact_row: &Value) -> ContactRow {
    contact(contact_row, &StatusWords::default(), Timestamp::UNIX_EPOCH).unwrap()
}

#[test]
fn a_contact_id_is_a_number() {
    let check = |text: &str, expect: Option<&str>| {
        assert_eq!(contact_id(text).as_ref().map(IndividualId::as_str), expect, "{text:?}");
    };
    check("1001234", Some("1001234"));
    check(" 007 ", Some("7"));
    for text in ["", "0", "-1", "+1", "1.0", "1e3", "../1", "99999999999999999999", "١"] {
        check(text, None);
    }
}

#[test]
fn a_number_is_kept_as_it_is_written_where_that_is_not_as_numbers_are_compared() {
    let written = |id: Value| read(&json!({ "ContactId": id })).record.profile.written_id;
    assert_eq!(written(json!(" 007 ")).as_deref(), Some("007"));
    assert_eq!([written(json!(7)), written(json!("7"))], [None, None]);
}

#[test]
fn the_word_says_how_a_contact_stands_else_the_number() {
    let check = |row: Value, expect: Option<status::ContactStanding>| {
        let mut whole = json!({ "ContactId": 7 });
        whole.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
        assert_eq!(read(&whole).standing, expect, "{row}");
    };
    check(json!({ "Status": "Active", "MembershipStatusTypeId": 16 }), Some(Standing(Active)));
    check(json!({ "status": " ACTIVE " }), Some(Standing(Active)));
    check(json!({ "MembershipStatus": "Dropped" }), Some(Standing(Ended)));
    check(json!({ "Status": "Pending Approval" }), Some(Standing(Pending)));
    check(json!({ "Status": "Suspended" }), Some(Standing(Ended)));
    check(json!({ "Status": "Non-Member" }), Some(NoMember));
    check(json!({ "Status": "Courtesy" }), Some(Standing(Unknown)));
    check(json!({ "Status": "Activeish" }), Some(Standing(Unknown)));
    check(json!({ "Status": [] }), Some(Standing(Unknown)));
    check(json!({ "Status": "", "MembershipStatusTypeId": "2" }), Some(Standing(Active)));
    check(json!({ "MembershipStatusTypeId": 8 }), Some(NoMember));
    check(json!({ "MembershipStatusTypeId": 32 }), Some(Deleted));
    // Two flags at a time are none that is known.
    check(json!({ "MembershipStatusTypeId": 3 }), Some(Standing(Unknown)));
    check(json!({ "MembershipStatusTypeId": "two" }), Some(Standing(Unknown)));
    check(json!({ "Status": "Active", "IsDeleted": true }), Some(Deleted));
    check(json!({ "Status": "Active", "IsDeleted": false }), Some(Standing(Active)));
    check(json!({}), None);
}

#[test]
fn a_row_of_memberships_has_numbers_of_its_own_and_a_name_by_its_type() {
    let types = TypeNames::from([("7".to_owned(), "Business".to_owned())]);
    let row = |row: Value| rows(&[row], &StatusWords::default(), &types, &mut Vec::new()).remove(0);
    let found = row(json!({ "MembershipTypeId": 7, "Type": "Active Member", "MembershipStatusTypeId": 5,
        "StartDate": "0001-01-01T00:00:00", "ExpirationDate": "2026-12-31T00:00:00" }));
    assert_eq!((found.type_name.as_deref(), found.standing), (Some("Business"), Some(Ended)));
    assert_eq!(found.effective_date, AmsDate::Absent, "what .NET writes for none");
    assert!(!found.expire_date.is_absent());
    let found = row(
        json!({ "PackageName": "Individual", "Level": "Gold", "Status": "Active", "MembershipStatusTypeId": 5 }),
    );
    assert_eq!((found.code.as_deref(), found.type_name.as_deref()), (Some("Gold"), Some("Individual")));
    assert_eq!(found.standing, Some(Active), "the word");
    for broken in
        [json!(7), json!({ "PackageName": [] }), json!({ "PackageName": "X", "MembershipStatusTypeId": 1 })]
    {
        assert_eq!(row(broken.clone()).standing, Some(Unknown), "{broken}");
    }
}

#[test]
fn a_membership_is_own_by_an_active_row_else_inherited_and_never_more_than_the_contact_says() {
    let of = |standing| Membership { standing: Some(standing), ..Membership::default() };
    let gold = || Membership { code: Some("Gold".into()), ..of(Active) };
    // Of each: how it stands, whether it is inherited, its code.
    let check = |contact: Option<status::ContactStanding>,
                 own: Option<Vec<Membership>>,
                 given: Vec<Membership>,
                 expect: &[(MembershipStanding, bool, Option<&str>)]| {
        let all = joined(contact, own.clone(), given, &mut Vec::new());
        let found: Vec<_> =
            all.iter().map(|it| (it.standing.unwrap(), it.inherited, it.code.as_deref())).collect();
        assert_eq!(found, expect, "{contact:?}, {own:?}");
    };
    let active = Some(Standing(Active));
    check(active, Some(vec![gold()]), vec![], &[(Active, false, Some("Gold"))]);
    check(active, Some(vec![of(Ended)]), vec![gold()], &[(Ended, false, None), (Active, true, Some("Gold"))]);
    check(active, Some(vec![]), vec![gold(), of(Ended)], &[(Active, true, Some("Gold"))]);
    check(active, Some(vec![]), vec![of(Ended)], &[(Active, true, None)]);
    check(active, None, vec![], &[(Active, true, None)]);
    check(Some(Standing(Ended)), Some(vec![gold()]), vec![], &[(Ended, false, Some("Gold"))]);
    check(Some(Standing(Pending)), Some(vec![]), vec![], &[(Pending, false, None)]);
    check(Some(Standing(Unknown)), Some(vec![gold()]), vec![], &[(Unknown, false, Some("Gold"))]);
    check(Some(Standing(Grace)), Some(vec![gold()]), vec![], &[(Grace, false, Some("Gold"))]);
    check(Some(NoMember), Some(vec![]), vec![gold()], &[]);
    check(Some(NoMember), Some(vec![gold()]), vec![], &[(Unknown, false, Some("Gold"))]);
    check(Some(Deleted), Some(vec![gold()]), vec![gold()], &[]);
    check(None, Some(vec![gold()]), vec![], &[(Unknown, false, Some("Gold"))]);
}

#[test]
fn on_a_list_is_who_is_selected_or_has_a_place_and_is_not_removed() {
    let row = |list: u32, more: Value| {
        let mut row = json!({ "GroupId": list, "Name": "L", "IsSelected": false, "IsRemoved": false, "ContactGroupId": 0,
            "IsMemberJoinable": false });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let groups = [
        row(1, json!({ "IsSelected": true })),
        row(2, json!({ "ContactGroupId": 17 })),
        row(3, json!({ "IsSelected": true, "IsRemoved": true })),
        row(4, json!({})),
        row(5, json!({ "IsSelected": true, "IsMemberJoinable": true })),
        row(6, json!({ "IsSelected": true, "IsMemberJoinable": null })),
        json!("broken"),
    ];
    let body =
        json!({ "ContactId": 7, "Groups": groups, "GroupMembers": [row(1, json!({ "ContactGroupId": 3 }))] });
    let mut warnings = Vec::new();
    let ListPlaces { on, joinable } = of_contact(&body, &mut warnings).unwrap();
    assert_eq!(on.iter().map(|place| place.list.as_str()).collect::<Vec<_>>(), ["1", "2", "5", "6", ""]);
    let seats: Vec<_> =
        on.iter().map(|place| (place.seat().self_joinable, place.seat().position_unread)).collect();
    assert_eq!(seats, [(false, true), (false, true), (true, true), (true, true), (false, true)]);
    assert_eq!((joinable.len(), warnings.len()), (5, 1));
    assert_eq!(of_contact(&json!({ "ContactId": 7 }), &mut Vec::new()), None, "it names no list, on or off");
    let detail = json!({ "Role": "", "JoinDate": "0001-01-01T00:00:00", "IsActive": false });
    let detail = PlaceDetail::of(&JsonEntry::of(&detail).unwrap()).ok().unwrap();
    assert_eq!((detail.role.as_deref(), detail.is_over, detail.is_told()), (Some(""), true, true));
}

#[test]
fn a_certification_counts_from_its_completion_under_its_name_and_number() {
    let mut warnings = Vec::new();
    let held = certifications(
        &[
            json!({ "CertificationName": "Planner", "CertificationTypeId": 5, "CompletedDate": "2025-02-03T00:00:00", "StatusText": "Completed" }),
            json!({ "CertificationName": "Master", "CompletedDate": "0001-01-01T00:00:00", "StatusText": "In Progress" }),
            json!({ "CertificationName": "Gone", "CompletedDate": "2025-02-03T00:00:00", "StatusText": "Revoked" }),
            json!({ "CertificationName": "When", "CompletedDate": "soon" }),
            json!({}),
        ],
        &mut warnings,
    );
    let told: Vec<_> = held.iter().map(|it| (it.code.as_str(), it.cancelled)).collect();
    assert_eq!(
        told,
        [("Planner", false), ("5", false), ("Master", true), ("Gone", true), ("When", false), ("", false)]
    );
    assert!(matches!(held[4].expire_date, AmsDate::Unreadable(_)));
}

#[test]
fn ties_have_the_words_of_their_kind_and_custom_fields_their_names() {
    let ties = relationships(
        &[
            json!({ "OrganizationId": 42, "Type": "Primary, Staff" }),
            json!({ "OrganizationContactId": "43", "Type": "" }),
            json!({ "Type": "Staff" }),
        ],
        &mut Vec::new(),
    );
    let told: Vec<_> = ties.iter().map(|it| (it.name.as_str(), it.organization.as_deref())).collect();
    assert_eq!(
        told,
        [("Primary", Some("42")), ("Staff", Some("42")), ("Organization", Some("43")), ("", None)]
    );
    let body = json!({ "Notes": [], "Fields": [{ "Name": "Region", "Value": "West" }, { "FieldName": "Topics", "Value": ["a", "b"] }, 3] });
    let fields = custom_fields(&body, &mut Vec::new()).unwrap();
    let told: Vec<_> = fields.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
    assert_eq!(told, [("Region", "West"), ("Topics", "a|b"), ("", "")]);
    assert_eq!(custom_fields(&json!({ "Notes": [] }), &mut Vec::new()), None);
}

#[test]
fn a_line_of_a_file_holds_all_there_is() {
    let parse = |line: Value| line::record(line.as_object().unwrap().clone(), Timestamp::UNIX_EPOCH);
    let record = parse(json!({ "individual": { "ContactId": 7, "Status": "Non Member" } })).unwrap();
    assert_eq!(
        (record.groups, record.certifications, record.memberships.len()),
        (Some(vec![]), Some(vec![]), 0)
    );
    let record = parse(json!({
        "individual": { "ContactId": 7, "Status": "Active", "Memberships": [{ "PackageName": "X", "Status": "Active" }] },
        "groups": [{ "GroupId": 1, "IsSelected": true, "IsMemberJoinable": false }], "registrations": [{ "EventId": 5, "Status": "Cancelled" }],
        "purchases": [{}], "odd": 1 }))
    .unwrap();
    assert_eq!(
        (record.memberships.len(), record.groups.unwrap().len(), record.committees.unwrap().len()),
        (1, 1, 1)
    );
    assert!(record.registrations.unwrap()[0].cancelled);
    assert_eq!(record.warnings.len(), 2, "{:?}", record.warnings);
    let _: Vec<RecordWarning> = record.warnings;
    assert!(parse(json!({})).is_err());
}
