//! What the operations listener asks of a running gateway: whether it is ready, and its figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;

use crate::adapters::BoxFuture;
use crate::adapters::ams::catalogue::AmsCatalogue;
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::deliveries::DeliveryCounts;
use crate::adapters::store::{Store, StoreError};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::flows::deliveries::Deliverer;
use crate::flows::directory::{DirectoryStatus, DirectoryUpdater};
use crate::flows::refresh::Refresh;
use crate::flows::resealing::ResealProgress;
use crate::flows::sign_in::SignIn;
use crate::telemetry::metrics::{self, DeliveryLevels, DirectoryLevels, Levels};
use crate::web::operations::{Operations, Unready};
use crate::web::proxy::Gate;

/// A store that needs longer is not ready, and how many messages wait is left out of the figures.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the operations listener asks.
pub(super) struct OperatorView {
    pub(super) store: Arc<dyn Store>,
    pub(super) resealing: Arc<ResealProgress>,
    pub(super) gate: Arc<Gate>,
    pub(super) ams: Arc<dyn AmsCatalogue>,
    pub(super) budget: Arc<Budget>,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) refresh: Arc<Refresh>,
    pub(super) directory: Arc<DirectoryUpdater>,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) clock: SharedClock,
    /// When the listener's certificate ends; nothing: something in front ends TLS.
    pub(super) certificate_end: ArcSwapOption<Timestamp>,
    pub(super) reloads_refused: Counter,
    pub(super) draining: AtomicBool,
}

impl Operations for OperatorView {
    fn unready(&self) -> BoxFuture<'_, Vec<Unready>> {
        Box::pin(async {
            let draining = self.draining.load(Ordering::Acquire).then_some(Unready::Draining);
            let store = match tokio::time::timeout(PATIENCE, self.store.ping()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(Unready::Store(error.to_string())),
                Err(_) => Some(Unready::Store("it does not answer in time".to_owned())),
            };
            draining.into_iter().chain(store).collect()
        })
    }

    fn metrics(&self) -> BoxFuture<'_, String> {
        Box::pin(async {
            let undelivered = tokio::time::timeout(PATIENCE, self.store.undelivered()).await;
            let in_place = tokio::time::timeout(PATIENCE, self.store.in_place()).await;
            let deliveries = tokio::time::timeout(PATIENCE, self.deliverer.counts()).await;
            let levels = Levels {
                store_in_place: in_place.ok().map(|in_place| !matches!(in_place, Err(StoreError::File(_)))),
                sessions: self.gate.visits.count(),
                ams: self.budget.used(),
                waiting: self.sign_in.waiting.count(),
                ams_answered: self.ams.status().last_success,
                certificate_ends: self.certificate_end.load().as_deref().copied(),
                logout_messages: undelivered.ok().and_then(Result::ok),
                deliveries: delivery_levels(deliveries.ok().and_then(Result::ok), self.clock.now()),
                sealed_with_older: self.resealing.left(),
                store_failures: self.store.write_failures(),
                store_silent: self.gate.visits.store_watch.silent_for().unwrap_or_default(),
                store_load: self.store.load(),
                clock_jumps: self.clock.jumps().left_out(),
                directory: directory_levels(self.directory.status(), self.clock.now()),
            };
            metrics::page(&levels, |registry| {
                self.gate.meter.register(registry);
                self.budget.register(registry);
                self.sign_in.tally.register(
                    registry,
                    "membergate_sign_ins",
                    "Returns from the login, by ending",
                );
                self.refresh.tally.register(
                    registry,
                    "membergate_refreshes",
                    "Records read again, by ending",
                );
                let refused = "Reloads of the configuration that were refused";
                registry.register("membergate_reloads_refused", refused, self.reloads_refused.clone());
            })
        })
    }
}

/// Nothing: nobody is told, or the store gives no answer.
fn delivery_levels(
    counts: Option<Vec<(SubscriberName, DeliveryCounts, bool)>>,
    now: Timestamp,
) -> Vec<DeliveryLevels> {
    let of = |(name, counts, is_stopped): (SubscriberName, DeliveryCounts, bool)| DeliveryLevels {
        subscriber: name.to_string(),
        counts,
        delay: counts.oldest.map(|oldest| now.duration_since(oldest).as_secs().max(0)).unwrap_or_default(),
        is_stopped,
    };
    counts.into_iter().flatten().map(of).collect()
}

/// `None`: it is not kept in step, so that there is nothing to watch.
fn directory_levels(status: DirectoryStatus, now: Timestamp) -> Option<DirectoryLevels> {
    let of_rosters = status.rosters.iter().filter_map(|roster| roster.held.as_ref());
    let held = of_rosters.chain(&status.sweep_held).chain(&status.own_lists_held);
    status.in_step.then(|| DirectoryLevels {
        people: status.people,
        to_read: status.to_read,
        held: held.map(|held| held.people).sum(),
        feed_polled: status.polled_at,
        feed_unbroken: status.unbroken_since,
        hooked: status.hooked_at,
        oldest_roster: status.rosters.iter().filter_map(|roster| roster.confirmed_at).min(),
        unread_rosters: status.rosters.iter().filter(|roster| roster.people.is_none()).count(),
        swept: status.last_sweep.map(|(began, _)| began),
        stretch: status.stretch,
        calls_an_hour: status.calls_an_hour,
        now,
    })
}
