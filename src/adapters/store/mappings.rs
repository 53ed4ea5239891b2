//! The port for the role mapping: one shared draft, versions that never change, and the lists of roles that they manage.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use super::error::StoreFuture;
use crate::domain::audit::Entry;
use crate::domain::mapping::{AwaitedPublication, Edit, Version, VersionHead};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// The draft as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDraft {
    /// Counts up with every change.
    pub revision: u64,
    /// The latest change, that which removed the draft included. `None`: never any.
    pub last: Option<Edit>,
    /// The published version that it began from, and what it says. `None`: there is no draft.
    pub content: Option<(u64, Rules)>,
    /// It waits to come into force.
    pub awaited: Option<AwaitedPublication>,
}

/// What is expected to be there, when something is written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The draft's revision.
    pub revision: u64,
    /// The latest version; 0: none.
    pub version: u64,
}

/// Draft and versions, and lists of role slugs by their digest. A list is one text: the sorted slugs, joined by line feeds.
pub trait Mappings: Send + Sync + 'static {
    /// The draft.
    fn draft(&self) -> StoreFuture<'_, StoredDraft>;

    /// Writes the draft. `false`: something else is there than what is expected, and nothing is written.
    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool>;

    /// Adds a version, and writes the draft that is left. `false`: as in [`Mappings::put_draft`].
    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version,
        left: &'a StoredDraft,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool>;

    /// The latest version. `None`: none was ever published.
    fn latest(&self) -> StoreFuture<'_, Option<Version>>;

    /// One version.
    fn version(&self, number: u64) -> StoreFuture<'_, Option<Version>>;

    /// Every version, newest first.
    fn versions(&self) -> StoreFuture<'_, Vec<VersionHead>>;

    /// Keeps these lists, each a digest with its text, as in force at this instant, and deletes those that were last in force
    /// before `forget_before`.
    fn keep_role_lists<'a>(
        &'a self,
        lists: &'a [(&'a str, &'a str)],
        in_force_at: Timestamp,
        forget_before: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// The list with this digest, if it was in force at or after `since`.
    fn role_list<'a>(&'a self, digest: &'a str, since: Timestamp) -> StoreFuture<'a, Option<String>>;
}
