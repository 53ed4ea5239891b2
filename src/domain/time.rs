//! Instants, civil dates and what an AMS date means (docs/roles.md, "Dates").
//!
//! An AMS writes most dates without a zone. What was written is kept here as it was; it becomes an instant only in the
//! association's own time zone, when a decision is made.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::AmbiguousOffset;
use serde::{Deserialize, Serialize};

pub use jiff::Timestamp;
pub use jiff::tz::TimeZone;

/// Stands for "never" at the end of a span: dates that lie beyond what can be counted are cut to it.
pub const FOREVER: Timestamp = Timestamp::MAX;

/// Stands for "since ever" at the start of a span.
pub const SINCE_EVER: Timestamp = Timestamp::MIN;

/// One date or instant as the AMS wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmsDate {
    /// Missing, null or empty.
    #[default]
    Absent,
    /// A date that stands for "no date", such as 1 January 1753: absent, with a warning.
    Placeholder(Date),
    /// The year 9999 or later: as an end never reached, as a start never reached either.
    OpenEnded,
    /// The time part was exactly midnight: a civil date, whatever offset it carried.
    Day(Date),
    /// A time of day without an offset: read in the association's time zone.
    Local(DateTime),
    /// A time of day with an offset.
    Instant(Timestamp),
    /// Something that cannot be read. Its entry grants nothing.
    Unreadable(String),
}

/// A date is there, but nobody can say which day it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the date cannot be read")]
pub struct Unreadable;

impl AmsDate {
    /// The first instant that counts when this is a start date; [`FOREVER`]: never. `None` when absent.
    pub fn start(&self, zone: &TimeZone) -> Result<Option<Timestamp>, Unreadable> {
        match self {
            AmsDate::Absent | AmsDate::Placeholder(_) => Ok(None),
            AmsDate::OpenEnded => Ok(Some(FOREVER)),
            AmsDate::Day(day) => Ok(Some(start_of_day(*day, zone))),
            AmsDate::Local(local) => Ok(Some(in_zone(*local, zone))),
            AmsDate::Instant(instant) => Ok(Some(*instant)),
            AmsDate::Unreadable(_) => Err(Unreadable),
        }
    }

    /// The first instant that no longer counts when this is an end date: an end day counts to its end. `None` when absent or
    /// open-ended; [`AmsDate::is_absent`] tells them apart.
    pub fn end(&self, zone: &TimeZone) -> Result<Option<Timestamp>, Unreadable> {
        match self {
            AmsDate::OpenEnded => Ok(None),
            AmsDate::Day(day) => Ok(Some(end_of_day(*day, zone))),
            // An instant at which a day begins is how some systems write that day in UTC.
            AmsDate::Instant(instant) => {
                let day = zone.to_datetime(*instant).date();
                let is_day = start_of_day(day, zone) == *instant;
                Ok(Some(if is_day { end_of_day(day, zone) } else { *instant }))
            }
            AmsDate::Absent | AmsDate::Placeholder(_) | AmsDate::Local(_) | AmsDate::Unreadable(_) => {
                self.start(zone)
            }
        }
    }

    /// The day in `zone` on which this lies. `None` when absent or open-ended.
    pub fn day(&self, zone: &TimeZone) -> Result<Option<Date>, Unreadable> {
        match self {
            AmsDate::Absent | AmsDate::Placeholder(_) | AmsDate::OpenEnded => Ok(None),
            AmsDate::Day(day) => Ok(Some(*day)),
            AmsDate::Local(local) => Ok(Some(local.date())),
            AmsDate::Instant(instant) => Ok(Some(zone.to_datetime(*instant).date())),
            AmsDate::Unreadable(_) => Err(Unreadable),
        }
    }

    /// Whether nothing was written, or something that stands for nothing.
    pub fn is_absent(&self) -> bool {
        matches!(self, AmsDate::Absent | AmsDate::Placeholder(_))
    }

    /// Whether something was written that cannot be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, AmsDate::Unreadable(_))
    }
}

/// The first instant of a day in `zone`. Where the clocks jump over midnight, the first instant after the jump.
pub fn start_of_day(day: Date, zone: &TimeZone) -> Timestamp {
    let midnight = day.at(0, 0, 0, 0);
    let reading = zone.to_ambiguous_timestamp(midnight);
    if let AmbiguousOffset::Gap { .. } = reading.offset() {
        // The jump itself is the first instant of such a day; it need not begin at midnight.
        let jump = reading.earlier().ok().and_then(|before| zone.following(before).next());
        if let Some(jump) = jump {
            return jump.timestamp();
        }
    }
    in_zone(midnight, zone)
}

/// The first instant after a day in `zone`.
pub fn end_of_day(day: Date, zone: &TimeZone) -> Timestamp {
    day.tomorrow().map_or(FOREVER, |next| start_of_day(next, zone))
}

/// The first instant of the day that lies `count` days before `day`.
pub fn start_of_day_before(day: Date, count: u32, zone: &TimeZone) -> Timestamp {
    let first = days(count).and_then(|count| day.checked_sub(count).ok());
    first.map_or(SINCE_EVER, |day| start_of_day(day, zone))
}

/// The first instant after the day that lies `count` days after `day`.
pub fn end_of_day_after(day: Date, count: u32, zone: &TimeZone) -> Timestamp {
    let last = days(count).and_then(|count| day.checked_add(count).ok());
    last.map_or(FOREVER, |day| end_of_day(day, zone))
}

/// A number of days, unless it is more than all the days there are.
fn days(count: u32) -> Option<Span> {
    Span::new().try_days(count).ok()
}

/// The last day in `zone` of a span that ends, exclusively, at `end`.
pub fn last_day(end: Timestamp, zone: &TimeZone) -> Date {
    let last = end.checked_sub(Span::new().nanoseconds(1)).unwrap_or(end);
    zone.to_datetime(last).date()
}

/// A local time in a zone. One that the clocks skip is moved on by the jump; of two, the earlier.
fn in_zone(local: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(local).compatible().unwrap_or_else(|_| cut(local.date()))
}

/// Years run from -9999 to 9999; what falls off at either end is cut to that end.
fn cut(day: Date) -> Timestamp {
    if day.year() > 0 { FOREVER } else { SINCE_EVER }
}

/// `3 March 2026`.
pub fn in_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}
