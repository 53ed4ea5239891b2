//! What the operations listener asks of a running gateway: whether it is ready, and its figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapters::BoxFuture;
use crate::adapters::budget::Budget;
use crate::adapters::store::Store;
use crate::flows::refresh::Refresh;
use crate::flows::sign_in::SignIn;
use crate::telemetry::metrics::{self, Levels};
use crate::web::operations::{Operations, Unready};
use crate::web::proxy::Gate;

/// What the operations listener asks.
pub(super) struct Watch {
    pub(super) store: Arc<dyn Store>,
    pub(super) gate: Arc<Gate>,
    pub(super) budget: Arc<Budget>,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) refresh: Arc<Refresh>,
    pub(super) draining: Arc<AtomicBool>,
}

impl Operations for Watch {
    fn unready(&self) -> BoxFuture<'_, Vec<Unready>> {
        Box::pin(async {
            let draining = self.draining.load(Ordering::Acquire).then_some(Unready::Draining);
            let store = self.store.ping().await.err().map(|error| Unready::Store(error.to_string()));
            draining.into_iter().chain(store).collect()
        })
    }

    fn metrics(&self) -> String {
        let levels = Levels { sessions: self.gate.visits.count(), ams: self.budget.used() };
        metrics::page(&levels, |registry| {
            self.gate.meter.register(registry);
            self.sign_in.tally.register(registry, "membergate_sign_ins", "Returns from the login, by ending");
            self.refresh.tally.register(registry, "membergate_refreshes", "Records read anew, by ending");
        })
    }
}
