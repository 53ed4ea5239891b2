//! How fast a subscriber is told: how many people in one request, and when it is left alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::adapters::keys::random;
use crate::adapters::subscribers::Subscriber;
use crate::domain::deliveries::retry::subscriber_wait;
use crate::domain::time::Timestamp;

/// How fast a subscriber is told, for all who tell it.
pub(super) struct SendingPace {
    state: Mutex<PaceState>,
    most: u16,
}

#[derive(Debug, Clone)]
struct PaceState {
    /// So many people in one request.
    people: u16,
    failures: u32,
    left_alone_until: Option<Instant>,
    last_failure: Option<(Timestamp, String)>,
}

impl SendingPace {
    pub(super) fn new(subscriber: &dyn Subscriber) -> SendingPace {
        let most = subscriber.most_at_once().max(1);
        let state = PaceState { people: most, failures: 0, left_alone_until: None, last_failure: None };
        SendingPace { state: Mutex::new(state), most }
    }

    /// Since when the subscriber gives no usable answer, and why.
    pub(super) fn last_failure(&self) -> Option<(Timestamp, String)> {
        let state = self.state();
        state.last_failure.clone().filter(|_| state.failures > 0)
    }

    /// Goes on at once.
    pub(super) fn hurry(&self) {
        self.state().left_alone_until = None;
    }

    /// So many people in one request.
    pub(super) fn people(&self) -> u16 {
        self.state().people
    }

    fn state(&self) -> MutexGuard<'_, PaceState> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long it is left alone.
    pub(super) fn waits(&self) -> Option<Duration> {
        let until = self.state().left_alone_until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// It gave an answer that can be used.
    pub(super) fn note_answer(&self) {
        let mut state = self.state();
        (state.failures, state.left_alone_until) = (0, None);
        state.people = state.people.saturating_mul(2).min(self.most);
    }

    /// Half as many the next time: it may be one of them that it cannot bear.
    pub(super) fn note_failure(&self, said: &str, asked: Option<Duration>, now: Timestamp) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.people = (state.people / 2).max(1);
        let wait = subscriber_wait(state.failures, asked, dice());
        state.left_alone_until = Some(Instant::now() + wait.unsigned_abs());
        let since = state.last_failure.as_ref().filter(|_| state.failures > 1).map(|(since, _)| *since);
        state.last_failure = Some((since.unwrap_or(now), said.to_owned()));
    }

    /// Fewer people in the next request.
    pub(super) fn fewer(&self) {
        let mut state = self.state();
        state.people = (state.people / 2).max(1);
    }
}

/// From 0 to 1.
pub(super) fn dice() -> f64 {
    let byte = random::bytes().ok().and_then(|bytes| bytes.first().copied()).unwrap_or_default();
    f64::from(byte) / 255.0
}
