//! The ledger by tables and by properties.

use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::domain::time::Timestamp;

const RATE: Rate = Rate::new(3, 60);
const ALONE: Crowd = Crowd { people_wait: false, reserved: 0 };

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
}

fn millis(instant: Timestamp) -> i64 {
    instant.as_millisecond() - at(0).as_millisecond()
}

fn start(kind: CallKind, rate: Rate, crowd: Crowd) -> LedgerStep {
    LedgerStep::Start { kind, rate, crowd }
}

/// Starts calls of a kind as early as they may, and gives the millisecond of each.
fn starts(
    ledger: &mut Ledger,
    from: i64,
    kind: CallKind,
    rate: Rate,
    crowd: Crowd,
    count: usize,
) -> Vec<i64> {
    let mut now = at(from);
    (0..count)
        .map(|_| {
            now = ledger.opens(now, kind, rate, crowd);
            assert!(ledger.take(now, start(kind, rate, crowd)));
            millis(now)
        })
        .collect()
}

#[test]
fn the_windows_open_when_second_and_minute_allow_it() {
    let rate = Rate::new(2, 3);
    let mut ledger = Ledger::default();
    for (ask, expected) in [(0, 0), (100, 100), (200, 1_200), (2_000, 60_200), (61_000, 61_000)] {
        let opens = ledger.opens(at(ask), CallKind::SignIn, rate, ALONE);
        assert_eq!(millis(opens), expected);
        if ask < expected {
            assert!(!ledger.take(at(ask), start(CallKind::SignIn, rate, ALONE)));
        }
        assert!(ledger.take(opens, start(CallKind::SignIn, rate, ALONE)));
    }
}

#[test]
fn new_limits_count_for_the_calls_that_have_started() {
    let mut ledger = Ledger::default();
    starts(&mut ledger, 0, CallKind::SignIn, Rate::new(9, 3), ALONE, 3);
    let opens = |per_minute| millis(ledger.opens(at(300), CallKind::SignIn, Rate::new(9, per_minute), ALONE));
    assert_eq!((opens(3), opens(4), opens(2)), (60_200, 300, 60_200));
}

#[test]
fn a_day_has_a_limit_where_the_ams_has_one_and_its_last_tenth_is_for_people() {
    let rate = Rate { per_day: Some(100), ..Rate::new(1_000, 1_000) };
    let mut ledger = Ledger::default();
    starts(&mut ledger, 0, CallKind::Sweep, rate, ALONE, 90);
    assert_eq!(ledger.opens(at(90_000), CallKind::SignIn, rate, ALONE), at(90_000));
    let opens = ledger.opens(at(90_000), CallKind::Sweep, rate, ALONE).duration_since(at(0));
    assert!((SignedDuration::from_hours(23)..=SignedDuration::from_hours(24)).contains(&opens), "{opens:?}");
    assert_eq!(starts(&mut ledger, 90_000, CallKind::SignIn, rate, ALONE, 10).len(), 10);
    let opens = ledger.opens(at(120_000), CallKind::SignIn, rate, ALONE).duration_since(at(0));
    assert!((SignedDuration::from_hours(23)..=SignedDuration::from_hours(24)).contains(&opens), "{opens:?}");
}

/// How many calls background work makes in ten minutes in which nothing else happens.
#[test]
fn background_work_has_its_share_of_the_minute_and_spends_it_evenly() {
    let people_wait = Crowd { people_wait: true, reserved: 0 };
    let begun = Crowd { people_wait: false, reserved: 1 };
    for (crowd, share) in [(ALONE, 40), (begun, 20), (people_wait, 6)] {
        let mut ledger = Ledger::default();
        let started = starts(&mut ledger, 0, CallKind::Sweep, RATE, crowd, 10 * share);
        let took = started.last().unwrap() - started[0];
        assert!((590_000..=605_000).contains(&took), "{crowd:?}: {took}");
        let apart = started.windows(2).map(|pair| pair[1] - pair[0]);
        let even = 60_200 / i64::try_from(share).unwrap();
        assert!(apart.clone().all(|gap| (even - 1..=even + 200).contains(&gap)), "{:?}", apart.max());
    }
    // Somebody signed in within the last minute.
    let mut ledger = Ledger::default();
    ledger.take(at(0), start(CallKind::SignIn, RATE, ALONE));
    let started = starts(&mut ledger, 0, CallKind::Refresh, RATE, ALONE, 30);
    let within = |end: i64| started.iter().filter(|at| **at < end).count();
    assert_eq!(within(60_000), 20);
}

