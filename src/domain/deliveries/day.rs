//! How deliveries went over the last day, in steps of a quarter of an hour. It is kept with the subscriber, so it stays small.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::row::{Delivery, Phase, RowAfter};
use crate::domain::time::Timestamp;

/// How long a step is, in seconds.
pub const STEP_SECONDS: i64 = 15 * 60;

/// So many steps are kept.
pub const STEPS: usize = 96;

/// How the delivery of one row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The subscriber knows what it should, so long after that was planned.
    Confirmed(SignedDuration),
    /// It does not accept it.
    Refused,
}

impl DeliveryEnd {
    /// What a flight has brought to its end. `None`: the row still waits, or nothing has changed.
    pub fn of(before: &Delivery, after: &RowAfter, now: Timestamp) -> Option<DeliveryEnd> {
        let confirmed = DeliveryEnd::Confirmed(now.duration_since(before.since).max(SignedDuration::ZERO));
        match after {
            RowAfter::AsItWas => None,
            RowAfter::Erased => Some(confirmed),
            RowAfter::Changed(row) => match row.phase {
                Phase::Settled => Some(confirmed),
                Phase::SetAside { .. } => Some(DeliveryEnd::Refused),
                Phase::Pending { .. } | Phase::InFlight { .. } => None,
            },
        }
    }
}

/// The last day of a subscriber.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDay {
    /// Steps in which something ended, by their number since 1970.
    steps: BTreeMap<i64, KeptStep>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptStep {
    confirmed: u64,
    refused: u64,
    /// The longest delay, in milliseconds.
    longest: u64,
    /// How many delays are of which length; see [`length_class`].
    delays: BTreeMap<u8, u64>,
}

/// What ended within a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStep {
    /// When the step began.
    pub began: Timestamp,
    /// So many rows were confirmed.
    pub confirmed: u64,
    /// So many were refused for good.
    pub refused: u64,
    /// The longest delay of those that were confirmed, from the planning to the confirmation. `None`: none was confirmed.
    pub longest: Option<SignedDuration>,
    /// The delay of the one in the middle, by its length class, so within a quarter of it.
    pub middle: Option<SignedDuration>,
}

impl DeliveryDay {
    /// Notes what ended at `now`, and drops what is older than a day.
    pub fn note(&mut self, ends: &[DeliveryEnd], now: Timestamp) {
        let present = step_at(now);
        // A step ahead of now was written before the clock was set back.
        self.steps.retain(|number, _| (oldest(present)..=present).contains(number));
        if ends.is_empty() {
            return;
        }
        let step = self.steps.entry(present).or_default();
        for end in ends {
            match end {
                DeliveryEnd::Refused => step.refused += 1,
                DeliveryEnd::Confirmed(delay) => {
                    let delay = u64::try_from(delay.as_millis()).unwrap_or_default();
                    step.confirmed += 1;
                    step.longest = step.longest.max(delay);
                    *step.delays.entry(length_class(delay)).or_default() += 1;
                }
            }
        }
    }

    /// All steps of the day that ends at `now`, the oldest first.
    pub fn steps(&self, now: Timestamp) -> Vec<DayStep> {
        let present = step_at(now);
        let step = |number: i64| {
            let none = KeptStep::default();
            let kept = self.steps.get(&number).unwrap_or(&none);
            DayStep {
                began: Timestamp::from_second(number.saturating_mul(STEP_SECONDS)).unwrap_or(now),
                confirmed: kept.confirmed,
                refused: kept.refused,
                longest: (kept.confirmed > 0).then(|| milliseconds(kept.longest)),
                middle: kept.middle().map(milliseconds),
            }
        };
        (oldest(present)..=present).map(step).collect()
    }

    /// How many rows an hour were confirmed lately: in this step and the one before, but not before `since`. `None`: none were.
    pub fn pace(&self, since: Timestamp, now: Timestamp) -> Option<f64> {
        let present = step_at(now);
        let began = Timestamp::from_second((present - 1).saturating_mul(STEP_SECONDS)).ok()?.max(since);
        let confirmed: u64 = self.steps.range(present - 1..=present).map(|(_, step)| step.confirmed).sum();
        let hours = now.duration_since(began).as_secs_f64().max(1.0) / 3600.0;
        (confirmed > 0).then(|| confirmed as f64 / hours)
    }
}

impl KeptStep {
    fn middle(&self) -> Option<u64> {
        let half = self.confirmed.div_ceil(2);
        let mut seen = 0;
        let class = self.delays.iter().find_map(|(class, count)| {
            seen += count;
            (seen >= half && half > 0).then_some(*class)
        });
        class.map(|class| middle_of(class).min(self.longest))
    }
}

