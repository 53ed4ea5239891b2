//! The brake: many who lose something at once, for another reason than a known date, are first seen by an administrator.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// What is lost within this time counts together.
pub const TOGETHER: SignedDuration = SignedDuration::from_hours(1);

/// So many may lose something at once, whatever their share is.
const FEW: u64 = 10;

/// Of so many who hold something, one may lose it: 2 %.
const ONE_OF: u64 = 50;

/// Why nothing is sent to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Very many would lose something. Nobody does, until an administrator confirms it.
    ManyLose {
        /// Since when.
        since: Timestamp,
        /// So many would.
        losers: u64,
        /// Of so many who hold something.
        holders: u64,
    },
    /// An administrator stopped it.
    ByHand {
        /// Since when.
        since: Timestamp,
    },
}

impl Stop {
    /// Since when. A confirmation is about the stop that began then.
    pub fn since(&self) -> Timestamp {
        match self {
            Stop::ManyLose { since, .. } | Stop::ByHand { since } => *since,
        }
    }
}

/// Whether so many losers are too many, of so many who hold something.
pub fn are_too_many(losers: u64, holders: u64) -> bool {
    losers > FEW && losers.saturating_mul(ONE_OF) > holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_people_or_two_percent_may_lose_something() {
        for (losers, holders, too_many) in [
            (10, 10, false),
            (11, 12, true),
            (11, 549, true),
            (11, 550, false),
            (200, 10_000, false),
            (201, 10_000, true),
        ] {
            assert_eq!(are_too_many(losers, holders), too_many, "{losers} of {holders}");
        }
    }
}
