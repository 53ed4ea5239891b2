//! How it stands with the memberships of a person as a whole.

use super::*;

/// The one status that holds at an instant, or `unknown`.
#[track_caller]
fn status(record: &Record, rules: &Rules, now: &str) -> &'static str {
    let holds = |condition: Condition| {
        let decision = decide(record, &with_rule(rules.clone(), vec![condition]), at(now));
        decision.roles.contains(&role("granted"))
    };
    let one = |status| Condition::MembershipStatus(status);
    let held: Vec<_> = MembershipStatus::ALL.into_iter().filter(|status| holds(one(*status))).collect();
    let excluded = MembershipStatus::ALL.into_iter().filter(|status| holds(not(one(*status)))).count();
    match held.as_slice() {
        [status] if excluded == 4 => status.as_str(),
        [] if excluded == 0 => "unknown",
        _ => panic!("{held:?} hold, {excluded} do not"),
    }
}

fn with_grace(effective: &str, expire: &str, grace: &str) -> Membership {
    Membership { grace_expire_date: date(grace), ..membership("GOLD", effective, expire) }
}

#[test]
fn a_membership_goes_from_pending_to_lapsed() {
    let person = members([with_grace("2026-01-01", "2026-06-30", "2026-07-31")]);
    for honor_grace in [false, true] {
        let rules = Rules { honor_grace, ..rules("UTC") };
        for (now, expected) in [
            ("2025-12-31T23:59:59Z", "pending"),
            ("2026-01-01T00:00:00Z", "active"),
            ("2026-06-30T23:59:59Z", "active"),
            ("2026-07-01T00:00:00Z", "grace"),
            ("2026-07-31T23:59:59Z", "grace"),
            ("2026-08-01T00:00:00Z", "lapsed"),
        ] {
            assert_eq!(status(&person, &rules, now), expected, "{now}");
        }
    }
}

#[test]
fn of_several_memberships_the_best_one_counts() {
    let now = "2026-06-01T00:00:00Z";
    let active = || membership("A", "2026-01-01", "");
    let grace = || with_grace("2025-01-01", "2026-05-01", "2026-07-01");
    let pending = || membership("P", "2026-09-01", "");
    let lapsed = || membership("L", "2020-01-01", "2021-01-01");
    let check = |memberships: Vec<Membership>, expected: &str| {
        assert_eq!(status(&members(memberships), &rules("UTC"), now), expected);
    };
    check(vec![], "never");
    check(vec![lapsed()], "lapsed");
    check(vec![lapsed(), pending()], "pending");
    check(vec![pending(), grace(), lapsed()], "grace");
    check(vec![pending(), grace(), lapsed(), active()], "active");
    check(vec![Membership { cancelled: true, ..active() }], "never");
    check(vec![membership("N", "", "2030-01-01")], "never");
    check(vec![membership("N", "2026-02-01", "2026-01-01")], "never");
    check(vec![membership("N", "9999-12-31", "")], "never");
    let inherited = Rules { count_inherited: false, ..rules("UTC") };
    let person = members([Membership { inherited: true, ..active() }]);
    assert_eq!(status(&person, &inherited, now), "never");
}

#[test]
fn what_ends_a_membership_early_ends_its_grace_period_too() {
    let ended = |terminate: &str| Membership {
        terminate_date: date(terminate),
        ..with_grace("2026-01-01", "2026-06-30", "2026-08-31")
    };
    for (terminate, expected) in [("2026-05-01", "lapsed"), ("2026-07-10", "lapsed"), ("2026-08-01", "grace")]
    {
        let person = members([ended(terminate)]);
        assert_eq!(status(&person, &rules("UTC"), "2026-07-15T00:00:00Z"), expected, "{terminate}");
    }
    // Without an expiry date the grace date is the end.
    let person = members([with_grace("2026-01-01", "", "2026-06-30")]);
    assert_eq!(status(&person, &rules("UTC"), "2026-06-30T12:00:00Z"), "active");
    assert_eq!(status(&person, &rules("UTC"), "2026-07-01T00:00:00Z"), "lapsed");
}

#[test]
fn a_date_that_cannot_be_read_leaves_it_unknown_unless_another_membership_is_active() {
    let now = "2026-06-01T00:00:00Z";
    let broken = [
        membership("B", "?", "2030-01-01"),
        membership("B", "2020-01-01", "?"),
        with_grace("2020-01-01", "2030-01-01", "?"),
        Membership { terminate_date: date("?"), ..membership("B", "2020-01-01", "") },
    ];
    for broken in broken {
        let alone = members([broken.clone(), membership("L", "2020-01-01", "2021-01-01")]);
        assert_eq!(status(&alone, &rules("UTC"), now), "unknown");
        let active = members([broken, membership("A", "2026-01-01", "")]);
        assert_eq!(status(&active, &rules("UTC"), now), "active");
    }
    let person = members([with_grace("2020-01-01", "2030-01-01", "?")]);
    let of_status = vec![Condition::MembershipStatus(MembershipStatus::Lapsed)];
    let warnings = |rules: &Rules| decide(&person, rules, at(now)).warnings;
    assert_eq!(warnings(&rules("UTC")), Vec::<String>::new(), "the grace date matters to nobody");
    let told = warnings(&with_rule(rules("UTC"), of_status));
    assert!(told.len() == 1 && told[0].contains("grace date of membership GOLD cannot be read"), "{told:?}");
}

#[test]
fn a_status_holds_until_exactly_its_next_edge() {
    let person = members([with_grace("2026-01-01", "2026-06-30", "2026-07-31")]);
    let rules = with_rule(rules("UTC"), vec![Condition::MembershipStatus(MembershipStatus::Grace)]);
    check(
        &person,
        &rules,
        "2026-07-15T00:00:00Z",
        "granted non_member until 2026-08-01T00:00:00Z then non_member",
    );
    let trace = |now: &str| explain(&person, &rules, at(now)).trace.pop().unwrap().because;
    assert_eq!(trace("2026-07-15T00:00:00Z"), "Has the membership status grace, to 31 July 2026.");
    assert_eq!(trace("2026-03-15T00:00:00Z"), "Has the membership status grace, but only from 1 July 2026.");
}
