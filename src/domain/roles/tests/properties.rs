//! What holds for every record, mapping and instant. Dates lie close together, so that they meet.

use proptest::prelude::*;

use super::*;
use crate::domain::roles::granted;

/// A date near 8 March 2026, when the clocks of New York go forward.
fn a_date() -> impl Strategy<Value = AmsDate> {
    let day = (1_i8..=16).prop_map(|day| AmsDate::Day(jiff::civil::date(2026, 3, day)));
    let local = (1_i8..=16, 0_i8..24, 0_i8..60).prop_map(|(day, hour, minute)| {
        AmsDate::Local(jiff::civil::date(2026, 3, day).at(hour, minute, 7, 183))
    });
    let instant = (0_i64..16 * 86_400, 0_i32..2).prop_map(|(second, nanosecond)| {
        AmsDate::Instant(Timestamp::new(1_772_323_200 + second, nanosecond).unwrap())
    });
    prop_oneof![
        4 => Just(AmsDate::Absent),
        8 => day,
        2 => local,
        2 => instant,
        1 => Just(date("?")),
        1 => Just(date("9999-12-31")),
    ]
}

fn a_code() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("A"), 4 => Just("B"), 2 => Just(" a "), 1 => Just("")].prop_map(String::from)
}

fn a_membership() -> impl Strategy<Value = Membership> {
    let names = (proptest::option::of(a_code()), proptest::option::of(a_code()));
    let dates = (a_date(), a_date(), a_date(), a_date(), a_date());
    (names, dates, any::<bool>(), a_standing()).prop_map(|((code, type_name), dates, inherited, standing)| {
        Membership {
            standing,
            cancelled: false,
            code,
            type_name,
            join_date: dates.0,
            effective_date: dates.1,
            expire_date: dates.2,
            grace_expire_date: dates.3,
            // Most memberships are not terminated.
            terminate_date: if inherited { dates.4 } else { AmsDate::Absent },
            inherited,
        }
    })
}

fn a_standing() -> impl Strategy<Value = Option<MembershipStanding>> {
    let words = [
        MembershipStanding::Active,
        MembershipStanding::Grace,
        MembershipStanding::Pending,
        MembershipStanding::Ended,
        MembershipStanding::Unknown,
    ];
    prop_oneof![3 => Just(None), 1 => (0_usize..5).prop_map(move |at| Some(words[at]))]
}

