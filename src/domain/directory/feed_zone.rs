//! In which time zone the AMS reads the instants that its change feed is asked with.
//!
//! Some systems write them without an offset and say nowhere what they mean. Too early an instant costs pages; too late a one loses changes.
//! So the search begins with the earlier of UTC and the association's zone, and an hourly look back says whether that is early enough.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::time::{TimeZone, Timestamp};

/// No zone is further behind UTC.
const FURTHEST_BEHIND: SignedDuration = SignedDuration::from_hours(-12);

/// Around a change of the clocks a local time may mean either of two instants.
const AROUND: SignedDuration = SignedDuration::from_hours(3);

/// A narrower reading that did not hold is not tried again before this time.
const TRIED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What is configured.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum FeedZone {
    /// Nobody knows: find out.
    #[default]
    Auto,
    /// This one.
    Fixed(TimeZone),
}

/// How early the feed is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneReading {
    /// By the later of UTC and the association's zone.
    Later,
    /// By the earlier of the two.
    #[default]
    Earlier,
    /// Early enough for any zone.
    AnyZone,
}

impl ZoneReading {
    fn narrower(self) -> Option<ZoneReading> {
        match self {
            ZoneReading::Later => None,
            ZoneReading::Earlier => Some(ZoneReading::Later),
            ZoneReading::AnyZone => Some(ZoneReading::Earlier),
        }
    }

    fn wider(self) -> Option<ZoneReading> {
        match self {
            ZoneReading::Later => Some(ZoneReading::Earlier),
            ZoneReading::Earlier => Some(ZoneReading::AnyZone),
            ZoneReading::AnyZone => None,
        }
    }

    /// The instant to ask with, written as in UTC, so that the AMS tells of all since `since`, as far as this reading is right.
    fn written(self, since: Timestamp, association: &TimeZone) -> Timestamp {
        let offset = offset(association, since);
        let shift = match self {
            ZoneReading::Later => offset.max(SignedDuration::ZERO),
            ZoneReading::Earlier => offset.min(SignedDuration::ZERO),
            ZoneReading::AnyZone => FURTHEST_BEHIND,
        };
        since.checked_add(shift).unwrap_or(since)
    }
}

/// The smaller offset, where the clocks change about then: it gives the earlier local time.
fn offset(zone: &TimeZone, at: Timestamp) -> SignedDuration {
    let of = |at: Timestamp| SignedDuration::from_secs(i64::from(zone.to_offset(at).seconds()));
    let near = [at.checked_sub(AROUND), at.checked_add(AROUND)];
    near.into_iter().flatten().map(of).fold(of(at), SignedDuration::min)
}

/// What is believed of the zone so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSearch {
    reading: ZoneReading,
    /// When a narrower reading was last found to be too narrow.
    refuted: Option<Timestamp>,
}

impl ZoneSearch {
    /// The reading in force.
    pub fn reading(&self) -> ZoneReading {
        self.reading
    }

    /// The instant to ask with, written as in UTC.
    pub fn written(&self, zone: &FeedZone, association: &TimeZone, since: Timestamp) -> Timestamp {
        match zone {
            FeedZone::Auto => self.reading.written(since, association),
            FeedZone::Fixed(zone) => since.checked_add(offset(zone, since)).unwrap_or(since),
        }
    }

    /// The instant with which a narrower reading is tried, if one is worth trying.
    pub fn trial(
        &self,
        zone: &FeedZone,
        association: &TimeZone,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let was_refuted = self
            .refuted
            .is_some_and(|at| (SignedDuration::ZERO..TRIED_AGAIN).contains(&now.duration_since(at)));
        let narrower = self.reading.narrower().filter(|_| *zone == FeedZone::Auto && !was_refuted)?;
        Some(narrower.written(since, association))
    }

    /// What the trial showed: whether it told of everybody who is known to have changed.
    pub fn tried(&mut self, has_told_all: bool, now: Timestamp) {
        match self.reading.narrower() {
            Some(narrower) if has_told_all => self.reading = narrower,
            _ => self.refuted = Some(now),
        }
    }

    /// The polls did not tell of somebody who has changed.
    pub fn missed(&mut self, now: Timestamp) {
        self.reading = self.reading.wider().unwrap_or(self.reading);
        self.refuted = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn the_instant_is_written_by_the_reading() {
        let since: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        use ZoneReading::{AnyZone, Earlier, Later};
        for (reading, association, written) in [
            (Earlier, "America/New_York", "2026-03-01T07:00:00Z"),
            (Later, "America/New_York", "2026-03-01T12:00:00Z"),
            (Earlier, "Europe/Berlin", "2026-03-01T12:00:00Z"),
            (Later, "Europe/Berlin", "2026-03-01T13:00:00Z"),
            (Earlier, "UTC", "2026-03-01T12:00:00Z"),
            (AnyZone, "Europe/Berlin", "2026-03-01T00:00:00Z"),
        ] {
            let search = ZoneSearch { reading, refuted: None };
            let said = search.written(&FeedZone::Auto, &zone(association), since);
            assert_eq!(said.to_string(), written, "{reading:?} {association}");
        }
        let fixed = FeedZone::Fixed(zone("America/New_York"));
        let said = ZoneSearch::default().written(&fixed, &zone("Europe/Berlin"), since);
        assert_eq!(said.to_string(), "2026-03-01T07:00:00Z");
        assert_eq!(ZoneSearch::default().trial(&fixed, &TimeZone::UTC, since, since), None);
    }

    #[test]
    fn it_narrows_by_a_trial_and_widens_when_somebody_was_missed() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        let new_york = zone("America/New_York");
        let mut search = ZoneSearch::default();
        let trial = |search: &ZoneSearch, now| search.trial(&FeedZone::Auto, &new_york, now, now);
        assert_eq!(trial(&search, now), Some(now));
        search.tried(false, now);
        assert_eq!((search.reading(), trial(&search, now)), (ZoneReading::Earlier, None));
        assert!(trial(&search, now + day).is_some());
        search.tried(true, now + day);
        assert_eq!((search.reading(), trial(&search, now + day)), (ZoneReading::Later, None));
        for reading in [ZoneReading::Earlier, ZoneReading::AnyZone, ZoneReading::AnyZone] {
            search.missed(now + day);
            assert_eq!((search.reading(), trial(&search, now + day)), (reading, None));
        }
        assert!(trial(&search, now).is_some(), "after the clock was set back it is tried again");
    }

    proptest! {
        /// The reading for any zone is early enough for each, and that of two zones for both, over changes of the clocks too.
        #[test]
        fn no_change_is_asked_past(second in 1_750_000_000_i64..1_850_000_000, association in 0_usize..6, own in 0_usize..6) {
            let zones = ["America/New_York", "Europe/Berlin", "UTC", "Pacific/Auckland", "Etc/GMT+12", "Australia/Lord_Howe"];
            let since = Timestamp::from_second(second).unwrap();
            let early_enough = |reading: ZoneReading, ams: &TimeZone| {
                let text = TimeZone::UTC.to_datetime(reading.written(since, &zone(zones[association])));
                // Of two instants with that local time the AMS may mean the later.
                ams.to_ambiguous_timestamp(text).later().unwrap() <= since
            };
            prop_assert!(early_enough(ZoneReading::AnyZone, &zone(zones[own])));
            prop_assert!(early_enough(ZoneReading::Earlier, &zone(zones[association])));
            prop_assert!(early_enough(ZoneReading::Earlier, &TimeZone::UTC));
        }
    }
}
