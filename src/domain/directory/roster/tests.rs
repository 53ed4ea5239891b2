//! What is believed of a roster after readings, answers about one person, and mishaps.

use proptest::prelude::*;

use super::*;
use crate::domain::record::{CommitteeSeat, Registration};
use crate::domain::time::AmsDate;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn id(number: usize) -> IndividualId {
    IndividualId::parse(&format!("p{number:03}")).unwrap()
}

fn seat(end: i8) -> RosterLine {
    let end_date = AmsDate::Day(jiff::civil::date(2026, 12, end));
    let seat = CommitteeSeat { committee: "EDU".into(), end_date, ..Default::default() };
    RosterLine { number: None, entry: RosterEntry::Seat(seat) }
}

fn registration(number: &str) -> RosterLine {
    let entry = RosterEntry::Registration(Registration { event: "A26".into(), ..Default::default() });
    RosterLine { number: (!number.is_empty()).then(|| number.to_owned()), entry }
}

fn seats(people: impl IntoIterator<Item = usize>) -> RosterReading {
    let row = |number| RosterRow { person: id(number), line: seat(31) };
    RosterReading { rows: people.into_iter().map(row).collect(), cancelled: Vec::new() }
}

fn registrants(rows: &[(usize, &str)], cancelled: &[(usize, &str)]) -> RosterReading {
    let row =
        |(person, number): &(usize, &str)| RosterRow { person: id(*person), line: registration(number) };
    let cancellation = |(person, number): &(usize, &str)| RosterCancellation {
        person: id(*person),
        number: (!number.is_empty()).then(|| (*number).to_owned()),
    };
    RosterReading {
        rows: rows.iter().map(row).collect(),
        cancelled: cancelled.iter().map(cancellation).collect(),
    }
}

fn on(roster: &Roster) -> Vec<usize> {
    roster.people().map(|id| id.as_str()[1..].parse().unwrap()).collect()
}

fn changed(change: &RosterChange) -> Vec<usize> {
    change.changed.keys().map(|id| id.as_str()[1..].parse().unwrap()).collect()
}

#[test]
fn who_comes_and_what_changes_counts_at_once() {
    let mut roster = Roster::first(seats([1, 2]), at(0));
    let mut reading = seats([1, 2, 3]);
    reading.rows[0].line = seat(1);
    let change = roster.read_whole(reading, Listed::Unknown, at(5));
    assert_eq!((changed(&change), on(&roster)), (vec![1, 3], vec![1, 2, 3]));
    assert_eq!(change.changed.values().collect::<Vec<_>>(), [&at(0), &at(0)]);
    assert_eq!(roster.standing(&id(1)), RosterStanding::On(&[seat(1)], at(5)));
    assert_eq!(roster.standing(&id(9)), RosterStanding::Off);
    assert!(changed(&roster.read_whole(seats([2, 3, 1]), Listed::Unknown, at(10))) == [1], "its end again");
}

#[test]
fn one_who_is_missing_is_off_with_the_next_reading_or_by_their_own_list() {
    let start = Roster::first(seats(1..=5), at(0));
    let mut roster = start.clone();
    assert_eq!(roster.read_whole(seats(2..=5), Listed::Unknown, at(5)), RosterChange::default());
    assert_eq!(
        roster.standing(&id(1)),
        RosterStanding::On(&[seat(31)], at(0)),
        "as of the reading that had it"
    );
    assert_eq!(roster.absentees().to_ask().collect::<Vec<_>>(), [(&id(1), at(5))]);
    let once = roster.clone();
    let change = roster.read_whole(seats(2..=5), Listed::Unknown, at(10));
    assert_eq!((on(&roster), change.changed.get(&id(1))), (vec![2, 3, 4, 5], Some(&at(0))));
    let mut by_list = once.clone();
    assert_eq!(by_list.confirm_absent(&id(1), at(4)), None, "older than the reading that lacks them");
    assert_eq!(by_list.confirm_absent(&id(1), at(6)), Some(at(0)));
    assert_eq!(on(&by_list), [2, 3, 4, 5]);
    // Pages had shifted.
    let mut shifted = once.clone();
    assert_eq!(shifted.read_whole(seats(1..=5), Listed::Unknown, at(10)), RosterChange::default());
    assert_eq!(shifted.absentees().people().len(), 0);
    assert_eq!(
        start.clone().confirm_absent(&id(1), at(6)),
        None,
        "a list that may be a mishap takes nobody off"
    );
}

