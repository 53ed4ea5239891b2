//! Whom the draft would affect: every known person is decided twice, in the background, with progress.

use std::sync::Arc;

use super::AdminStore;
use super::mapping::Mapping;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::domain::access::Require;
use crate::domain::preview::Preview;
use crate::domain::rule::Role;
use crate::domain::time::Timestamp;

/// Everybody whose record is held in one AMS environment.
#[derive(Clone)]
pub struct Known {
    pub(super) store: Arc<dyn AdminStore>,
    pub(super) environment: Arc<str>,
}

/// How far a preview is.
#[derive(Debug, Clone)]
pub enum PreviewState {
    /// Some people have been looked at.
    Running {
        /// So many.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// All have.
    Done(Arc<Previewed>),
    /// It could not be finished. Asking again begins again.
    Failed(StoreError),
    /// The draft is at another revision by now; ask for that one.
    Outdated {
        /// The draft's revision.
        revision: u64,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// The draft's revision.
    pub revision: u64,
    /// The published version that it is compared with.
    pub version: u64,
    /// The instant for which everybody was decided.
    pub at: Timestamp,
    /// The answer.
    pub preview: Preview,
}

/// Previews, one at a time; the latest answer is kept.
pub struct Previews {
    mapping: Arc<Mapping>,
    people: Known,
    requirements: Arc<[Require]>,
    admin_roles: Arc<[Role]>,
    clock: SharedClock,
}

impl Previews {
    pub(super) fn new(
        mapping: Arc<Mapping>,
        people: Known,
        requirements: Vec<Require>,
        admin_roles: Arc<[Role]>,
        clock: SharedClock,
    ) -> Previews {
        Previews { mapping, people, requirements: requirements.into(), admin_roles, clock }
    }

    /// How far the preview of a revision of the draft is; begins it when it is asked for first.
    pub async fn preview(&self, revision: u64) -> Result<PreviewState, StoreError> {
        let _ = (revision, &self.mapping, &self.people, &self.requirements, &self.admin_roles, &self.clock);
        todo!()
    }

    /// Stops the preview that is under way, and forgets the answer.
    pub fn cancel(&self) {}

    /// Takes over what pages ask for, when the settings were read anew.
    pub fn set_requirements(&self, requirements: impl IntoIterator<Item = Require>) {
        let _ = requirements.into_iter().count();
    }

    /// Ends what runs, for good.
    pub async fn close(&self) {}
}
