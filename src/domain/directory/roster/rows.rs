//! What a reading of a roster brings: rows, and cancellations where they are a list of their own.

use serde::{Deserialize, Serialize};

use crate::domain::record::{CommitteeSeat, IndividualId, Registration};
use crate::domain::time::AmsDate;

/// What stands on a roster about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterEntry {
    /// On the roster of a committee.
    Seat(CommitteeSeat),
    /// On the roster of an event.
    Registration(Registration),
}

impl RosterEntry {
    /// The code of the committee or event, as the AMS writes it.
    pub fn code(&self) -> &str {
        match self {
            RosterEntry::Seat(seat) => &seat.committee,
            RosterEntry::Registration(registration) => &registration.event,
        }
    }

    pub(super) fn has_date(&self) -> bool {
        let is_there = |date: &AmsDate| *date != AmsDate::Absent;
        match self {
            RosterEntry::Seat(seat) => is_there(&seat.start_date) || is_there(&seat.end_date),
            RosterEntry::Registration(it) => {
                [&it.registration_date, &it.event_start, &it.event_end].into_iter().any(is_there)
            }
        }
    }
}

/// One line about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterLine {
    /// What names the line, such as the number of a registration.
    pub number: Option<String>,
    /// What it says.
    pub entry: RosterEntry,
}

/// A row of a roster as it was read. Rows of guests do not belong here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Who it is about.
    pub person: IndividualId,
    /// What it says.
    pub line: RosterLine,
}

/// A row of the list of cancellations: a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterCancellation {
    /// Whose line is cancelled.
    pub person: IndividualId,
    /// The line's number, if the AMS gives it.
    pub number: Option<String>,
}

/// A roster that was read: from its first page to its last, or only what was added and cancelled since some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterReading {
    /// The rows.
    pub rows: Vec<RosterRow>,
    /// The cancellations, where they are a list of their own.
    pub cancelled: Vec<RosterCancellation>,
}
