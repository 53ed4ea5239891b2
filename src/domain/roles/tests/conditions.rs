//! Each kind of condition, within its own dates.

use super::*;
use crate::domain::condition::FieldValue;

const NOW: &str = "2026-06-01T00:00:00Z";

/// Checks the granted role over time: `no`, `yes`, or either `until` an instant.
#[track_caller]
fn granted(record: &Record, condition: Condition, now: &str, expect: &str) {
    let rules = Rules { member: None, non_member: None, ..rules("UTC") };
    let decision = decide(record, &with_rule(rules, vec![condition]), at(now));
    let yes = if decision.roles.is_empty() { "no" } else { "yes" };
    let said = decision.holds_until.map_or(yes.into(), |until| format!("{yes} until {until}"));
    assert_eq!(said, expect, "at {now}; {:?}", decision.warnings);
}

#[test]
fn codes_and_names_are_compared_whole_trimmed_and_without_case() {
    for (held, asked, expect) in [
        ("Press", "press", "yes"),
        ("  PRESS ", "Press", "yes"),
        ("Press Office", "press", "no"),
        ("Press", "press office", "no"),
        ("Pres", "press", "no"),
        ("*", "press", "no"),
        ("É", "e\u{301}", "yes"),
        ("Straße", "STRASSE", "yes"),
        ("\u{feff}Press\u{a0}Office", "press office", "yes"),
    ] {
        let person = Record { security_roles: vec![held.into()], ..record() };
        granted(&person, Condition::SecurityRole(code(asked)), NOW, expect);
    }
}

#[test]
fn committees_hold_within_the_seats_own_dates_and_positions() {
    let seat = |position: &str, start: &str, end: &str| CommitteeSeat {
        committee: "EDU".into(),
        position: (!position.is_empty()).then(|| position.into()),
        start_date: date(start),
        end_date: date(end),
        ..Default::default()
    };
    let on = |committee: &str, positions: &[&str]| Condition::Committee {
        committee: code(committee),
        positions: positions.iter().map(|text| code(text)).collect(),
        self_subscribed: false,
    };
    let person = |seats: Vec<CommitteeSeat>| Record { committees: Some(seats), ..record() };
    granted(&person(vec![seat("", "", "")]), on("edu", &[]), NOW, "yes");
    granted(&person(vec![seat("", "", "")]), on("EDU", &["CHAIR"]), NOW, "no");
    granted(&person(vec![seat("chair", "", "")]), on("EDU", &["VICE", "CHAIR"]), NOW, "yes");
    granted(&person(vec![seat("CHAIR", "", "")]), on("FIN", &["CHAIR"]), NOW, "no");
    let dated = person(vec![seat("CHAIR", "2026-06-02", "2026-06-30")]);
    granted(&dated, on("EDU", &[]), NOW, "no until 2026-06-02T00:00:00Z");
    granted(&dated, on("EDU", &[]), "2026-06-02T00:00:00Z", "yes until 2026-07-01T00:00:00Z");
    granted(&dated, on("EDU", &[]), "2026-07-01T00:00:00Z", "no");
    // Two seats that follow each other are one stretch.
    let terms = person(vec![seat("", "2026-01-01", "2026-06-30"), seat("", "2026-07-01", "2026-12-31")]);
    granted(&terms, on("EDU", &[]), NOW, "yes until 2027-01-01T00:00:00Z");
    granted(&terms, not(on("EDU", &[])), NOW, "no until 2027-01-01T00:00:00Z");
    // The position must be held on that committee.
    let elsewhere = CommitteeSeat { committee: "FIN".into(), ..seat("CHAIR", "", "") };
    granted(&person(vec![seat("", "", ""), elsewhere]), on("EDU", &["CHAIR"]), NOW, "no");
}

