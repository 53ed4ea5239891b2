//! Whether what the AMS refuses, or does not find, says anything: somebody who is there is asked for, at most once a minute.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;
use tokio::sync::Mutex;

use crate::adapters::ams::{Ams, AmsError};
use crate::adapters::clock::SharedClock;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// So long an answer is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(1);

/// So many of the people who were found last are remembered, for an AMS of which nobody is known who stays.
const MOST_FOUND: usize = 3;

/// Asks for somebody who is there.
pub struct Canary {
    ams: Arc<dyn Ams>,
    clock: SharedClock,
    last: Mutex<Option<(Timestamp, bool)>>,
    found: std::sync::Mutex<VecDeque<IndividualId>>,
}

impl Canary {
    /// Of this AMS.
    pub fn new(ams: Arc<dyn Ams>, clock: SharedClock) -> Arc<Canary> {
        Arc::new(Canary { ams, clock, last: Mutex::new(None), found: std::sync::Mutex::default() })
    }

    /// The AMS has just told of this person.
    pub fn note_found(&self, person: &IndividualId) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.retain(|known| known != person);
        found.push_front(person.clone());
        found.truncate(MOST_FOUND);
    }

    fn found(&self) -> Vec<IndividualId> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether the AMS finds somebody who is there. Those who ask together share one call.
    pub async fn is_found(&self) -> bool {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, found)) = *last
            && (SignedDuration::ZERO..BELIEVED).contains(&now.duration_since(at))
        {
            return found;
        }
        let answer = self.ams.canary(&self.found()).await;
        if answer == Err(AmsError::Busy) {
            // Nobody was asked.
            return false;
        }
        let found = answer.unwrap_or(false);
        if !found {
            tracing::warn!(
                "The AMS does not find somebody who is there; what it refuses or does not find says nothing"
            );
        }
        *last = Some((self.clock.now(), found));
        found
    }
}
