//! What went over the wire: the rate limit, and the tokens that were seen.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::switches::Switches;
use crate::sim::people::Environment;
use crate::sim::serving::Limiter;

#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) app_tokens: HashSet<String>,
    accepted: HashMap<Environment, Limiter>,
}

impl Traffic {
    /// Takes a call into the account of its environment, or says after how many seconds to come back.
    pub(super) fn admit(
        &mut self,
        environment: Environment,
        now: Timestamp,
        switches: &Switches,
    ) -> Result<(), i64> {
        if !switches.rate_limit {
            return Ok(());
        }
        let limits = [
            (SignedDuration::from_secs(1), switches.rate_limit_per_second),
            (SignedDuration::from_mins(1), switches.rate_limit_per_minute),
        ];
        self.accepted.entry(environment).or_default().admit(now, &limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_calls_a_second_and_sixty_a_minute_are_the_limit_of_each_environment() {
        let switches = Switches::default();
        let mut traffic = Traffic::default();
        let mut call = |milliseconds: i64| {
            let now = Timestamp::from_millisecond(milliseconds).unwrap();
            traffic.admit(Environment::Production, now, &switches)
        };
        assert_eq!((call(0), call(10), call(20)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(call(999), Err(1), "the fourth in a second");
        for second in 1..=57 {
            assert_eq!(call(second * 1000 + 500), Ok(()), "{second}");
        }
        assert_eq!(call(59_000), Err(2), "the sixty-first in a minute");
        assert_eq!(call(60_000), Ok(()), "the first three are a minute old, one by one");
        assert_eq!(call(-5_000), Ok(()), "a clock moved back forgets what is to come");
        let staging = traffic.admit(Environment::Staging, Timestamp::UNIX_EPOCH, &switches);
        assert_eq!(staging, Ok(()));
    }
}
