//! When an absence counts, and what is held, by tables and by properties.

use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn id(number: usize) -> IndividualId {
    IndividualId::parse(&format!("p{number:05}")).unwrap()
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<IndividualId> {
    numbers.into_iter().map(id).collect()
}

/// Takes readings of a list of `size` people that lack the first of them, one reading each five minutes.
fn after(size: usize, missing: &[usize]) -> (Absentees, usize) {
    let mut absentees = Absentees::default();
    let mut gone = 0;
    for (nth, count) in (0..).zip(missing) {
        gone += absentees.take_reading(size - gone, &ids(gone..*count), at(5 * nth - 5), at(5 * nth)).len();
    }
    (absentees, gone)
}

#[test]
fn many_absences_at_once_are_held_and_few_are_not() {
    for (size, missing, is_held) in [
        // More than half of the list, and more than ten.
        (20, 11, true),
        (1_000, 501, true),
        // More than 2 % and more than three.
        (20, 3, false),
        (5, 3, false),
        (4, 4, true),
        (3, 3, false),
        (100, 4, true),
        (200, 4, false),
        (199, 4, true),
        (1_000, 20, false),
        (1_000, 21, true),
    ] {
        let (absentees, gone) = after(size, &[missing, missing]);
        assert_eq!(absentees.held_since().is_some(), is_held, "{missing} of {size}");
        assert_eq!(gone, if is_held { 0 } else { missing }, "{missing} of {size}");
    }
}

#[test]
fn absences_within_ten_minutes_are_counted_together() {
    let (absentees, gone) = after(100, &[2, 3, 4]);
    assert_eq!(
        (absentees.held_since(), gone),
        (Some(at(10)), 2),
        "two had come to count before the fourth was missing"
    );
    let mut slow = Absentees::default();
    for minute in [0, 11, 22] {
        let missing = usize::try_from(minute / 11 + 1).unwrap();
        let first = missing.saturating_sub(2);
        slow.take_reading(100 - first, &ids(first..missing), at(minute - 11), at(minute));
    }
    assert_eq!(slow.held_since(), None, "three in more than ten minutes");
}

#[test]
fn an_absence_counts_with_the_next_reading_or_an_answer_about_the_person() {
    let (absentees, gone) = after(10, &[1]);
    assert_eq!((absentees.people().len(), gone), (1, 0));
    assert_eq!(after(10, &[1, 1]).1, 1);
    assert_eq!(after(10, &[1, 0, 1]).1, 0, "found in between");
    let mut asked = after(10, &[1]).0;
    assert_eq!(asked.to_ask().collect::<Vec<_>>(), [(&id(0), at(0))]);
    let gone = asked.confirm_absent(&id(0), at(1)).unwrap();
    assert_eq!((gone.seen, gone.since, asked.people().len()), (at(-5), at(0), 0));
    assert_eq!(asked.confirm_absent(&id(1), at(1)), None, "nobody misses that one");
}

#[test]
fn a_held_absence_counts_after_two_answers_a_minute_apart_and_a_hold_ends_with_its_last_person() {
    let mut held = after(10, &[4, 4]).0;
    assert_eq!(held.held_since(), Some(at(0)));
    let again = at(20) + SignedDuration::from_secs(59);
    assert_eq!(held.confirm_absent(&id(0), at(20)), None);
    assert_eq!(held.confirm_absent(&id(0), again), None);
    assert_eq!(held.to_ask().next(), Some((&id(0), at(21))));
    assert!(held.confirm_absent(&id(0), at(21)).is_some());
    // The clock was set back between the answers.
    assert_eq!(held.confirm_absent(&id(1), at(30)), None);
    assert_eq!(held.confirm_absent(&id(1), at(10)), None);
    assert!(held.confirm_absent(&id(1), at(11)).is_some());
    held.settle(&id(2));
    assert_eq!(held.held_since(), Some(at(0)));
    held.settle(&id(3));
    assert_eq!(held.held_since(), None);
    let mut released = after(10, &[4, 4]).0;
    assert_eq!((released.release().len(), released.held_since()), (4, None));
    let mut found = after(10, &[4, 4]).0;
    assert!(found.take_reading(10, &BTreeSet::new(), at(5), at(10)).is_empty());
    assert_eq!(found, Absentees::default(), "a whole list ends a hold, and nothing is left of it");
}

#[test]
fn those_who_are_held_are_asked_about_within_six_hours_each_twice() {
    for (people, seconds) in [(4, 60), (100, 500), (1_000, 5_000), (100_000, 10_800)] {
        let absentees = after(people, &[people]).0;
        assert_eq!(absentees.ask_within().as_secs(), seconds, "{people}");
        assert!(absentees.ask_within() * 2 <= HELD_AT_MOST);
    }
}

#[test]
fn a_clock_that_was_set_back_delays_an_absence_by_one_reading() {
    let mut absentees = Absentees::default();
    absentees.take_reading(10, &ids([0]), at(55), at(60));
    assert!(absentees.take_reading(10, &ids([0]), at(60), at(0)).is_empty());
    assert_eq!(absentees.take_reading(10, &ids([0]), at(0), at(5)).len(), 1);
}

proptest! {
    /// Whatever readings come: an absence counts only if two in a row lack the person, and in none that lacks more than half and ten.
    #[test]
    fn only_what_two_readings_agree_on_counts(readings in proptest::collection::vec(proptest::collection::btree_set(0_usize..40, 0..40), 1..12)) {
        let mut absentees = Absentees::default();
        let mut there: BTreeSet<usize> = (0..40).collect();
        let mut last: BTreeSet<usize> = BTreeSet::new();
        for (nth, lacking) in (0..).zip(readings) {
            let absent: BTreeSet<usize> = there.intersection(&lacking).copied().collect();
            let gone = absentees.take_reading(there.len(), &ids(absent.iter().copied()), at(nth * 20 - 20), at(nth * 20));
            if absent.len() > 10 && absent.len() * 2 > there.len() {
                prop_assert!(gone.is_empty() && absentees.held_since().is_some());
            }
            let numbers: Vec<usize> = there.iter().copied().filter(|number| gone.contains_key(&id(*number))).collect();
            prop_assert_eq!(numbers.len(), gone.len());
            for number in numbers {
                prop_assert!(absent.contains(&number) && last.contains(&number));
                there.remove(&number);
            }
            let missing: BTreeSet<IndividualId> = absentees.people().keys().cloned().collect();
            prop_assert_eq!(missing, ids(absent.iter().copied().filter(|number| there.contains(number))));
            last = absent;
        }
        // Asked about one by one, all of it comes to an end.
        let left: Vec<IndividualId> = absentees.people().keys().cloned().collect();
        for id in &left {
            if absentees.confirm_absent(id, at(10_000)).is_none() {
                prop_assert!(absentees.confirm_absent(id, at(10_001)).is_some());
            }
        }
        prop_assert!(absentees.people().is_empty() && absentees.held_since().is_none());
    }
}
