//! Sends what is there to be sent: a few requests side by side, each with many people, none of them twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Deliverer;
use crate::adapters::keys::random;
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::EndedFlight;
use crate::adapters::subscribers::{SendFailure, Subscriber};
use crate::domain::deliveries::retry::subscriber_wait;
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::time::Timestamp;

/// It is looked again this often, for rows that wait for their time.
const LOOK: Duration = Duration::from_secs(1);

/// A row that somebody took and did not settle, because the machine stopped, is sent again after this long. Longer than any request takes.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// No request takes longer.
const LONGEST: Duration = Duration::from_secs(30);

/// A request that is under way when the gateway ends is waited for this long.
const LAST_REQUEST: Duration = Duration::from_secs(4);

/// How fast a subscriber is told, for all who tell it.
pub(super) struct Pace {
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

impl Pace {
    pub(super) fn new(subscriber: &dyn Subscriber) -> Pace {
        let most = subscriber.most_at_once().max(1);
        let state = PaceState { people: most, failures: 0, left_alone_until: None, last_failure: None };
        Pace { state: Mutex::new(state), most }
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

    fn state(&self) -> MutexGuard<'_, PaceState> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self) -> Option<Duration> {
        let until = self.state().left_alone_until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn note_answer(&self) {
        let mut state = self.state();
        (state.failures, state.left_alone_until) = (0, None);
        state.people = state.people.saturating_mul(2).min(self.most);
    }

    /// Half as many the next time: it may be one of them that it cannot bear.
    fn note_failure(&self, said: &str, asked: Option<Duration>, now: Timestamp) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.people = (state.people / 2).max(1);
        let wait = subscriber_wait(state.failures, asked, dice());
        state.left_alone_until = Some(Instant::now() + wait.unsigned_abs());
        let since = state.last_failure.as_ref().filter(|_| state.failures > 1).map(|(since, _)| *since);
        state.last_failure = Some((since.unwrap_or(now), said.to_owned()));
    }

    fn fewer(&self) {
        let mut state = self.state();
        state.people = (state.people / 2).max(1);
    }
}

/// From 0 to 1.
fn dice() -> f64 {
    let byte = random::bytes().ok().and_then(|bytes| bytes.first().copied()).unwrap_or_default();
    f64::from(byte) / 255.0
}

impl Deliverer {
    pub(super) async fn send_until(
        self: Arc<Self>,
        subscriber: Arc<dyn Subscriber>,
        pace: Arc<Pace>,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let sent = match pace.waits() {
                Some(left) => Err(left.min(LOOK)),
                None => match self.send_some(&subscriber, &pace, &stop).await {
                    Ok(0) => Err(LOOK),
                    Ok(some) => Ok(some),
                    Err(error) => {
                        tracing::error!(subscriber = %subscriber.name(), %error, "Deliveries cannot be read or noted; they are tried again");
                        Err(LOOK)
                    }
                },
            };
            if let Err(rest) = sent {
                let resting = tokio::time::timeout(rest, self.planned.notified());
                let _woken = stop.run_until_cancelled(resting).await;
            }
        }
    }

    /// Sends one request; tells of how many people.
    async fn send_some(
        &self,
        subscriber: &Arc<dyn Subscriber>,
        pace: &Pace,
        stop: &CancellationToken,
    ) -> Result<usize, StoreError> {
        let of = self.rows_of(subscriber.name());
        let (store, clock) = (&self.parts.store, &self.parts.clock);
        let now = clock.now();
        let most = pace.state().people;
        let until = now.saturating_add(TAKEN_FOR).unwrap_or(now);
        let flights = store.take_flights(of, now, until, most).await?;
        if flights.is_empty() {
            return Ok(0);
        }
        let sending = tokio::time::timeout(LONGEST, subscriber.send(&flights, now));
        let answer = tokio::select! {
            answer = sending => answer.unwrap_or_else(|_| Err(too_slow())),
            // The rows are sent again by whoever comes next; the version makes that harmless.
            () = after(stop) => Err(too_slow()),
        };
        let ends = self.ends_of(subscriber, pace, &flights, answer);
        let ended = flights.iter().zip(ends).map(|(flight, end)| EndedFlight {
            individual: flight.individual.clone(),
            fence: flight.fence,
            end,
        });
        store.settle_flights(of, ended.collect(), clock.now(), dice()).await?;
        Ok(flights.len())
    }

    fn ends_of(
        &self,
        subscriber: &Arc<dyn Subscriber>,
        pace: &Pace,
        flights: &[Flight],
        answer: Result<Vec<FlightEnd>, SendFailure>,
    ) -> Vec<FlightEnd> {
        let all = |end: FlightEnd| vec![end; flights.len()];
        let is_alone = flights.len() == 1;
        match answer {
            Ok(ends) => {
                pace.note_answer();
                ends
            }
            Err(SendFailure::TooLarge) if is_alone => all(FlightEnd::Refused("too_large".to_owned())),
            Err(SendFailure::TooLarge) => {
                pace.fewer();
                all(FlightEnd::NoAnswer("too_large".to_owned()))
            }
            Err(SendFailure::Failed { said, retry_after }) => {
                let name = subscriber.name();
                tracing::warn!(subscriber = %name, people = flights.len(), "A subscriber could not be told of people; it is tried again: {said}");
                pace.note_failure(&said, retry_after, self.parts.clock.now());
                // Alone it may be the cause, and lets the others go first.
                all(if is_alone { FlightEnd::NotNow(said) } else { FlightEnd::NoAnswer(said) })
            }
        }
    }
}

fn too_slow() -> SendFailure {
    SendFailure::Failed { said: "no answer within the time limit".to_owned(), retry_after: None }
}

async fn after(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LAST_REQUEST).await;
}
