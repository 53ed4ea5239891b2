//! The role mapping in the hands of administrators: draft, publication, versions, import and export.
//!
//! Everybody works on one draft, and names the revision that he or she saw. Nobody's work is overwritten unseen.

use std::sync::Arc;

use super::preview::Known;
use super::{Actor, AdminStore};
use crate::adapters::clock::SharedClock;
use crate::adapters::rules_file::Problem;
use crate::adapters::store::StoreError;
use crate::domain::mapping::{Draft, Edit, MappingDiff, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;
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
        todo!()
    }

    /// Writes the draft over the revision that the administrator saw.
    pub async fn save(&self, actor: &Actor, revision: u64, rules: Rules) -> Result<Draft, ChangeError> {
        let _ = (actor, revision, rules);
        todo!()
    }

    /// Writes the draft from the text of a rules file.
    pub async fn import(&self, actor: &Actor, revision: u64, text: &str) -> Result<Draft, ChangeError> {
        let _ = (actor, revision, text);
        todo!()
    }

    /// Throws the draft away; what is published stays.
    pub async fn discard(&self, actor: &Actor, revision: u64) -> Result<Draft, ChangeError> {
        let _ = (actor, revision);
        todo!()
    }

    /// Puts the draft in force, for live sessions too, at once. `despite_lock_out` counts only for emergency access.
    pub async fn publish(
        &self,
        actor: &Actor,
        revision: u64,
        note: &str,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let _ = (actor, revision, note, despite_lock_out, &self.people, &self.admin_roles, &self.clock);
        todo!()
    }

    /// Puts an older version in force again, as a new version. A draft that was under way is kept.
    pub async fn restore(
        &self,
        actor: &Actor,
        number: u64,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let _ = (actor, number, despite_lock_out);
        todo!()
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
        let _ = which;
        todo!()
    }

    /// How two of them differ.
    pub async fn compare(&self, before: Which, after: Which) -> Result<MappingDiff, ChangeError> {
        Ok(MappingDiff::between(&self.rules(before).await?, &self.rules(after).await?))
    }

    /// One of them as a rules file.
    pub async fn export(&self, which: Which) -> Result<String, ChangeError> {
        let _ = which;
        todo!()
    }

    /// Puts in force what another gateway, or a publication under way here, has written.
    pub async fn follow(&self) -> Result<(), StoreError> {
        todo!()
    }
}

pub(super) async fn first(
    store: &dyn AdminStore,
    file: &Rules,
    now: Timestamp,
) -> Result<Published, StoreError> {
    let _ = (store, file, now);
    todo!()
}