#[test]
fn an_event_holds_from_registration_on_or_in_its_window() {
    let registered = |on: &str, start: &str, end: &str| Record {
        registrations: Some(vec![Registration {
            event: "ANNUAL26".into(),
            registration_date: date(on),
            event_start: date(start),
            event_end: date(end),
            ..Default::default()
        }]),
        ..record()
    };
    let event = |before: Option<u32>, after: Option<u32>| Condition::Event {
        event: code("annual26"),
        from_days_before: before,
        until_days_after: after,
    };
    let usual = registered("2026-05-01T15:19:07.183", "2026-06-10", "2026-06-12");
    granted(&usual, event(None, None), "2026-04-30T00:00:00Z", "no until 2026-05-01T15:19:07.183Z");
    granted(&usual, event(None, None), NOW, "yes");
    granted(&registered("", "", ""), event(None, None), NOW, "yes");
    granted(&usual, event(Some(7), None), NOW, "no until 2026-06-03T00:00:00Z");
    granted(&usual, event(Some(0), None), NOW, "no until 2026-06-10T00:00:00Z");
    granted(&usual, event(Some(7), None), "2026-06-03T00:00:00Z", "yes");
    granted(&usual, event(None, Some(0)), NOW, "yes until 2026-06-13T00:00:00Z");
    granted(&usual, event(Some(60), Some(90)), NOW, "yes until 2026-09-11T00:00:00Z");
    granted(&usual, event(None, Some(0)), "2026-06-13T00:00:00Z", "no");
    // Without an end day the start day counts.
    granted(&registered("", "2026-06-10", ""), event(None, Some(1)), NOW, "yes until 2026-06-12T00:00:00Z");
    // Days cannot be counted from a day that is not there, neither for nor against.
    for condition in [event(Some(7), None), event(None, Some(7))] {
        granted(&registered("2026-05-01", "", ""), condition.clone(), NOW, "no");
        granted(&registered("2026-05-01", "", ""), not(condition), NOW, "no");
    }
    let other = Condition::Event { event: code("ANNUAL2"), from_days_before: None, until_days_after: None };
    granted(&usual, other, NOW, "no");
}

#[test]
fn days_are_counted_in_the_zone() {
    let person = Record {
        purchases: Some(vec![Purchase {
            product: "WEB1".into(),
            purchase_date: date("2026-03-01T03:00:00Z"),
            ..Default::default()
        }]),
        ..record()
    };
    // 3:00 UTC on 1 March is still 28 February in New York; two days on is 2 March.
    let rules = Rules { member: None, non_member: None, ..new_york() };
    let rules = with_rule(rules, vec![Condition::Purchase { product: code("WEB1"), valid_days: Some(2) }]);
    check(&person, &rules, "2026-03-01T03:00:00Z", "granted until 2026-03-03T05:00:00Z then ");
    check(&person, &rules, "2026-03-01T02:59:59Z", " until 2026-03-01T03:00:00Z then granted");
}

#[test]
fn a_purchase_holds_from_its_date_and_for_its_days() {
    let bought = |on: &str| Record {
        purchases: Some(vec![Purchase {
            product: "WEB1".into(),
            purchase_date: date(on),
            ..Default::default()
        }]),
        ..record()
    };
    let purchase = |valid_days| Condition::Purchase { product: code("web1"), valid_days };
    granted(&bought("2026-05-01"), purchase(None), NOW, "yes");
    granted(&bought("2026-07-01"), purchase(None), NOW, "no until 2026-07-01T00:00:00Z");
    granted(&bought("2025-06-02"), purchase(Some(365)), NOW, "yes until 2026-06-03T00:00:00Z");
    granted(&bought("2026-06-01"), purchase(Some(0)), NOW, "yes until 2026-06-02T00:00:00Z");
    granted(&bought("2025-01-01"), purchase(Some(365)), NOW, "no");
    granted(&bought(""), purchase(None), NOW, "yes");
    granted(&bought(""), purchase(Some(365)), NOW, "no");
    granted(&bought(""), not(purchase(Some(365))), NOW, "no");
}

#[test]
fn a_certification_holds_to_the_end_of_its_expiry_day() {
    let certified = |expire: &str| Record {
        certifications: Some(vec![Certification {
            code: "CPA".into(),
            expire_date: date(expire),
            ..Default::default()
        }]),
        ..record()
    };
    let condition = || Condition::Certification(code("cpa"));
    granted(&certified("2026-06-01"), condition(), NOW, "yes until 2026-06-02T00:00:00Z");
    granted(&certified("2026-05-31"), condition(), NOW, "no");
    granted(&certified(""), condition(), NOW, "yes");
    granted(&certified("2026-06-01"), not(condition()), NOW, "no until 2026-06-02T00:00:00Z");
}

#[test]
fn a_relationship_holds_within_its_dates_and_with_its_organization() {
    let related = |organization: Option<&str>, start: &str, end: &str| Record {
        relationships: Some(vec![Relationship {
            name: "Employee".into(),
            organization: organization.map(Into::into),
            start_date: date(start),
            end_date: date(end),
            ..Default::default()
        }]),
        ..record()
    };
    let condition = |organization: Option<&str>| Condition::Relationship {
        name: code("employee"),
        organization: organization.map(code),
    };
    granted(&related(None, "", ""), condition(None), NOW, "yes");
    granted(&related(None, "", ""), condition(Some("20011")), NOW, "no");
    granted(&related(Some(" 20011"), "", ""), condition(Some("20011")), NOW, "yes");
    granted(&related(Some("200111"), "", ""), condition(Some("20011")), NOW, "no");
    granted(&related(None, "2026-06-02", ""), condition(None), NOW, "no until 2026-06-02T00:00:00Z");
    granted(&related(None, "", "2026-06-01"), condition(None), NOW, "yes until 2026-06-02T00:00:00Z");
}

