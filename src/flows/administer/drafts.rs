//! What the role mapping and that of the community have in common: one draft that all administrators share, versions, and audit entries that
//! say how it stood before and after.
//!
//! Everything is written over what was seen, or not at all. What may be written, and what comes into force by it, is decided by each mapping.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Actor;
use super::change::ChangeError;
use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file;
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::{Expected, MappingContent, Mappings, StoredDraft};
use crate::domain::audit::{Action, Entry};
use crate::domain::community::CommunityText;
use crate::domain::mapping::{AwaitedPublication, Draft, Edit, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;

/// The longest note that is kept with a version, in characters.
const LONGEST_NOTE: usize = 500;

/// A mapping that people read as a file.
pub(super) trait AsFile {
    /// The text of the file.
    fn as_file(&self) -> String;
}

impl AsFile for Rules {
    fn as_file(&self) -> String {
        rules_file::print(self)
    }
}

impl AsFile for CommunityText {
    fn as_file(&self) -> String {
        self.text.clone()
    }
}

/// Draft and versions of one mapping.
pub(super) struct Drafts<Content> {
    pub(super) store: Arc<dyn Mappings<Content>>,
    pub(super) clock: SharedClock,
}

/// What was in the store when somebody looked.
pub(super) struct SeenDraft<Content = Rules> {
    pub(super) stored: StoredDraft<Content>,
    pub(super) latest: Version<Content>,
}

/// A version on its way into force.
pub(super) struct NewVersion<'a, Content> {
    /// It, without its head.
    pub(super) rules: Content,
    /// As [`Version::produced`].
    pub(super) produced: BTreeSet<Role>,
    /// What the publisher says about it.
    pub(super) note: &'a str,
    /// It is a copy of this older version.
    pub(super) restored_from: Option<u64>,
}

impl<Content: MappingContent + AsFile> Drafts<Content> {
    /// The draft and the latest version.
    pub(super) async fn seen(&self) -> Result<SeenDraft<Content>, StoreError> {
        // The draft first: should a publication come between, its revision is old, and nothing can be written over it.
        let stored = self.store.draft().await?;
        let latest = self.store.latest().await?;
        let missing = || StoreError::Unavailable("there is no version of the mapping".to_owned());
        Ok(SeenDraft { stored, latest: latest.ok_or_else(missing)? })
    }

    /// The same, if the draft is still at this revision.
    pub(super) async fn seen_at(&self, revision: u64) -> Result<SeenDraft<Content>, ChangeError<Content>> {
        let seen = self.seen().await?;
        if seen.stored.revision == revision { Ok(seen) } else { Err(seen.conflict()) }
    }

    /// That somebody else was faster.
    pub(super) async fn conflict(&self) -> ChangeError<Content> {
        self.seen().await.map_or_else(ChangeError::Store, SeenDraft::conflict)
    }

    /// What a version says.
    pub(super) async fn of_version(&self, number: u64) -> Result<Content, ChangeError<Content>> {
        let version = self.store.version(number).await?;
        version.map(|version| version.rules).ok_or(ChangeError::NoVersion(number))
    }

    /// Writes the draft over what was seen. `None`: somebody else was faster.
    pub(super) async fn put(
        &self,
        actor: &Actor,
        seen: SeenDraft<Content>,
        action: Action,
        rules: Option<Content>,
        awaited: Option<AwaitedPublication>,
    ) -> Result<Option<SeenDraft<Content>>, StoreError> {
        let (at, before) = (self.clock.now(), seen.rules());
        let entry = Entry {
            at,
            actor: actor.clone(),
            action,
            about: format!("draft of version {}", seen.latest.head.number + 1),
            before: Some(before.as_file()),
            after: rules.as_ref().map(AsFile::as_file),
        };
        let base = seen.stored.content.as_ref().map_or(seen.latest.head.number, |(base, _)| *base);
        let stored = StoredDraft {
            revision: seen.stored.revision + 1,
            last: Some(Edit { by: actor.clone(), at }),
            content: rules.map(|rules| (base, rules)),
            awaited,
        };
        let is_written = self.store.put_draft(seen.expected(), &stored, &entry).await?;
        Ok(is_written.then_some(SeenDraft { stored, ..seen }))
    }

