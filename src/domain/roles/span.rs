//! A half-open stretch of time in which something holds, and whether that is certain.

use crate::domain::time::{FOREVER, SINCE_EVER, Timestamp, Unreadable};

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

/// Collects what is known of a span; whatever is not known leaves that side open and the span uncertain.
pub(super) struct Edges {
    start: Timestamp,
    end: Timestamp,
    certain: bool,
}

impl Edges {
    /// An entry with these dates in doubt or not.
    pub(super) fn new(certain: bool) -> Edges {
        Edges { start: SINCE_EVER, end: FOREVER, certain }
    }

    /// Starts here; absent: since ever.
    pub(super) fn from(mut self, start: Result<Option<Timestamp>, Unreadable>) -> Edges {
        match start {
            Ok(start) => self.start = start.unwrap_or(SINCE_EVER),
            Err(Unreadable) => self.certain = false,
        }
        self
    }

    /// Ends here; absent: never.
    pub(super) fn to(mut self, end: Result<Option<Timestamp>, Unreadable>) -> Edges {
        match end {
            Ok(end) => self.end = end.unwrap_or(FOREVER),
            Err(Unreadable) => self.certain = false,
        }
        self
    }

    /// The span; `None` when it has ended before it starts.
    pub(super) fn span(self) -> Option<Span> {
        let Edges { start, end, certain } = self;
        (start < end).then_some(Span { start, end, certain })
    }
}
