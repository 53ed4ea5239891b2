//! How many calls the AMS may get from this installation, and which kinds of calls there are.
//!
//! `ledger` says when the next call may start. Kept out: who waits for that (`adapters::budget`), and where the ledger is kept.

mod ledger;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::ledger::{Crowd, Ledger, LedgerStep};

/// Calls that an AMS allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In any second.
    pub per_second: usize,
    /// In any minute.
    pub per_minute: usize,
    /// In any day, if the AMS counts days.
    pub per_day: Option<usize>,
}

impl Rate {
    /// A limit of each second and each minute. Both are at least one: an AMS that allows nothing is no AMS.
    pub const fn new(per_second: usize, per_minute: usize) -> Rate {
        Rate {
            per_second: if per_second == 0 { 1 } else { per_second },
            per_minute: if per_minute == 0 { 1 } else { per_minute },
            per_day: None,
        }
    }

    /// A part of it, at least one call each.
    pub fn divided_by(self, by: usize) -> Rate {
        let part = |limit: usize| (limit / by.max(1)).max(1);
        Rate {
            per_second: part(self.per_second),
            per_minute: part(self.per_minute),
            per_day: self.per_day.map(part),
        }
    }
}

macro_rules! call_kinds {
    ($($(#[doc = $text:literal])+ $name:ident $slug:literal,)+) => {
        /// What a call is for. Those that stand first go first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CallKind { $($(#[doc = $text])+ $name,)+ }

        impl CallKind {
            /// Every kind, in order.
            pub const ALL: [CallKind; [$($slug),+].len()] = [$(CallKind::$name,)+];

            /// Its name in metrics.
            pub fn slug(self) -> &'static str {
                match self { $(CallKind::$name => $slug,)+ }
            }
        }
    };
}

call_kinds! {
    /// Gets tokens of ours, for which everybody waits.
    Token "token",
    /// Part of a sign-in that has begun.
    SignIn "sign_in",
    /// Somebody waits for the answer: a signed-in person whose record is too old, or an administrator who looks for somebody.
    Person "person",
    /// Asks whether the AMS still finds somebody who is there.
    Canary "canary",
    /// Reads again the record of a person with a live session.
    Refresh "refresh",
    /// Reads a list of the association.
    Catalogue "catalogue",
    /// Reads all members.
    Sweep "sweep",
}

impl CallKind {
    /// Whether nobody waits for it.
    pub fn is_background(self) -> bool {
        matches!(self, CallKind::Refresh | CallKind::Catalogue | CallKind::Sweep)
    }
}
