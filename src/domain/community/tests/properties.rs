//! What holds for every record and instant. Dates lie close together, so that they meet.

use proptest::prelude::*;

use super::*;
use crate::domain::deliveries::state::Holdings;
use crate::domain::roles::tests::properties::a_record;

/// Of generated records: groups by every kind of condition that has dates.
fn generated() -> CommunityMapping {
    let group = |id: &str, when: &str| {
        format!(
            "[[group]]\nid = \"{id}\"\nas = \"community\"\ntype = \"Committee\"\nrole = \"x\"\nwhen = [{when}]\n"
        )
    };
    let text = [
        group("a", "{ committee = \"A\" }"),
        group("a2", "{ committee = \"A\" }, { not = { member = true } }"),
        group("b", "{ event = \"B\", until_days_after = 1 }"),
        group("c-{code}", "{ committee = \"*\" }"),
        group("d", "{ relationship = \"A\" }, { membership_type = \"B\" }"),
        group("e", "{ membership_status = \"lapsed\" }"),
        group("f", "{ group = \"B\" }, { purchase = \"A\", valid_days = 3 }"),
    ];
    whole(&format!("time_zone = \"America/New_York\"\n{BARE}{}", text.concat()))
}

proptest! {
    #[test]
    fn what_is_desired_is_so_until_the_instant_that_it_says(record in a_record(), second in 0_i64..16 * 86_400) {
        let (all, now) = (generated(), Timestamp::from_second(1_772_323_200 + second).unwrap());
        let first = desired(&all, &record, None, now);
        let Some(ContactState::Present(told)) = &first.state else { return Ok(()) };
        // What was told is told again, also by itself.
        let known = KnownContact { told, holds: &first.holds };
        let again = desired(&all, &record, Some(known), now);
        prop_assert_eq!(&again, &first);
        let Some(until) = first.holds_until else { return Ok(()) };
        let nanosecond = jiff::SignedDuration::from_nanos(1);
        prop_assert_eq!(&desired(&all, &record, Some(known), until - nanosecond).state, &first.state);
        // Beyond what is looked ahead it may be the same.
        let later = desired(&all, &record, Some(known), until);
        let is_last = later.holds_until.is_some_and(|next| next > until) || later.holds_until.is_none();
        prop_assert!(is_last);
        // What a date takes away is held until then, and no longer.
        for (name, end) in &first.holds {
            let Some(end) = end else { continue };
            let before = desired(&all, &record, Some(known), *end - nanosecond);
            let after = desired(&all, &record, Some(known), *end);
            prop_assert!(before.holds.contains_key(name), "{} until {}", name, end);
            prop_assert!(!after.holds.contains_key(name), "{} until {}", name, end);
        }
    }

    /// The groups are those whose rules `decide` gives.
    #[test]
    fn a_group_is_held_exactly_by_whom_the_same_rule_gives_a_role(record in a_record(), second in 0_i64..16 * 86_400) {
        let (all, now) = (generated(), Timestamp::from_second(1_772_323_200 + second).unwrap());
        let mut known = desired(&all, &record, None, now);
        if known.state.is_none() {
            // As if it had been told before, without anything.
            let nothing = ToldContact::default();
            known = desired(&all, &record, Some(KnownContact { told: &nothing, holds: &Holdings::new() }), now);
        }
        let Some(ContactState::Present(told)) = &known.state else { return Ok(()) };
        let decision = crate::domain::roles::decide(&record, all.rules(), now);
        let held = |role: &str| decision.roles.iter().any(|one| one.as_str().starts_with(role));
        for (index, group) in all.groups.iter().enumerate() {
            let has = told.groups.iter().any(|line| group.can_have_id(&line.id));
            let role = if group.is_for_each_code() { format!("group-{index}-") } else { format!("group-{index}") };
            prop_assert_eq!(has, held(&role), "{}", group.id);
        }
        prop_assert_eq!(told.is_member, decision.member);
        for line in &told.groups {
            prop_assert!(line.since.is_none_or(|since| since <= now));
            prop_assert!(line.until.is_none_or(|until| until > now));
        }
    }

    /// Nothing is lost because something was not read.
    #[test]
    fn what_was_not_read_takes_nothing_away(record in a_record(), second in 0_i64..16 * 86_400) {
        let (all, now) = (generated(), Timestamp::from_second(1_772_323_200 + second).unwrap());
        let first = desired(&all, &record, None, now);
        let Some(ContactState::Present(told)) = &first.state else { return Ok(()) };
        let unread = Record {
            committees: None, registrations: None, purchases: None, relationships: None, groups: None,
            ..record.clone()
        };
        let known = KnownContact { told, holds: &first.holds };
        let after = desired(&all, &unread, Some(known), now);
        let Some(ContactState::Present(later)) = &after.state else { panic!("{after:?}") };
        prop_assert_eq!(&later.groups, &told.groups);
        prop_assert_eq!(later.is_member, told.is_member);
    }
}
