//! Start, end and choice of memberships.

use super::*;

#[track_caller]
fn is_member(rules: &Rules, membership: Membership, now: &str, expect: bool) {
    assert_eq!(decide(&members([membership]), rules, at(now)).member, expect, "at {now}");
}

/// The code of the named membership, else its name, and its last day.
#[track_caller]
fn named(record: &Record, rules: &Rules, now: &str, expect: &str) {
    let decision = decide(record, rules, at(now));
    let expires = decision.membership_expires.map_or("open".into(), |day| day.to_string());
    assert_eq!(
        format!(
            "{} {expires}",
            decision.membership_code.or(decision.membership_type).as_deref().unwrap_or("none")
        ),
        expect,
        "at {now}"
    );
}

#[test]
fn a_membership_starts_at_the_earlier_of_effective_and_join_date() {
    let effective_only = Rules { honor_effective_date: true, ..new_york() };
    // Join, effective, an instant (noon in New York), member by default, member when the effective date is honoured.
    for (join, effective, day, default, honoured) in [
        ("2025-10-10", "2026-01-01", "2025-11-01", true, false),
        ("2025-10-10", "2026-01-01", "2026-01-01", true, true),
        ("2026-02-01", "2026-01-01", "2026-01-15", true, true),
        ("2025-10-10", "2026-01-01", "2025-10-09", false, false),
        ("", "2026-01-01", "2025-12-31", false, false),
        ("", "2026-01-01", "2026-01-01", true, true),
        ("2025-10-10", "", "2025-11-01", true, false),
        ("", "", "2026-06-01", false, false),
    ] {
        let membership = Membership { join_date: date(join), ..membership("GOLD", effective, "2026-12-31") };
        let now = format!("{day}T17:00:00Z");
        is_member(&new_york(), membership.clone(), &now, default);
        is_member(&effective_only, membership, &now, honoured);
    }
}

#[test]
fn a_membership_without_a_start_date_is_not_active_and_gives_a_warning() {
    let decision = decide(&members([membership("GOLD", "", "")]), &new_york(), at("2026-06-01T00:00:00Z"));
    assert!(!decision.member);
    assert_eq!(decision.warnings, ["GOLD has no effective date or join date; it is not active."]);
}

#[test]
fn the_grace_period_counts_only_when_honoured() {
    let honoured = Rules { honor_grace: true, ..new_york() };
    // Expiry, grace, day, member by default, member with grace.
    for (expire, grace, day, default, graced) in [
        ("2026-01-31", "2026-03-02", "2026-02-15", false, true),
        ("2026-01-31", "2026-03-02", "2026-03-02", false, true),
        ("2026-01-31", "2026-03-02", "2026-03-03", false, false),
        ("2026-01-31", "2026-01-15", "2026-01-31", true, true),
        ("2026-01-31", "", "2026-02-01", false, false),
        // Without an expiry date grace is the end, honoured or not.
        ("", "2026-03-02", "2026-03-02", true, true),
        ("", "2026-03-02", "2026-03-03", false, false),
        ("9999-12-31", "2026-03-02", "2026-06-01", true, true),
        ("2026-01-31", "9999-12-31", "2026-06-01", false, true),
        ("", "", "2030-06-01", true, true),
    ] {
        let membership =
            Membership { grace_expire_date: date(grace), ..membership("GOLD", "2025-01-01", expire) };
        let now = format!("{day}T17:00:00Z");
        is_member(&new_york(), membership.clone(), &now, default);
        is_member(&honoured, membership, &now, graced);
    }
}

#[test]
fn a_terminated_membership_ends_at_the_start_of_that_day() {
    let ended = |expire: &str, on: &str| {
        members([Membership { terminate_date: date(on), ..membership("GOLD", "2026-01-01", expire) }])
    };
    let now = "2026-05-01T00:00:00Z";
    let rules = rules("UTC");
    check(
        &ended("2026-12-31", "2026-07-01"),
        &rules,
        now,
        "member until 2026-07-01T00:00:00Z then non_member",
    );
    check(&ended("", "2026-07-01"), &rules, now, "member until 2026-07-01T00:00:00Z then non_member");
    check(
        &ended("2026-06-30", "2026-09-01"),
        &rules,
        now,
        "member until 2026-07-01T00:00:00Z then non_member",
    );
    check(&ended("", "2025-12-31"), &rules, now, "non_member");
    named(&ended("", "2026-07-01"), &rules, now, "GOLD 2026-06-30");
}

#[test]
fn inherited_memberships_can_be_left_out() {
    let person = members([Membership { inherited: true, ..membership("CORP", "2026-01-01", "") }]);
    let now = "2026-05-01T00:00:00Z";
    check(&person, &new_york(), now, "member");
    let own_only = Rules { count_inherited: false, ..new_york() };
    check(&person, &own_only, now, "non_member");
    let by_type = with_rule(own_only, vec![Condition::MembershipType(code("CORP"))]);
    check(&person, &by_type, now, "non_member");
}

