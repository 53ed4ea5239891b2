//! Instants, civil dates and what an AMS date means.
//!
//! The AMS writes dates without a zone (re:Members fact sheet §4.4). What was written is kept here as it was;
//! it becomes an instant only in the association's own time zone, when a decision is made.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

pub use jiff::Timestamp;
pub use jiff::tz::TimeZone;

/// One date or instant as the AMS wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmsDate {
    /// Missing, null or empty.
    #[default]
    Absent,
    /// The time part was exactly midnight: a civil date, whatever offset it carried (design §4).
    Day(Date),
    /// A time of day without an offset: read in the association's time zone.
    Local(DateTime),
    /// A time of day with an offset.
    Instant(Timestamp),
    /// Something that cannot be read. Its entry grants nothing.
    Unreadable(String),
}