#[test]
fn whom_a_roster_lacks_for_good_although_their_own_list_has_it_stays_and_is_asked_about_less_and_less() {
    let mut roster = Roster::first(seats(1..=5), at(0));
    let mut asked = Vec::new();
    for minute in (5..600).step_by(5) {
        roster.read_whole(seats(2..=5), Listed::Unknown, at(minute));
        if roster.absentees().people().contains_key(&id(1)) {
            asked.push(minute);
            assert!(!roster.confirm_present(&id(1), vec![seat(31)], at(minute + 1)), "as before");
        }
        assert_eq!(on(&roster), [1, 2, 3, 4, 5]);
    }
    assert_eq!(asked, [5, 10, 25, 50, 95, 180, 345]);
    assert_eq!(roster.standing(&id(1)), RosterStanding::On(&[seat(31)], at(346)));
    roster.read_whole(seats(1..=5), Listed::Unknown, at(600));
    roster.read_whole(seats(2..=5), Listed::Unknown, at(605));
    assert_eq!(roster.absentees().people().len(), 1, "the dispute is over");
}

#[test]
fn an_own_list_that_is_newer_adds_and_one_that_is_older_does_not() {
    let mut roster = Roster::first(seats([1]), at(5));
    assert!(!roster.confirm_present(&id(2), vec![seat(31)], at(4)));
    assert!(roster.confirm_present(&id(2), vec![seat(31)], at(6)));
    assert_eq!(on(&roster), [1, 2]);
}

#[test]
fn many_are_held_until_each_was_asked_twice_or_somebody_decides() {
    let mut roster = Roster::first(seats(0..30), at(0));
    for minute in [5, 10, 400] {
        assert_eq!(
            changed(&roster.read_whole(seats(20..30), Listed::Unknown, at(minute))),
            Vec::<usize>::new()
        );
    }
    assert_eq!((roster.absentees().held_since(), on(&roster).len()), (Some(at(5)), 30));
    let mut decided = roster.clone();
    assert_eq!((changed(&decided.release()).len(), on(&decided).len()), (20, 10));
    assert_eq!(decided.absentees().held_since(), None);
    let mut asked = roster.clone();
    assert_eq!(asked.confirm_absent(&id(0), at(401)), None);
    assert_eq!(asked.confirm_absent(&id(0), at(402)), Some(at(0)));
    for number in 1..20 {
        asked.confirm_present(&id(number), vec![seat(31)], at(402));
    }
    assert_eq!((asked.absentees().held_since(), on(&asked)), (None, (1..30).collect::<Vec<_>>()));
    // A statement is never held.
    let mut reading = seats(20..30);
    reading.rows[0].line = seat(1);
    assert_eq!(changed(&roster.read_whole(reading, Listed::Unknown, at(405))), [20]);
}

#[test]
fn an_empty_answer_is_read_again_together_with_the_list() {
    let empty = RosterReading::default;
    for (size, second, listed, on_after, again, is_held) in [
        (2, 6, Listed::Yes, 0, None, false),
        // A list that lacks the code makes it stranger, so each is asked about.
        (2, 6, Listed::No, 2, None, true),
        (2, 6, Listed::Unknown, 2, Some(7), false),
        (30, 6, Listed::Yes, 30, None, true),
        (30, 3, Listed::Yes, 30, Some(4), false),
    ] {
        let mut roster = Roster::first(seats(0..size), at(0));
        let change = roster.read_whole(empty(), Listed::Unknown, at(5));
        assert_eq!((change.read_again, on(&roster).len()), (Some(at(6)), size), "{size} {listed:?}");
        let change = roster.read_whole(empty(), listed, at(second));
        assert_eq!(change.read_again, again.map(at), "{size} {listed:?}");
        assert_eq!(roster.read_again_at(), change.read_again);
        let held = roster.absentees().held_since().is_some();
        assert_eq!((on(&roster).len(), held), (on_after, is_held), "{size} {listed:?}");
        assert_eq!(roster.whole_at(), if again.is_some() { at(0) } else { at(second) });
    }
    let mut back = Roster::first(seats(0..2), at(0));
    back.read_whole(empty(), Listed::Unknown, at(5));
    back.read_whole(seats(0..2), Listed::Unknown, at(6));
    assert_eq!((back.read_again_at(), on(&back).len()), (None, 2));
    let change = back.read_whole(empty(), Listed::Yes, at(70));
    assert_eq!(change.read_again, Some(at(71)), "the first answer was refuted");
    let mut nobody = Roster::first(empty(), at(0));
    assert_eq!(nobody.read_whole(empty(), Listed::Unknown, at(5)), RosterChange::default());
}

