//! Many roles by one rule.

use super::*;

fn seat(code: &str, name: &str, end: &str) -> CommitteeSeat {
    CommitteeSeat {
        committee: code.into(),
        committee_name: (!name.is_empty()).then(|| name.into()),
        end_date: date(end),
        ..CommitteeSeat::default()
    }
}

fn seats(seats: impl IntoIterator<Item = CommitteeSeat>) -> Record {
    Record { committees: Some(seats.into_iter().collect()), ..record() }
}

fn on(committee: &str) -> Condition {
    Condition::Committee { committee: code(committee), positions: Vec::new(), self_subscribed: false }
}

fn with_many(mut rules: Rules, role: &str, when: Vec<Condition>) -> Rules {
    rules.add(Rule::new(RuleRole::parse(role).unwrap(), None, when));
    rules
}

fn chapters() -> Rules {
    let rules = Rules { member: None, non_member: None, ..rules("UTC") };
    with_many(rules, "chapter_{code}", vec![on("CH-*")])
}

const NOW: &str = "2026-06-01T00:00:00Z";

#[test]
fn a_role_for_each_code_that_fits_for_as_long_as_its_entry_holds() {
    let person =
        seats([seat("ch-Austin", "", "2026-06-30"), seat("CH-St. Louis", "", ""), seat("EDU", "", "")]);
    check(
        &person,
        &chapters(),
        NOW,
        "chapter_austin chapter_st-louis until 2026-07-01T00:00:00Z then chapter_st-louis",
    );
    let trace = explain(&person, &chapters(), at(NOW)).trace;
    let told: Vec<_> = trace.iter().map(|it| (&*it.role, it.matched, &*it.because)).collect();
    assert_eq!(
        told,
        [
            ("chapter_austin", true, "On committee ch-Austin, to 30 June 2026."),
            ("chapter_st-louis", true, "On committee CH-St. Louis."),
        ]
    );
    let trace = explain(&seats([]), &chapters(), at(NOW)).trace;
    assert_eq!((&*trace[0].role, &*trace[0].because), ("chapter_{code}", "Nothing on the record fits CH-*."));
    let unread = Record { committees: None, ..record() };
    let trace = explain(&unread, &chapters(), at(NOW)).trace;
    assert_eq!(trace[0].because, "It cannot be told: committees were not read from the AMS.");
}

#[test]
fn names_count_only_where_no_code_fits() {
    check(
        &seats([seat("1", "CH-Austin", ""), seat("2", "CH-Rome", "")]),
        &chapters(),
        NOW,
        "chapter_austin chapter_rome",
    );
    let any = with_many(Rules::new(TimeZone::UTC), "on_{code}", vec![on("*")]);
    check(&seats([seat("", "Board", "")]), &any, NOW, "on_board");
    check(&seats([seat("CH-1", "CH-Austin", ""), seat("2", "CH-Rome", "")]), &chapters(), NOW, "chapter_1");
}

#[test]
fn what_is_empty_reserved_or_too_long_is_never_given() {
    let long = format!("CH-{}", "x".repeat(57));
    let person = seats([
        seat("CH-", "", ""),
        seat("CH-*", "", ""),
        seat("CH-\u{6771}\u{4eac}", "", ""),
        seat("CH-board", "", ""),
        seat("CH-all", "", ""),
        seat(&long, "", ""),
    ]);
    let rules = Rules { everyone: Some(role("chapter_all")), ..chapters() };
    let mut rules = rules;
    rules.add(Rule::new(role("chapter_board"), None, vec![Condition::SecurityRole(code("none"))]));
    check(&person, &rules, NOW, "chapter_all");
    let warnings = decide(&person, &rules, at(NOW)).warnings;
    assert_eq!(warnings.len(), 6, "{warnings:?}");
    for part in [
        "chapter_board: it is granted by a rule",
        "chapter_all: it follows from",
        "more than 64 characters",
        "no role for CH-:",
        "no role for CH-*:",
        "no role for CH-\u{6771}\u{4eac}: its `*` stands for no ASCII letter or digit",
    ] {
        assert!(warnings.iter().any(|it| it.contains(part)), "{part}: {warnings:?}");
    }
    // Core roles never, not even where the mapping may name them.
    let core = Rules { manage_core_roles: true, ..Rules::new(TimeZone::UTC) };
    let core = with_many(core, "ed{code}", vec![on("ED*")]);
    check(&seats([seat("EDitor", "", ""), seat("EDucator", "", "")]), &core, NOW, "educator");
}

