//! A least rate for bytes: how far somebody has fallen behind it, counted only while it is their turn.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The least that is expected of whoever sends or reads a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastRate {
    /// Bytes within a second.
    pub per_second: u32,
    /// How far somebody may fall behind that, the start included.
    pub patience: Duration,
}

impl LeastRate {
    /// The time that these bytes may take.
    pub fn worth(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let nanoseconds = bytes.saturating_mul(1_000_000_000) / u64::from(self.per_second.max(1));
        Duration::from_nanos(nanoseconds)
    }
}

/// Holds one direction of one transfer to a least rate. Waiting adds to the lag, bytes take it away again, and haste is not
/// saved up: whoever was fast may be silent for as long as the others, and no longer.
pub struct Pace {
    least: LeastRate,
    lag: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// Nothing is late yet.
    pub fn new(least: LeastRate) -> Pace {
        Pace { least, lag: Duration::ZERO, waiting_since: None, timer: None }
    }

    /// So many bytes went through.
    pub fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.lag += since.elapsed();
        }
        if !self.lag.is_zero() {
            self.lag = self.lag.saturating_sub(self.least.worth(bytes));
        }
    }

    /// To be called whenever the other side keeps us waiting. Ready: it has fallen too far behind.
    pub fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_new = self.waiting_since.is_none();
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let deadline = since + self.least.patience.saturating_sub(self.lag);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if is_new {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_late(pace: &mut Pace, after: Duration) -> bool {
        let late = std::future::poll_fn(|cx| pace.poll_late(cx));
        tokio::time::timeout(after, late).await.is_ok()
    }

    fn pace() -> Pace {
        Pace::new(LeastRate { per_second: 100, patience: Duration::from_secs(20) })
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_late_after_the_patience_and_not_before() {
        let mut pace = pace();
        assert!(!is_late(&mut pace, Duration::from_secs(19)).await);
        assert!(is_late(&mut pace, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_is_no_way_to_stay() {
        let mut pace = pace();
        for _ in 0..3 {
            assert!(!is_late(&mut pace, Duration::from_secs(6)).await);
            pace.moved(1);
        }
        assert!(is_late(&mut pace, Duration::from_secs(3)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_keeps_the_rate_is_never_late_though_it_stutters() {
        let mut pace = pace();
        for _ in 0..100 {
            assert!(!is_late(&mut pace, Duration::from_secs(15)).await);
            pace.moved(1500);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn haste_is_not_saved_up_and_our_own_time_is_not_counted() {
        let mut pace = pace();
        pace.moved(1_000_000_000);
        tokio::time::sleep(Duration::from_secs(1000)).await;
        assert!(!is_late(&mut pace, Duration::from_secs(19)).await);
        assert!(is_late(&mut pace, Duration::from_secs(2)).await);
    }
}