#[test]
fn background_work_leaves_the_last_call_of_a_second_and_what_is_reserved() {
    let mut ledger = Ledger::default();
    starts(&mut ledger, 0, CallKind::SignIn, RATE, ALONE, 2);
    assert_eq!(millis(ledger.opens(at(0), CallKind::Refresh, RATE, ALONE)), 1_200);
    assert_eq!(millis(ledger.opens(at(0), CallKind::Person, RATE, ALONE)), 0);
    let mut ledger = Ledger::default();
    starts(&mut ledger, 0, CallKind::SignIn, Rate::new(100, 60), ALONE, 55);
    let reserved = |reserved| Crowd { people_wait: false, reserved };
    let opens = |crowd| millis(ledger.opens(at(5_000), CallKind::Refresh, Rate::new(100, 60), crowd));
    assert_eq!((opens(reserved(4)), opens(reserved(5))), (5_000, 60_200));
}

#[test]
fn while_people_wait_those_who_are_signed_in_have_a_third() {
    let crowd = Crowd { people_wait: true, reserved: 0 };
    let mut ledger = Ledger::default();
    let started = starts(&mut ledger, 0, CallKind::Person, RATE, crowd, 21);
    assert_eq!(started[20] - started[0], 60_200);
}

#[test]
fn room_is_what_could_start_in_time_after_those_who_go_ahead() {
    let ledger = Ledger::default();
    let room =
        |ledger: &Ledger, ahead, most| ledger.room(at(0), SignedDuration::from_secs(3), RATE, ahead, most);
    assert_eq!((room(&ledger, 0, 100), room(&ledger, 4, 100), room(&ledger, 20, 100)), (9, 5, 0));
    assert_eq!(room(&ledger, 4, 2), 2);
    let mut full = Ledger::default();
    starts(&mut full, -30_000, CallKind::SignIn, RATE, ALONE, 58);
    assert_eq!(room(&full, 0, 100), 2, "the minute has two left");
}

#[test]
fn a_forecast_says_when_each_sign_in_can_begin() {
    let ledger = Ledger::default();
    let forecast = |ahead, calls, sign_ins| -> Vec<i64> {
        let all = ledger.forecast(at(0), RATE, ahead, calls, sign_ins);
        all.into_iter().map(|wait| i64::try_from(wait.as_millis()).unwrap()).collect()
    };
    assert_eq!(forecast(0, 1, 5), [0, 0, 0, 1_200, 1_200]);
    assert_eq!(forecast(2, 2, 3), [0, 1_200, 2_400]);
    let minute = forecast(0, 1, 300);
    assert!((300_000..=330_000).contains(&minute[299]), "{}", minute[299]);
}

#[test]
fn the_ams_may_ask_for_ten_minutes_and_our_own_pauses_are_at_most_fifteen_seconds() {
    let (mut ledger, mut now) = (Ledger::default(), at(0));
    for seconds in [1, 2, 4, 8, 15, 15, 15] {
        ledger.take(now, LedgerStep::Pause(None));
        ledger.take(now, LedgerStep::Pause(None));
        let opens = ledger.opens(now, CallKind::SignIn, RATE, ALONE);
        assert_eq!(opens, now + SignedDuration::from_secs(seconds));
        now = opens;
    }
    assert!(ledger.is_uneasy());
    ledger.take(now, LedgerStep::Ease);
    assert!(!ledger.is_uneasy());
    for (asked, waits) in [(90, 90), (86_400, 600)] {
        ledger.take(now, LedgerStep::Pause(Some(Duration::from_secs(asked))));
        assert_eq!(ledger.paused_until(now), Some(now + SignedDuration::from_secs(waits)));
    }
    ledger.take(now, LedgerStep::Pause(Some(Duration::from_secs(1))));
    assert_eq!(ledger.paused_until(now), Some(now + SignedDuration::from_secs(600)), "never shorter");
}