#[test]
fn one_rule_gives_one_person_the_first_64_roles() {
    let person =
        seats((0..70).map(|n| seat(&format!("CH-{n:02}"), "", if n == 3 { "2026-06-30" } else { "" })));
    let decision = explain(&person, &chapters(), at(NOW));
    assert_eq!(decision.roles.len(), 64);
    assert!(decision.roles.contains(&role("chapter_63")) && !decision.roles.contains(&role("chapter_64")));
    assert!(decision.trace[69].because.contains("at most 64"), "{}", decision.trace[69].because);
    let until = decision.holds_until.unwrap();
    let then = decide(&person, &chapters(), until).roles;
    assert!(then.len() == 64 && then.contains(&role("chapter_64")) && !then.contains(&role("chapter_03")));
}

#[test]
fn two_codes_of_one_role_are_two_ways_to_hold_it() {
    let person = seats([seat("CH-A B", "", "2026-06-30"), seat("CH-A-B", "", "2026-07-31")]);
    check(&person, &chapters(), NOW, "chapter_a-b until 2026-08-01T00:00:00Z then ");
}

#[test]
fn a_broken_date_is_told_for_the_code_that_has_it() {
    let decision = decide(&seats([seat("CH-Austin", "", "?"), seat("EDU", "", "?")]), &chapters(), at(NOW));
    assert_eq!(roles_of(&decision), "");
    assert_eq!(decision.warnings.len(), 1, "{:?}", decision.warnings);
    assert!(decision.warnings[0].contains("committee CH-Austin"), "{:?}", decision.warnings);
}

#[test]
fn every_kind_that_may_have_a_pattern_gives_its_roles() {
    let person = Record {
        memberships: vec![membership("CH-m", "2026-01-01", "")],
        security_roles: vec!["CH-s".into()],
        custom_fields: vec![CustomField { name: "chapter".into(), value: "x|CH-v".into() }],
        committees: Some(vec![seat("CH-c", "", "")]),
        registrations: Some(vec![Registration { event: "CH-e".into(), ..Registration::default() }]),
        purchases: Some(vec![Purchase { product: "CH-p".into(), ..Purchase::default() }]),
        certifications: Some(vec![Certification { code: "CH-q".into(), ..Certification::default() }]),
        relationships: Some(vec![Relationship { name: "CH-r".into(), ..Relationship::default() }]),
        groups: Some(vec![GroupPlace { group: "CH-g".into(), ..GroupPlace::default() }]),
        ..record()
    };
    let mut given = Vec::new();
    for kind in crate::domain::condition::KINDS {
        let Some(key) = kind.pattern else { continue };
        let named = crate::domain::condition::tests::one_of_each();
        let mut named = named.into_iter().rfind(|one| one.kind() == kind).unwrap();
        if kind.key == "custom_field" {
            named = Condition::CustomField { name: code("chapter"), value: code("x") };
        }
        let pattern = named.with(key, crate::domain::condition::FieldValue::Code(code("CH-*"))).unwrap();
        let rules = with_many(Rules::new(TimeZone::UTC), "has_{code}", vec![pattern]);
        given.push(roles_of(&decide(&person, &rules, at(NOW))));
    }
    assert_eq!(given, ["has_m", "has_c", "has_s", "has_e", "has_p", "has_q", "has_r", "has_g", "has_v"]);
}
