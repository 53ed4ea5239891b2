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
        Condition::Committee { committee: code("X"), positions: Vec::new(), self_subscribed: false },
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
        groups: None,
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
            registration_date: date("?"),
            ..Default::default()
        }]),
        purchases: Some(vec![Purchase {
            product: "X".into(),
            purchase_date: date("?"),
            ..Default::default()
        }]),
        certifications: Some(vec![Certification {
            code: "X".into(),
            expire_date: date("?"),
            ..Default::default()
        }]),
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
        Membership { expire_date: AmsDate::Absent, grace_expire_date: bad(), ..good.clone() },
        Membership { terminate_date: bad(), ..good.clone() },
    ] {
        let person = members([membership]);
        let decision = decide(&person, &new_york(), at(NOW));
        assert_eq!(roles_of(&decision), "non_member");
        assert_eq!((decision.membership_code, decision.warnings.len()), (None, 1));
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
fn a_broken_date_that_the_mapping_does_not_use_matters_to_nobody() {
    let good = membership("GOLD", "2026-01-01", "");
    let graced = Membership { expire_date: date("9999-12-31"), grace_expire_date: date("?"), ..good.clone() };
    let joined = Membership { join_date: date("?"), ..good };
    let by_effective_date = Rules { honor_effective_date: true, ..new_york() };
    let inherited = Membership { inherited: true, ..membership("CORP", "?", "?") };
    let own_only = Rules { count_inherited: false, ..new_york() };
    for (membership, rules, expect) in [
        (graced, new_york(), "member"),
        (joined, by_effective_date, "member"),
        (inherited, own_only, "non_member"),
    ] {
        let person = members([membership]);
        check(&person, &rules, NOW, expect);
        assert_eq!(decide(&person, &rules, at(NOW)).warnings, Vec::<String>::new());
    }
    let event = |from_days_before, until_days_after| Condition::Event {
        event: code("X"),
        from_days_before,
        until_days_after,
    };
    let registered = |on: &str, start: &str, end: &str| Record {
        registrations: Some(vec![Registration {
            event: "X".into(),
            registration_date: date(on),
            event_start: date(start),
            event_end: date(end),
            ..Default::default()
        }]),
        ..record()
    };
    for (person, condition) in [
        (registered("2026-01-01", "?", "?"), event(None, None)),
        (registered("?", "2026-06-02", "?"), event(Some(7), None)),
        (registered("2026-01-01", "?", "2026-06-02"), event(None, Some(7))),
    ] {
        let decision = decide(&person, &with_rule(new_york(), vec![condition]), at(NOW));
        assert!(decision.roles.contains(&role("granted")));
        assert_eq!(decision.warnings, Vec::<String>::new());
    }
}

#[test]
fn a_broken_date_leaves_its_entry_unknown_whatever_the_other_date_says() {
    for (start, end) in [("?", "2020-06-30"), ("2030-06-30", "?")] {
        let seat = CommitteeSeat {
            committee: "X".into(),
            start_date: date(start),
            end_date: date(end),
            ..Default::default()
        };
        let person = Record { committees: Some(vec![seat]), ..record() };
        unknown(&person, &every_fetched_condition()[0], NOW, "cannot be read");
        let person = members([membership("GOLD", start, end)]);
        unknown(&person, &Condition::Member, NOW, "cannot be read");
    }
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
        // The warning is the reader's; see `adapters::ams::re_members::wire`.
        unknown(&person, &condition, NOW, "");
    }
}

#[test]
fn what_was_not_understood_while_reading_is_passed_on() {
    let odd = crate::domain::record::RecordWarning {
        part: crate::domain::parts::Part::Purchases,
        said: "Something was odd.".into(),
    };
    let person = Record { warnings: vec![odd], ..record() };
    assert_eq!(decide(&person, &new_york(), at(NOW)).warnings, ["Something was odd."]);
}

