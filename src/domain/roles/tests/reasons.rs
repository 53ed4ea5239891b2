//! The sentences that people read.

use super::*;

const NOW: &str = "2026-06-01T00:00:00Z";

/// The last verdict, as `+` or `-` with its reason.
#[track_caller]
fn because(record: &Record, rules: &Rules, expect: &str) {
    let decision = explain(record, rules, at(NOW));
    let verdict = decision.trace.last().unwrap();
    assert_eq!(format!("{} {}", if verdict.matched { '+' } else { '-' }, verdict.because), expect);
}

#[test]
fn membership_is_explained() {
    let rules = Rules { non_member: None, ..rules("UTC") };
    let named = |name: &str, start: &str, end: &str| Membership {
        type_name: Some(name.into()),
        ..membership("CODE", start, end)
    };
    let gold = named("Corporate Gold", "2026-01-01", "2026-12-31");
    because(&members([gold.clone()]), &rules, "+ Member: Corporate Gold runs to 31 December 2026.");
    because(&members([membership("GOLD", "2026-01-01", "")]), &rules, "+ Member: GOLD has no end.");
    because(&record(), &rules, "- Not a member: there is no membership on the record.");
    let past = members([named("Old", "2020-01-01", "2020-12-31"), named("Next", "2027-01-01", "")]);
    because(&past, &rules, "- Not a member: Old ended on 31 December 2020; Next starts on 1 January 2027.");
    let odd = members([named("Odd", "?", ""), named("Bare", "", "")]);
    because(&odd, &rules, "- Not a member: Odd has a date that cannot be read; Bare has no start date.");
    let own_only = Rules { count_inherited: false, ..rules };
    let inherited = members([Membership { inherited: true, ..gold }]);
    because(&inherited, &own_only, "- Not a member: inherited memberships do not count.");
}

#[test]
fn a_rule_is_explained_by_its_conditions() {
    let chair = || Condition::Committee {
        committee: code("EDU"),
        positions: vec![code("CHAIR")],
        self_subscribed: false,
    };
    let seat = |start: &str, end: &str| Record {
        committees: Some(vec![CommitteeSeat {
            committee: "EDU".into(),
            position: Some("CHAIR".into()),
            start_date: date(start),
            end_date: date(end),
            ..Default::default()
        }]),
        ..members([membership("GOLD", "2026-01-01", "2026-12-31")])
    };
    let rules = |when: Vec<Condition>| with_rule(rules("UTC"), when);
    because(&record(), &rules(vec![chair()]), "- Not on committee EDU as CHAIR.");
    because(
        &seat("", "2026-08-31"),
        &rules(vec![chair(), Condition::Member]),
        "+ On committee EDU as CHAIR, to 31 August 2026. Member: GOLD runs to 31 December 2026.",
    );
    because(
        &seat("2026-07-01", ""),
        &rules(vec![chair()]),
        "- On committee EDU as CHAIR, but only from 1 July 2026.",
    );
    because(
        &seat("", "2026-05-01"),
        &rules(vec![chair()]),
        "- On committee EDU as CHAIR, but only to 1 May 2026.",
    );
    because(
        &seat("", ""),
        &rules(vec![not(chair())]),
        "- On committee EDU as CHAIR, and the rule excludes that.",
    );
    because(&record(), &rules(vec![not(chair())]), "+ Not on committee EDU as CHAIR.");
    let unread = Record { committees: None, ..record() };
    because(
        &unread,
        &rules(vec![not(chair())]),
        "- It cannot be told: committees were not read from the AMS.",
    );
    because(
        &seat("", "?"),
        &rules(vec![chair()]),
        "- It cannot be told: an entry on the record is incomplete or cannot be read.",
    );
    because(
        &seat("", ""),
        &rules(vec![not(Condition::Member)]),
        "- Member: GOLD runs to 31 December 2026, and the rule excludes that.",
    );
    because(
        &record(),
        &rules(vec![not(Condition::Member)]),
        "+ Not a member: there is no membership on the record.",
    );
    // Only what failed is told.
    because(
        &seat("", ""),
        &rules(vec![chair(), Condition::SecurityRole(code("Press"))]),
        "- Does not have the security role Press.",
    );
    because(&record(), &rules(Vec::new()), "- The rule has no conditions.");
}

#[test]
fn built_in_roles_come_first_and_rules_go_by_their_label() {
    let mut rules =
        with_rule(Rules { everyone: Some(role("subscriber")), ..new_york() }, vec![Condition::Member]);
    rules.rules[0].label = Some("All members".into());
    let decision = explain(&record(), &rules, at(NOW));
    let told: Vec<String> = decision.trace.iter().map(|v| format!("{} {}", v.rule, v.matched)).collect();
    assert_eq!(told, ["everyone true", "member false", "non_member true", "All members false"]);
    assert!(decide(&record(), &rules, at(NOW)).trace.is_empty());
}

#[test]
fn no_reason_holds_an_address() {
    let address = "mari@okafor.example";
    let mut person =
        members([Membership { type_name: Some(address.into()), ..membership(address, "2026-01-01", "?") }]);
    person
        .memberships
        .push(Membership { type_name: Some(address.into()), ..membership("B", "2026-01-01", "") });
    person.committees =
        Some(vec![CommitteeSeat { committee: address.into(), end_date: date("?"), ..Default::default() }]);
    let when = vec![Condition::CustomField { name: code(address), value: code(address) }];
    let decision = explain(&person, &with_rule(new_york(), when), at(NOW));
    let said = format!("{:?}{:?}", decision.trace, decision.warnings);
    assert!(!said.contains('@'), "{said}");
}

#[test]
fn a_reason_calls_things_as_the_lists_of_the_ams_do() {
    const ID: &str = "4f000000-0001-4aaa-8bbb-000000000001";
    let event = |code: &str, label: &str| crate::domain::catalogue::EventChoice {
        code: code.into(),
        label: label.into(),
        first_day: None,
    };
    let committees = vec![crate::domain::catalogue::Choice { code: "EDU".into(), label: "Education".into() }];
    let listed = crate::domain::catalogue::Catalogue {
        events: vec![event(ID, "Annual Meeting"), event("SUMMIT26", "Harbour Summit")],
        committees,
        ..Default::default()
    };
    let names = crate::domain::names::ListedNames::from(&listed);
    let because = |condition: Condition| {
        let rules = with_rule(new_york(), vec![condition]);
        crate::domain::roles::explain_by_name(&record(), &rules, &names, at(NOW)).trace.pop().unwrap().because
    };
    let attends =
        |text: &str| Condition::Event { event: code(text), from_days_before: None, until_days_after: None };
    assert_eq!(because(attends(ID)), "Not registered for event Annual Meeting.");
    assert_eq!(because(attends("SUMMIT26")), "Not registered for event Harbour Summit (SUMMIT26).");
    assert_eq!(because(attends("OTHER")), "Not registered for event OTHER.");
    let chair = Condition::Committee {
        committee: code("EDU"),
        positions: vec![code("CHAIR")],
        self_subscribed: false,
    };
    assert_eq!(because(chair), "Not on committee Education (EDU) as CHAIR.");
}