fn step_at(now: Timestamp) -> i64 {
    now.as_second().div_euclid(STEP_SECONDS)
}

fn oldest(present: i64) -> i64 {
    present - (STEPS as i64 - 1)
}

fn milliseconds(number: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Lengths are told apart by their highest binary digit and the one behind it: two classes for each doubling, at most 128.
fn length_class(milliseconds: u64) -> u8 {
    let number = milliseconds.max(1);
    let highest = number.ilog2();
    let next = highest.checked_sub(1).map_or(0, |below| (number >> below) & 1);
    u8::try_from(u64::from(2 * highest) + next).unwrap_or(u8::MAX)
}

/// The middle of what is of this class.
fn middle_of(class: u8) -> u64 {
    let whole = 1_u64.checked_shl(u32::from(class / 2)).unwrap_or(u64::MAX);
    whole.saturating_add(whole / 4).saturating_add(if class % 2 == 1 { whole / 2 } else { 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn confirmed(milliseconds: i64) -> DeliveryEnd {
        DeliveryEnd::Confirmed(SignedDuration::from_millis(milliseconds))
    }

    #[test]
    fn a_day_is_kept_by_quarters_of_an_hour_and_no_longer() {
        let mut day = DeliveryDay::default();
        day.note(&[confirmed(1_000), confirmed(2_000), confirmed(9_000), DeliveryEnd::Refused], at(0));
        day.note(&[confirmed(60_000)], at(STEP_SECONDS));
        let steps = day.steps(at(STEP_SECONDS + 1));
        assert_eq!(steps.len(), STEPS);
        let [.., before, present] = steps.as_slice() else { panic!() };
        assert_eq!((before.confirmed, before.refused, present.confirmed, present.refused), (3, 1, 1, 0));
        assert_eq!(before.began, at(0), "1,800,000,000 is the beginning of a step");
        assert_eq!(before.longest, Some(SignedDuration::from_secs(9)));
        let middle = before.middle.unwrap().as_millis();
        assert!((1_600..=2_500).contains(&middle), "{middle}");
        assert!(present.middle <= present.longest && present.middle.is_some());
        assert!(
            steps[..STEPS - 2]
                .iter()
                .all(|step| step.confirmed + step.refused == 0 && step.longest.is_none())
        );

        let hour = 4 * STEP_SECONDS;
        day.note(&[], at(23 * hour));
        assert_eq!(day.steps.len(), 2);
        day.note(&[DeliveryEnd::Refused], at(24 * hour));
        assert_eq!(day.steps.len(), 2, "the first is a day old");
        day.note(&[], at(-hour));
        assert!(day.steps.is_empty(), "the clock was set back");
    }

    #[test]
    fn the_pace_counts_from_the_beginning_of_the_run() {
        let mut day = DeliveryDay::default();
        assert_eq!(day.pace(at(0), at(60)), None);
        day.note(&vec![confirmed(10); 100], at(60));
        assert_eq!(day.pace(at(0), at(60)).unwrap().round(), 6_000.0);
        assert_eq!(day.pace(at(-9_000), at(STEP_SECONDS)).unwrap().round(), 400.0);
        assert_eq!(day.pace(at(0), at(3 * STEP_SECONDS)), None, "nothing was confirmed lately");
    }

    proptest! {
        #[test]
        fn the_middle_is_told_within_a_quarter(mut delays in proptest::collection::vec(0..100_000_000_i64, 1..40)) {
            let mut day = DeliveryDay::default();
            day.note(&delays.iter().map(|delay| confirmed(*delay)).collect::<Vec<_>>(), at(5));
            delays.sort_unstable();
            let exact = delays[delays.len().div_ceil(2) - 1] as f64;
            let step = *day.steps(at(5)).last().unwrap();
            let told = step.middle.unwrap().as_millis() as f64;
            prop_assert!((told - exact).abs() <= exact / 4.0 + 1.0, "{told} of {exact}");
            prop_assert_eq!(step.longest.unwrap().as_millis(), i128::from(*delays.last().unwrap()));
            prop_assert!(step.middle <= step.longest);
        }

        #[test]
        fn what_is_kept_is_bounded(ends in proptest::collection::vec((0..u64::MAX, -200_000..200_000_i64), 0..300)) {
            let mut day = DeliveryDay::default();
            for (delay, when) in ends {
                let delay = SignedDuration::from_millis((delay / 2) as i64);
                day.note(&[DeliveryEnd::Confirmed(delay)], at(when));
            }
            prop_assert!(day.steps.len() <= STEPS);
            prop_assert!(day.steps.values().all(|step| step.delays.len() <= 128));
        }
    }
}
