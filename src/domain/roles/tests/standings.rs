//! Memberships of which the AMS says how they stand: its word decides, and dates only where the mapping is strict.

use super::*;

const NOW: &str = "2026-06-01T00:00:00Z";

fn standing(standing: MembershipStanding, expire: &str, grace: &str) -> Record {
    let membership = membership("GOLD", "2026-01-01", expire);
    members([Membership { standing: Some(standing), grace_expire_date: date(grace), ..membership }])
}

/// Member and status, by the word `yes`, `no` or `unknown`, and the word for the status.
#[track_caller]
fn decided(person: &Record, rules: &Rules, expect: (&str, &str)) {
    let holds = |condition: Condition| {
        decide(person, &with_rule(rules.clone(), vec![condition]), at(NOW)).roles.contains(&role("granted"))
    };
    let member = match (holds(Condition::Member), holds(not(Condition::Member))) {
        (true, false) => "yes",
        (false, true) => "no",
        _ => "unknown",
    };
    let status = MembershipStatus::ALL.into_iter().find(|it| holds(Condition::MembershipStatus(*it)));
    assert_eq!((member, status.map_or("unknown", MembershipStatus::as_str)), expect);
    assert_eq!(decide(person, rules, at(NOW)).member, member == "yes");
}

#[test]
fn the_word_decides_whatever_the_dates_say() {
    let rules = || rules("UTC");
    let grace = Rules { honor_grace: true, ..rules() };
    for expire in ["", "2026-01-02", "2030-01-01", "?"] {
        let with = |word| standing(word, expire, "");
        decided(&with(MembershipStanding::Active), &rules(), ("yes", "active"));
        decided(&with(MembershipStanding::Grace), &rules(), ("no", "grace"));
        decided(&with(MembershipStanding::Grace), &grace, ("yes", "grace"));
        decided(&with(MembershipStanding::Pending), &rules(), ("no", "pending"));
        decided(&with(MembershipStanding::Ended), &rules(), ("no", "lapsed"));
        decided(&with(MembershipStanding::Unknown), &grace, ("unknown", "unknown"));
        assert_eq!(
            decide(&with(MembershipStanding::Active), &rules(), at(NOW)).holds_until,
            None,
            "{expire}"
        );
    }
    let shown = decide(&standing(MembershipStanding::Active, "2026-01-02", ""), &rules(), at(NOW));
    assert_eq!(shown.membership_expires, Some(jiff::civil::date(2026, 1, 2)), "also when it is past");
}

#[test]
fn strict_dates_ask_for_both_and_absent_ones_are_open() {
    let strict = Rules { strict_dates: true, honor_grace: true, ..rules("UTC") };
    decided(&standing(MembershipStanding::Active, "2026-05-31", ""), &strict, ("no", "lapsed"));
    decided(&standing(MembershipStanding::Active, "2026-06-01", ""), &strict, ("yes", "active"));
    decided(&standing(MembershipStanding::Active, "", ""), &strict, ("yes", "active"));
    decided(&standing(MembershipStanding::Active, "?", ""), &strict, ("unknown", "unknown"));
    // In grace the term is over, so only a date of grace ends it.
    decided(&standing(MembershipStanding::Grace, "2026-05-01", ""), &strict, ("yes", "grace"));
    decided(&standing(MembershipStanding::Grace, "2026-05-01", "2026-05-31"), &strict, ("no", "lapsed"));
    decided(&standing(MembershipStanding::Ended, "2030-01-01", ""), &strict, ("no", "lapsed"));
    let begins = Membership {
        effective_date: date("2026-07-01"),
        standing: Some(MembershipStanding::Active),
        ..Membership::default()
    };
    decided(&members([begins]), &strict, ("no", "pending"));
    check(
        &standing(MembershipStanding::Active, "2026-06-30", ""),
        &Rules { strict_dates: true, ..rules("UTC") },
        NOW,
        "member until 2026-07-01T00:00:00Z then non_member",
    );
}

#[test]
fn an_inherited_membership_that_does_not_count_is_none() {
    let inherited = |word| {
        let [one] = standing(word, "", "").memberships.try_into().unwrap();
        members([Membership { inherited: true, ..one }])
    };
    let own = Rules { count_inherited: false, ..rules("UTC") };
    decided(&inherited(MembershipStanding::Active), &own, ("no", "never"));
    decided(&inherited(MembershipStanding::Unknown), &own, ("no", "never"));
    decided(&inherited(MembershipStanding::Active), &rules("UTC"), ("yes", "active"));
}

#[test]
fn a_group_is_asked_for_by_id_or_name_and_a_place_that_was_not_read_leaves_it_open() {
    let place = |group: &str, name: &str| GroupPlace {
        group: group.into(),
        group_name: Some(name.into()),
        ..GroupPlace::default()
    };
    let asked = |groups: Option<Vec<GroupPlace>>, rules: Rules, condition: Condition| {
        let person = Record { groups, ..record() };
        decide(&person, &with_rule(rules, vec![condition]), at(NOW)).roles.contains(&role("granted"))
    };
    let board = || Condition::Group { group: code("board"), self_subscribed: false };
    let own = || Rules { count_inherited: false, ..rules("UTC") };
    let on = || Some(vec![place("G1", "Board")]);
    assert!(
        asked(on(), rules("UTC"), board())
            && asked(on(), rules("UTC"), Condition::Group { group: code("g1"), self_subscribed: false })
    );
    assert!(!asked(on(), rules("UTC"), not(board())));
    let through = || Some(vec![GroupPlace { inherited: true, ..place("G1", "Board") }]);
    assert!(asked(through(), rules("UTC"), board()) && !asked(through(), own(), board()));
    let ended = Some(vec![GroupPlace { end_date: date("2026-05-31"), ..place("G1", "Board") }]);
    assert!(!asked(ended, rules("UTC"), board()));
    // The id of one group is the name of another.
    assert!(!asked(
        Some(vec![place("G1", "Board"), GroupPlace { cancelled: true, ..place("board", "Old") }]),
        rules("UTC"),
        board()
    ));
    for (condition, unread) in [(board(), false), (not(board()), false)] {
        assert_eq!(asked(None, rules("UTC"), condition), unread);
    }
    assert!(asked(Some(Vec::new()), rules("UTC"), not(board())));
}
