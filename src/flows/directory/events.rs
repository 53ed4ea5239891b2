//! The AMS's events, read for the community's calendar.

use super::{DirectoryUpdater, Hitch};
use crate::adapters::budget::Priority;
use crate::flows::public_events::EventsReading;

/// So many pages are read at most; what lies beyond is not read, and nothing of it counts as missing.
const MOST_PAGES: u32 = 200;

impl DirectoryUpdater {
    /// All pages, or nothing: half a list must not look like one that lacks events.
    pub(super) async fn read_events(&self, priority: Priority) -> Result<(), Hitch> {
        let Some(kept) = &self.parts.events else { return Ok(()) };
        let at = self.parts.clock.now();
        let (mut events, mut is_whole) = (Vec::new(), false);
        let mut calls = 0;
        let mut unreadable = 0;
        while calls < MOST_PAGES && !is_whole {
            calls += 1;
            let page = self.parts.ams.events(calls, priority).await?;
            events.extend(page.events);
            unreadable += page.unreadable;
            is_whole = page.is_last;
        }
        if !is_whole {
            tracing::warn!(
                pages = MOST_PAGES,
                "The AMS's list of events goes on; what lies beyond is not in the calendar"
            );
        }
        if unreadable > 0 {
            tracing::warn!(
                events = unreadable,
                "Events of the AMS cannot be understood; none counts as missing meanwhile"
            );
        }
        kept.put(EventsReading { at, events, is_whole: is_whole && unreadable == 0 }, calls);
        Ok(())
    }
}
