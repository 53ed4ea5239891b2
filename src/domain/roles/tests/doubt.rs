//! What is not known grants nothing, plain or negated, and gives a warning.

use super::*;

const NOW: &str = "2026-06-01T00:00:00Z";

/// Checks that neither the condition nor its negation grants, and the warning.
#[track_caller]
fn unknown(record: &Record, condition: &Condition, now: &str, warning: &str) {
    for condition in [condition.clone(), not(condition.clone())] {
        let decision = decide(record, &with_rule(new_york(), vec![condition.clone()]), at(now));
        assert!(!decision.roles.contains(&role("granted")), "{condition:?} at {now}");
        let warned = decision.warnings.iter().any(|said| said.contains(warning));
        assert!(warned || warning.is_empty(), "{:?}", decision.warnings);
    }
}

fn every_fetched_condition() -> [Condition; 5] {
    [
        Condition::Committee { committee: code("X"), positions: Vec::new() },
        Condition::Event { event: code("X"), from_days_before: None, until_days_after: None },
        Condition::Purchase { product: code("X"), valid_days: None },
        Condition::Certification(code("X")),
        Condition::Relationship { name: code("X"), organization: None },
    ]
}

#[test]
fn a_part_that_was_not_fetched_is_unknown() {
    let person = Record {
        committees: None,
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        ..record()
    };
    for condition in every_fetched_condition() {
        unknown(&person, &condition, NOW, "were not read from the AMS");
    }
    // No rule asks, so nobody needs to hear of it.
    assert_eq!(decide(&person, &new_york(), at(NOW)).warnings, Vec::<String>::new());
}

#[test]
fn an_unreadable_date_leaves_its_entry_unknown() {
    let person = Record {
        committees: Some(vec![CommitteeSeat {
            committee: "X".into(),
            end_date: date("?"),
            ..Default::default()
        }]),
        registrations: Some(vec![Registration {
            event: "X".into(),
            event_end: date("?"),
            ..Default::default()
        }]),
        purchases: Some(vec![Purchase { product: "X".into(), purchase_date: date("?") }]),
        certifications: Some(vec![Certification { code: "X".into(), expire_date: date("?") }]),
        relationships: Some(vec![Relationship {
            name: "X".into(),
            start_date: date("?"),
            ..Default::default()
        }]),
        ..record()
    };
    for condition in every_fetched_condition() {
        unknown(&person, &condition, NOW, "cannot be read; it grants nothing");
    }
}

#[test]
fn an_unreadable_date_on_a_membership_makes_it_inactive() {
    let good = membership("GOLD", "2026-01-01", "2026-12-31");
    let bad = || date("?");
    for membership in [
        Membership { effective_date: bad(), ..good.clone() },
        Membership { join_date: bad(), ..good.clone() },
        Membership { expire_date: bad(), ..good.clone() },
        Membership { grace_expire_date: bad(), ..good.clone() },
        Membership { terminate_date: bad(), ..good.clone() },
    ] {
        let person = members([membership]);
        let decision = decide(&person, &new_york(), at(NOW));
        assert_eq!(roles_of(&decision), "non_member");
        assert_eq!((decision.membership_type, decision.warnings.len()), (None, 1));
        unknown(&person, &Condition::Member, NOW, "of membership GOLD cannot be read");
        unknown(&person, &Condition::MembershipType(code("GOLD")), NOW, "cannot be read");
    }
}

#[test]
fn an_unreadable_membership_does_not_harm_a_readable_one() {
    let person = members([membership("A", "?", ""), membership("B", "2026-01-01", "")]);
    let rules = with_rule(new_york(), vec![Condition::Member]);
    check(&person, &rules, NOW, "granted member");
}

#[test]
fn doubt_ends_where_the_readable_date_settles_it() {
    let seat = |start: &str, end: &str| Record {
        committees: Some(vec![CommitteeSeat {
            committee: "X".into(),
            start_date: date(start),
            end_date: date(end),
            ..Default::default()
        }]),
        ..record()
    };
    let rules = with_rule(rules("UTC"), vec![not(every_fetched_condition()[0].clone())]);
    // Whatever the start was, the seat has ended; whatever the end is, it has not begun.
    check(
        &seat("?", "2026-06-30"),
        &rules,
        NOW,
        "non_member until 2026-07-01T00:00:00Z then granted non_member",
    );
    check(
        &seat("2026-06-30", "?"),
        &rules,
        NOW,
        "granted non_member until 2026-06-30T00:00:00Z then non_member",
    );
}

#[test]
fn an_entry_that_does_not_say_what_it_is_might_be_anything() {
    let person = Record {
        committees: Some(vec![CommitteeSeat::default()]),
        registrations: Some(vec![Registration::default()]),
        purchases: Some(vec![Purchase::default()]),
        certifications: Some(vec![Certification::default()]),
        relationships: Some(vec![Relationship::default()]),
        security_roles: vec![" ".into()],
        custom_fields: vec![CustomField::default()],
        memberships: vec![Membership { code: None, ..membership("", "2026-01-01", "") }],
        ..record()
    };
    let mut conditions = every_fetched_condition().to_vec();
    conditions.push(Condition::SecurityRole(code("X")));
    conditions.push(Condition::MembershipType(code("X")));
    conditions.push(Condition::CustomField { name: code("X"), value: code("Y") });
    for condition in conditions {
        // The warning is the reader's; see `adapters::ams::wire`.
        unknown(&person, &condition, NOW, "");
    }
}

#[test]
fn what_was_not_understood_while_reading_is_passed_on() {
    let person = Record { warnings: vec!["Something was odd.".into()], ..record() };
    assert_eq!(decide(&person, &new_york(), at(NOW)).warnings, ["Something was odd."]);
}
