//! What administrators ask about people, the AMS and the gateway: every use case of this kind over one set of ports.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Audit;
use super::Known;
use super::deliveries::DeliveryDesk;
use super::mapping::catalogue::Catalogues;
use super::people::People;
use super::people::view_as::ViewAs;
use super::sessions::LiveSessions;
use super::status::StatusReader;
use super::status::directory::DirectoryDesk;
use super::status::environment::Environments;
use crate::adapters::ams::catalogue::AmsCatalogue;
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::seal::Sealer;
use crate::adapters::store::Store;
use crate::flows::community_standing::CommunityStanding;
use crate::flows::deliveries::Deliverer;
use crate::flows::directory::{Beliefs, DirectoryUpdater};
use crate::flows::person::PublishedRules;
use crate::flows::resealing::ResealProgress;
use crate::flows::visit::Visits;

/// What they work with.
pub struct ServiceParts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// How much of it is still sealed with an older key.
    pub resealing: Arc<ResealProgress>,
    /// The AMS that is live.
    pub ams: Arc<dyn AmsCatalogue>,
    /// Keeps the records in step with the AMS.
    pub updater: Arc<DirectoryUpdater>,
    /// What is believed of them.
    pub beliefs: Arc<Beliefs>,
    /// Tells sites of people.
    pub deliverer: Arc<Deliverer>,
    /// How the community stands, if there is one.
    pub community: Option<Arc<CommunityStanding>>,
    /// Live sessions.
    pub visits: Arc<Visits>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// The clock.
    pub clock: SharedClock,
    /// The budget that every call to the AMS draws on.
    pub budget: Arc<Budget>,
    /// The name of the AMS environment that the configuration calls live.
    pub configured: Arc<str>,
    /// The name of the AMS environment that is configured but not live.
    pub standby: Option<Arc<str>>,
    /// Asks for a new start of the gateway.
    pub restart: Arc<Notify>,
    /// Seals links to view as somebody else; its purpose is `view as`.
    pub sealer: Sealer,
    /// Whether administrators may view a site as somebody else.
    pub view_as: bool,
}

/// The use cases about people.
pub struct AdminServices {
    /// Finding one person.
    pub people: People,
    /// What rules can name.
    pub catalogues: Catalogues,
    /// The directory, and holds that an administrator ends.
    pub directory: DirectoryDesk,
    /// What sites are told of people.
    pub deliveries: DeliveryDesk,
    /// How the community stands, if there is one.
    pub community: Option<Arc<CommunityStanding>>,
    /// Live sessions.
    pub sessions: LiveSessions,
    /// Impersonation: seeing a site as somebody else.
    pub view_as: ViewAs,
    /// How the gateway does.
    pub overview: StatusReader,
    /// Switching between the AMS's environments.
    pub environments: Environments,
}

impl AdminServices {
    /// Over these parts; [`AdminServices::take_up`] comes next.
    pub fn new(parts: ServiceParts) -> AdminServices {
        let ServiceParts { store, ams, visits, rules, clock, budget, beliefs, updater, .. } = parts;
        let ServiceParts {
            deliverer,
            community,
            configured,
            standby,
            restart,
            sealer,
            view_as,
            resealing,
            ..
        } = parts;
        let environment: Arc<str> = ams.environment().into();
        let people = People {
            ams: ams.clone(),
            environment: environment.clone(),
            directory: store.clone(),
            known: Known::new(store.clone(), &environment, Arc::clone(&beliefs), ams.supplied()),
            beliefs: Arc::clone(&beliefs),
            rules: rules.clone(),
            clock: Arc::clone(&clock),
        };
        let live = ams.status().environment.into();
        let catalogues = Catalogues::new(
            ams.clone(),
            store.clone(),
            Arc::clone(&environment),
            Arc::clone(&clock),
            Arc::clone(beliefs.grounds()),
        );
        let overview = StatusReader {
            ams,
            environment: environment.clone(),
            standby: standby.clone(),
            budget,
            store: store.clone(),
            resealing,
            rules: rules.clone(),
            updater: Arc::clone(&updater),
            certificate_ends: ArcSwapOption::empty(),
        };
        let sessions = LiveSessions {
            store: store.clone(),
            directory: store.clone(),
            visits: visits.clone(),
            beliefs: Arc::clone(&beliefs),
            rules,
            environment: environment.clone(),
            clock: clock.clone(),
        };
        let audit = || Audit::new(store.clone(), clock.clone());
        let directory = DirectoryDesk { updater, audit: audit() };
        let deliveries = DeliveryDesk {
            deliverer,
            directory: store.clone(),
            environment: Arc::clone(&environment),
            visits: Arc::clone(&visits),
            beliefs,
            clock: Arc::clone(&clock),
            audit: audit(),
        };
        let environments =
            Environments { store: store.clone(), clock: clock.clone(), configured, live, standby, restart };
        let view_as = ViewAs {
            is_on: view_as,
            audit: audit(),
            sealer,
            sessions: store.clone(),
            directory: store,
            visits,
            environment,
            clock,
        };
        AdminServices {
            people,
            catalogues,
            directory,
            deliveries,
            community,
            sessions,
            view_as,
            overview,
            environments,
        }
    }

    /// Takes over what the store has, unless `stop` comes first.
    pub async fn take_up(self: Arc<Self>, stop: CancellationToken) {
        if let Some(Err(error)) = stop.run_until_cancelled(self.catalogues.load()).await {
            tracing::error!(%error, "The lists of the AMS that were kept cannot be read");
        }
    }
}
