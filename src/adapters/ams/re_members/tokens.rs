//! The tokens of one environment, kept until they are old or refused, and renewed once for all who need them.
//!
//! Reading takes no lock. Whoever finds no usable tokens stands in line for the renewal; the first performs it and the
//! others find its outcome, a failure too: for a short while nobody tries again, so a broken AMS is not hammered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwapOption;
use jiff::SignedDuration;
use tokio::sync::Mutex;

use super::handshake::{AmsTokens, Handshake};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::transport::Transport;
use crate::adapters::clock::SharedClock;
use crate::domain::time::Timestamp;

/// Tokens are believed to last 24 hours (docs/ams/remembers.md, "Tokens").
const LIFETIME: SignedDuration = SignedDuration::from_hours(23);

/// After a failed handshake.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// After refused credentials: nothing heals by itself there, and the AMS may lock the user out.
const LONG_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// How long a 401 is not taken as the tokens' fault when one came right after a handshake.
const DOUBT: SignedDuration = SignedDuration::from_secs(60);

pub(super) struct TokenCache {
    handshake: Handshake,
    transport: Transport,
    clock: SharedClock,
    current: ArcSwapOption<AmsTokens>,
    /// Held during a renewal; what is inside is how the last one failed, if it did.
    renewal: Mutex<Option<FailedRenewal>>,
}

struct FailedRenewal {
    at: Timestamp,
    error: AmsError,
}

impl TokenCache {
    pub(super) fn new(handshake: Handshake, transport: Transport, clock: SharedClock) -> TokenCache {
        TokenCache { handshake, transport, clock, current: ArcSwapOption::empty(), renewal: Mutex::new(None) }
    }

    /// Tokens to call with.
    pub(super) async fn usable(&self) -> Result<Arc<AmsTokens>, AmsError> {
        if let Some(tokens) = self.young() {
            return Ok(tokens);
        }
        let mut last_failure = self.renewal.lock().await;
        match self.young() {
            Some(tokens) => Ok(tokens),
            None => self.perform(&mut last_failure).await,
        }
    }

    /// Tokens to call with once more after `refused` met a 401. `None`: a 401 came right after these were obtained,
    /// so that it is about the call, and a renewal would only spend the budget.
    pub(super) async fn instead_of(
        &self,
        refused: &Arc<AmsTokens>,
    ) -> Result<Option<Arc<AmsTokens>>, AmsError> {
        let mut last_failure = self.renewal.lock().await;
        if let Some(tokens) = self.young().filter(|tokens| !Arc::ptr_eq(tokens, refused)) {
            return Ok(Some(tokens));
        }
        let age = self.clock.now().duration_since(refused.obtained);
        if refused.refused_when_new.load(Ordering::Relaxed) && !age.is_negative() && age < DOUBT {
            return Ok(None);
        }
        self.perform(&mut last_failure).await.map(Some)
    }

    /// When the tokens in use were obtained.
    pub(super) fn obtained(&self) -> Option<Timestamp> {
        self.current.load().as_ref().map(|tokens| tokens.obtained)
    }

    async fn perform(&self, last_failure: &mut Option<FailedRenewal>) -> Result<Arc<AmsTokens>, AmsError> {
        let now = self.clock.now();
        if let Some(failure) = last_failure.as_ref().filter(|failure| failure.still_counts(now)) {
            return Err(failure.error.clone());
        }
        match self.handshake.perform(&self.transport, now).await {
            Ok(tokens) => {
                let tokens = Arc::new(tokens);
                self.current.store(Some(Arc::clone(&tokens)));
                *last_failure = None;
                tracing::debug!("The handshake with the AMS brought new tokens");
                Ok(tokens)
            }
            Err(error) => {
                tracing::warn!(%error, "The handshake with the AMS failed");
                // A full queue of ours says nothing about the handshake.
                if error != AmsError::Busy {
                    *last_failure = Some(FailedRenewal { at: self.clock.now(), error: error.clone() });
                }
                Err(error)
            }
        }
    }

    fn young(&self) -> Option<Arc<AmsTokens>> {
        let now = self.clock.now();
        self.current.load_full().filter(|tokens| now.duration_since(tokens.obtained) < LIFETIME)
    }
}

impl FailedRenewal {
    fn still_counts(&self, now: Timestamp) -> bool {
        let pause = if self.error == AmsError::CredentialsRefused { LONG_PAUSE } else { PAUSE };
        let age = now.duration_since(self.at);
        // A clock that was set back must not make the pause longer.
        !age.is_negative() && age < pause
    }
}
