//! What a pass over everybody remembers in this process, beside what the store has of it.

use std::collections::BTreeSet;

use crate::domain::record::IndividualId;

/// What a pass over everybody remembers that is under way in this process.
#[derive(Debug, Default)]
pub(super) struct PassMemory {
    /// It was begun here, or it was a first one, by which nobody can lose anything.
    pub(super) is_ours: bool,
    /// One pass has ended since the start.
    pub(super) has_ended: bool,
    /// So much is new that everybody is to be gone through.
    pub(super) is_wanted: bool,
    /// People who would lose something that no known date takes away. They wait until everybody has been seen.
    pub(super) losers: BTreeSet<IndividualId>,
}
