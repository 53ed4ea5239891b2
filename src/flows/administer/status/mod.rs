//! How the gateway does: the AMS, the budget of calls, the store, the mapping, and when the certificate ends.

pub(crate) mod directory;
pub(crate) mod environment;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::adapters::ams::catalogue::{AmsCatalogue, AmsStatus};
use crate::adapters::budget::{Budget, Usage};
use crate::adapters::store::{Store, StoreError};
use crate::domain::time::Timestamp;
use crate::flows::directory::{DirectoryStatus, DirectoryUpdater};
use crate::flows::person::PublishedRules;
use crate::flows::resealing::ResealProgress;

/// What the status page shows.
#[derive(Debug, Clone)]
pub struct Status {
    /// This release.
    pub release: &'static str,
    /// The environment that people sign in with, and how the AMS did lately.
    pub ams: AmsStatus,
    /// The other one that is configured, if there is one.
    pub standby: Option<Arc<str>>,
    /// Calls used of the budget.
    pub budget: Usage,
    /// Whether the store answers.
    pub store: Result<(), StoreError>,
    /// Values in it that are still sealed with an older key.
    pub sealed_with_older: u64,
    /// People whose records we hold; `None`: the store does not say.
    pub known: Option<usize>,
    /// How it stands with the directory.
    pub directory: DirectoryStatus,
    /// The number of the mapping in force.
    pub mapping: u64,
    /// When the listener's certificate ends; `None`: something in front ends TLS.
    pub certificate_ends: Option<Timestamp>,
}

/// Where all of that is asked.
pub struct StatusReader {
    pub(in crate::flows::administer) ams: Arc<dyn AmsCatalogue>,
    pub(in crate::flows::administer) environment: Arc<str>,
    pub(in crate::flows::administer) standby: Option<Arc<str>>,
    pub(in crate::flows::administer) budget: Arc<Budget>,
    pub(in crate::flows::administer) store: Arc<dyn Store>,
    pub(in crate::flows::administer) resealing: Arc<ResealProgress>,
    pub(in crate::flows::administer) rules: PublishedRules,
    pub(in crate::flows::administer) updater: Arc<DirectoryUpdater>,
    pub(in crate::flows::administer) certificate_ends: ArcSwapOption<Timestamp>,
}

impl StatusReader {
    /// Takes over when the listener's certificate ends, at the start and at each reload.
    pub fn set_certificate_end(&self, ends: Option<Timestamp>) {
        self.certificate_ends.store(ends.map(Arc::new));
    }

    /// How things stand now. Makes no call to the AMS.
    pub async fn status(&self) -> Status {
        Status {
            release: env!("CARGO_PKG_VERSION"),
            ams: self.ams.status(),
            standby: self.standby.clone(),
            budget: self.budget.used(),
            store: self.store.ping().await,
            sealed_with_older: self.resealing.left(),
            known: self.store.count_records(&self.environment).await.ok(),
            directory: self.updater.status(),
            mapping: self.rules.load().version,
            certificate_ends: self.certificate_ends.load().as_deref().copied(),
        }
    }
}