#[test]
fn what_is_open_is_told_and_what_is_refuted_is_not() {
    let committee = |code: &str| Condition::Committee {
        committee: self::code(code),
        positions: Vec::new(),
        self_subscribed: false,
    };
    let unread = Record { committees: None, ..record() };
    let open = |record: &Record, when: Vec<Condition>| {
        super::super::doubt(record, &with_rule(new_york(), when), at(NOW)).is_about(&role("granted"))
    };
    assert!(open(&unread, vec![committee("X")]));
    assert!(open(&unread, vec![not(committee("X"))]));
    assert!(!open(&unread, vec![committee("X"), Condition::Member]), "it would need a membership too");
    assert!(!open(&record(), vec![committee("X")]), "it was read, and is not there");
    let blurred = CommitteeSeat { committee: "X".into(), end_date: date("?"), ..Default::default() };
    assert!(open(&Record { committees: Some(vec![blurred]), ..record() }, vec![committee("X")]));
    assert!(super::super::doubt(&record(), &new_york(), at(NOW)).is_none());
}

#[test]
fn a_rule_for_many_roles_leaves_each_of_them_open_where_its_part_was_not_read() {
    let rule = Rule {
        role: RuleRole::parse("chapter_{code}").unwrap(),
        when: vec![Condition::Committee {
            committee: code("CH-*"),
            positions: Vec::new(),
            self_subscribed: false,
        }],
        ..with_rule(new_york(), Vec::new()).rules.remove(0)
    };
    let rules = Rules { rules: vec![rule], ..new_york() };
    let doubt = super::super::doubt(&Record { committees: None, ..record() }, &rules, at(NOW));
    assert!(doubt.is_about(&role("chapter_ne")) && !doubt.is_about(&role("member")));
    assert!(super::super::doubt(&record(), &rules, at(NOW)).is_none());
}

#[test]
fn a_membership_with_an_unreadable_date_leaves_membership_open() {
    let mut person = record();
    person.memberships =
        vec![Membership { join_date: date("2020-01-01"), expire_date: date("?"), ..Default::default() }];
    let rules = Rules { member: Some(role("member")), ..new_york() };
    let doubt = super::super::doubt(&person, &rules, at(NOW));
    assert!(doubt.is_about_membership() && doubt.is_about(&role("member")));
}

#[test]
fn a_client_refuses_for_certain_only_what_is_known() {
    use crate::domain::access::{Standing, admit, surely_refuses};
    use crate::domain::client::{Client, ClientId, Proof};
    use crate::domain::require::Require;

    let seat = Condition::Committee { committee: code("X"), positions: Vec::new(), self_subscribed: false };
    let rules = Rules { member: Some(role("member")), ..with_rule(new_york(), vec![seat]) };
    let granted = || vec![role("granted")];
    let both = || vec![role("granted"), role("member")];
    let unread = Record { committees: None, ..record() };
    let on_it = Record {
        committees: Some(vec![CommitteeSeat { committee: "X".into(), ..Default::default() }]),
        ..record()
    };
    let kept_out = Record { is_approved: Some(false), ..unread.clone() };
    for (case, person, require, admits, refuses) in [
        ("held", &on_it, Require::AnyOf(granted()), true, false),
        ("not read", &unread, Require::AnyOf(granted()), false, false),
        ("lost", &record(), Require::AnyOf(granted()), false, true),
        ("one may be held", &unread, Require::AnyOf(both()), false, false),
        ("one is lost", &unread, Require::AllOf(both()), false, true),
        ("one is held and one lost", &on_it, Require::AllOf(both()), false, true),
        ("kept out by the AMS", &kept_out, Require::AnyOf(granted()), false, true),
        ("nothing asked for", &record(), Require::SignedIn, true, false),
    ] {
        let mut client = Client::new(ClientId::parse("wiki").unwrap(), Proof::Public);
        client.require = require;
        let standing = Standing {
            id: person.id.clone(),
            profile: person.profile.clone(),
            decision: decide(person, &rules, at(NOW)),
            unread: rules.unread(person),
        };
        let doubt = super::super::doubt(person, &rules, at(NOW));
        assert_eq!(admit(&client, &standing).is_some(), admits, "{case}");
        assert_eq!(surely_refuses(&client, &standing, &doubt), refuses, "{case}");
    }
}
