//! The role mapping in the hands of administrators: draft, publication, versions, import and export.
//!
//! Everybody works on one draft, and names the revision that he or she saw. Nobody's work is overwritten unseen.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::known::Known;
use super::{Actor, AdminStore, Door};
use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file::{self, Problem};
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::{Expected, StoredDraft};
use crate::domain::audit::{Action, Entry};
use crate::domain::mapping::{Draft, Edit, MappingDiff, Version, VersionHead};
use crate::domain::roles;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;
use crate::flows::person::{Published, PublishedRules};

/// The longest text that is read as a rules file, in bytes.
pub const LONGEST_IMPORT: usize = 1 << 20;

/// The longest note that is kept with a version, in characters.
const LONGEST_NOTE: usize = 500;

/// Why a change of the mapping was refused. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else was faster. The draft as it is now is there, so that both can be compared.
    #[error("the draft was changed meanwhile")]
    Conflict {
        /// Who, and when. `None`: it is not known any more.
        last: Option<Edit>,
        /// What there is now.
        now: Box<Draft>,
    },
    /// The rules cannot be used: every problem, with its place in the rules file.
    #[error("the rules have {} problems", .0.len())]
    Refused(Vec<Problem>),
    /// Nobody that we know could enter administration any more.
    #[error("nobody who is known would hold a role that lets into administration")]
    LockOut,
    /// The draft says what is published already.
    #[error("nothing differs from what is published")]
    Unchanged,
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(u64),
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The draft.
    Draft,
    /// What is in force.
    Published,
    /// A version.
    Version(u64),
}

/// The role mapping.
pub struct Mapping {
    store: Arc<dyn AdminStore>,
    rules: PublishedRules,
    people: Known,
    admin_roles: Arc<[Role]>,
    clock: SharedClock,
}

impl Mapping {
    pub(super) fn new(
        store: Arc<dyn AdminStore>,
        rules: PublishedRules,
        people: Known,
        admin_roles: Arc<[Role]>,
        clock: SharedClock,
    ) -> Mapping {
        Mapping { store, rules, people, admin_roles, clock }
    }

    /// What is in force.
    pub fn published(&self) -> Arc<Published> {
        self.rules.load_full()
    }

    /// The draft; without one, what is published.
    pub async fn draft(&self) -> Result<Draft, StoreError> {
        Ok(self.seen().await?.into_draft())
    }

    /// Writes the draft over the revision that the administrator saw.
    pub async fn save(&self, actor: &Actor, revision: u64, rules: Rules) -> Result<Draft, ChangeError> {
        self.write(actor, revision, Action::DraftSaved, Some(sound(rules)?)).await
    }

    /// Writes the draft from the text of a rules file.
    pub async fn import(&self, actor: &Actor, revision: u64, text: &str) -> Result<Draft, ChangeError> {
        if text.len() > LONGEST_IMPORT {
            let what = format!("the file is longer than {LONGEST_IMPORT} bytes");
            return Err(ChangeError::Refused(vec![Problem::at("", 0, what, "Choose a rules file")]));
        }
        let rules = rules_file::parse(text).map_err(ChangeError::Refused)?;
        self.write(actor, revision, Action::DraftImported, Some(rules)).await
    }

    /// Throws the draft away; what is published stays.
    pub async fn discard(&self, actor: &Actor, revision: u64) -> Result<Draft, ChangeError> {
        self.write(actor, revision, Action::DraftDiscarded, None).await
    }

    /// Puts the draft in force, for live sessions too, at once. `despite_lock_out` counts only for emergency access.
    pub async fn publish(
        &self,
        actor: &Actor,
        revision: u64,
        note: &str,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let seen = self.seen_at(revision).await?;
        let Some((_, rules)) = seen.stored.content.clone() else { return Err(ChangeError::Unchanged) };
        self.put_in_force(Publication { actor, seen, rules, note, restored_from: None, despite_lock_out })
            .await
    }

    /// Puts an older version in force again, as a new version. A draft that was under way is kept.
    pub async fn restore(
        &self,
        actor: &Actor,
        number: u64,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let seen = self.seen().await?;
        let rules = self.rules(Which::Version(number)).await?;
        let restored_from = Some(number);
        self.put_in_force(Publication { actor, seen, rules, note: "", restored_from, despite_lock_out }).await
    }

