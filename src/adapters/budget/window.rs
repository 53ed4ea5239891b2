//! When the next call to the AMS may start. Pure: the present is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Calls that start evenly may still arrive bunched, so our windows are this much longer than the AMS's own. It costs
/// nothing in the long run: there the limit per minute rules.
const SLACK: Duration = Duration::from_millis(200);

/// Longest time that an AMS may make us wait by `Retry-After`; one that asks for more is not believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Pauses that we choose ourselves begin at a second and double up to this.
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(60);

/// Calls that may start within a second and within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In any second.
    pub per_second: usize,
    /// In any minute.
    pub per_minute: usize,
}

impl Default for Rate {
    /// What re:Members allows (docs/ams/remembers.md, "Limits").
    fn default() -> Rate {
        Rate { per_second: 3, per_minute: 60 }
    }
}

/// The calls of the last minute.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) rate: Rate,
    starts: VecDeque<Instant>,
    pub(super) paused_until: Option<Instant>,
    /// Pauses of our own choice since the AMS last answered properly.
    pauses: u32,
}

impl Window {
    pub(super) fn new(rate: Rate) -> Window {
        let mut window = Window { rate, starts: VecDeque::new(), paused_until: None, pauses: 0 };
        window.set_rate(rate);
        window
    }

    /// Other limits, for the calls that have started too.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        self.rate = Rate { per_second: rate.per_second.max(1), per_minute: rate.per_minute.max(1) };
    }

    /// The first instant, not before `now`, at which a call may start.
    pub(super) fn opens(&self, now: Instant) -> Instant {
        let after = |calls: usize, span: Duration| {
            let nth_last = self.starts.len().checked_sub(calls).and_then(|at| self.starts.get(at));
            nth_last.map_or(now, |start| *start + span + SLACK)
        };
        let second = after(self.rate.per_second, Duration::from_secs(1));
        let minute = after(self.rate.per_minute, Duration::from_secs(60));
        now.max(second).max(minute).max(self.paused_until.unwrap_or(now))
    }

    /// Notes that a call starts.
    pub(super) fn start(&mut self, now: Instant) {
        while self.starts.len() >= self.rate.per_minute {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
    }

    /// Lets no call start for a while. Answers to calls that started side by side count as one.
    pub(super) fn pause(&mut self, now: Instant, asked: Option<Duration>) {
        let wait = match asked {
            Some(wait) => wait.min(LONGEST_PAUSE),
            None if self.paused_until.is_some_and(|until| until > now) => return,
            None => {
                self.pauses = self.pauses.saturating_add(1);
                Duration::from_secs(1 << (self.pauses - 1).min(6)).min(LONGEST_OWN_PAUSE)
            }
        };
        self.paused_until = self.paused_until.max(Some(now + wait));
    }

    /// The AMS answered properly.
    pub(super) fn ease(&mut self) {
        self.pauses = 0;
    }

    pub(super) fn in_last_minute(&self, now: Instant) -> usize {
        self.starts.iter().filter(|start| now.duration_since(**start) < Duration::from_secs(60)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_limits_count_for_the_calls_that_have_started() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut window = Window::new(Rate { per_second: 9, per_minute: 3 });
        for millis in [0, 100, 200] {
            window.start(at(millis));
        }
        assert_eq!(window.opens(at(300)), at(60_200));
        window.set_rate(Rate { per_second: 9, per_minute: 4 });
        assert_eq!(window.opens(at(300)), at(300), "one more than before");
        window.set_rate(Rate { per_second: 9, per_minute: 2 });
        assert_eq!(window.opens(at(300)), at(60_300), "the second of three now counts as the first of two");
        window.start(at(60_300));
        assert_eq!(window.opens(at(60_400)), at(60_400), "only one of the last minute is left");
    }

    #[test]
    fn the_window_opens_when_both_limits_allow_it() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut window = Window::new(Rate { per_second: 2, per_minute: 3 });
        assert_eq!(window.opens(at(0)), at(0));
        window.start(at(0));
        window.start(at(100));
        assert_eq!(window.opens(at(200)), at(1_200), "the second limit counts from the first of two");
        window.start(at(1_200));
        assert_eq!(window.opens(at(2_000)), at(60_200), "the minute limit counts from the first of three");
        window.paused_until = Some(at(90_000));
        assert_eq!(window.opens(at(70_000)), at(90_000));
        assert_eq!(window.opens(at(95_000)), at(95_000));
    }

    #[test]
    fn pauses_of_our_own_choice_double_until_the_ams_answers() {
        let (begin, mut window) = (Instant::now(), Window::new(Rate::default()));
        let mut at = begin;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            window.pause(at, None);
            window.pause(at, None);
            assert_eq!(window.opens(at), at + Duration::from_secs(seconds));
            at = window.opens(at);
        }
        window.pause(at, Some(Duration::from_secs(90)));
        assert_eq!(window.opens(at), at + Duration::from_secs(90));
        window.pause(at, Some(Duration::from_secs(86_400)));
        assert_eq!(window.opens(at), at + LONGEST_PAUSE);
    }
}
