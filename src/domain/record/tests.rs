//! Readings of one person joined, and what is too old.

use std::collections::BTreeSet;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn seats(committee: &str) -> Option<Vec<CommitteeSeat>> {
    Some(vec![CommitteeSeat { committee: committee.to_owned(), ..CommitteeSeat::default() }])
}

fn record(name: &str) -> Record {
    Record {
        id: IndividualId::parse("1").unwrap(),
        confirmed: Confirmed::default(),
        profile: Profile { name: name.to_owned(), ..Profile::default() },
        contact: None,
        is_approved: None,
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: None,
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Partly::default(),
        warnings: Vec::new(),
    }
}

#[test]
fn each_part_is_as_it_was_confirmed_last_and_keeps_its_own_instant() {
    let old = Record { committees: seats("EDU"), ..record("old") }.read_at(at(10));
    let new = record("new").read_at(at(20));
    for both in [new.clone().over(&old, at(30)), old.clone().over(&new, at(30))] {
        assert_eq!((both.profile.name.as_str(), both.as_of()), ("new", at(20)));
        assert_eq!((both.committees, both.confirmed.of(Part::Committees)), (seats("EDU"), Some(at(10))));
    }
}

#[test]
fn a_reading_without_a_profile_for_a_community_keeps_the_earlier_one() {
    let contact = |bio: &str| Some(Box::new(Contact { bio: Some(bio.to_owned()), ..Contact::default() }));
    let bio = |record: &Record| record.contact.as_ref().and_then(|contact| contact.bio.clone());
    let whole = Record { contact: contact("first"), ..record("old") }.read_at(at(10));
    let thin = record("new").read_at(at(20)).over(&whole, at(30));
    assert_eq!((thin.profile.name.as_str(), bio(&thin).as_deref()), ("new", Some("first")));
    let again = Record { contact: contact("second"), ..record("again") }.read_at(at(25)).over(&thin, at(30));
    assert_eq!(bio(&again).as_deref(), Some("second"));
    // What was read later stays, whichever of the two comes first.
    let late = Record { contact: contact("late"), ..record("late") }.read_at(at(12)).over(&again, at(30));
    assert_eq!(bio(&late).as_deref(), Some("second"));
    // A profile that says nothing now is no thin reading: what was there is gone.
    let emptied =
        Record { contact: Some(Box::default()), ..record("x") }.read_at(at(28)).over(&again, at(30));
    assert_eq!(bio(&emptied), None);
}

#[test]
fn what_a_row_of_everybody_says_of_a_profile_is_joined_with_a_reading_of_the_person_by_age() {
    let whole = |title: &str, second: i64| {
        let contact =
            Contact { title: Some(title.to_owned()), bio: Some("whole".to_owned()), ..Contact::default() };
        Record { contact: Some(Box::new(contact)), ..record("whole") }.read_at(at(second))
    };
    let row = |title: &str, second: i64| {
        let contact = Contact { title: Some(title.to_owned()), is_thin: true, ..Contact::default() };
        let mut row = Record { contact: Some(Box::new(contact)), ..record("row") };
        row.confirmed.set(Part::Memberships, Some(at(second)));
        row
    };
    let said = |record: &Record| {
        let contact = record.contact.as_ref().unwrap();
        (contact.title.clone().unwrap(), contact.bio.is_some(), contact.is_thin)
    };
    let expect = |title: &str, has_bio: bool, is_thin: bool| (title.to_owned(), has_bio, is_thin);
    // Whichever of the two comes first.
    let (person, later) = (whole("person", 10), row("later", 20));
    for both in [later.clone().over(&person, at(30)), person.clone().over(&later, at(30))] {
        assert_eq!(both.profile.name, "whole", "names are those of the person's own reading");
    }
    assert_eq!(said(&later.clone().over(&person, at(30))), expect("later", true, false));
    assert_eq!(said(&row("early", 5).over(&person, at(30))), expect("person", true, false));
    assert_eq!(said(&whole("again", 40).over(&later, at(50))), expect("again", true, false));
    assert_eq!(said(&row("newer", 25).over(&later, at(30))), expect("newer", false, true));
    assert_eq!(said(&row("early", 5).over(&later, at(30))), expect("later", false, true));
    // An instant under a wrong clock gives way.
    assert_eq!(said(&row("right", 5).over(&whole("wrong", 1_000), at(30))), expect("right", true, false));
    // Read alone before anybody asked for profiles.
    let known = record("known").read_at(at(10));
    assert_eq!(said(&later.over(&known, at(30))), expect("later", false, true));
}

