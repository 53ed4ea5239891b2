//! Sends what is there to be sent: a few requests side by side, each with many people, none of them twice.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::Deliverer;
use super::pace::{SendingPace, dice};
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::EndedFlight;
use crate::adapters::subscribers::{SendFailure, Subscriber};
use crate::domain::deliveries::row::{Flight, FlightEnd};

/// It is looked again this often, for rows that wait for their time.
const LOOK: Duration = Duration::from_secs(1);

/// A row that somebody took and did not settle, because the machine stopped, is sent again after this long. Longer than any request takes.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// No request takes longer, whatever limit the subscriber has.
const LONGEST: Duration = Duration::from_secs(40);

/// A request that is under way when the gateway ends is waited for this long.
const LAST_REQUEST: Duration = Duration::from_secs(4);

impl Deliverer {
    pub(super) async fn send_until(
        self: Arc<Self>,
        subscriber: Arc<dyn Subscriber>,
        pace: Arc<SendingPace>,
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
        pace: &SendingPace,
        stop: &CancellationToken,
    ) -> Result<usize, StoreError> {
        let of = self.rows_of(subscriber.name());
        let (store, clock) = (&self.parts.store, &self.parts.clock);
        let now = clock.now();
        let most = pace.people();
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
        pace: &SendingPace,
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
                tracing::warn!(subscriber = %name, rows = flights.len(), "A subscriber could not be told; it is tried again: {said}");
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