    /// Every version, newest first.
    pub async fn versions(&self) -> Result<Vec<VersionHead>, StoreError> {
        self.store.versions().await
    }

    /// One version. `None`: there is none of this number.
    pub async fn version(&self, number: u64) -> Result<Option<Version>, StoreError> {
        self.store.version(number).await
    }

    /// The rules of one of them.
    pub async fn rules(&self, which: Which) -> Result<Rules, ChangeError> {
        match which {
            Which::Draft => Ok(self.draft().await?.rules),
            Which::Published => Ok(self.published().rules.clone()),
            Which::Version(number) => {
                let version = self.store.version(number).await?;
                version.map(|version| version.rules).ok_or(ChangeError::NoVersion(number))
            }
        }
    }

    /// How two of them differ.
    pub async fn compare(&self, before: Which, after: Which) -> Result<MappingDiff, ChangeError> {
        Ok(MappingDiff::between(&self.rules(before).await?, &self.rules(after).await?))
    }

    /// One of them as a rules file.
    pub async fn export(&self, which: Which) -> Result<String, ChangeError> {
        Ok(rules_file::print(&self.rules(which).await?))
    }

    /// Puts in force what another gateway has published. Whoever hears of that, or has not heard for long, calls this.
    pub async fn follow(&self) -> Result<(), StoreError> {
        if let Some(version) = self.store.latest().await? {
            self.swap(version);
        }
        Ok(())
    }

    /// The only place that changes the mapping in force. Versions only move forward, whoever comes first.
    fn swap(&self, version: Version) {
        let anew = Arc::new(Published { version: version.head.number, rules: version.rules });
        self.rules.rcu(|held| Arc::clone(if held.version < anew.version { &anew } else { held }));
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        // The draft first: should a publication come between, its revision is old, and nothing can be written over it.
        let stored = self.store.draft().await?;
        let latest = self.store.latest().await?;
        let missing = || StoreError::Unavailable("there is no version of the role mapping".to_owned());
        Ok(Seen { stored, latest: latest.ok_or_else(missing)? })
    }

    async fn seen_at(&self, revision: u64) -> Result<Seen, ChangeError> {
        let seen = self.seen().await?;
        if seen.stored.revision == revision { Ok(seen) } else { Err(seen.conflict()) }
    }

    async fn conflict(&self) -> ChangeError {
        self.seen().await.map_or_else(ChangeError::Store, Seen::conflict)
    }

    async fn write(
        &self,
        actor: &Actor,
        revision: u64,
        action: Action,
        rules: Option<Rules>,
    ) -> Result<Draft, ChangeError> {
        let seen = self.seen_at(revision).await?;
        let (at, before) = (self.clock.now(), seen.rules());
        let entry = Entry {
            at,
            actor: actor.clone(),
            action,
            about: format!("draft of version {}", seen.latest.head.number + 1),
            before: Some(rules_file::print(before)),
            after: rules.as_ref().map(rules_file::print),
        };
        let base = seen.stored.content.as_ref().map_or(seen.latest.head.number, |(base, _)| *base);
        let stored = StoredDraft {
            revision: revision + 1,
            last: Some(Edit { by: actor.clone(), at }),
            content: rules.map(|rules| (base, rules)),
        };
        if !self.store.put_draft(seen.expected(), &stored, &entry).await? {
            return Err(self.conflict().await);
        }
        Ok(Seen { stored, ..seen }.into_draft())
    }

    async fn put_in_force(&self, publication: Publication<'_>) -> Result<VersionHead, ChangeError> {
        let Publication { actor, seen, rules, note, restored_from, despite_lock_out } = publication;
        if rules == seen.latest.rules {
            return Err(ChangeError::Unchanged);
        }
        let locks_out = self.locks_out(&rules).await?;
        if locks_out && !(despite_lock_out && actor.door == Door::BreakGlass) {
            return Err(ChangeError::LockOut);
        }
        let published = Edit { by: actor.clone(), at: self.clock.now() };
        let number = seen.latest.head.number + 1;
        let note = note.trim().chars().take(LONGEST_NOTE).collect();
        let entry = Entry {
            at: published.at,
            actor: actor.clone(),
            action: if restored_from.is_some() { Action::Restored } else { Action::Published },
            about: about(number, restored_from, locks_out),
            before: Some(rules_file::print(&seen.latest.rules)),
            after: Some(rules_file::print(&rules)),
        };
        let left = StoredDraft {
            revision: seen.stored.revision + 1,
            last: Some(published.clone()),
            content: restored_from.and(seen.stored.content.clone()),
        };
        let version = Version { head: VersionHead { number, published, note, restored_from }, rules };
        if !self.store.publish(seen.expected(), &version, &left, &entry).await? {
            return Err(self.conflict().await);
        }
        let head = version.head.clone();
        self.swap(version);
        Ok(head)
    }

