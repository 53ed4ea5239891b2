//! How a community stands: figures, lines beside each other, and reasons.

use proptest::prelude::*;

use super::*;
use crate::domain::names::ListedNames;

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn line(id: &str, role: &str) -> ToldLine {
    ToldLine {
        id: id.to_owned(),
        role: (!role.is_empty()).then(|| role.to_owned()),
        name: format!("{id} named"),
        community_type: Some("Committee".to_owned()),
        member: false,
        joined: None,
        since: None,
        until: None,
    }
}

fn told(groups: &[(&str, &str)], is_member: bool) -> ToldContact {
    let groups = groups.iter().map(|(id, role)| line(id, role)).collect();
    ToldContact { id: "B3A1".to_owned(), is_member, groups, ..ToldContact::default() }
}

#[test]
fn each_person_is_counted_by_what_should_be_there_and_what_is() {
    let all = mapping(&format!("{EDU}{GOLD}"));
    let mut figures = CommunityFigures::of(&all);
    assert_eq!(figures.groups.keys().collect::<Vec<_>>(), ["MBR-GOLD", "committee-EDU"]);
    let (chair, seat) = (told(&[("committee-EDU", "Chair")], true), told(&[("committee-EDU", "")], true));
    let bare = told(&[], false);
    for (here, there, phase) in [
        (Some(&chair), Some(&chair), SyncPhase::Settled),
        (Some(&chair), None, SyncPhase::Waits),
        (Some(&chair), Some(&seat), SyncPhase::Waits),
        (Some(&bare), Some(&chair), SyncPhase::Waits),
        (Some(&chair), Some(&bare), SyncPhase::Refused),
        (None, Some(&chair), SyncPhase::Waits),
        (Some(&chair), Some(&chair), SyncPhase::Waits),
        (None, None, SyncPhase::Waits),
    ] {
        figures.note(here, there, phase);
    }
    let of = |here, there, joining, leaving, changing, refused| SyncCount {
        here,
        there,
        joining,
        leaving,
        changing,
        refused,
    };
    assert_eq!(figures.groups["committee-EDU"].count, of(5, 5, 1, 2, 1, 1));
    assert_eq!(figures.groups["committee-EDU"].name, "Education", "as the file calls it");
    assert_eq!(figures.groups["MBR-GOLD"].count, SyncCount::default());
    assert_eq!(figures.members, of(5, 5, 1, 2, 0, 1));
    assert_eq!(figures.people, of(6, 6, 1, 1, 3, 1), "one is sent again although nothing has changed");
    assert_eq!(figures.people.pending(), 5);
    figures.note_untold(Untold::NotKnown);
    figures.note_untold(Untold::NotAskedFor);
    assert_eq!((figures.not_known, figures.not_asked_for, figures.not_admitted, figures.next), (1, 1, 0, 0));
}

fn some_told() -> impl Strategy<Value = Option<ToldContact>> {
    let groups = proptest::collection::vec((0..4_u8, 0..2_u8), 0..4);
    proptest::option::of((groups, any::<bool>()).prop_map(|(groups, is_member)| {
        let mut told = told(&[], is_member);
        told.groups = groups
            .iter()
            .map(|(id, role)| line(&format!("g{id}"), if *role == 0 { "" } else { "x" }))
            .collect();
        told.groups.sort();
        told.groups.dedup();
        told
    }))
}

proptest! {
    /// Whoever is there, with those who come and without those who go, is who should be there; and the order of counting does not matter.
    #[test]
    fn figures_add_up(people in proptest::collection::vec((some_told(), some_told()), 0..20), cut in 0..20_usize) {
        let count = |people: &[(Option<ToldContact>, Option<ToldContact>)]| {
            let mut figures = CommunityFigures::default();
            for (here, there) in people {
                let phase = if here == there { SyncPhase::Settled } else { SyncPhase::Waits };
                figures.note(here.as_ref(), there.as_ref(), phase);
            }
            figures
        };
        let whole = count(&people);
        for count in whole.groups.values().map(|group| group.count).chain([whole.members, whole.people]) {
            prop_assert_eq!(count.there + count.joining, count.here + count.leaving);
        }
        let cut = cut.min(people.len());
        let mut both = count(&people[..cut]);
        both.add(&count(&people[cut..]));
        prop_assert_eq!(both, whole);
    }

    /// What is there and should be there differ in a line exactly if they differ.
    #[test]
    fn lines_differ_exactly_where_two_states_do(there in some_told(), here in some_told()) {
        let rows = compared(there.as_ref(), None, here.as_ref(), &zone());
        let differs = rows.iter().any(|row| row.change() != FactChange::Same);
        prop_assert_eq!(differs, there != here);
        prop_assert!(rows.iter().all(|row| row.waits.is_none()));
    }
}

