//! How an AMS did lately, for the status page.

use std::sync::{Mutex, PoisonError};

use super::AmsError;
use super::catalogue::AmsStatus;
use crate::adapters::clock::SharedClock;
use crate::domain::time::Timestamp;

/// When calls last went well and badly.
pub(in crate::adapters::ams) struct History {
    clock: SharedClock,
    lately: Mutex<RecentCalls>,
}

#[derive(Debug, Clone, Default)]
struct RecentCalls {
    last_success: Option<Timestamp>,
    last_failure: Option<(Timestamp, AmsError)>,
}

impl History {
    pub(in crate::adapters::ams) fn new(clock: SharedClock) -> History {
        History { clock, lately: Mutex::default() }
    }

    /// Notes how something ended.
    pub(in crate::adapters::ams) fn noted<T>(&self, outcome: Result<T, AmsError>) -> Result<T, AmsError> {
        let now = self.clock.now();
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            // That a visitor's proof is not valid is an answer.
            Ok(_) | Err(AmsError::ArrivalRefused) => lately.last_success = Some(now),
            Err(error) => lately.last_failure = Some((now, error.clone())),
        }
        outcome
    }

    /// For the status page.
    pub(in crate::adapters::ams) fn status(
        &self,
        environment: &str,
        tokens_since: Option<Timestamp>,
    ) -> AmsStatus {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let RecentCalls { last_success, last_failure } = lately;
        AmsStatus { environment: environment.to_owned(), last_success, last_failure, tokens_since }
    }
}
