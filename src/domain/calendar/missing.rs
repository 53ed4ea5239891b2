//! Events that are missing from the AMS's list: when that counts.
//!
//! A list can move while its pages are read, and an answer can lack rows. So an absence counts when a second reading says so too, and where many are
//! missing at once, only if that reading comes much later. What is missing is not forgotten by anything but a reading that has it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// So many may be missing at once and count soon.
pub const FEW_MISSING: usize = 3;

/// A second reading counts from then on, of few and of many.
const SOON: SignedDuration = SignedDuration::from_mins(5);
const LATER: SignedDuration = SignedDuration::from_mins(50);

/// Events that are missing, each since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MissingEvents(BTreeMap<IndividualId, Timestamp>);

impl MissingEvents {
    /// Takes what is missing from a whole reading of that time, and gives those that count as gone. They are no longer kept here.
    pub fn take(&mut self, missing: BTreeSet<IndividualId>, at: Timestamp) -> BTreeSet<IndividualId> {
        let wait = if missing.len() > FEW_MISSING { LATER } else { SOON };
        // A clock that was set back begins anew.
        self.0.retain(|id, since| missing.contains(id) && *since <= at);
        for id in missing {
            self.0.entry(id).or_insert(at);
        }
        let is_gone = |since: &Timestamp| at.duration_since(*since) >= wait;
        let gone: BTreeSet<IndividualId> =
            self.0.iter().filter(|(_, since)| is_gone(since)).map(|(id, _)| id.clone()).collect();
        self.0.retain(|id, _| !gone.contains(id));
        gone
    }

    /// So many are missing whose absence does not count yet.
    pub fn waiting(&self) -> usize {
        self.0.len()
    }
}