#[test]
fn a_list_that_people_join_by_themselves_decides_nothing_in_either_direction() {
    let on = |self_joinable| Record {
        committees: Some(vec![CommitteeSeat { committee: "31".into(), self_joinable, ..Default::default() }]),
        groups: Some(vec![GroupPlace {
            group: "31".into(),
            group_name: Some("News".into()),
            self_joinable,
            ..Default::default()
        }]),
        ..record()
    };
    let nowhere = Record { committees: Some(Vec::new()), groups: Some(Vec::new()), ..record() };
    for asked in [
        Condition::Group { group: code("News"), self_subscribed: false },
        Condition::Committee { committee: code("31"), positions: Vec::new(), self_subscribed: false },
    ] {
        granted(&on(false), asked.clone(), NOW, "yes");
        granted(&on(false), not(asked.clone()), NOW, "no");
        granted(&on(true), asked.clone(), NOW, "no");
        granted(&on(true), not(asked.clone()), NOW, "no");
        granted(&nowhere, not(asked.clone()), NOW, "yes");
        // Unless the rule says that such a place counts.
        let counts = asked.with("self_subscribed", FieldValue::Yes).unwrap();
        for self_joinable in [true, false] {
            granted(&on(self_joinable), counts.clone(), NOW, "yes");
            granted(&on(self_joinable), not(counts.clone()), NOW, "no");
        }
        granted(&nowhere, counts.clone(), NOW, "no");
        granted(&nowhere, not(counts), NOW, "yes");
    }
    let trace = explain(
        &on(true),
        &with_rule(rules("UTC"), vec![Condition::Group { group: code("News"), self_subscribed: false }]),
        at(NOW),
    )
    .trace;
    assert!(
        trace.iter().any(|one| one.because.contains("people may put themselves on that list")),
        "{trace:?}"
    );
}

#[test]
fn a_custom_field_holds_when_one_of_its_values_is_the_value() {
    let field = |value: &str| Record {
        custom_fields: vec![CustomField { name: "Topics".into(), value: value.into() }],
        ..record()
    };
    let condition = || Condition::CustomField { name: code("topics"), value: code("ocean") };
    for (value, expect) in [
        ("ocean", "yes"),
        ("policy| Ocean |law", "yes"),
        ("oceanography", "no"),
        ("ocean policy", "no"),
        ("", "no"),
        ("|", "no"),
    ] {
        granted(&field(value), condition(), NOW, expect);
    }
    let other = Condition::CustomField { name: code("topic"), value: code("ocean") };
    granted(&field("ocean"), other, NOW, "no");
}

#[test]
fn a_member_condition_follows_the_membership_and_each_condition_can_be_negated() {
    let person = members([membership("A", "2026-01-01", "2026-06-30")]);
    granted(&person, Condition::Member, NOW, "yes until 2026-07-01T00:00:00Z");
    granted(&person, not(Condition::Member), NOW, "no until 2026-07-01T00:00:00Z");
    granted(&person, not(not(Condition::Member)), NOW, "yes until 2026-07-01T00:00:00Z");
    granted(&record(), not(Condition::Member), NOW, "yes");
    granted(&record(), not(Condition::SecurityRole(code("x"))), NOW, "yes");
}

