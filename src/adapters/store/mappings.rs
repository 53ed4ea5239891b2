//! The role mapping at rest: one shared draft, and versions that never change. Both are sealed.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::audit::Entry;
use crate::domain::mapping::{Edit, Version, VersionHead};
use crate::domain::rule::Rules;

/// The draft as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDraft {
    /// Counts up with every change.
    pub revision: u64,
    /// The latest change, that which removed the draft included. `None`: never any.
    pub last: Option<Edit>,
    /// The published version that it began from, and what it says. `None`: there is no draft.
    pub content: Option<(u64, Rules)>,
}

/// What is expected to be there, when something is written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The draft's revision.
    pub revision: u64,
    /// The latest version; 0: none.
    pub version: u64,
}

/// Draft and versions.
pub trait Mappings: Send + Sync + 'static {
    /// The draft.
    fn draft(&self) -> BoxFuture<'_, Result<StoredDraft, StoreError>>;

    /// Writes the draft, with `revision` one higher than `expected`. `false`: something else is there, nothing is written.
    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Adds a version and empties the draft. `false`: something else is there, nothing is written.
    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The latest version. `None`: none was ever published.
    fn latest(&self) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// One version.
    fn version(&self, number: u64) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// Every version, newest first.
    fn versions(&self) -> BoxFuture<'_, Result<Vec<VersionHead>, StoreError>>;
}
