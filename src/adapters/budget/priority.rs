//! What a call is for, as callers say it.

use crate::domain::budget::CallKind;

/// Names the reservation of one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

/// What a call is for; who goes first follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Gets tokens of ours, for which everybody waits.
    Token,
    /// Part of a sign-in that has begun, by its reservation.
    SignIn(Ticket),
    /// Somebody waits for the answer.
    Person,
    /// Asks whether the AMS still finds somebody who is there.
    Canary,
    /// A person with a live session.
    Refresh,
    /// A list of the association.
    Catalogue,
    /// Everything else.
    Sweep,
}

impl Priority {
    /// As what it is counted.
    pub fn kind(self) -> CallKind {
        match self {
            Priority::Token => CallKind::Token,
            Priority::SignIn(_) => CallKind::SignIn,
            Priority::Person => CallKind::Person,
            Priority::Canary => CallKind::Canary,
            Priority::Refresh => CallKind::Refresh,
            Priority::Catalogue => CallKind::Catalogue,
            Priority::Sweep => CallKind::Sweep,
        }
    }
}
