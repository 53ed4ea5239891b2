//! What an AMS says of a membership as a whole, where it gives a status instead of dates that decide (docs/roles.md, "Status").

use serde::{Deserialize, Serialize};

/// How a membership stands, as long as the record is believed. Its dates never end or start it by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipStanding {
    /// It is active.
    Active,
    /// Its term is over, and its benefits go on: active where grace is honoured.
    Grace,
    /// It has not begun, or waits for somebody's approval.
    Pending,
    /// It is over.
    Ended,
    /// The AMS says something that is not known, or hides it. It is not active, and nobody can say that it is not.
    Unknown,
}
