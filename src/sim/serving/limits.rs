//! Rate limits over sliding windows of time.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// Counts the calls that one client may make.
#[derive(Debug, Default)]
pub struct Limiter {
    accepted: VecDeque<Timestamp>,
}

impl Limiter {
    /// Takes a call into the account, or says after how many seconds to come back. A limit is so many calls in any time of
    /// that length; the longest comes last.
    pub fn admit(&mut self, now: Timestamp, limits: &[(SignedDuration, u32)]) -> Result<(), i64> {
        let longest = limits.last().map_or(SignedDuration::ZERO, |(window, _)| *window);
        // A clock that was moved back would leave calls in the future, which would count for ever.
        while self.accepted.back().is_some_and(|call| *call > now) {
            self.accepted.pop_back();
        }
        while self.accepted.front().is_some_and(|call| now.duration_since(*call) >= longest) {
            self.accepted.pop_front();
        }
        for (window, most) in limits {
            let most = *most as usize;
            let oldest = self.accepted.len().checked_sub(most).and_then(|place| self.accepted.get(place));
            if let Some(age) = oldest.map(|oldest| now.duration_since(*oldest)).filter(|age| age < window) {
                return Err(((*window - age).as_secs() + 1).min(window.as_secs().max(1)));
            }
        }
        self.accepted.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_kept_and_says_when_to_come_back() {
        let limits = [
            (SignedDuration::from_secs(1), 2),
            (SignedDuration::from_mins(1), 4),
            (SignedDuration::from_hours(24), 5),
        ];
        let mut limiter = Limiter::default();
        let mut call = |seconds: i64| limiter.admit(Timestamp::from_second(seconds).unwrap(), &limits);
        assert_eq!((call(0), call(0), call(0)), (Ok(()), Ok(()), Err(1)));
        assert_eq!((call(10), call(20), call(30)), (Ok(()), Ok(()), Err(31)));
        assert_eq!((call(60), call(61)), (Ok(()), Err(86_340)));
        assert_eq!(call(86_400), Ok(()));
        assert_eq!(call(-5), Ok(()), "a clock that was moved back forgets what is to come");
    }
}
