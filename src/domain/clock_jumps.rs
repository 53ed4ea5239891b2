//! A clock that jumps forward: how old something is without the time that never passed.
//!
//! Dates, tokens and logs go by the clock as it is. Only ages do not count a jump: for how long a record was not confirmed, a session not
//! used, somebody not seen. Kept out: how a jump is noticed (`adapters::clock`). A clock that goes back makes nothing older.

use jiff::SignedDuration;

use super::time::Timestamp;

/// A clock that is put right by less is not said to jump.
pub const JUMPED: SignedDuration = SignedDuration::from_mins(2);

/// So much is left out of ages at most, in all jumps together. A machine whose clock is ahead by more may have stood still for as long, and
/// then what it knows really is that old.
pub const MOST_LEFT_OUT: SignedDuration = SignedDuration::from_hours(48);

/// So many jumps are remembered.
const MOST: usize = 4;

/// The clock went from `before` to `after`, and no time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClockJump {
    before: Timestamp,
    after: Timestamp,
}

impl ClockJump {
    fn by(self) -> SignedDuration {
        self.after.duration_since(self.before)
    }
}

/// The jumps forward since the start that hold: one that was undone is not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockJumps([Option<ClockJump>; MOST]);

impl ClockJumps {
    /// None yet.
    pub const NONE: ClockJumps = ClockJumps([None; MOST]);

    /// The clock says `after` where `before` was due. `None`: it has gone too far, or too often, to be left out of ages.
    pub fn with(mut self, before: Timestamp, after: Timestamp) -> Option<ClockJumps> {
        let jump = ClockJump { before, after };
        let place = self.0.iter_mut().find(|place| place.is_none())?;
        *place = Some(jump);
        // In the order in which the clock gets there.
        self.0.sort_by_key(|jump| jump.map_or(Timestamp::MAX, |jump| jump.after));
        (self.left_out() <= MOST_LEFT_OUT).then_some(self)
    }

    /// What is left out of ages that reach back to before all jumps.
    pub fn left_out(&self) -> SignedDuration {
        self.each().fold(SignedDuration::ZERO, |sum, jump| sum.saturating_add(jump.by()))
    }

    fn each(&self) -> impl DoubleEndedIterator<Item = ClockJump> {
        self.0.iter().copied().flatten()
    }

    /// An instant moved so that its distance from `now` is the time that has passed since.
    pub fn aged(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        let passed = self.each().filter(|jump| at < jump.after && jump.after <= now);
        let left_out = passed.fold(SignedDuration::ZERO, |sum, jump| sum.saturating_add(jump.by()));
        at.checked_add(left_out).unwrap_or(Timestamp::MAX).min(now.max(at))
    }

    /// The instant at which so much time had yet to pass until `now`. What is earlier is older.
    pub fn back(&self, now: Timestamp, by: SignedDuration) -> Timestamp {
        let mut at = now.checked_sub(by).unwrap_or(Timestamp::MIN);
        for jump in self.each().rev().filter(|jump| jump.after <= now) {
            if at < jump.after {
                at = at.checked_sub(jump.by()).unwrap_or(Timestamp::MIN);
            }
        }
        at
    }

    /// The instant at which so much time has passed since `at`, as far as jumps are known.
    pub fn ahead(&self, at: Timestamp, by: SignedDuration) -> Timestamp {
        let mut ends = at.checked_add(by).unwrap_or(Timestamp::MAX);
        for jump in self.each().filter(|jump| at < jump.after) {
            if ends > jump.before {
                ends = ends.checked_add(jump.by()).unwrap_or(Timestamp::MAX);
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_day_that_did_not_pass_makes_nothing_older() {
        // At ten o'clock the clock went to ten o'clock of the next day.
        let jumps = ClockJumps::NONE.with(at(10), at(34)).unwrap();
        for (then, now, age) in [(9, 34, 1), (9, 40, 7), (0, 34, 10), (34, 40, 6), (9, 9, 0), (9, 10, 1)] {
            assert_eq!(at(now).duration_since(jumps.aged(at(then), at(now))), hours(age), "{then} {now}");
        }
        // (now, by, what was then): from before the jump, or since.
        for (now, by, then) in [(34, 1, 9), (34, 10, 0), (40, 6, 34), (40, 7, 9), (40, 5, 35), (10, 1, 9)] {
            assert_eq!(jumps.back(at(now), hours(by)), at(then), "{now} {by}");
        }
        assert_eq!(jumps.ahead(at(9), hours(24)), at(57));
        assert_eq!(jumps.ahead(at(35), hours(24)), at(59));
        assert_eq!(jumps.ahead(at(1), hours(9)), at(10));
    }

    #[test]
    fn a_clock_that_goes_too_far_or_too_often_counts() {
        assert_eq!(ClockJumps::NONE.with(at(0), at(49)), None);
        let twice =
            ClockJumps::NONE.with(at(0), at(24)).and_then(|jumps| jumps.with(at(30), at(54))).unwrap();
        assert_eq!(twice.left_out(), hours(48));
        assert_eq!(twice.with(at(60), at(61)), None);
        assert_eq!(at(60).duration_since(twice.aged(at(0), at(60))), hours(12));
    }

    proptest! {
        /// Whether something is older than a limit is the same by its age, by the threshold and by the instant at which it ends.
        #[test]
        fn the_three_ways_to_compare_agree(
            gaps in proptest::collection::vec((1_i64..50, 1_i64..16), 0..3), then in 0_i64..200, since in 0_i64..200, by in 1_i64..60,
        ) {
            let (mut jumps, mut clock) = (ClockJumps::NONE, 0);
            for (passes, jump) in &gaps {
                jumps = jumps.with(at(clock + passes), at(clock + passes + jump)).unwrap();
                clock += passes + jump;
            }
            // No clock ever said what was jumped over.
            let told = |hour: i64| !gaps.iter().scan(0, |clock, (passes, jump)| {
                let gap = (*clock + passes, *clock + passes + jump);
                *clock = gap.1;
                Some(gap)
            }).any(|(before, after)| (before..after).contains(&hour));
            let now = then + since;
            prop_assume!(told(then) && told(now));
            let (then, now, by) = (at(then), at(now), hours(by));
            let is_older = now.duration_since(jumps.aged(then, now)) > by;
            prop_assert_eq!(is_older, then < jumps.back(now, by));
            prop_assert_eq!(is_older, jumps.ahead(then, by) < now);
        }
    }
}
