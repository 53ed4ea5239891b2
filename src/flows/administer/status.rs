//! How the gateway does: the AMS, the budget of calls, the store, the mapping, and when the certificate ends.

use std::sync::Arc;

use crate::adapters::ams::re_members::{AmsStatus, ReMembers};
use crate::adapters::budget::{Budget, Usage};
use crate::adapters::store::known::KnownPeople;
use crate::adapters::store::{Store, StoreError};
use crate::domain::time::Timestamp;
use crate::flows::person::PublishedRules;

/// What the status page shows.
#[derive(Debug, Clone)]
pub struct Status {
    /// This release.
    pub release: &'static str,
    /// The live environment, and how the AMS did lately. `None`: an AMS that keeps no such history.
    pub ams: Option<AmsStatus>,
    /// The environment that people sign in with.
    pub environment: Arc<str>,
    /// The other one that is configured, if there is one. Only the configuration and a restart switch them.
    pub standby: Option<Arc<str>>,
    /// Calls used of the budget.
    pub budget: Usage,
    /// Whether the store answers.
    pub store: Result<(), StoreError>,
    /// People whose records we hold; `None`: the store does not say.
    pub known: Option<usize>,
    /// The number of the mapping in force.
    pub mapping: u64,
    /// When the listener's certificate ends; `None`: something in front ends TLS.
    pub certificate_ends: Option<Timestamp>,
}

/// What does not change while the gateway runs, and where the rest is asked.
pub struct Overview {
    /// The client of the live environment.
    pub ams: Option<Arc<ReMembers>>,
    /// The live environment.
    pub environment: Arc<str>,
    /// The other one.
    pub standby: Option<Arc<str>>,
    /// The budget that every call draws on.
    pub budget: Arc<Budget>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Whose records we hold.
    pub known: Arc<dyn KnownPeople>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// When the certificate ends; a reload sets it anew.
    pub certificate_ends: arc_swap::ArcSwapOption<Timestamp>,
}

impl Overview {
    /// How things stand now. Makes no call to the AMS.
    pub async fn status(&self) -> Status {
        Status {
            release: env!("CARGO_PKG_VERSION"),
            ams: self.ams.as_ref().map(|ams| ams.status()),
            environment: Arc::clone(&self.environment),
            standby: self.standby.clone(),
            budget: self.budget.used(),
            store: self.store.ping().await,
            known: self.known.count(&self.environment).await.ok(),
            mapping: self.rules.load().version,
            certificate_ends: self.certificate_ends.load().as_deref().copied(),
        }
    }
}
