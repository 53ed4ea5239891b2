//! A half-open stretch of time in which something holds, and whether that is certain.

use jiff::civil::Date;

use crate::domain::time::{AmsDate, FOREVER, SINCE_EVER, TimeZone, Timestamp, Unreadable};

/// From `start` (included) to `end` (excluded). Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Timestamp,
    /// [`FOREVER`]: no end.
    pub(super) end: Timestamp,
    /// `false`: something about the entry is not known, so that it may hold here and holds nowhere else.
    pub(super) certain: bool,
}

impl Span {
    /// All of time, for certain.
    pub(super) const ALWAYS: Span = Span { start: SINCE_EVER, end: FOREVER, certain: true };
    /// Anything is possible at any time.
    pub(super) const UNKNOWN: Span = Span { start: SINCE_EVER, end: FOREVER, certain: false };

    pub(super) fn contains(&self, t: Timestamp) -> bool {
        self.start <= t && (t < self.end || self.end == FOREVER)
    }

    /// The nearer of this span's edges that lie after `t`.
    pub(super) fn next_edge(&self, t: Timestamp) -> Option<Timestamp> {
        if self.start > t {
            Some(self.start)
        } else if self.end > t && self.end != FOREVER {
            Some(self.end)
        } else {
            None
        }
    }
}

/// The span between two dates as read; absent ones leave their side open. `None` when it ends before it starts. A date that
/// cannot be read leaves the whole entry unknown, whatever the other one says.
pub(super) fn between(
    start: Result<Option<Timestamp>, Unreadable>,
    end: Result<Option<Timestamp>, Unreadable>,
) -> Option<Span> {
    let (Ok(start), Ok(end)) = (start, end) else { return Some(Span::UNKNOWN) };
    let (start, end) = (start.unwrap_or(SINCE_EVER), end.unwrap_or(FOREVER));
    (start < end).then_some(Span { start, end, certain: true })
}

/// Counts days from a date. Without one the count is as unknown as with an unreadable one; from the end of time it stays there.
pub(super) fn counted(
    date: &AmsDate,
    zone: &TimeZone,
    count: impl FnOnce(Date) -> Timestamp,
) -> Result<Option<Timestamp>, Unreadable> {
    if *date == AmsDate::OpenEnded {
        return Ok(Some(FOREVER));
    }
    date.day(zone)?.map(count).map(Some).ok_or(Unreadable)
}
