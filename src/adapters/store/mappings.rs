//! The port for what administrators publish, the role mapping and that of the community: of each one shared draft and versions that never
//! change; and the port for the lists of roles that a role mapping manages.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{StoreError, StoreFuture};
use crate::adapters::stored_rules::StoredRules;
use crate::domain::audit::Entry;
use crate::domain::community::CommunityText;
use crate::domain::mapping::{AwaitedPublication, Edit, Version, VersionHead};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// Which mapping: of each kind there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingKind {
    /// Who holds which role.
    Roles,
    /// What the community is told of people.
    Community,
}

impl MappingKind {
    const ALL: [MappingKind; 2] = [MappingKind::Roles, MappingKind::Community];

    /// As in the column `kind`.
    pub(super) fn column(self) -> &'static str {
        match self {
            MappingKind::Roles => "roles",
            MappingKind::Community => "community",
        }
    }

    pub(super) fn of_column(text: &str) -> Option<MappingKind> {
        MappingKind::ALL.into_iter().find(|kind| kind.column() == text)
    }
}

/// What a mapping says, with the form in which stores keep it.
pub trait MappingContent: fmt::Debug + Clone + PartialEq + Send + Sync + 'static {
    /// Which mapping it is of.
    const KIND: MappingKind;
    /// The form at rest, which every later release reads.
    type Stored: Serialize + DeserializeOwned;

    /// To be stored.
    fn stored(&self) -> Self::Stored;

    /// As it was stored.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: it is none, or a newer release wrote it.
    fn opened(stored: Self::Stored) -> Result<Self, StoreError>;
}

impl MappingContent for Rules {
    const KIND: MappingKind = MappingKind::Roles;
    type Stored = StoredRules;

    fn stored(&self) -> StoredRules {
        StoredRules::from(self)
    }

    fn opened(stored: StoredRules) -> Result<Rules, StoreError> {
        stored.try_into().map_err(|_| StoreError::Damaged("role mapping"))
    }
}

impl MappingContent for CommunityText {
    const KIND: MappingKind = MappingKind::Community;
    type Stored = CommunityText;

    fn stored(&self) -> CommunityText {
        self.clone()
    }

    fn opened(stored: CommunityText) -> Result<CommunityText, StoreError> {
        Ok(stored)
    }
}

/// The draft as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDraft<Content = Rules> {
    /// Counts up with every change.
    pub revision: u64,
    /// The latest change, that which removed the draft included. `None`: never any.
    pub last: Option<Edit>,
    /// The published version that it began from, and what it says. `None`: there is no draft.
    pub content: Option<(u64, Content)>,
    /// It waits to come into force.
    pub awaited: Option<AwaitedPublication>,
}

impl<Content> StoredDraft<Content> {
    /// Nobody has changed anything yet.
    pub(super) fn none() -> StoredDraft<Content> {
        StoredDraft { revision: 0, last: None, content: None, awaited: None }
    }
}

/// What is expected to be there, when something is written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The draft's revision.
    pub revision: u64,
    /// The latest version; 0: none.
    pub version: u64,
}

/// Draft and versions of one mapping.
pub trait Mappings<Content: MappingContent>: Send + Sync + 'static {
    /// The draft.
    fn draft(&self) -> StoreFuture<'_, StoredDraft<Content>>;

    /// Writes the draft. `false`: something else is there than what is expected, and nothing is written.
    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft<Content>,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool>;

    /// Adds a version, and writes the draft that is left. `false`: as in [`Mappings::put_draft`].
    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version<Content>,
        left: &'a StoredDraft<Content>,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool>;

    /// The latest version. `None`: none was ever published.
    fn latest(&self) -> StoreFuture<'_, Option<Version<Content>>>;

    /// One version.
    fn version(&self, number: u64) -> StoreFuture<'_, Option<Version<Content>>>;

    /// Every version, newest first.
    fn versions(&self) -> StoreFuture<'_, Vec<VersionHead>>;
}

/// Lists of role slugs by their digest. A list is one text: the sorted slugs, joined by line feeds.
pub trait RoleLists: Send + Sync + 'static {
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
