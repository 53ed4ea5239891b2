//! The course of a sweep, and who is missing at its end.

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn ids(numbers: std::ops::Range<usize>) -> BTreeSet<IndividualId> {
    numbers.map(|number| IndividualId::parse(&format!("p{number}")).unwrap()).collect()
}

#[test]
fn pages_come_one_after_the_other_evenly_over_the_time_of_a_sweep() {
    let hour = SignedDuration::from_hours(1);
    let mut sweep = MemberSweep::first(at(0));
    assert_eq!(sweep.page_times(hour), (None, PAGE_EVERY));
    assert_eq!(sweep.take_page(25, false, Some(3), at(1)), SweepStep::NextPage);
    assert_eq!((sweep.progress(), sweep.page_times(hour)), ((2, Some(3)), (Some(at(1)), hour / 3)));
    sweep.take_page(25, false, None, at(2));
    sweep.take_page(25, false, None, at(3));
    assert_eq!(sweep.progress(), (4, Some(4)), "one more than it was said");
    assert_eq!(sweep.take_page(5, true, None, at(4)), SweepStep::AtEnd);
    assert!(sweep.finish(0, &BTreeSet::new(), at(4)).is_empty());
    assert_eq!((sweep.progress(), sweep.started(), sweep.before()), ((1, Some(4)), at(4), Some((at(0), 80))));
}

#[test]
fn somebody_who_was_on_a_page_is_expected_one_page_later() {
    let mut sweep = MemberSweep::first(at(0));
    for minute in 1..=4 {
        sweep.take_page(25, minute == 4, None, at(minute));
        assert_eq!(sweep.expected(at(minute)), None, "there is nothing to compare with");
    }
    sweep.finish(100, &BTreeSet::new(), at(4));
    let expected = |sweep: &MemberSweep| [-1, 1, 2, 4, 11].map(|minute| sweep.expected(at(minute)));
    assert_eq!(expected(&sweep), [None; 5]);
    sweep.take_page(25, false, None, at(11));
    assert_eq!(expected(&sweep), [None; 5], "people of page 1 may have come to be on page 2");
    sweep.take_page(25, false, None, at(12));
    assert_eq!(expected(&sweep), [None, Some(at(11)), None, None, None], "people of page 1");
    for minute in 13..=17 {
        sweep.take_page(25, false, None, at(minute));
    }
    let of_all = [None, Some(at(11)), Some(at(12)), Some(at(14)), None];
    assert_eq!(expected(&sweep), of_all, "all of the last sweep, and nobody else");
    // An instant that was cut to whole microseconds is of the same page.
    let exact = at(0) + SignedDuration::from_nanos(1_500);
    let mut sweep = MemberSweep::first(exact);
    sweep.take_page(25, true, None, exact);
    sweep.finish(25, &BTreeSet::new(), exact);
    sweep.take_page(25, false, None, at(11));
    sweep.take_page(25, false, None, at(12));
    assert_eq!(sweep.expected(at(0) + SignedDuration::from_micros(1)), Some(at(11)));
}

#[test]
fn who_is_missing_is_asked_about_and_counts_with_the_next_sweep() {
    let mut sweep = MemberSweep::first(at(0));
    for (minute, gone) in [(60, 0), (120, 2)] {
        assert_eq!(sweep.take_page(98, true, None, at(minute)), SweepStep::AtEnd);
        assert_eq!(sweep.finish(100, &ids(0..2), at(minute)).len(), gone);
    }
    let mut asked = MemberSweep::first(at(0));
    asked.finish(100, &ids(0..2), at(60));
    let [first, second] = ids(0..2).into_iter().collect::<Vec<_>>().try_into().unwrap();
    assert!(asked.confirm_absent(&first, at(61)).is_some());
    asked.confirm_present(&second);
    assert!(asked.absentees().people().is_empty());
}

#[test]
fn many_who_are_missing_are_held() {
    let mut sweep = MemberSweep::first(at(0));
    for minute in [60, 120, 180] {
        assert!(sweep.finish(100, &ids(0..30), at(minute)).is_empty());
    }
    assert_eq!(sweep.absentees().held_since(), Some(at(60)));
    assert_eq!(sweep.release().len(), 30);
}

#[test]
fn an_empty_first_page_is_read_again_and_then_everybody_is_held() {
    let mut sweep = MemberSweep::first(at(0));
    assert_eq!(sweep.take_page(0, true, None, at(0)), SweepStep::AtEnd, "there was nobody before");
    sweep.finish(0, &BTreeSet::new(), at(0));
    sweep.take_page(2, true, None, at(60));
    sweep.finish(2, &BTreeSet::new(), at(60));
    assert_eq!(sweep.take_page(0, true, None, at(120)), SweepStep::ReadAgain(at(121)));
    assert_eq!(sweep.take_page(0, true, None, at(121)), SweepStep::AtEnd);
    assert!(sweep.finish(2, &ids(0..2), at(121)).is_empty());
    assert_eq!(sweep.absentees().held_since(), Some(at(121)));
    sweep.take_page(2, true, None, at(180));
    sweep.finish(2, &BTreeSet::new(), at(180));
    assert_eq!(sweep.absentees().held_since(), None);
}

#[test]
fn a_sweep_is_stored_as_it_is() {
    let mut sweep = MemberSweep::first(at(0));
    sweep.take_page(2, true, None, at(60));
    sweep.finish(100, &ids(0..30), at(60));
    let stored = serde_json::to_string(&sweep).unwrap();
    let kept = MemberSweep { read: Vec::new(), read_before: Vec::new(), ..sweep };
    assert_eq!(serde_json::from_str::<MemberSweep>(&stored).unwrap(), kept, "without the times of its pages");
}