fn a_part<T: std::fmt::Debug + Clone>(
    entry: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<Vec<T>>> {
    proptest::option::weighted(0.9, proptest::collection::vec(entry, 0..3))
}

prop_compose! {
    pub(crate) fn a_record()(
        memberships in proptest::collection::vec(a_membership(), 0..4),
        security_roles in proptest::collection::vec(a_code(), 0..2),
        committees in a_part((a_code(), a_code(), a_date(), a_date()).prop_map(|(committee, position, start_date, end_date)| {
            CommitteeSeat { committee, position: Some(position), start_date, end_date, ..Default::default() }
        })),
        registrations in a_part((a_code(), a_date(), a_date(), a_date()).prop_map(|(event, registration_date, event_start, event_end)| {
            Registration { event, registration_date, event_start, event_end, ..Default::default() }
        })),
        purchases in a_part((a_code(), a_date()).prop_map(|(product, purchase_date)| Purchase { product, purchase_date, ..Default::default() })),
        groups in a_part((a_code(), a_date(), a_date(), any::<bool>()).prop_map(|(group, start_date, end_date, inherited)| {
            GroupPlace { group, start_date, end_date, inherited, ..Default::default() }
        })),
        certifications in a_part((a_code(), a_date()).prop_map(|(code, expire_date)| Certification { code, expire_date, ..Default::default() })),
    ) -> Record {
        Record {
            memberships, security_roles, committees, registrations, purchases, certifications, groups, ..record()
        }
    }
}

fn a_condition() -> impl Strategy<Value = Condition> {
    let a_code = || prop_oneof![Just("A"), Just("B")].prop_map(code);
    let days = || proptest::option::of(0_u32..6);
    let plain = prop_oneof![
        Just(Condition::Member),
        (0_usize..5).prop_map(|at| Condition::MembershipStatus(MembershipStatus::ALL[at])),
        a_code().prop_map(Condition::MembershipType),
        a_code().prop_map(Condition::SecurityRole),
        a_code().prop_map(Condition::Certification),
        (a_code(), any::<bool>())
            .prop_map(|(group, self_subscribed)| Condition::Group { group, self_subscribed }),
        (a_code(), proptest::collection::vec(a_code(), 0..2), any::<bool>()).prop_map(
            |(committee, positions, self_subscribed)| Condition::Committee {
                committee,
                positions,
                self_subscribed
            }
        ),
        (a_code(), days(), days()).prop_map(|(event, from_days_before, until_days_after)| {
            Condition::Event { event, from_days_before, until_days_after }
        }),
        (a_code(), days()).prop_map(|(product, valid_days)| Condition::Purchase { product, valid_days }),
    ];
    (plain, any::<bool>()).prop_map(|(condition, negated)| if negated { not(condition) } else { condition })
}

prop_compose! {
    pub(crate) fn some_rules()(
        (honor_effective_date, honor_grace, count_inherited, first) in any::<(bool, bool, bool, bool)>(),
        zone in prop_oneof![Just("America/New_York"), Just("Africa/Cairo"), Just("UTC")],
        everyone in proptest::option::of(Just(role("r0"))),
        granted in proptest::collection::vec((0..3, proptest::collection::vec(a_condition(), 0..3)), 0..4),
        many in proptest::option::of((a_pattern(), proptest::option::of(a_condition()))),
    ) -> Rules {
        let many = many.map(|(pattern, also)| {
            Rule::new(RuleRole::parse("c_{code}").unwrap(), None, [pattern].into_iter().chain(also).collect())
        });
        let rules = granted.into_iter().map(|(number, when)| Rule::new(role(&format!("r{number}")), None, when));
        Rules {
            honor_effective_date,
            honor_grace,
            // Of two settings that are drawn anyway, so that every seed goes on meaning the same.
            strict_dates: honor_grace != first,
            count_inherited,
            everyone,
            primary_membership: if first { PrimaryMembership::First } else { PrimaryMembership::Longest },
            rules: rules.chain(many).collect(),
            ..rules_in(zone)
        }
    }
}

/// A condition that a rule for many roles begins with.
fn a_pattern() -> impl Strategy<Value = Condition> {
    let pattern = || prop_oneof![Just("*"), Just("A*"), Just("*B")].prop_map(code);
    prop_oneof![
        pattern().prop_map(|committee| Condition::Committee {
            committee,
            positions: Vec::new(),
            self_subscribed: false
        }),
        pattern().prop_map(|product| Condition::Purchase { product, valid_days: Some(3) }),
        pattern().prop_map(Condition::MembershipType),
    ]
}

fn rules_in(zone: &str) -> Rules {
    super::rules(zone)
}

/// An instant from a week before to a week after the dates.
pub(crate) fn an_instant() -> impl Strategy<Value = Timestamp> {
    (-7 * 24..23 * 24_i64).prop_map(|hour| Timestamp::from_second(1_772_323_200 + hour * 3600).unwrap())
}

type Said = (bool, bool, String, Option<String>, Option<jiff::civil::Date>);

/// What a decision says, without how long it holds.
fn said(decision: &Decision) -> Said {
    let Decision { admitted, member, membership_type, membership_expires, .. } = decision;
    (*admitted, *member, roles_of(decision), membership_type.clone(), *membership_expires)
}

fn moved(t: Timestamp, span: jiff::Span) -> Timestamp {
    t.checked_add(span).unwrap()
}

proptest! {
    #[test]
    fn a_decision_holds_until_exactly_the_instant_it_names(record in a_record(), rules in some_rules(), now in an_instant()) {
        let decision = decide(&record, &rules, now);
        let until = decision.holds_until;
        // Some dates lie at the end of time; what is between here and there is not walked.
        let soon = moved(now, jiff::Span::new().hours(40 * 24));
        let last = until.map_or(soon, |until| until.min(soon));
        let mut t = now;
        while t < last {
            let then = decide(&record, &rules, t);
            prop_assert_eq!(said(&then), said(&decision), "at {}", t);
            prop_assert_eq!(then.holds_until, until, "at {}", t);
            t = moved(t, jiff::Span::new().minutes(5 * 60 + 30));
        }
        match until {
            Some(until) => {
                prop_assert!(until > now);
                let before = moved(until, jiff::Span::new().nanoseconds(-1));
                prop_assert_eq!(said(&decide(&record, &rules, before)), said(&decision));
                prop_assert_ne!(said(&decide(&record, &rules, until)), said(&decision));
            }
            None => {
                for far in ["2027-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "9999-12-30T00:00:00Z"] {
                    prop_assert_eq!(said(&decide(&record, &rules, at(far))), said(&decision));
                }
            }
        }
    }

    #[test]
    fn roles_alone_are_the_roles_of_the_decision(record in a_record(), rules in some_rules(), now in an_instant(), approved in any::<bool>()) {
        let record = Record { is_approved: Some(approved), ..record };
        let decision = decide(&record, &rules, now);
        prop_assert_eq!(granted(&record, &rules, now), decision.admitted.then_some(decision.roles));
    }

    #[test]
    fn explaining_changes_nothing(record in a_record(), rules in some_rules(), now in an_instant()) {
        let explained = explain(&record, &rules, now);
        prop_assert!(explained.trace.iter().all(|verdict| !verdict.because.is_empty()));
        for verdict in &explained.trace {
            let held = explained.roles.iter().any(|role| *role.as_str() == *verdict.role);
            prop_assert!(!verdict.matched || held, "{}", verdict.role);
        }
        let spoken_of: Vec<_> = explained.trace.iter().map(|verdict| &verdict.rule).collect();
        prop_assert!(rules.rules.iter().all(|rule| spoken_of.contains(&&rule.name())));
        prop_assert_eq!(Decision { trace: Vec::new(), ..explained }, decide(&record, &rules, now));
    }

    #[test]
    fn the_order_of_memberships_does_not_matter(
        (record, shuffled) in a_record().prop_flat_map(|record| {
            let memberships = Just(record.memberships.clone()).prop_shuffle();
            (Just(record), memberships)
        }),
        rules in some_rules(),
        now in an_instant(),
    ) {
        let rules = Rules { primary_membership: PrimaryMembership::Longest, ..rules };
        let other = Record { memberships: shuffled, ..record.clone() };
        let (one, other) = (decide(&record, &rules, now), decide(&other, &rules, now));
        prop_assert_eq!(said(&one), said(&other));
        prop_assert_eq!(one.holds_until, other.holds_until);
    }

    #[test]
    fn an_expired_membership_changes_nothing(record in a_record(), rules in some_rules(), now in an_instant(), place in 0_usize..4) {
        let mut rules = Rules { primary_membership: PrimaryMembership::Longest, ..rules };
        // Who was once a member has lapsed; and where a code fits a pattern, names do not count.
        let is_about_it = |condition: &Condition| matches!(condition.plain().0, Condition::MembershipStatus(_));
        rules.rules.retain(|rule| rule.role.one().is_some() && !rule.when.iter().any(is_about_it));
        let mut longer = record.clone();
        // Of a code of its own: a code goes before a name, so one that some rule names may change what that rule means.
        let expired = membership("LONG-PAST", "2020-01-01", "2025-12-31");
        longer.memberships.insert(place.min(record.memberships.len()), expired);
        let (one, other) = (decide(&record, &rules, now), decide(&longer, &rules, now));
        prop_assert_eq!(said(&one), said(&other));
        prop_assert_eq!(one.holds_until, other.holds_until);
    }

    #[test]
    fn a_rule_for_many_roles_gives_what_a_rule_for_each_code_would(
        record in a_record(),
        also in proptest::option::of(a_condition()),
        event in any::<bool>(),
        now in an_instant(),
    ) {
        let asks = |text: &str| {
            if event {
                Condition::Event { event: code(text), from_days_before: Some(1), until_days_after: Some(2) }
            } else {
                Condition::Committee { committee: code(text), positions: vec![code("A")], self_subscribed: false }
            }
        };
        let rule = |role: &str, text: &str| {
            Rule::new(RuleRole::parse(role).unwrap(), None, [asks(text)].into_iter().chain(also.clone()).collect())
        };
        let one = Rules { rules: vec![rule("c_{code}", "*")], ..new_york() };
        let each = Rules { rules: vec![rule("c_a", "A"), rule("c_b", "B")], ..new_york() };
        let (one, each) = (decide(&record, &one, now), decide(&record, &each, now));
        prop_assert_eq!(said(&one), said(&each));
        prop_assert_eq!(one.holds_until, each.holds_until);
    }

    #[test]
    fn exactly_one_membership_status_holds_where_it_is_known(record in a_record(), rules in some_rules(), now in an_instant()) {
        let status = |status| Condition::MembershipStatus(status);
        let base = Rules { rules: Vec::new(), ..rules };
        let holds = |condition: Condition| {
            decide(&record, &with_rule(base.clone(), vec![condition]), now).roles.contains(&role("granted"))
        };
        let held = MembershipStatus::ALL.into_iter().filter(|one| holds(status(*one))).count();
        let excluded = MembershipStatus::ALL.into_iter().filter(|one| holds(not(status(*one)))).count();
        prop_assert!((held, excluded) == (1, 4) || (held, excluded) == (0, 0), "{held} hold, {excluded} do not");
    }

    #[test]
    fn a_condition_and_its_negation_never_both_grant(record in a_record(), condition in a_condition(), now in an_instant()) {
        let granted = |condition: Condition| decide(&record, &with_rule(new_york(), vec![condition]), now).roles.contains(&role("granted"));
        prop_assert!(!(granted(condition.clone()) && granted(not(condition))));
    }
}
