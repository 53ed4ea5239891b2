//! The only place that reads the clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
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

/// A clock that is watched: whoever asks it for the time after a jump has it noticed first.
pub struct WatchedClock {
    inner: SharedClock,
    /// By how much the clock is ahead of the time that has passed. Microseconds.
    level: AtomicI64,
    /// The jumps that hold.
    jumps: ArcSwap<ClockJumps>,
    noticed: Mutex<Noticed>,
}

/// A jump forward, and how far ahead the clock was after it.
struct NoticedJump {
    level: i64,
    before: Timestamp,
    after: Timestamp,
}

/// What was noticed since the start.
struct Noticed {
    /// The furthest ahead that the clock ever was. One that is set back and right again has not jumped.
    furthest: i64,
    jumps: VecDeque<NoticedJump>,
}

/// So many jumps are remembered, for a clock that is set to and fro.
const MOST_NOTICED: usize = 16;

impl WatchedClock {
    /// Watches a clock from now on.
    pub fn new(inner: SharedClock) -> WatchedClock {
        let level = ahead(inner.now(), inner.steady());
        let noticed = Mutex::new(Noticed { furthest: level, jumps: VecDeque::new() });
        WatchedClock { inner, level: AtomicI64::new(level), jumps: ArcSwap::default(), noticed }
    }

    #[cold]
    fn notice(&self, now: Timestamp, is_ahead: i64) {
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        let level = self.level.load(Ordering::Acquire);
        if !has_jumped(is_ahead, level) {
            // Somebody else has noticed.
            return;
        }
        noticed.furthest = noticed.furthest.max(level);
        let by = is_ahead.saturating_sub(noticed.furthest);
        let is_new = is_ahead > level && has_jumped(is_ahead, noticed.furthest);
        if is_new {
            noticed.furthest = is_ahead;
            let before = now.checked_sub(SignedDuration::from_micros(by)).unwrap_or(now);
            noticed.jumps.push_back(NoticedJump { level: is_ahead, before, after: now });
            if noticed.jumps.len() > MOST_NOTICED {
                noticed.jumps.pop_front();
            }
        }
        // One that was undone holds no longer, until the clock is so far ahead again.
        let holds = |jump: &&NoticedJump| jump.level <= is_ahead || !has_jumped(jump.level, is_ahead);
        let (mut jumps, mut is_left_out) = (ClockJumps::NONE, false);
        for jump in noticed.jumps.iter().filter(holds) {
            let more = jumps.with(jump.before, jump.after);
            is_left_out = more.is_some();
            jumps = more.unwrap_or(jumps);
        }
        self.jumps.store(Arc::new(jumps));
        if is_new && is_left_out {
            tracing::warn!(
                seconds = by / 1_000_000,
                "The clock has jumped forward; ages are counted without the jump"
            );
        } else if is_new {
            tracing::warn!(
                seconds = by / 1_000_000,
                "The clock has jumped forward by more than is left out of ages; records and sessions are as old as it says"
            );
        }
        // Only now: whoever asks meanwhile waits for the lock.
        self.level.store(is_ahead, Ordering::Release);
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        // In this order: whoever is held up in between sees a clock that is behind.
        let now = self.inner.now();
        let is_ahead = ahead(now, self.inner.steady());
        let level = self.level.load(Ordering::Acquire);
        if has_jumped(is_ahead, level) {
            self.notice(now, is_ahead);
        } else if is_ahead > level {
            self.level.fetch_max(is_ahead, Ordering::AcqRel);
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

/// Whether a clock that is so far ahead was not moved by little from that level.
fn has_jumped(is_ahead: i64, level: i64) -> bool {
    is_ahead.abs_diff(level) > JUMPED.unsigned_abs().as_micros().try_into().unwrap_or(u64::MAX)
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
            // Undone, and done again after an hour.
            (-86_400, 0, 0),
            (3_600, 3_600, 0),
            (86_400, 0, 86_400),
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
