//! Tests of the role engine: a table for each sentence of docs/roles.md, and properties over generated records.

mod conditions;
mod dates;
mod doubt;
mod many;
mod memberships;
pub(crate) mod properties;
mod reasons;
mod standings;
mod status;

use jiff::tz::TimeZone;

use super::{Decision, decide, explain};
use crate::domain::record::{
    Certification, CommitteeSeat, CustomField, GroupPlace, IndividualId, Membership, Profile, Purchase,
    Quantity, Record, Registration, Relationship,
};
use crate::domain::rule::{
    Code, Condition, MembershipStatus, PrimaryMembership, Role, Rule, RuleRole, Rules,
};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::{AmsDate, Timestamp};

/// A date as tests write it: `""` absent, `?` unreadable, a day, a local time or an instant.
fn date(text: &str) -> AmsDate {
    match text {
        "" => AmsDate::Absent,
        "?" => AmsDate::Unreadable("?".into()),
        text if text.starts_with("9999") => AmsDate::OpenEnded,
        text if text.ends_with('Z') => AmsDate::Instant(text.parse().unwrap()),
        text if text.contains('T') => AmsDate::Local(text.parse().unwrap()),
        text => AmsDate::Day(text.parse().unwrap()),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

/// A record on which every part was fetched and is empty.
fn record() -> Record {
    Record {
        id: IndividualId::parse("b3a1c0de-1111-4222-8333-444455556666").unwrap(),
        confirmed: Default::default(),
        profile: Profile::default(),
        contact: None,
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: Some(Vec::new()),
        registrations: Some(Vec::new()),
        purchases: Some(Vec::new()),
        certifications: Some(Vec::new()),
        relationships: Some(Vec::new()),
        groups: Some(Vec::new()),
        partly: Default::default(),
        warnings: Vec::new(),
    }
    .read_at(at("2026-01-01T00:00:00Z"))
}

/// A mapping in `zone` with the two membership roles.
fn rules(zone: &str) -> Rules {
    let zone = TimeZone::get(zone).unwrap();
    Rules { member: Some(role("member")), non_member: Some(role("non_member")), ..Rules::new(zone) }
}

fn new_york() -> Rules {
    rules("America/New_York")
}

/// `rules` with one rule that grants `granted`.
fn with_rule(mut rules: Rules, when: Vec<Condition>) -> Rules {
    rules.add(Rule::new(role("granted"), None, when));
    rules
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

/// A membership called `code` from one date to another.
fn membership(code: &str, effective: &str, expire: &str) -> Membership {
    Membership {
        code: Some(code.into()),
        effective_date: date(effective),
        expire_date: date(expire),
        ..Membership::default()
    }
}

fn members(memberships: impl IntoIterator<Item = Membership>) -> Record {
    Record { memberships: memberships.into_iter().collect(), ..record() }
}

fn roles_of(decision: &Decision) -> String {
    decision.roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" ")
}

/// The roles at an instant, and that they change exactly then and to what.
#[track_caller]
fn check(record: &Record, rules: &Rules, now: &str, expect: &str) {
    let decision = decide(record, rules, at(now));
    let mut said = roles_of(&decision);
    if let Some(until) = decision.holds_until {
        let before = until.checked_sub(jiff::Span::new().nanoseconds(1)).unwrap();
        assert_eq!(roles_of(&decide(record, rules, before)), said, "1 ns before {until}");
        said = format!("{said} until {until} then {}", roles_of(&decide(record, rules, until)));
    }
    assert_eq!(said, expect, "at {now}");
    let explained = explain(record, rules, at(now));
    assert_eq!(Decision { trace: Vec::new(), ..explained }, decision, "explain and decide agree");
}

#[test]
fn unapproved_and_deceased_people_get_nothing() {
    let person = || members([membership("GOLD", "2026-01-01", "")]);
    let rules = Rules { everyone: Some(role("subscriber")), ..new_york() };
    for (approved, deceased, admitted) in [
        (Some(true), false, true),
        (None, false, true),
        (Some(false), false, false),
        (Some(true), true, false),
    ] {
        let person = Record { is_approved: approved, is_deceased: deceased, ..person() };
        let decision = explain(&person, &rules, at("2026-06-01T00:00:00Z"));
        assert_eq!(decision.admitted, admitted);
        assert_eq!(decision.member, admitted);
        assert_eq!(decision.roles.is_empty(), !admitted);
        assert_eq!(decision.membership_code.is_some(), admitted);
        assert!(admitted || decision.trace.iter().all(|verdict| !verdict.matched));
        assert_eq!(decision.holds_until, None);
    }
}

#[test]
fn everyone_gets_the_role_for_everyone_and_one_of_the_two_for_membership() {
    let rules = Rules { everyone: Some(role("subscriber")), ..new_york() };
    check(&record(), &rules, "2026-06-01T00:00:00Z", "non_member subscriber");
    let person = members([membership("GOLD", "2026-01-01", "")]);
    check(&person, &rules, "2026-06-01T00:00:00Z", "member subscriber");
    let rules = Rules { everyone: None, member: None, non_member: None, ..rules };
    check(&person, &rules, "2026-06-01T00:00:00Z", "");
}

#[test]
fn a_rule_needs_all_its_conditions_and_a_role_any_of_its_rules() {
    let person = Record { security_roles: vec!["Staff".into()], ..record() };
    let (staff, press) = (Condition::SecurityRole(code("staff")), Condition::SecurityRole(code("press")));
    let now = "2026-06-01T00:00:00Z";
    check(&person, &with_rule(new_york(), vec![staff.clone(), press.clone()]), now, "non_member");
    let both = with_rule(with_rule(new_york(), vec![press]), vec![staff]);
    check(&person, &both, now, "granted non_member");
    check(&person, &with_rule(new_york(), Vec::new()), now, "non_member");
}

#[test]
fn a_role_that_stays_by_another_rule_is_no_change() {
    let seat = |committee: &str, end: &str| CommitteeSeat {
        committee: committee.into(),
        end_date: date(end),
        ..CommitteeSeat::default()
    };
    let person =
        Record { committees: Some(vec![seat("A", "2026-06-30"), seat("B", "2026-07-31")]), ..record() };
    let on = |committee: &str| Condition::Committee {
        committee: code(committee),
        positions: Vec::new(),
        self_subscribed: false,
    };
    let rules = with_rule(with_rule(rules("UTC"), vec![on("A")]), vec![on("B")]);
    check(
        &person,
        &rules,
        "2026-06-01T00:00:00Z",
        "granted non_member until 2026-08-01T00:00:00Z then non_member",
    );
    let everyone = Rules { everyone: Some(role("granted")), ..rules };
    check(&person, &everyone, "2026-06-01T00:00:00Z", "granted non_member");
}

#[test]
fn a_mapping_knows_its_parts_and_its_roles() {
    let rules =
        with_rule(new_york(), vec![not(Condition::Purchase { product: code("WEB1"), valid_days: None })]);
    let managed: Vec<String> = rules.managed_roles().iter().map(ToString::to_string).collect();
    assert_eq!(managed, ["granted", "member", "non_member"]);
    let parts = rules.parts();
    assert!(parts.purchases && !parts.committees && !parts.registrations && !parts.certifications);
    let also = vec![
        Condition::Committee { committee: code("A"), positions: vec![], self_subscribed: false },
        Condition::Certification(code("C")),
    ];
    let parts = with_rule(rules, also).parts();
    assert!(parts.purchases && parts.committees && parts.certifications && !parts.relationships);
}