#[test]
fn a_cancellation_counts_at_once_whatever_the_list_of_registrations_says() {
    let mut roster =
        Roster::first(registrants(&[(1, "R1"), (1, "R2"), (2, "R3"), (3, "R4")], &[(3, "R4")]), at(0));
    assert_eq!(on(&roster), [1, 2]);
    let change = roster.read_since(registrants(&[(4, "R5")], &[(2, "R3"), (1, "R1")]), at(-1), at(5));
    assert_eq!((changed(&change), on(&roster), roster.confirmed_at()), (vec![1, 2, 4], vec![1, 4], at(5)));
    // The list of registrations goes on naming them, and no longer says that they were cancelled.
    let all = registrants(&[(1, "R1"), (1, "R2"), (2, "R3"), (3, "R4"), (4, "R5")], &[]);
    // Somebody was taken off, whose own list it may overrule.
    let unchanged = RosterChange { settles: true, ..RosterChange::default() };
    assert_eq!(roster.read_whole(all, Listed::Unknown, at(10)), unchanged);
    roster.read_since(registrants(&[(2, "R3")], &[]), at(9), at(15));
    assert_eq!(on(&roster), [1, 4]);
    // Forty cancellations at once are no absences.
    let many: Vec<(usize, String)> = (100..140).map(|number| (number, format!("N{number}"))).collect();
    let many: Vec<(usize, &str)> = many.iter().map(|(person, number)| (*person, number.as_str())).collect();
    roster.read_since(registrants(&many, &[]), at(14), at(20));
    assert_eq!(on(&roster).len(), 42);
    let change = roster.read_since(registrants(&[], &many), at(20), at(25));
    assert_eq!((change.changed.len(), on(&roster).len()), (40, 2));
    // The person's own list has the line: it was taken back.
    assert!(roster.confirm_present(&id(2), vec![registration("R3")], at(30)));
    roster.read_since(registrants(&[(2, "R3")], &[]), at(30), at(35));
    assert_eq!(on(&roster), [1, 2, 4]);
}

#[test]
fn a_cancellation_without_a_number_meets_a_line_without_one_or_asks() {
    let mut roster = Roster::first(registrants(&[(1, ""), (2, "R2")], &[]), at(0));
    let change = roster.read_since(registrants(&[], &[(1, ""), (2, ""), (3, "")]), at(0), at(5));
    assert_eq!((changed(&change), change.ask, on(&roster)), (vec![1], BTreeSet::from([id(2)]), vec![2]));
    let all = registrants(&[(1, ""), (2, "R2")], &[(1, "")]);
    roster.read_whole(all, Listed::Unknown, at(10));
    assert_eq!(on(&roster), [2]);
}

#[test]
fn increments_confirm_a_roster_as_long_as_they_leave_no_gap() {
    let mut roster = Roster::first(registrants(&[(1, "R1")], &[]), at(0));
    roster.read_since(registrants(&[(2, "R2")], &[]), at(0), at(5));
    assert_eq!((roster.confirmed_at(), roster.whole_at()), (at(5), at(0)));
    roster.read_since(registrants(&[(3, "R3")], &[]), at(6), at(10));
    assert_eq!(
        (roster.confirmed_at(), on(&roster)),
        (at(5), vec![1, 2, 3]),
        "nobody knows of minute five to six"
    );
}