#[test]
fn a_name_counts_only_where_no_entry_has_that_code() {
    let seat = |code: &str, name: &str| CommitteeSeat {
        committee: code.into(),
        committee_name: Some(name.into()),
        ..Default::default()
    };
    let on = |text: &str| Condition::Committee {
        committee: code(text),
        positions: Vec::new(),
        self_subscribed: false,
    };
    let person = |seats: Vec<CommitteeSeat>| Record { committees: Some(seats), ..record() };
    granted(&person(vec![seat("EDU", "Education")]), on("education"), NOW, "yes");
    granted(&person(vec![seat("", "Education")]), on("education"), NOW, "yes");
    let ended = CommitteeSeat { end_date: date("2020-01-01"), ..seat("BOARD", "Directors") };
    let both = person(vec![seat("EDU", "Board"), ended.clone()]);
    granted(&both, on("board"), NOW, "no");
    let cancelled = CommitteeSeat { cancelled: true, ..ended };
    granted(&person(vec![seat("EDU", "Board"), cancelled]), on("board"), NOW, "no");
    let named = |code: &str, name: &str, expire: &str| Membership {
        type_name: Some(name.into()),
        ..membership(code, "2026-01-01", expire)
    };
    let of_type = || Condition::MembershipType(code("gold"));
    granted(&members([named("G", "Gold", "")]), of_type(), NOW, "yes");
    granted(&members([named("G", "Gold", ""), named("GOLD", "Old", "2026-02-01")]), of_type(), NOW, "no");
    // Positions, by the seats on that committee.
    let held = |position: &str, name: &str| CommitteeSeat {
        position: Some(position.into()),
        position_name: Some(name.into()),
        ..seat("EDU", "Education")
    };
    let as_chair = || Condition::Committee {
        committee: code("EDU"),
        positions: vec![code("Chair")],
        self_subscribed: false,
    };
    granted(&person(vec![held("C1", "Chair")]), as_chair(), NOW, "yes");
    let past = CommitteeSeat { end_date: date("2020-01-01"), ..held("CHAIR", "Head") };
    granted(&person(vec![held("C1", "Chair"), past]), as_chair(), NOW, "no");
}

#[test]
fn what_is_cancelled_grants_nothing() {
    let cancelled = Purchase { product: "X".into(), cancelled: true, ..Default::default() };
    let person = Record {
        committees: Some(vec![CommitteeSeat {
            committee: "X".into(),
            cancelled: true,
            ..Default::default()
        }]),
        registrations: Some(vec![Registration { event: "X".into(), cancelled: true, ..Default::default() }]),
        purchases: Some(vec![cancelled]),
        certifications: Some(vec![Certification { code: "X".into(), cancelled: true, ..Default::default() }]),
        relationships: Some(vec![Relationship { name: "X".into(), cancelled: true, ..Default::default() }]),
        memberships: vec![Membership { cancelled: true, ..membership("X", "2026-01-01", "") }],
        ..record()
    };
    for condition in [
        Condition::Committee { committee: code("X"), positions: Vec::new(), self_subscribed: false },
        Condition::Event { event: code("X"), from_days_before: None, until_days_after: None },
        Condition::Purchase { product: code("X"), valid_days: None },
        Condition::Certification(code("X")),
        Condition::Relationship { name: code("X"), organization: None },
        Condition::MembershipType(code("X")),
        Condition::Member,
    ] {
        granted(&person, condition.clone(), NOW, "no");
        granted(&person, not(condition), NOW, "yes");
    }
}

#[test]
fn a_return_takes_back_the_latest_lines_before_it() {
    // Each line as date and quantity (`x`: unreadable); then what the condition and its negation give.
    let check = |lines: &[(&str, &str)], expect: &str| {
        let line = |(on, units): &(&str, &str)| Purchase {
            product: "WEB1".into(),
            purchase_date: date(on),
            quantity: units.parse().map_or(Quantity::Unreadable, Quantity::Units),
            cancelled: false,
        };
        let person = Record { purchases: Some(lines.iter().map(line).collect()), ..record() };
        let condition = Condition::Purchase { product: code("web1"), valid_days: Some(30) };
        let [plain, negated] = [condition.clone(), not(condition)].map(|condition| {
            let decision = decide(&person, &with_rule(new_york(), vec![condition]), at(NOW));
            decision.roles.contains(&role("granted"))
        });
        assert_eq!(format!("{plain} {negated}"), expect, "{lines:?}");
    };
    check(&[("2026-05-20", "0")], "false true");
    check(&[("2026-05-20", "1"), ("2026-05-21", "-1")], "false true");
    check(&[("2026-05-20", "2"), ("2026-05-21", "-1")], "true false");
    check(&[("2026-05-20", "1"), ("2026-05-21", "-9"), ("2026-05-22", "1")], "true false");
    // The latest goes first, and the one that is left has run out.
    check(&[("2026-01-20", "2"), ("2026-05-20", "1"), ("2026-05-21", "-2")], "false true");
    check(&[("2026-05-20", "1"), ("2026-01-20", "1"), ("2026-05-21", "-1")], "false true");
    // Of one day the list decides.
    check(&[("2026-05-20", "-1"), ("2026-05-20", "1")], "true false");
    check(&[("2026-05-20", "1"), ("2026-05-20", "-1")], "false true");
    // Nobody can tell.
    check(&[("2026-05-20", "1"), ("2026-05-20", "x")], "false false");
    check(&[("2026-05-20", "1"), ("?", "-1")], "false false");
    check(&[("2026-05-20", "1"), ("", "-1")], "false false");
    check(&[("2026-05-20", "1"), ("?", "1")], "true false");
}