#[test]
fn a_lapsed_first_membership_does_not_hide_a_current_second() {
    let person = members([
        membership("OLD", "2020-01-01", "2020-12-31"),
        membership("NEW", "2026-01-01", "2026-12-31"),
    ]);
    let now = "2026-05-01T00:00:00Z";
    check(&person, &rules("UTC"), now, "member until 2027-01-01T00:00:00Z then non_member");
    named(&person, &rules("UTC"), now, "NEW 2026-12-31");
}

#[test]
fn the_membership_that_ends_last_names_the_decision() {
    let now = "2026-05-01T00:00:00Z";
    let rules = rules("UTC");
    let term = |code: &str, expire: &str| membership(code, "2026-01-01", expire);
    named(&members([term("B", "2026-12-31"), term("A", "2026-06-30")]), &rules, now, "B 2026-12-31");
    named(&members([term("A", "2026-12-31"), term("B", "")]), &rules, now, "B open");
    named(
        &members([term("B", "2026-12-31"), term("a", "2026-12-31"), term("C", "2026-12-31")]),
        &rules,
        now,
        "a 2026-12-31",
    );
    named(&members([term("B", ""), term("A", "")]), &rules, now, "A open");
    named(&members([term("B", "9999-12-31"), term("A", "9999-12-30")]), &rules, now, "A open");
    named(&members([term("B", "9999-12-31"), term("A", "9998-12-31")]), &rules, now, "B open");
    // A future term is not active, and a longer one that has not started does not count.
    named(
        &members([term("A", "2026-12-31"), membership("B", "2026-06-01", "2027-12-31")]),
        &rules,
        now,
        "A 2026-12-31",
    );
    named(&members([membership("A", "2027-01-01", "")]), &rules, now, "none open");
}

#[test]
fn a_membership_without_a_code_goes_by_its_name() {
    let person = members([Membership {
        code: None,
        type_name: Some("Gold".into()),
        ..membership("", "2026-01-01", "")
    }]);
    named(&person, &new_york(), "2026-05-01T00:00:00Z", "Gold open");
    let rules = with_rule(new_york(), vec![Condition::MembershipType(code(" gold "))]);
    check(&person, &rules, "2026-05-01T00:00:00Z", "granted member");
}

#[test]
fn a_name_that_is_too_long_is_cut_where_it_is_shown_and_compared_whole() {
    let name = "é".repeat(400);
    let person =
        members([Membership { type_name: Some(name.clone()), ..membership("GOLD", "2026-01-01", "") }]);
    let rules = with_rule(new_york(), vec![Condition::MembershipType(code(&name))]);
    let decision = decide(&person, &rules, at("2026-05-01T00:00:00Z"));
    assert_eq!(decision.membership_type, Some("é".repeat(128)));
    assert_eq!(roles_of(&decision), "granted member");
}

#[test]
fn the_first_on_the_record_names_the_decision_as_the_plugin_does() {
    let first = Rules { primary_membership: PrimaryMembership::First, ..rules("UTC") };
    let now = "2026-05-01T00:00:00Z";
    let (old, new) =
        (membership("OLD", "2020-01-01", "2020-12-31"), membership("NEW", "2026-01-01", "2026-12-31"));
    // A member by the second; the type and the day are those of the first, lapsed as it is.
    let person = members([old.clone(), new.clone()]);
    named(&person, &first, now, "OLD 2020-12-31");
    check(&person, &first, now, "member until 2027-01-01T00:00:00Z then non_member");
    named(&members([new, old.clone()]), &first, now, "NEW 2026-12-31");
    // Not a member: the type of the first, and no day.
    named(&members([old.clone()]), &first, now, "OLD open");
    // One that does not count is not on the record.
    let cancelled = Membership { cancelled: true, ..membership("GONE", "2026-01-01", "") };
    named(&members([cancelled, old]), &first, now, "OLD open");
}

#[test]
fn the_named_membership_changing_is_a_change() {
    let person =
        members([membership("A", "2026-01-01", "2026-12-31"), membership("B", "2026-06-01", "2027-12-31")]);
    let decision = decide(&person, &rules("UTC"), at("2026-05-01T00:00:00Z"));
    assert_eq!(decision.holds_until, Some(at("2026-06-01T00:00:00Z")));
    // The same name and the same day under another membership is none.
    let person =
        members([membership("A", "2026-01-01", "2026-12-31"), membership("A", "2026-06-01", "2026-12-31")]);
    let decision = decide(&person, &rules("UTC"), at("2026-05-01T00:00:00Z"));
    assert_eq!(decision.holds_until, Some(at("2027-01-01T00:00:00Z")));
}

#[test]
fn a_membership_type_condition_looks_at_every_active_membership() {
    let rules = with_rule(rules("UTC"), vec![Condition::MembershipType(code("CORPGOLD"))]);
    let person =
        members([membership("X", "2026-01-01", ""), membership(" corpgold", "2026-01-01", "2026-05-31")]);
    check(&person, &rules, "2026-05-01T00:00:00Z", "granted member until 2026-06-01T00:00:00Z then member");
    check(&members([membership("CORPGOLD2", "2026-01-01", "")]), &rules, "2026-05-01T00:00:00Z", "member");
}