    /// Whether nobody that we know could enter administration under these rules.
    async fn locks_out(&self, rules: &Rules) -> Result<bool, StoreError> {
        let (rules, roles, now) = (rules.clone(), Arc::clone(&self.admin_roles), self.clock.now());
        let look = move |record: Result<_, _>, found: &mut bool| {
            let Ok(record) = record else { return ControlFlow::Continue(()) };
            let decision = roles::decide(&record, &rules, now);
            *found |= decision.admitted && decision.holds_any_of(&roles);
            if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = self.people.scan(Arc::new(look), Arc::default()).await?;
        Ok(!found.contains(&true))
    }
}

/// A mapping on its way into force.
struct Publication<'a> {
    actor: &'a Actor,
    seen: Seen,
    rules: Rules,
    note: &'a str,
    restored_from: Option<u64>,
    despite_lock_out: bool,
}

/// What was in the store when somebody looked.
struct Seen {
    stored: StoredDraft,
    latest: Version,
}

impl Seen {
    fn expected(&self) -> Expected {
        Expected { revision: self.stored.revision, version: self.latest.head.number }
    }

    fn rules(&self) -> &Rules {
        self.stored.content.as_ref().map_or(&self.latest.rules, |(_, rules)| rules)
    }

    fn into_draft(self) -> Draft {
        let revision = self.stored.revision;
        match self.stored.content {
            Some((base, rules)) => Draft { revision, base, rules, edited: self.stored.last },
            None => Draft { revision, base: self.latest.head.number, rules: self.latest.rules, edited: None },
        }
    }

    fn conflict(self) -> ChangeError {
        ChangeError::Conflict { last: self.stored.last.clone(), now: Box::new(self.into_draft()) }
    }
}

fn about(number: u64, restored_from: Option<u64>, locks_out: bool) -> String {
    let copy = restored_from.map(|from| format!(", a copy of version {from}")).unwrap_or_default();
    let warning = if locks_out { ", although nobody known can enter administration" } else { "" };
    format!("version {number}{copy}{warning}")
}

/// Rules that a rules file can hold. Whatever a form makes is held to the same standard.
fn sound(rules: Rules) -> Result<Rules, ChangeError> {
    let text = rules_file::print(&rules);
    let read = rules_file::parse(&text).map_err(ChangeError::Refused)?;
    if read == rules {
        return Ok(rules);
    }
    let what = "the rules cannot be written as a rules file";
    Err(ChangeError::Refused(vec![Problem::at(
        "",
        0,
        what,
        "Remove unusual characters from names and values",
    )]))
}

/// The latest version; on the first start the rules file becomes version 1.
pub(super) async fn first(
    store: &dyn AdminStore,
    file: &Rules,
    now: Timestamp,
) -> Result<Published, StoreError> {
    let missing = || StoreError::Unavailable("the first version of the role mapping is not kept".to_owned());
    let latest = match store.latest().await? {
        Some(latest) => latest,
        None => {
            take(store, file, now).await?;
            // Another gateway may have been faster; what counts is what is there.
            store.latest().await?.ok_or_else(missing)?
        }
    };
    Ok(Published { version: latest.head.number, rules: latest.rules })
}

async fn take(store: &dyn AdminStore, file: &Rules, now: Timestamp) -> Result<bool, StoreError> {
    let published = Edit { by: Actor::operator(), at: now };
    let note = "Taken from the rules file at the first start".to_owned();
    let head = VersionHead { number: 1, published, note, restored_from: None };
    let version = Version { head, rules: file.clone() };
    let entry = Entry {
        at: now,
        actor: Actor::operator(),
        action: Action::RulesFileTaken,
        about: about(1, None, false),
        before: None,
        after: Some(rules_file::print(file)),
    };
    let stored = store.draft().await?;
    let left = StoredDraft { revision: stored.revision + 1, last: None, content: None };
    store.publish(Expected { revision: stored.revision, version: 0 }, &version, &left, &entry).await
}
