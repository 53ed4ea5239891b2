//! The audit log: writing down, looking through, taking home.

use std::sync::Arc;

use super::{Actor, AdminStore};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::domain::audit::{Action, Entry, Filter, Kept};

/// Entries on one page.
pub const PAGE: usize = 50;

/// A page of the log, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Kept>,
    /// Ask for the next page before this number. `None`: this is the last one.
    pub next: Option<u64>,
}

/// Who did what.
pub struct Audit {
    store: Arc<dyn AdminStore>,
    clock: SharedClock,
}

impl Audit {
    pub(super) fn new(store: Arc<dyn AdminStore>, clock: SharedClock) -> Audit {
        Audit { store, clock }
    }

    /// Writes down what somebody has done now. Do it before the thing is done: what cannot be written down does not happen.
    pub async fn record(
        &self,
        actor: &Actor,
        action: Action,
        about: impl Into<String> + Send,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(), StoreError> {
        let entry =
            Entry { at: self.clock.now(), actor: actor.clone(), action, about: about.into(), before, after };
        self.store.append(&entry).await
    }

    /// The wanted entries before a number, newest first. `None`: from the newest on.
    pub async fn list(&self, filter: &Filter, before: Option<u64>) -> Result<Page, StoreError> {
        let _ = (filter, before, &self.store);
        todo!()
    }

    /// All wanted entries as comma-separated values (RFC 4180), newest first, at most 100,000.
    pub async fn download(&self, filter: &Filter) -> Result<String, StoreError> {
        let _ = filter;
        todo!()
    }
}
