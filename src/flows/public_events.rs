//! The AMS's events, as they were last read, for the community's calendar: the directory reads them, the deliveries take them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::calendar::CalendarEvent;
use crate::domain::time::Timestamp;

/// All events, as one reading found them.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsReading {
    /// When it began.
    pub at: Timestamp,
    /// They, public or not.
    pub events: Vec<CalendarEvent>,
    /// It went to the end of the list, and every row could be understood: what is not here is missing.
    pub is_whole: bool,
}

#[derive(Debug, Default)]
struct EventsSoFar {
    latest: Option<Arc<EventsReading>>,
    /// When the list was last read; `None`: never.
    read_at: Option<Timestamp>,
    calls: u32,
    is_awaited_again: bool,
    is_wanted: bool,
}

/// The latest reading of the AMS's events.
#[derive(Debug, Default)]
pub struct PublicEvents {
    state: Mutex<EventsSoFar>,
    wake: Notify,
}

impl PublicEvents {
    /// Takes a reading that took so many calls.
    pub(super) fn put(&self, reading: EventsReading, calls: u32) {
        let mut state = self.state();
        (state.read_at, state.calls) = (Some(reading.at), calls);
        state.latest = Some(Arc::new(reading));
        drop(state);
        self.wake.notify_one();
    }

    /// A calendar is told of them, or none is any longer.
    pub(super) fn want(&self, is_wanted: bool) {
        let mut state = self.state();
        state.is_wanted = is_wanted;
        if !is_wanted {
            // Whoever wants them again goes by a new reading.
            (state.latest, state.read_at) = (None, None);
        }
    }

    /// The latest reading.
    pub(super) fn latest(&self) -> Option<Arc<EventsReading>> {
        self.state().latest.clone()
    }

    /// Whether a second reading is to come soon, since the latest lacks events.
    pub(super) fn await_again(&self, is_awaited: bool) {
        self.state().is_awaited_again = is_awaited;
    }

    /// When the list was last read, how many calls that took, and whether it is to be read again soon. `None`: nobody wants it.
    pub(super) fn standing(&self) -> Option<(Option<Timestamp>, u32, bool)> {
        let state = self.state();
        // A list whose page size is not known takes two.
        state.is_wanted.then(|| (state.read_at, state.calls.max(2), state.is_awaited_again))
    }

    /// Ends when there is another reading.
    pub(super) async fn read(&self) {
        self.wake.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, EventsSoFar> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