    /// The version after the latest one that was seen.
    pub(super) fn next(
        &self,
        actor: &Actor,
        seen: &SeenDraft<Content>,
        new: NewVersion<'_, Content>,
    ) -> Version<Content> {
        let NewVersion { rules, produced, note, restored_from } = new;
        let published = Edit { by: actor.clone(), at: self.clock.now() };
        let note = note.trim().chars().take(LONGEST_NOTE).collect();
        let head = VersionHead { number: seen.latest.head.number + 1, published, note, restored_from };
        Version { head, rules, produced }
    }

    /// The entry for a version that comes into force.
    pub(super) fn entry(
        seen: &SeenDraft<Content>,
        version: &Version<Content>,
        action: Action,
        about: String,
    ) -> Entry {
        let Edit { by, at } = version.head.published.clone();
        let (before, after) = (Some(seen.latest.rules.as_file()), Some(version.rules.as_file()));
        Entry { at, actor: by, action, about, before, after }
    }

    /// Writes a version, what is left of the draft and the entry; gives what is left.
    pub(super) async fn commit(
        &self,
        seen: &SeenDraft<Content>,
        version: &Version<Content>,
        draft: Option<(u64, Content)>,
        entry: &Entry,
    ) -> Result<StoredDraft<Content>, ChangeError<Content>> {
        let last = Some(version.head.published.clone());
        let left = StoredDraft { revision: seen.stored.revision + 1, last, content: draft, awaited: None };
        if self.store.publish(seen.expected(), version, &left, entry).await? {
            Ok(left)
        } else {
            Err(self.conflict().await)
        }
    }
}

impl<Content: Clone> SeenDraft<Content> {
    pub(super) fn expected(&self) -> Expected {
        Expected { revision: self.stored.revision, version: self.latest.head.number }
    }

    /// What the draft says.
    pub(super) fn rules(&self) -> &Content {
        self.stored.content.as_ref().map_or(&self.latest.rules, |(_, rules)| rules)
    }

    /// The draft; without one, what is published.
    pub(super) fn into_draft(self) -> Draft<Content> {
        let revision = self.stored.revision;
        match self.stored.content {
            Some((base, rules)) => {
                let (edited, awaited) = (self.stored.last, self.stored.awaited);
                Draft { revision, base, rules, edited, awaited }
            }
            None => {
                let (base, rules) = (self.latest.head.number, self.latest.rules);
                Draft { revision, base, rules, edited: None, awaited: None }
            }
        }
    }

    pub(super) fn conflict(self) -> ChangeError<Content> {
        ChangeError::Conflict { last: self.stored.last.clone(), now: Box::new(self.into_draft()) }
    }
}

/// "version 4, a copy of version 2".
pub(super) fn about(number: u64, restored_from: Option<u64>) -> String {
    let copy = restored_from.map(|from| format!(", a copy of version {from}")).unwrap_or_default();
    format!("version {number}{copy}")
}

/// A file that becomes the first version.
pub(super) struct FirstFile<'a, Content> {
    pub(super) content: &'a Content,
    pub(super) action: Action,
    pub(super) note: &'static str,
}

/// The latest version; on the first start the file becomes version 1.
pub(super) async fn first<Content: MappingContent + AsFile>(
    store: &dyn Mappings<Content>,
    file: FirstFile<'_, Content>,
    now: Timestamp,
) -> Result<Version<Content>, StoreError> {
    let missing = || StoreError::Unavailable("the first version of the mapping is not kept".to_owned());
    if let Some(latest) = store.latest().await? {
        return Ok(latest);
    }
    take(store, file, now).await?;
    // Another gateway may have been faster; what counts is what is there.
    store.latest().await?.ok_or_else(missing)
}

async fn take<Content: MappingContent + AsFile>(
    store: &dyn Mappings<Content>,
    file: FirstFile<'_, Content>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let published = Edit { by: Actor::operator(), at: now };
    let head = VersionHead { number: 1, published, note: file.note.to_owned(), restored_from: None };
    let version = Version { head, rules: file.content.clone(), produced: Default::default() };
    let entry = Entry {
        at: now,
        actor: Actor::operator(),
        action: file.action,
        about: about(1, None),
        before: None,
        after: Some(file.content.as_file()),
    };
    let stored = store.draft().await?;
    let left = StoredDraft { revision: stored.revision + 1, last: None, content: None, awaited: None };
    store.publish(Expected { revision: stored.revision, version: 0 }, &version, &left, &entry).await
}
