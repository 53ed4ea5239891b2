//! Dates as the records have them: civil time of the association's zone.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

/// The instant of a date, if it is one.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    zoned(text, zone).map(|zoned| zoned.timestamp())
}

fn zoned(text: &str, zone: &TimeZone) -> Option<Zoned> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.to_zoned(zone.clone()));
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(zone.clone()).ok()
}

/// The end of a last day.
pub(super) fn end_of(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = zoned(text, zone)?;
    let end = if zoned.time() == Time::midnight() { zoned.checked_add(1.day()).ok()? } else { zoned };
    Some(end.timestamp())
}

/// An instant as an answer has it.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}