#[test]
fn a_roster_without_dates_says_only_who_is_on_it() {
    let mut roster = Roster::first(registrants(&[(1, "R1")], &[]), at(0));
    assert!(!roster.has_dates());
    let mut reading = registrants(&[(1, "R1")], &[]);
    let registration_date = AmsDate::Day(jiff::civil::date(2026, 1, 1));
    reading.rows[0].line.entry = RosterEntry::Registration(Registration {
        event: "A26".into(),
        registration_date,
        ..Default::default()
    });
    roster.read_whole(reading, Listed::Unknown, at(5));
    assert!(roster.has_dates() && Roster::first(RosterReading::default(), at(0)).has_dates());
}

#[test]
fn a_roster_is_stored_as_it_is() {
    let mut roster = Roster::first(seats(0..30), at(0));
    roster.read_whole(seats(20..31), Listed::Unknown, at(5));
    roster.confirm_absent(&id(0), at(6));
    roster.confirm_present(&id(1), vec![seat(2)], at(6));
    let stored = serde_json::to_string(&roster).unwrap();
    assert_eq!(serde_json::from_str::<Roster>(&stored).unwrap(), roster);
}

/// A reading of `truth` as a good or a broken AMS gives it.
fn answer(truth: &BTreeSet<usize>, mishap: u8, nth: usize) -> RosterReading {
    match mishap {
        0 => RosterReading::default(),
        1 => seats(truth.iter().copied().take(truth.len() / 2)),
        2 => seats(truth.iter().copied().filter(|number| number % 7 != nth % 7)),
        _ => seats(truth.iter().copied()),
    }
}

proptest! {
    /// While every second reading is right, nobody who is there is taken off, whatever mishaps come between; and in the end what is believed
    /// is the truth.
    #[test]
    fn mishaps_take_nobody_off_and_the_truth_wins(
        start in proptest::collection::btree_set(0_usize..60, 0..50),
        end in proptest::collection::btree_set(0_usize..60, 0..50),
        mishaps in proptest::collection::vec(0_u8..4, 1..12),
    ) {
        let mut roster = Roster::first(seats(start.iter().copied()), at(0));
        let mut minute = 0;
        for (nth, mishap) in mishaps.into_iter().enumerate() {
            for reading in [answer(&start, mishap, nth), answer(&start, 9, nth)] {
                minute += 5;
                roster.read_whole(reading, Listed::Yes, at(minute));
                prop_assert_eq!(on(&roster), start.iter().copied().collect::<Vec<_>>());
            }
        }
        for _ in 0..4 {
            minute += 5;
            roster.read_whole(seats(end.iter().copied()), Listed::Yes, at(minute));
            let asked: Vec<IndividualId> = roster.absentees().people().keys().cloned().collect();
            for id in asked {
                roster.confirm_absent(&id, at(minute + 1));
            }
        }
        prop_assert_eq!(on(&roster), end.iter().copied().collect::<Vec<_>>());
        prop_assert!(roster.absentees().people().is_empty() && roster.read_again_at().is_none());
    }
}

/// A list of their own that was read between two whole readings is overruled by the second one after it: whoever decides is told.
#[test]
fn the_reading_that_overrules_own_lists_says_so() {
    let mut roster = Roster::first(seats([1, 2]), at(0));
    assert!(!roster.read_whole(seats([1, 2]), Listed::Unknown, at(5)).settles);
    roster.read_whole(seats([2]), Listed::Unknown, at(10));
    let off = roster.read_whole(seats([2]), Listed::Unknown, at(15));
    assert_eq!((changed(&off), off.settles), (vec![1], true));
    let own = at(12);
    assert!(!roster.overrules(own));
    let next = roster.read_whole(seats([2]), Listed::Unknown, at(20));
    assert_eq!((changed(&next), next.settles, roster.overrules(own)), (vec![], true, true));
    assert!(!roster.read_whole(seats([2]), Listed::Unknown, at(25)).settles);
}