#[test]
fn a_ledger_comes_back_as_it_was_written() {
    let mut ledger = Ledger::default();
    starts(&mut ledger, 0, CallKind::SignIn, RATE, ALONE, 5);
    ledger.take(at(9_000), LedgerStep::Pause(None));
    let text = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
}

fn kinds() -> impl Strategy<Value = CallKind> {
    prop::sample::select(CallKind::ALL.to_vec())
}

/// Calls that are asked for after so many milliseconds, in whatever crowd.
fn asked() -> impl Strategy<Value = Vec<(i64, CallKind, bool, usize)>> {
    prop::collection::vec((0..3_000i64, kinds(), any::<bool>(), 0..9usize), 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_window_ever_sees_more_than_it_may(asked in asked(), per_second in 1..6usize, per_minute in 1..70usize) {
        let rate = Rate::new(per_second, per_minute);
        let (mut ledger, mut now, mut started) = (Ledger::default(), at(0), Vec::new());
        for (later, kind, people_wait, reserved) in asked {
            now += SignedDuration::from_millis(later);
            let crowd = Crowd { people_wait, reserved };
            let opens = ledger.opens(now, kind, rate, crowd);
            let took = ledger.take(now, start(kind, rate, crowd));
            prop_assert_eq!(took, opens == now, "it starts when it said");
            if took {
                started.push((now, kind));
            }
        }
        let within = |from: Timestamp, span: i64| {
            started.iter().filter(move |(at, _)| *at >= from && at.duration_since(from) < SignedDuration::from_secs(span))
        };
        for (from, _) in &started {
            prop_assert!(within(*from, 1).count() <= per_second);
            prop_assert!(within(*from, 60).count() <= per_minute);
            let background = within(*from, 60).filter(|(_, kind)| kind.is_background()).count();
            prop_assert!(background <= (per_minute * 2 / 3).max(1));
            let of_a_second = within(*from, 1).map(|(_, kind)| kind.is_background()).collect::<Vec<_>>();
            if per_second > 1 && of_a_second.len() == per_second {
                prop_assert!(!of_a_second[per_second - 1], "background work never takes the last call");
            }
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_may_start(asked in asked(), kind in kinds()) {
        let (mut ledger, mut now) = (Ledger::default(), at(0));
        for (later, kind, people_wait, reserved) in asked {
            now += SignedDuration::from_millis(later);
            ledger.take(now, start(kind, RATE, Crowd { people_wait, reserved }));
        }
        let opens = ledger.opens(now, kind, RATE, ALONE);
        prop_assert!(opens.duration_since(now) <= SignedDuration::from_secs(61));
        prop_assert!(ledger.take(opens, start(kind, RATE, ALONE)));
    }

    #[test]
    fn a_jump_of_the_clock_costs_a_minute_at_most(asked in asked(), jump in -100_000_000..100_000_000i64, pause in 0..700u64) {
        let (mut ledger, mut now) = (Ledger::default(), at(0));
        for (later, kind, people_wait, reserved) in asked {
            now += SignedDuration::from_millis(later);
            ledger.take(now, start(kind, RATE, Crowd { people_wait, reserved }));
        }
        if jump < -60_000 {
            ledger.take(now, LedgerStep::Pause(Some(Duration::from_secs(pause))));
        }
        let jumped = now + SignedDuration::from_millis(jump);
        // Somebody asks, as somebody always does; the ledger is brought up to date by that.
        ledger.take(jumped, start(CallKind::SignIn, RATE, ALONE));
        let opens = ledger.opens(jumped, CallKind::SignIn, RATE, ALONE);
        prop_assert!(opens.duration_since(jumped) <= SignedDuration::from_millis(60_200));
    }
}
