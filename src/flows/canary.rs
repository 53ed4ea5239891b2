//! Whether what the AMS refuses, or does not find, says anything: somebody who is there is asked for, at most once a minute.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::Mutex;

use crate::adapters::ams::{Ams, AmsError};
use crate::adapters::clock::SharedClock;
use crate::domain::time::Timestamp;

/// So long an answer is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(1);

/// Asks for somebody who is there.
pub struct Canary {
    ams: Arc<dyn Ams>,
    clock: SharedClock,
    last: Mutex<Option<(Timestamp, bool)>>,
}

impl Canary {
    /// Of this AMS.
    pub fn new(ams: Arc<dyn Ams>, clock: SharedClock) -> Arc<Canary> {
        Arc::new(Canary { ams, clock, last: Mutex::new(None) })
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
        let answer = self.ams.canary().await;
        if answer == Err(AmsError::Busy) {
            // Nobody was asked.
            return false;
        }
        let found = answer.unwrap_or(false);
        if !found {
            tracing::warn!("The AMS does not find somebody who is there; what it refuses or does not find says nothing");
        }
        *last = Some((self.clock.now(), found));
        found
    }
}
