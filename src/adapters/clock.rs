//! The only place that reads the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustix::time::{ClockId, clock_gettime};

use crate::domain::clock_jumps::{ClockJumps, JUMPED};
use crate::domain::time::Timestamp;

/// Tells the time. Tests hand in one that they move.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some instant, the machine's sleep included, whatever the clock was set to meanwhile. A clock that
    /// nobody sets is its own measure.
    fn steady(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.now().as_microsecond()).unwrap_or_default())
    }

    /// The jumps forward that were noticed.
    fn jumps(&self) -> ClockJumps {
        ClockJumps::NONE
    }
}

/// A clock that everyone shares.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> Duration {
        since_boot()
    }
}

/// The time since the machine was started. A clock that stood still while the machine sleeps would make a real sleep look like a jump.
pub fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const SINCE_BOOT: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const SINCE_BOOT: ClockId = ClockId::Monotonic;
    let passed = clock_gettime(SINCE_BOOT);
    let seconds = u64::try_from(passed.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(passed.tv_nsec).unwrap_or_default())
}

/// A clock that is watched: whoever asks it for the time after a jump forward has it noticed first.
pub struct WatchedClock {
    inner: SharedClock,
    /// By how much the clock was ahead of the time that passed, at most. Microseconds. A clock that is set back and right again has not
    /// jumped.
    ahead: AtomicI64,
    jumps: ArcSwap<ClockJumps>,
    noticing: Mutex<()>,
}

impl WatchedClock {
    /// Watches a clock from now on.
    pub fn new(inner: SharedClock) -> WatchedClock {
        let ahead = AtomicI64::new(ahead(inner.now(), inner.steady()));
        WatchedClock { inner, ahead, jumps: ArcSwap::default(), noticing: Mutex::default() }
    }

    #[cold]
    fn notice(&self, now: Timestamp, is_ahead: i64) {
        let _one = self.noticing.lock().unwrap_or_else(PoisonError::into_inner);
        let by = jiff::SignedDuration::from_micros(is_ahead - self.ahead.load(Ordering::Acquire));
        if by <= JUMPED {
            // Somebody else has noticed.
            return;
        }
        let before = now.checked_sub(by).unwrap_or(now);
        match self.jumps.load().with(before, now) {
            Some(jumps) => {
                self.jumps.store(Arc::new(jumps));
                tracing::warn!(
                    seconds = by.as_secs(),
                    "The clock has jumped forward; ages are counted without the jump"
                );
            }
            None => {
                tracing::warn!(
                    seconds = by.as_secs(),
                    "The clock has jumped forward by more than is left out of ages; records and sessions are as old as it says"
                );
            }
        }
        // Only now: whoever asks meanwhile waits for the lock.
        self.ahead.store(is_ahead, Ordering::Release);
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        // In this order: whoever is held up in between sees a clock that is behind.
        let now = self.inner.now();
        let is_ahead = ahead(now, self.inner.steady());
        let known = self.ahead.load(Ordering::Acquire);
        if is_ahead > known {
            match i64::try_from(JUMPED.as_micros()) {
                Ok(jumped) if is_ahead - known > jumped => self.notice(now, is_ahead),
                _ => drop(self.ahead.fetch_max(is_ahead, Ordering::AcqRel)),
            }
        }
        now
    }

    fn steady(&self) -> Duration {
        self.inner.steady()
    }

    fn jumps(&self) -> ClockJumps {
        **self.jumps.load()
    }
}

/// Microseconds.
fn ahead(now: Timestamp, steady: Duration) -> i64 {
    now.as_microsecond().saturating_sub(i64::try_from(steady.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of the clock, and seconds that passed.
    #[derive(Default)]
    struct Hands(AtomicI64, AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
        }

        fn steady(&self) -> Duration {
            Duration::from_secs(self.1.load(Ordering::Relaxed).try_into().unwrap())
        }
    }

    #[test]
    fn only_a_clock_that_runs_ahead_of_what_passed_has_jumped() {
        let hands = Arc::new(Hands::default());
        let clock = WatchedClock::new(hands.clone());
        // (the clock, what passed, what is left out since the start)
        for (moves, passes, left_out) in [
            (60, 60, 0),
            // The machine slept for a week.
            (604_800, 604_800, 0),
            // Put right by a minute, and again.
            (60, 0, 0),
            (60, 0, 0),
            // Back by an hour and right again.
            (-3_600, 0, 0),
            (3_600, 0, 0),
            (86_400, 0, 86_400),
            (10, 10, 86_400),
            // Too far.
            (90_000, 0, 86_400),
            (3_600, 3_600, 86_400),
            (7_200, 0, 93_600),
        ] {
            hands.0.fetch_add(moves, Ordering::Relaxed);
            hands.1.fetch_add(passes, Ordering::Relaxed);
            assert_eq!(clock.now(), hands.now(), "it is told as it is");
            assert_eq!(clock.jumps().left_out().as_secs(), left_out, "{moves} {passes}");
        }
    }

    #[test]
    fn the_machines_clock_runs_with_the_time_that_passes() {
        let clock = WatchedClock::new(Arc::new(SystemClock));
        let before = clock.steady();
        std::thread::sleep(Duration::from_millis(20));
        assert!(clock.steady() >= before + Duration::from_millis(20));
        assert_eq!((clock.now() > Timestamp::UNIX_EPOCH, clock.jumps()), (true, ClockJumps::NONE));
    }
}
