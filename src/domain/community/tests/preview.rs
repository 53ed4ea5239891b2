//! What a preview says: a table for what cannot be generated, and over generated records that it is what publishing does.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::roles::tests::properties::a_record;

fn compared(
    before: &CommunityMapping,
    after: &CommunityMapping,
    people: &[Record],
    now: Timestamp,
) -> CommunityPreview {
    let comparison = CommunityComparison::new(Arc::new(before.clone()), Arc::new(after.clone()), now);
    let (mut one, mut other) = (CommunityPreview::default(), CommunityPreview::default());
    for (index, record) in people.iter().enumerate() {
        comparison.add(record, if index % 2 == 0 { &mut one } else { &mut other });
    }
    one.merge(other);
    one.sorted()
}

/// Each thing with how many gain it, lose it, are in another role, and are undecided.
fn said(preview: &CommunityPreview) -> Vec<String> {
    let line = |id: &str, moves: &GroupMoves| {
        let GroupMoves { gained, lost, other_role, undecided, .. } = moves;
        format!("{id} +{} -{} ~{other_role} ?{undecided}", gained.count, lost.count)
    };
    let own = [("member", &preview.membership), ("sent", &preview.sent)];
    let own = own.into_iter().filter(|(_, moves)| **moves != GroupMoves::default());
    let groups = preview.groups.iter().map(|(id, moves)| (id.as_str(), moves));
    own.chain(groups).map(|(id, moves)| line(id, moves)).collect()
}

#[test]
fn a_preview_tells_groups_memberships_and_who_is_sent() {
    let chair = Record { committees: Some(vec![seat("EDU", "Chair", "2026-02-01", "")]), ..nobody() };
    let gold = Record { memberships: vec![membership("GOLD", "2026-01-01", "2026-12-31")], ..nobody() };
    let unread = Record { committees: None, ..nobody() };
    let people = [chair, gold, unread, Record { is_approved: Some(false), ..nobody() }];
    let chapters = "[[group]]\nid = \"c-{code}\"\nas = \"security_group\"\nmember = true\nwhen = [{ committee = \"*\" }]\n";
    let nobody_else = "[who]\nwhen = [{ committee = \"EDU\" }]\n";
    for (before, after, expected) in [
        (EDU.to_owned(), EDU.to_owned(), &[][..]),
        (EDU.to_owned(), EDU.replace("{position}", "Guest"), &["committee-EDU +0 -0 ~1 ?1"]),
        (String::new(), EDU.to_owned(), &["committee-EDU +1 -0 ~0 ?1"]),
        (EDU.to_owned(), String::new(), &["committee-EDU +0 -1 ~0 ?1"]),
        (
            String::new(),
            chapters.to_owned(),
            &["member +1 -0 ~0 ?1", "c-EDU +1 -0 ~0 ?0", "c-{code} +0 -0 ~0 ?1"],
        ),
        (
            GOLD.to_owned(),
            format!("{nobody_else}{GOLD}"),
            &["member +0 -1 ~0 ?0", "sent +0 -1 ~0 ?1", "MBR-GOLD +0 -1 ~0 ?0"],
        ),
    ] {
        let preview = compared(&mapping(&before), &mapping(&after), &people, at(NOW));
        assert_eq!(said(&preview), expected, "{before}\n->\n{after}");
        assert_eq!(preview.people, 4);
    }
}

/// Those of some groups that the bits choose.
fn chosen(bits: u8) -> CommunityMapping {
    let all = [
        ("a", "{ committee = \"A\" }"),
        ("a", "{ committee = \"B\" }, { not = { member = true } }"),
        ("b", "{ event = \"B\", until_days_after = 1 }"),
        ("c-{code}", "{ committee = \"*\" }"),
        ("d", "{ relationship = \"A\" }, { membership_type = \"B\" }"),
        ("e", "{ membership_status = \"lapsed\" }"),
        ("f", "{ group = \"B\" }, { purchase = \"A\", valid_days = 3 }"),
        ("g", "{ member = true }"),
    ];
    let groups = all.iter().enumerate().filter(|(index, _)| bits & (1 << index) != 0);
    let text = |(_, (id, when)): (usize, &(&str, &str))| {
        format!(
            "[[group]]\nid = \"{id}\"\nas = \"security_group\"\nmember = {}\nwhen = [{when}]\n",
            *id == "e"
        )
    };
    mapping(&groups.map(text).collect::<String>())
}

fn ids(told: &ToldContact) -> BTreeSet<&str> {
    told.groups.iter().map(|line| line.id.as_str()).collect()
}

proptest! {
    #[test]
    fn what_a_preview_says_is_what_publishing_does(
        record in a_record(),
        second in 0_i64..16 * 86_400,
        (one, other) in (any::<u8>(), any::<u8>()),
    ) {
        let (before, after) = (chosen(one), chosen(other));
        let now = Timestamp::from_second(1_772_323_200 + second).unwrap();
        let first = desired(&before, &record, None, now);
        let Some(ContactState::Present(told)) = &first.state else { return Ok(()) };
        let then = desired(&after, &record, Some(KnownContact { told, holds: &first.holds }), now);
        let Some(ContactState::Present(then)) = &then.state else { panic!("it was told of") };
        let preview = compared(&before, &after, std::slice::from_ref(&record), now);
        let (had, has) = (ids(told), ids(then));
        let none = GroupMoves::default();
        for id in had.union(&has) {
            let moves = preview.groups.get(*id).unwrap_or(&none);
            let is_open = moves.undecided > 0 || preview.groups.get("c-{code}").is_some_and(|it| it.undecided > 0);
            let (gains, loses) = (!had.contains(id) && has.contains(id), had.contains(id) && !has.contains(id));
            prop_assert!(is_open || (moves.gained.count, moves.lost.count) == (gains.into(), loses.into()), "{} {:?}", id, moves);
        }
        for (id, moves) in &preview.groups {
            prop_assert!(moves.gained.count == 0 || has.contains(id.as_str()) && !had.contains(id.as_str()), "{}", id);
            prop_assert!(moves.lost.count == 0 || had.contains(id.as_str()) && !has.contains(id.as_str()), "{}", id);
        }
        let of_member = (preview.membership.gained.count > 0, preview.membership.lost.count > 0);
        let moved = (!told.is_member && then.is_member, told.is_member && !then.is_member);
        prop_assert!(preview.membership.undecided > 0 || of_member == moved, "{:?} {:?}", of_member, moved);
        if one == other {
            prop_assert!(preview.is_nothing());
        }
    }
}
