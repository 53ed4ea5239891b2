//! Somebody or something that the AMS no longer finds: when that is believed.
//!
//! An answer 404 or an empty one may be a mishap of the AMS. It counts only if somebody who is there (the canary) is found at the same
//! time, and only twice, a minute apart.

use serde::{Deserialize, Serialize};

use super::brake::CONFIRMED_APART;
use crate::domain::time::Timestamp;

/// What the AMS has said about one person, or about one list of one person, that it did not find. A find ends it: begin with a new one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    first: Option<Timestamp>,
}

/// Whether somebody is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsenceVerdict {
    /// The AMS does not find even the canary, so its answer says nothing.
    SaysNothing,
    /// Not found once. Ask again at this instant.
    AskAgain(Timestamp),
    /// Not found twice: the absence counts.
    Counts,
}

impl Absence {
    /// The AMS did not find it at `at`. `is_canary_found`: at the same time it found somebody who is there.
    pub fn not_found(&mut self, is_canary_found: bool, at: Timestamp) -> AbsenceVerdict {
        if !is_canary_found {
            return AbsenceVerdict::SaysNothing;
        }
        // A first answer that lies ahead: the clock was set back.
        let first = self.first.filter(|first| *first <= at).unwrap_or(at);
        self.first = Some(first);
        if at.duration_since(first) >= CONFIRMED_APART {
            AbsenceVerdict::Counts
        } else {
            AbsenceVerdict::AskAgain(first.checked_add(CONFIRMED_APART).unwrap_or(first))
        }
    }

    /// Whether an answer at `at` is a second one, long enough after the first.
    pub fn is_second(&self, at: Timestamp) -> bool {
        self.first.is_some_and(|first| at.duration_since(first) >= CONFIRMED_APART)
    }

    /// When it was first not found.
    pub fn since(&self) -> Option<Timestamp> {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn two_answers_a_minute_apart_count_and_none_without_the_canary() {
        use AbsenceVerdict::{AskAgain, Counts, SaysNothing};
        for (answers, expected) in [
            (&[(0, true)][..], AskAgain(at(60))),
            (&[(0, true), (59, true)], AskAgain(at(60))),
            (&[(0, true), (60, true)], Counts),
            (&[(0, false), (60, true)], AskAgain(at(120))),
            (&[(0, true), (60, false)], SaysNothing),
            (&[(0, true), (60, false), (61, true)], Counts),
            (&[(0, false), (60, false), (86_400, false)], SaysNothing),
            // The clock was set back by an hour between the two.
            (&[(3_600, true), (0, true)], AskAgain(at(60))),
            (&[(3_600, true), (0, true), (60, true)], Counts),
        ] {
            let mut absence = Absence::default();
            let mut verdict = None;
            for (seconds, is_canary_found) in answers {
                verdict = Some(absence.not_found(*is_canary_found, at(*seconds)));
            }
            assert_eq!(verdict, Some(expected), "{answers:?}");
        }
    }

    proptest! {
        /// Whatever the clock does, an absence counts only with two answers that are a minute apart, and in the end it does count.
        #[test]
        fn it_takes_two_and_two_are_enough(times in proptest::collection::vec((0_i64..600, any::<bool>()), 1..12)) {
            let mut absence = Absence::default();
            let mut heard = Vec::new();
            for (seconds, is_canary_found) in times {
                if absence.not_found(is_canary_found, at(seconds)) == AbsenceVerdict::Counts {
                    prop_assert!(is_canary_found && heard.iter().any(|first| at(seconds).duration_since(*first) >= SignedDuration::from_secs(60)));
                }
                if is_canary_found {
                    heard.push(at(seconds));
                }
            }
            if let AbsenceVerdict::AskAgain(again) = absence.not_found(true, at(0)) {
                prop_assert_eq!(absence.not_found(true, again), AbsenceVerdict::Counts);
            }
        }
    }
}
