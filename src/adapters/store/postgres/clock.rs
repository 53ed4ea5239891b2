//! The server's clock, as a gateway follows it: all gateways on one database share one time.
//!
//! It runs on the machine's steady clock and is put right by what the server says. Behind, it steps forward; ahead, it runs at half
//! speed until it is right, and never goes back.

use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::adapters::clock::{Clock, since_boot};
use crate::adapters::store::sealed::from_column;
use crate::domain::time::Timestamp;

/// Answers that took longer say too little about the time.
const SLOW: Duration = Duration::from_secs(1);

/// What the server said of its clock, and between which instants of ours. Nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) before: Instant,
    pub(super) after: Instant,
    pub(super) time: i64,
}

impl Measured {
    /// How long the answer took.
    pub(super) fn took(&self) -> Duration {
        self.after.saturating_duration_since(self.before)
    }
}

/// Follows the server's clock.
#[derive(Debug)]
pub(crate) struct ServerClock(ArcSwap<Anchor>);

/// From here on time is counted. Nanoseconds.
#[derive(Debug)]
struct Anchor {
    at: Instant,
    time: i64,
    /// How much it was ahead of the server then.
    ahead: i64,
}

impl Anchor {
    fn time_at(&self, at: Instant) -> i64 {
        let passed = nanoseconds(at.saturating_duration_since(self.at));
        self.time.saturating_add(passed).saturating_sub(self.ahead.min(passed / 2))
    }

    /// What it is after the server was asked. `None`: it is right, as far as can be told.
    fn put_right(&self, measured: &Measured, now: Instant) -> Option<Anchor> {
        let took = measured.took();
        if took > SLOW {
            return None;
        }
        // The server read its clock somewhere between question and answer.
        let server =
            measured.time.saturating_add(nanoseconds(now.saturating_duration_since(measured.before)));
        let server = server.saturating_sub(nanoseconds(took / 2));
        let ours = self.time_at(now);
        let ahead = ours.saturating_sub(server);
        if ahead.unsigned_abs() <= nanoseconds(took / 2).unsigned_abs() {
            return None;
        }
        Some(match ahead {
            ahead if ahead > 0 => Anchor { at: now, time: ours, ahead },
            _ => Anchor { at: now, time: server, ahead: 0 },
        })
    }
}

impl ServerClock {
    /// Begins at what the server said.
    pub(super) fn new(measured: &Measured) -> ServerClock {
        let time = measured.time.saturating_add(nanoseconds(measured.took() / 2));
        ServerClock(ArcSwap::from_pointee(Anchor { at: measured.after, time, ahead: 0 }))
    }

    /// The server was asked again.
    pub(super) fn follow(&self, measured: &Measured) {
        if let Some(anchor) = self.0.load().put_right(measured, Instant::now()) {
            self.0.store(anchor.into());
        }
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        from_column(self.0.load().time_at(Instant::now()))
    }

    fn steady(&self) -> Duration {
        since_boot()
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn answered(begin: Instant, at: u64, time: i64) -> (Measured, Instant) {
        let instant = begin + Duration::from_secs(at);
        (Measured { before: instant, after: instant, time }, instant)
    }

    #[test]
    fn a_clock_that_is_behind_steps_and_one_that_is_ahead_slows_down() {
        let begin = Instant::now();
        let anchor = Anchor { at: begin, time: 1000 * SECOND, ahead: 0 };
        let (right, now) = answered(begin, 10, 1010 * SECOND);
        assert!(anchor.put_right(&right, now).is_none());
        let (behind, now) = answered(begin, 10, 1013 * SECOND);
        assert_eq!(anchor.put_right(&behind, now).unwrap().time_at(now), 1013 * SECOND);
        let (ahead, now) = answered(begin, 10, 1006 * SECOND);
        let slow = anchor.put_right(&ahead, now).unwrap();
        // (seconds later, what it says): the server is at 1006 and goes on as fast as the machine.
        for (later, says) in [(0, 1010), (2, 1011), (8, 1014), (20, 1026)] {
            assert_eq!(slow.time_at(now + Duration::from_secs(later)), says * SECOND, "{later}");
        }
    }

    #[test]
    fn an_answer_that_took_long_moves_nothing() {
        let begin = Instant::now();
        let anchor = Anchor { at: begin, time: 0, ahead: 0 };
        let after = begin + Duration::from_secs(2);
        assert!(anchor.put_right(&Measured { before: begin, after, time: 99 * SECOND }, after).is_none());
        // Within what the way there and back may have taken.
        let after = begin + Duration::from_millis(200);
        assert!(anchor.put_right(&Measured { before: begin, after, time: SECOND / 20 }, after).is_none());
    }
}
