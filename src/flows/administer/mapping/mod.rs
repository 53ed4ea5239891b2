//! The role mapping in the hands of administrators: draft, versions, import and export. How it comes into force is in `versions`.
//!
//! Everybody works on one draft. Whoever changes it as a whole names the revision that he or she saw; whoever changes one part names
//! that part as it was. Nobody's work is overwritten unseen.

pub(crate) mod catalogue;

use std::sync::Arc;

use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file;
use crate::adapters::store::mappings::{Mappings, RoleLists};
use crate::adapters::store::{Store, StoreError};
use crate::adapters::toml_reading::Problem;
use crate::domain::audit::Action;
use crate::domain::mapping::{AwaitedPublication, Draft, MappingDiff, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::flows::administer::Actor;
use crate::flows::administer::drafts::{AsFile as _, Drafts, SeenDraft};
use crate::flows::administer::known::Known;
use crate::flows::person::{Published, PublishedRules};

pub use crate::flows::administer::change::ChangeError;

/// The longest text that is read as a rules file, in bytes.
pub const LONGEST_IMPORT: usize = 1 << 20;

/// How often an edit of one part is tried again when somebody else saves another part at the same moment.
pub(super) const EDIT_ATTEMPTS: usize = 8;

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
    pub(in crate::flows::administer) drafts: Drafts<Rules>,
    pub(in crate::flows::administer) lists: Arc<dyn RoleLists>,
    rules: PublishedRules,
    pub(in crate::flows::administer) people: Known,
    pub(in crate::flows::administer) admin_roles: Arc<[Role]>,
    pub(in crate::flows::administer) clock: SharedClock,
}

impl Mapping {
    pub(in crate::flows::administer) fn new(
        store: Arc<dyn Store>,
        rules: PublishedRules,
        people: Known,
        admin_roles: Arc<[Role]>,
        clock: SharedClock,
    ) -> Mapping {
        let mappings: Arc<dyn Mappings<Rules>> = store.clone();
        let drafts = Drafts { store: mappings, clock: Arc::clone(&clock) };
        Mapping { drafts, lists: store, rules, people, admin_roles, clock }
    }

    /// What is in force.
    pub fn published(&self) -> Arc<Published> {
        self.rules.load_full()
    }

    /// The draft; without one, what is published.
    pub async fn draft(&self) -> Result<Draft, StoreError> {
        Ok(self.drafts.seen().await?.into_draft())
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
            let seen = self.drafts.seen().await?;
            let Some(rules) = change(seen.rules()) else { return Err(seen.conflict()) };
            if rules == *seen.rules() {
                return Ok(None);
            }
            let draft = self.put(actor, seen, Action::DraftSaved, Some(sound(rules)?), None).await?;
            if draft.is_some() {
                return Ok(draft);
            }
        }
        Err(self.drafts.conflict().await)
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
        self.drafts.store.versions().await
    }

    /// The rules of one of them.
    pub async fn rules(&self, which: Which) -> Result<Rules, ChangeError> {
        match which {
            Which::Draft => Ok(self.draft().await?.rules),
            Which::Published => Ok(self.published().rules.clone()),
            Which::Version(number) => self.drafts.of_version(number).await,
        }
    }

    /// How two of them differ.
    pub async fn compare(&self, before: Which, after: Which) -> Result<MappingDiff, ChangeError> {
        Ok(MappingDiff::between(&self.rules(before).await?, &self.rules(after).await?))
    }

    /// One of them as a rules file.
    pub async fn export(&self, which: Which) -> Result<String, ChangeError> {
        Ok(self.rules(which).await?.as_file())
    }

    /// Puts in force what another gateway has published. Whoever hears of that, or has not heard for long, calls this.
    pub async fn follow(&self) -> Result<(), StoreError> {
        if let Some(version) = self.drafts.store.latest().await? {
            self.swap(version);
        }
        Ok(())
    }

    /// The only place that changes the mapping in force. Versions only move forward, whoever comes first.
    pub(in crate::flows::administer) fn swap(&self, version: Version) {
        let again = Arc::new(Published::from(version));
        self.rules.rcu(|held| Arc::clone(if held.version < again.version { &again } else { held }));
    }

    async fn write(
        &self,
        actor: &Actor,
        revision: u64,
        action: Action,
        rules: Option<Rules>,
    ) -> Result<Draft, ChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        match self.put(actor, seen, action, rules, None).await? {
            Some(draft) => Ok(draft),
            None => Err(self.drafts.conflict().await),
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
        let Some(written) = self.drafts.put(actor, seen, action, rules, awaited).await? else {
            return Ok(None);
        };
        self.look_ahead(&written.stored);
        Ok(Some(written.into_draft()))
    }
}

fn sound(rules: Rules) -> Result<Rules, ChangeError> {
    let faults = rules.faults();
    if faults.is_empty() { Ok(rules) } else { Err(ChangeError::Unsound(faults)) }
}
