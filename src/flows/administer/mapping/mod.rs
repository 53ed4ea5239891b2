//! The role mapping in the hands of administrators: draft, versions, import and export. How it comes into force is in `versions`.
//!
//! Everybody works on one draft. Whoever changes it as a whole names the revision that he or she saw; whoever changes one part names
//! that part as it was. Nobody's work is overwritten unseen.

pub(crate) mod catalogue;

use std::sync::Arc;

use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file;
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::{Expected, Mappings, StoredDraft};
use crate::adapters::toml_reading::Problem;
use crate::domain::audit::{Action, Entry};
use crate::domain::faults::MappingFault;
use crate::domain::mapping::{AwaitedPublication, Draft, Edit, MappingDiff, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::flows::administer::Actor;
use crate::flows::administer::known::Known;
use crate::flows::person::{Published, PublishedRules};

/// The longest text that is read as a rules file, in bytes.
pub const LONGEST_IMPORT: usize = 1 << 20;

/// How often an edit of one part is tried again when somebody else saves another part at the same moment.
const EDIT_ATTEMPTS: usize = 8;

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
    /// The rules file cannot be used: every problem, with its place.
    #[error("the rules file has {} problems", .0.len())]
    Refused(Vec<Problem>),
    /// The rules cannot be used: everything that makes them unsound.
    #[error("the rules have {} faults", .0.len())]
    Unsound(Vec<MappingFault>),
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
    pub(in crate::flows::administer) store: Arc<dyn Mappings>,
    rules: PublishedRules,
    pub(in crate::flows::administer) people: Known,
    pub(in crate::flows::administer) admin_roles: Arc<[Role]>,
    pub(in crate::flows::administer) clock: SharedClock,
}

impl Mapping {
    pub(in crate::flows::administer) fn new(
        store: Arc<dyn Mappings>,
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

    /// Changes one part of the draft as it is now, whoever else changed another part since the administrator's page was made.
    /// `change` gives the new rules; `None` where the part to change is no longer as the administrator saw it, which is a
    /// conflict. The answer is `None` where nothing differs.
    pub async fn edit(
        &self,
        actor: &Actor,
        change: impl Fn(&Rules) -> Option<Rules>,
    ) -> Result<Option<Draft>, ChangeError> {
        for _ in 0..EDIT_ATTEMPTS {
            let seen = self.seen().await?;
            let Some(rules) = change(seen.rules()) else { return Err(seen.conflict()) };
            if rules == *seen.rules() {
                return Ok(None);
            }
            let draft = self.put(actor, seen, Action::DraftSaved, Some(sound(rules)?), None).await?;
            if draft.is_some() {
                return Ok(draft);
            }
        }
        Err(self.conflict().await)
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
    pub(in crate::flows::administer) fn swap(&self, version: Version) {
        let again = Arc::new(Published::from(version));
        self.rules.rcu(|held| Arc::clone(if held.version < again.version { &again } else { held }));
    }

    pub(in crate::flows::administer) async fn seen(&self) -> Result<SeenDraft, StoreError> {
        // The draft first: should a publication come between, its revision is old, and nothing can be written over it.
        let stored = self.store.draft().await?;
        let latest = self.store.latest().await?;
        let missing = || StoreError::Unavailable("there is no version of the role mapping".to_owned());
        Ok(SeenDraft { stored, latest: latest.ok_or_else(missing)? })
    }

    pub(in crate::flows::administer) async fn seen_at(
        &self,
        revision: u64,
    ) -> Result<SeenDraft, ChangeError> {
        let seen = self.seen().await?;
        if seen.stored.revision == revision { Ok(seen) } else { Err(seen.conflict()) }
    }

    pub(in crate::flows::administer) async fn conflict(&self) -> ChangeError {
        self.seen().await.map_or_else(ChangeError::Store, SeenDraft::conflict)
    }

    async fn write(
        &self,
        actor: &Actor,
        revision: u64,
        action: Action,
        rules: Option<Rules>,
    ) -> Result<Draft, ChangeError> {
        let seen = self.seen_at(revision).await?;
        match self.put(actor, seen, action, rules, None).await? {
            Some(draft) => Ok(draft),
            None => Err(self.conflict().await),
        }
    }

    /// Writes over what was seen. `None`: somebody else was faster.
    pub(in crate::flows::administer) async fn put(
        &self,
        actor: &Actor,
        seen: SeenDraft,
        action: Action,
        rules: Option<Rules>,
        awaited: Option<AwaitedPublication>,
    ) -> Result<Option<Draft>, ChangeError> {
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
            revision: seen.stored.revision + 1,
            last: Some(Edit { by: actor.clone(), at }),
            content: rules.map(|rules| (base, rules)),
            awaited,
        };
        if !self.store.put_draft(seen.expected(), &stored, &entry).await? {
            return Ok(None);
        }
        self.look_ahead(&stored);
        Ok(Some(SeenDraft { stored, ..seen }.into_draft()))
    }
}

/// What was in the store when somebody looked.
pub(in crate::flows::administer) struct SeenDraft {
    pub(in crate::flows::administer) stored: StoredDraft,
    pub(in crate::flows::administer) latest: Version,
}

impl SeenDraft {
    pub(in crate::flows::administer) fn expected(&self) -> Expected {
        Expected { revision: self.stored.revision, version: self.latest.head.number }
    }

    fn rules(&self) -> &Rules {
        self.stored.content.as_ref().map_or(&self.latest.rules, |(_, rules)| rules)
    }

    fn into_draft(self) -> Draft {
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

    pub(in crate::flows::administer) fn conflict(self) -> ChangeError {
        ChangeError::Conflict { last: self.stored.last.clone(), now: Box::new(self.into_draft()) }
    }
}

fn sound(rules: Rules) -> Result<Rules, ChangeError> {
    let faults = rules.faults();
    if faults.is_empty() { Ok(rules) } else { Err(ChangeError::Unsound(faults)) }
}