#[test]
fn lines_are_told_in_words_and_stand_beside_each_other() {
    let end = at("2026-07-01T04:00:00Z");
    let mut jane = told(&[("committee-EDU", "Chair")], true);
    jane.first_name = "Jane".to_owned();
    jane.member_until = Some(end);
    jane.groups[0].since = Some(at("2026-01-01T05:00:00Z"));
    jane.groups[0].until = Some(end);
    let mut now = jane.clone();
    now.first_name = "Janet".to_owned();
    now.email = Some("jane@people.example".to_owned());
    now.member_until = Some(at("2026-07-01T04:30:00Z"));
    now.groups = vec![line("MEMBERS", "")];
    let rows = compared(Some(&jane), Some(&now), Some(&now), &zone());
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let says = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!("{:?} {}: {} | {}", row.change(), row.name, says(&row.there), says(&row.here))
        })
        .collect();
    assert_eq!(
        told,
        [
            "Same Key: B3A1 | B3A1",
            "Changed Given name: Jane | Janet",
            "Gained E-mail address: - | jane@people.example",
            "Same Member: yes | yes",
            "Changed Member until: 30 June 2026 | 1 July 2026, 00:30",
            "Gained MEMBERS: - | MEMBERS named (Committee community)",
            "Lost committee-EDU: committee-EDU named (Committee community), as Chair, from 1 January 2026, to 30 June 2026 | -",
        ]
    );
    assert!(rows.iter().all(|row| row.waits == row.here));
}

#[test]
fn why_somebody_is_in_a_group_or_not_is_said_by_its_key() {
    let chapters = "[[group]]\nid = \"ch:{code}\"\nas = \"community\"\ntype = \"Chapter\"\nwhen = [{ committee = \"ch-*\" }]\n";
    let all = mapping(&format!("{EDU}{GOLD}{chapters}"));
    let mut jane = nobody();
    jane.committees = Some(vec![seat("EDU", "Chair", "", ""), seat("CH-Austin", "Chair", "", "")]);
    let names = ListedNames::default();
    let reasons = GroupReasons::new(&all, &jane, &names, at(NOW));
    for (id, says) in [
        ("committee-EDU", "On committee EDU"),
        ("MBR-GOLD", "GOLD"),
        ("ch:Austin", "On committee CH-Austin"),
        ("ch:Boston", "Nothing on the record gives it."),
        ("elsewhere", "The community file has no such group."),
    ] {
        let because = reasons.of(id);
        assert!(because.contains(says), "{id}: {because}");
    }
    jane.is_deceased = true;
    let reasons = GroupReasons::new(&all, &jane, &names, at(NOW));
    assert_eq!(reasons.of("committee-EDU"), "The AMS marks this person as deceased.");
}

/// As `desired` has it: nothing is told of whoever is untold.
#[test]
fn why_nothing_is_told_of_somebody_is_one_of_four() {
    let asks = "[who]\nwhen = [{ committee = \"EDU\" }]\n";
    type Change = fn(&mut Record);
    let table: [(&str, Change, Untold); 6] = [
        ("", |_| {}, Untold::Next),
        ("", |jane| jane.is_deceased = true, Untold::NotAdmitted),
        ("", |jane| jane.committees = None, Untold::NotKnown),
        ("", |jane| jane.memberships = vec![membership("GOLD", "2026-01-01", "?")], Untold::NotKnown),
        (asks, |_| {}, Untold::NotAskedFor),
        (asks, |jane| jane.committees = None, Untold::NotKnown),
    ];
    for (more, change, expected) in table {
        let all = mapping(&format!("{more}{EDU}{GOLD}"));
        let mut jane = nobody();
        change(&mut jane);
        assert_eq!(untold(&all, &jane, at(NOW)), expected, "{more}");
        let is_told = desired(&all, &jane, None, at(NOW)).state.is_some();
        assert_eq!(is_told, expected == Untold::Next, "{more} {expected:?}");
    }
}
