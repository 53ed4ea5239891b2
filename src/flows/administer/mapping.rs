//! The role mapping in the hands of administrators: draft, versions, import and export. How it comes into force is in `publish`.
//!
//! Everybody works on one draft, and names the revision that he or she saw. Nobody's work is overwritten unseen.

use std::sync::Arc;

use super::known::Known;
use super::{Actor, AdminStore};
use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file::{self, Problem};
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::{Expected, StoredDraft};
use crate::domain::audit::{Action, Entry};
use crate::domain::mapping::{Draft, Edit, MappingDiff, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::flows::person::{Published, PublishedRules};

/// The longest text that is read as a rules file, in bytes.
pub const LONGEST_IMPORT: usize = 1 << 20;

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
    pub(super) store: Arc<dyn AdminStore>,
    rules: PublishedRules,
    pub(super) people: Known,
    pub(super) admin_roles: Arc<[Role]>,
    pub(super) clock: SharedClock,
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
    pub(super) fn swap(&self, version: Version) {
        let anew = Arc::new(Published::new(version.head.number, version.rules));
        self.rules.rcu(|held| Arc::clone(if held.version < anew.version { &anew } else { held }));
    }

    pub(super) async fn seen(&self) -> Result<Seen, StoreError> {
        // The draft first: should a publication come between, its revision is old, and nothing can be written over it.
        let stored = self.store.draft().await?;
        let latest = self.store.latest().await?;
        let missing = || StoreError::Unavailable("there is no version of the role mapping".to_owned());
        Ok(Seen { stored, latest: latest.ok_or_else(missing)? })
    }

    pub(super) async fn seen_at(&self, revision: u64) -> Result<Seen, ChangeError> {
        let seen = self.seen().await?;
        if seen.stored.revision == revision { Ok(seen) } else { Err(seen.conflict()) }
    }

    pub(super) async fn conflict(&self) -> ChangeError {
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
}

/// What was in the store when somebody looked.
pub(super) struct Seen {
    pub(super) stored: StoredDraft,
    pub(super) latest: Version,
}

impl Seen {
    pub(super) fn expected(&self) -> Expected {
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

    pub(super) fn conflict(self) -> ChangeError {
        ChangeError::Conflict { last: self.stored.last.clone(), now: Box::new(self.into_draft()) }
    }
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
