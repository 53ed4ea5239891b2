//! How many wrong secrets are taken within a while from one side. A place is taken before the secret is looked at, and given back
//! unless it was wrong, so that guesses side by side do not overtake the count.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use moka::sync::Cache;

use crate::domain::time::Timestamp;

/// A failure counts for so long.
pub const SPAN: SignedDuration = SignedDuration::from_mins(10);

/// Sides kept in mind; beyond that the longest unseen is forgotten.
const SIDES: u64 = 100_000;

/// Failures by side, such as a network.
pub struct Failures<K> {
    most: usize,
    sides: Cache<K, Arc<Mutex<VecDeque<Timestamp>>>>,
}

/// The side has failed too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyFailures;

/// A try that counts as failed unless it is given back.
#[must_use = "a try that is not given back counts as failed"]
pub struct Try {
    side: Arc<Mutex<VecDeque<Timestamp>>>,
    begun: Timestamp,
}

impl<K: Hash + Eq + Send + Sync + 'static> Failures<K> {
    /// `most` failures of each side within [`SPAN`].
    pub fn new(most: usize) -> Failures<K> {
        let idle = Duration::try_from(SPAN).unwrap_or_default();
        Failures { most, sides: Cache::builder().max_capacity(SIDES).time_to_idle(idle).build() }
    }

    /// A try of `side`, unless it has failed too often.
    pub fn begin(&self, side: K, now: Timestamp) -> Result<Try, TooManyFailures> {
        let side = self.sides.get_with(side, Arc::default);
        let mut tries = side.lock().unwrap_or_else(PoisonError::into_inner);
        while tries.front().is_some_and(|begun| now.duration_since(*begun) >= SPAN) {
            tries.pop_front();
        }
        if tries.len() >= self.most {
            return Err(TooManyFailures);
        }
        tries.push_back(now);
        drop(tries);
        Ok(Try { side, begun: now })
    }
}

impl Try {
    /// It did not fail.
    pub fn give_back(self) {
        let mut tries = self.side.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = tries.iter().position(|begun| *begun == self.begun) {
            tries.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_side_that_failed_too_often_waits_and_others_do_not() {
        let failures = Failures::new(3);
        for n in 0..100 {
            failures.begin("honest", at(n)).unwrap().give_back();
        }
        for n in 0..3 {
            let _failed = failures.begin("guesser", at(n)).unwrap();
        }
        assert_eq!(failures.begin("guesser", at(599)).err(), Some(TooManyFailures));
        assert!(failures.begin("honest", at(599)).is_ok());
        assert!(failures.begin("guesser", at(600)).is_ok(), "the first no longer counts");
    }

    #[test]
    fn tries_side_by_side_do_not_overtake_the_count() {
        let failures = Failures::new(3);
        let underway: Vec<_> = (0..10).map(|_| failures.begin("guesser", at(0))).collect();
        assert_eq!(underway.iter().filter(|begun| begun.is_ok()).count(), 3);
        underway.into_iter().flatten().for_each(Try::give_back);
        assert!(failures.begin("guesser", at(0)).is_ok());
    }
}
