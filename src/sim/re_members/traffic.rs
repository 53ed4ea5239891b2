//! What went over the wire: counts for tests, the rate limit, and the faults that are due.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::endpoint::Endpoint;
use crate::sim::people::Environment;
use crate::sim::switches::{Fault, Scope, Switches};

#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) calls: HashMap<Endpoint, u64>,
    pub(super) app_tokens: HashSet<String>,
    pub(super) refused: u64,
    accepted: HashMap<Environment, VecDeque<Timestamp>>,
    queued_faults: VecDeque<(Scope, Fault, u32)>,
    in_scope: u32,
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
        let minute = SignedDuration::from_mins(1);
        let accepted = self.accepted.entry(environment).or_default();
        // A clock that was moved back would leave calls in the future, which would count for ever.
        accepted.retain(|call| *call <= now && now.duration_since(*call) < minute);
        let second = SignedDuration::from_secs(1);
        let in_second = accepted.iter().filter(|call| now.duration_since(**call) < second).count();
        if in_second >= switches.rate_limit_per_second as usize {
            self.refused += 1;
            return Err(1);
        }
        if accepted.len() >= switches.rate_limit_per_minute as usize {
            self.refused += 1;
            let oldest = accepted.front().copied().unwrap_or(now);
            return Err((minute - now.duration_since(oldest)).as_secs() + 1);
        }
        accepted.push_back(now);
        Ok(())
    }

    pub(super) fn queue_fault(&mut self, scope: Scope, fault: Fault, times: u32) {
        self.queued_faults.push_back((scope, fault, times));
    }

    /// The fault of this answer: a queued one first, then what the switches say.
    pub(super) fn next_fault(&mut self, endpoint: Endpoint, switches: &Switches) -> Fault {
        let due = self.queued_faults.iter_mut().find(|(scope, _, left)| *left > 0 && scope.covers(endpoint));
        if let Some((_, fault, left)) = due {
            *left -= 1;
            return *fault;
        }
        if switches.fault == Fault::None || !switches.fault_on.covers(endpoint) {
            return Fault::None;
        }
        self.in_scope = self.in_scope.wrapping_add(1);
        if self.in_scope.is_multiple_of(switches.fault_every) { switches.fault } else { Fault::None }
    }

    pub(super) fn reset(&mut self) {
        self.calls.clear();
        self.app_tokens.clear();
        self.refused = 0;
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
        assert_eq!((staging, traffic.refused), (Ok(()), 2));
    }
}