#[test]
fn a_part_that_was_read_for_fewer_codes_than_were_asked_does_not_replace_one_that_tells_more() {
    let whole = Record { purchases: Some(Vec::new()), ..record("") }.read_at(at(10));
    let mut some = Record { purchases: Some(vec![Purchase::default()]), ..record("") }.read_at(at(20));
    let mut read = crate::domain::parts::ReadCodes::default();
    read.add(&Code::parse("WEB1").unwrap());
    some.partly.set(Part::Purchases, Some(read.clone()));
    let both = some.clone().over(&whole, at(30));
    assert_eq!(
        (both.purchases.as_deref(), both.confirmed.of(Part::Purchases)),
        (Some(&[][..]), Some(at(10)))
    );
    assert!(both.has_read(Part::Purchases, None));
    // Nobody asks about other codes any longer: what is asked about must not stay as old as they are.
    read.note_asked(&Codes::These(vec![Code::parse("web1").unwrap()]));
    let mut asked = some.clone();
    asked.partly.set(Part::Purchases, Some(read.clone()));
    let both = asked.over(&whole, at(30));
    assert_eq!(
        (both.purchases.map(|it| it.len()), both.confirmed.of(Part::Purchases)),
        (Some(1), Some(at(20)))
    );
    read.note_asked(&Codes::These(vec![Code::parse("WEB1").unwrap(), Code::parse("WEB2").unwrap()]));
    assert!(!read.replaces(None), "it was cut short");
    // The other way round the whole list is the later one.
    let both = whole.read_at(at(30)).over(&some, at(40));
    assert!(both.has_read(Part::Purchases, None) && both.purchases.as_deref() == Some(&[]));
}

#[test]
fn what_was_confirmed_in_the_future_gives_way() {
    let wrong = record("wrong").read_at(at(1_000));
    assert_eq!(record("right").read_at(at(20)).over(&wrong, at(30)).profile.name, "right");
}

#[test]
fn what_is_too_old_is_forgotten_but_for_the_person() {
    let mut person = Record { committees: seats("EDU"), ..record("Dana") }.read_at(at(10));
    person.confirmed.set(Part::SecurityRoles, Some(at(50)));
    assert!(matches!(person.without_older_than(at(10)), Cow::Borrowed(_)));
    let left = person.without_older_than(at(50));
    assert_eq!((left.profile.name.as_str(), left.committees.as_ref()), ("Dana", None));
    assert!(left.has_read(Part::SecurityRoles, None) && !left.has_read(Part::CustomFields, None));
}

#[test]
fn what_was_said_of_a_part_goes_when_the_part_is_read_again() {
    let warning = |part: Part, said: &str| RecordWarning { part, said: said.to_owned() };
    let mut old = Record { committees: seats("EDU"), ..record("old") }.read_at(at(10));
    old.warnings = vec![warning(Part::Profile, "old name"), warning(Part::Committees, "old seat")];
    let mut new = record("new").read_at(at(20));
    new.warnings = vec![warning(Part::Memberships, "new membership")];
    for both in [new.clone().over(&old, at(30)), old.clone().over(&new, at(30))] {
        let said: BTreeSet<&str> = both.warnings.iter().map(|warning| &*warning.said).collect();
        assert_eq!(said, BTreeSet::from(["new membership", "old seat"]));
        let left = both.without_older_than(at(15)).into_owned();
        assert_eq!(left.warnings, [warning(Part::Memberships, "new membership")]);
    }
    let again = Record { committees: seats("EDU"), ..record("again") }.read_at(at(40));
    assert_eq!(again.over(&new.over(&old, at(30)), at(50)).warnings, []);
}
