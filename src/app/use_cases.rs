//! The use cases of a gateway, joined over an open store: one stage after the other, each resting on those before it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::StartError;
use super::openid::OpenId;
use super::stored::Opened;
use crate::adapters::ams::Ams;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::ams::reading::AmsReading;
use crate::adapters::budget::Budget;
use crate::adapters::http::{HttpClient, HttpLimits};
use crate::adapters::keys::seal::Sealer;
use crate::adapters::subscribers::PeopleSubscriber;
use crate::adapters::subscribers::higher_logic::{HigherLogic, HigherLogicCalendar};
use crate::adapters::subscribers::wordpress::WordPress;
use crate::config::settings::Community;
use crate::flows::administer::awaited::publish_when_read;
use crate::flows::administer::services::{AdminServices, ServiceParts};
use crate::flows::administer::{Administer, CommunityMappings, Known, first_community, first_mapping};
use crate::flows::canary::Canary;
use crate::flows::community_in_force::CommunityGround;
use crate::flows::community_standing::CommunityStanding;
use crate::flows::deliveries::{CalendarParts, Deliverer, DeliveryParts, SigningGround};
use crate::flows::directory::{Beliefs, DirectoryParts, DirectoryUpdater};
use crate::flows::grant::PublishedClients;
use crate::flows::grounds::Grounds;
use crate::flows::hooks::Hooks;
use crate::flows::long_addresses::LongAddresses;
use crate::flows::person::{Published, PublishedRules};
use crate::flows::public_events::PublicEvents;
use crate::flows::refresh::{Queue, Refresh};
use crate::flows::resealing;
use crate::flows::role_lists::Lists;
use crate::flows::sign_in::{SignIn, SignInSealers};
use crate::flows::upkeep;
use crate::flows::visit::Visits;
use crate::flows::waiting::{WaitingParts, WaitingRoom};
use crate::web::state::Services;

/// The AMS that is live, and the calls that it allows.
pub(super) struct Upstream {
    pub(super) ams: Arc<dyn AmsReading>,
    pub(super) budget: Arc<Budget>,
    /// Whether the contact of people is read.
    pub(super) contact: ContactWanted,
}

impl Upstream {
    pub(super) fn of(opened: &Opened) -> Result<Upstream, StartError> {
        let live = &opened.settings.ams;
        let budget = Arc::new(Budget::new(live.rate, opened.store.clone(), Arc::clone(&opened.clock)));
        let http = HttpClient::new(HttpLimits::default())?;
        let contact = ContactWanted::from(opened.settings.reads_contact);
        let ams =
            live.live.clone().client(contact.clone(), http, Arc::clone(&budget), Arc::clone(&opened.clock));
        Ok(Upstream { ams, budget, contact })
    }
}

/// The mapping in force, and the list of the roles that it manages.
pub(super) struct MappingInForce {
    pub(super) rules: PublishedRules,
    pub(super) lists: Arc<Lists>,
}

impl MappingInForce {
    /// The published one where there is administration, else that of the file.
    pub(super) async fn of(opened: &Opened) -> Result<MappingInForce, StartError> {
        let Opened { settings, store, clock, .. } = opened;
        let published = match &settings.admin {
            Some(_) => first_mapping(&**store, &settings.rules, clock).await?,
            None => Published::new(1, settings.rules.clone()),
        };
        let rules: PublishedRules = Arc::new(ArcSwap::from_pointee(published));
        let lists = Arc::new(Lists::new(Arc::clone(&rules), store.clone(), Arc::clone(clock)));
        lists.keep().await?;
        Ok(MappingInForce { rules, lists })
    }
}

/// The mapping of the community in force, if there is a community: the published one where there is administration, else that of the file.
async fn community_in_force(
    opened: &Opened,
    upstream: &Upstream,
    visiting: &Visiting,
) -> Result<Option<Arc<CommunityGround>>, StartError> {
    let Opened { settings, store, clock, .. } = opened;
    let Some(community) = &settings.higher_logic else { return Ok(None) };
    let in_force = match &settings.admin {
        Some(_) => first_community(&**store, &community.text, clock).await?,
        None => community.in_force(1),
    };
    let (beliefs, events) = (Arc::clone(&visiting.beliefs), visiting.events.clone());
    Ok(Some(CommunityGround::new(in_force, beliefs, upstream.contact.clone(), events)))
}

/// What visitors do: sign in, come back, sign out.
pub(super) struct Visiting {
    pub(super) visits: Arc<Visits>,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) long: Arc<LongAddresses>,
    pub(super) refresh: Arc<Refresh>,
    pub(super) directory: Arc<DirectoryUpdater>,
    pub(super) hooks: Arc<Hooks>,
    pub(super) beliefs: Arc<Beliefs>,
    /// The AMS's events, if there is a community and the AMS lists them.
    pub(super) events: Option<Arc<PublicEvents>>,
}

impl Visiting {
    /// With the queue of the records that are to be read in the background.
    pub(super) fn of(
        opened: &Opened,
        upstream: &Upstream,
        mapping: &MappingInForce,
    ) -> Result<(Visiting, Queue), StartError> {
        let Opened { settings, store, clock, .. } = opened;
        let (ams, rules): (Arc<dyn Ams>, _) = (upstream.ams.clone(), &mapping.rules);
        let keys = store.data_keys();
        let sealers = SignInSealers {
            attempts: Sealer::new(&keys, "login attempt")?,
            browsers: Sealer::new(&keys, "known browser")?,
        };
        let grounds = Grounds::by_clock(settings.session, Arc::clone(clock));
        let beliefs = Beliefs::new(Arc::clone(&grounds), &settings.directory);
        let canary = Canary::new(ams.clone(), Arc::clone(clock));
        let waiting = WaitingParts {
            ams: ams.clone(),
            budget: Arc::clone(&upstream.budget),
            store: store.clone(),
            rules: Arc::clone(rules),
            clock: Arc::clone(clock),
            canary: Arc::clone(&canary),
            beliefs: Arc::clone(&beliefs),
            most_of_network: settings.ams.waiting_per_network,
        };
        let waiting = Arc::new(WaitingRoom::new(waiting, &keys)?);
        let (refresh, queue) = Refresh::new(
            ams.clone(),
            store.clone(),
            store.clone(),
            Arc::clone(&beliefs),
            canary,
            Arc::clone(rules),
            Arc::clone(clock),
        );
        let refresh = Arc::new(refresh);
        let visits = Arc::new(Visits::new(
            store.clone(),
            Arc::clone(rules),
            grounds,
            ams.environment(),
            Arc::clone(clock),
            Arc::clone(&refresh),
        ));
        let sign_in = Arc::new(SignIn::new(
            ams,
            store.clone(),
            Arc::clone(&visits),
            Arc::clone(clock),
            sealers,
            waiting,
        ));
        let lists_events = upstream.ams.supplied().has_public_events;
        let events = (settings.higher_logic.is_some() && lists_events).then(Arc::<PublicEvents>::default);
        let directory = DirectoryUpdater::new(DirectoryParts {
            ams: Arc::clone(&upstream.ams),
            store: store.clone(),
            sessions: store.clone(),
            visits: Arc::clone(&visits),
            refresh: Arc::clone(&refresh),
            beliefs: Arc::clone(&beliefs),
            rules: Arc::clone(rules),
            events: events.clone(),
            budget: Arc::clone(&upstream.budget),
            clock: Arc::clone(clock),
            settings: settings.directory.clone(),
        });
        let long = Arc::new(LongAddresses::new(store.clone(), Arc::clone(clock)));
        let hooks = Hooks::new(Arc::clone(&upstream.ams), Arc::clone(&directory), &settings.hook_secrets);
        let hooks = Arc::new(hooks);
        Ok((Visiting { visits, sign_in, long, refresh, directory, hooks, beliefs, events }, queue))
    }
}

/// What administrators do. Both are absent where the operator wants no administration.
pub(super) struct AdminUseCases {
    pub(super) administer: Option<Arc<Administer>>,
    pub(super) admin_services: Option<Arc<AdminServices>>,
    /// An administrator switched the AMS environment.
    pub(super) restart: Arc<Notify>,
}

impl AdminUseCases {
    pub(super) fn of(
        opened: &Opened,
        upstream: &Upstream,
        mapping: &MappingInForce,
        visiting: &Visiting,
        clients: &PublishedClients,
        community: Option<&Arc<CommunityGround>>,
        deliverer: &Arc<Deliverer>,
    ) -> Result<AdminUseCases, StartError> {
        let restart = Arc::new(Notify::new());
        let Opened { settings, store, clock, configured, .. } = opened;
        let Some(admin) = &settings.admin else {
            return Ok(AdminUseCases { administer: None, admin_services: None, restart });
        };
        let Upstream { ams, budget, .. } = upstream;
        let known =
            Known::new(store.clone(), ams.environment(), Arc::clone(&visiting.beliefs), ams.supplied());
        let standing =
            community.and_then(|ground| CommunityStanding::new(Arc::clone(deliverer), ground.published()));
        let community = community.map(|ground| {
            CommunityMappings::new(store.clone(), Arc::clone(ground), known.clone(), Arc::clone(clock))
        });
        let administer = Administer::new(
            admin.clone(),
            store.clone(),
            Arc::clone(&mapping.rules),
            known,
            settings.sites.iter().map(|site| &site.site),
            Arc::clone(clients),
            Arc::clone(clock),
        )
        .with_community(community);
        administer.tell_of_files(&settings.rules, settings.community_text());
        let admin_services = AdminServices::new(ServiceParts {
            store: store.clone(),
            resealing: Arc::clone(&opened.resealing),
            ams: ams.clone(),
            updater: Arc::clone(&visiting.directory),
            beliefs: Arc::clone(&visiting.beliefs),
            deliverer: Arc::clone(deliverer),
            community: standing,
            visits: Arc::clone(&visiting.visits),
            rules: Arc::clone(&mapping.rules),
            clock: Arc::clone(clock),
            budget: Arc::clone(budget),
            configured: configured.as_str().into(),
            restart: Arc::clone(&restart),
            standby: settings.ams.standby.as_ref().map(|standby| standby.name().into()),
            sealer: Sealer::new(&store.data_keys(), "view as")?,
            view_as: admin.view_as,
        });
        Ok(AdminUseCases {
            administer: Some(Arc::new(administer)),
            admin_services: Some(Arc::new(admin_services)),
            restart,
        })
    }
}

/// Who is told of people: the WordPress of each site that has an address for that, and the community; and whose calendar is told of events.
fn deliverer(
    opened: &Opened,
    upstream: &Upstream,
    mapping: &MappingInForce,
    visiting: &Visiting,
    community: Option<&Arc<CommunityGround>>,
) -> Result<Arc<Deliverer>, StartError> {
    let Opened { settings, store, keyring, clock, .. } = opened;
    let ground = Arc::new(SigningGround { keys: Arc::clone(keyring), rules: Arc::clone(&mapping.rules) });
    let mut subscribers: Vec<Arc<dyn PeopleSubscriber>> = Vec::new();
    let mut calendar = None;
    for site in &settings.sites {
        if let Some(people) = &site.people {
            let (name, origin) = (Arc::clone(&site.site.name), site.site.origin.clone());
            subscribers.push(Arc::new(WordPress::new(name, origin, people.clone(), ground.clone())?));
        }
    }
    if let (Some(Community { push, .. }), Some(ground)) = (&settings.higher_logic, community) {
        if let Some(events) = &visiting.events {
            let subscriber = Arc::new(HigherLogicCalendar::new(push.clone(), ground.published())?);
            calendar = Some(CalendarParts { subscriber, events: Arc::clone(events) });
        }
        subscribers.push(Arc::new(HigherLogic::new(push.clone(), ground.published())?));
    }
    Ok(Deliverer::new(DeliveryParts {
        store: store.clone(),
        directory: store.clone(),
        beliefs: Arc::clone(&visiting.beliefs),
        rules: Arc::clone(&mapping.rules),
        clock: Arc::clone(clock),
        environment: upstream.ams.environment().into(),
        subscribers,
        calendar,
    })?)
}

/// All of them.
pub(super) struct UseCases {
    pub(super) upstream: Upstream,
    pub(super) mapping: MappingInForce,
    pub(super) community: Option<Arc<CommunityGround>>,
    pub(super) visiting: Visiting,
    pub(super) administration: AdminUseCases,
    pub(super) openid: Option<OpenId>,
    pub(super) deliverer: Arc<Deliverer>,
}

impl UseCases {
    /// With the queue of the records that are to be read in the background, for [`UseCases::run`].
    pub(super) async fn of(opened: &Opened) -> Result<(UseCases, Queue), StartError> {
        let upstream = Upstream::of(opened)?;
        let mapping = MappingInForce::of(opened).await?;
        let (visiting, queue) = Visiting::of(opened, &upstream, &mapping)?;
        let clients = PublishedClients::default();
        let visits = &visiting.visits;
        let community = community_in_force(opened, &upstream, &visiting).await?;
        let ground = community.as_ref();
        let deliverer = deliverer(opened, &upstream, &mapping, &visiting, ground)?;
        let administration =
            AdminUseCases::of(opened, &upstream, &mapping, &visiting, &clients, ground, &deliverer)?;
        let openid = match &opened.settings.oidc {
            Some(oidc) => {
                Some(OpenId::start(opened, oidc, clients, Arc::clone(visits), Arc::clone(&deliverer)).await?)
            }
            None => None,
        };
        Ok((UseCases { upstream, mapping, community, visiting, administration, openid, deliverer }, queue))
    }

    /// What our own pages ask.
    pub(super) fn services(&self, opened: &Opened) -> Services {
        Services {
            sign_in: Arc::clone(&self.visiting.sign_in),
            long: Arc::clone(&self.visiting.long),
            visits: Arc::clone(&self.visiting.visits),
            refresh: Arc::clone(&self.visiting.refresh),
            hooks: Arc::clone(&self.visiting.hooks),
            ams: self.upstream.ams.clone(),
            keys: Arc::clone(&opened.keyring),
            rules: Arc::clone(&self.mapping.rules),
            clock: Arc::clone(&opened.clock),
            lists: Arc::clone(&self.mapping.lists),
            administer: self.administration.administer.clone(),
            admin_services: self.administration.admin_services.clone(),
        }
    }

    /// Starts what goes on without anybody asking. All of it ends with `stop`.
    pub(super) fn run(&self, queue: Queue, opened: &Opened, tasks: &TaskTracker, stop: &CancellationToken) {
        let Visiting { refresh, visits, .. } = &self.visiting;
        tasks.spawn(Arc::clone(refresh).run(queue, stop.clone()));
        tasks.spawn(Arc::clone(&self.visiting.directory).run(stop.clone()));
        tasks.spawn(Arc::clone(&self.deliverer).run(stop.clone()));
        tasks.spawn(Arc::clone(&self.visiting.sign_in.waiting).run(stop.clone()));
        let admin_services = self.administration.admin_services.as_ref();
        tasks.spawn(upkeep::run(
            Arc::clone(visits),
            opened.store.clone(),
            Arc::clone(&self.mapping.lists),
            Arc::clone(&opened.clock),
            opened.settings.directory.forget_after,
            stop.clone(),
        ));
        let (watch, limited) = (Arc::clone(&visits.store_watch), Arc::clone(visits));
        let limit = move || limited.limits().store_gone.unsigned_abs();
        tasks.spawn(watch.run(opened.store.clone(), limit, stop.clone()));
        tasks.spawn(resealing::run(
            opened.store.clone(),
            Arc::clone(&opened.resealing),
            Arc::clone(&opened.clock),
            stop.clone(),
        ));
        tasks.spawn(Arc::clone(&opened.keyring).keep(stop.clone()));
        if let Some(administer) = &self.administration.administer {
            let (mapping, directory) =
                (Arc::clone(&administer.mapping), Arc::clone(&self.visiting.directory));
            tasks.spawn(publish_when_read(mapping, directory, stop.clone()));
        }
        if let Some(admin_services) = admin_services {
            tasks.spawn(Arc::clone(admin_services).take_up(stop.clone()));
        }
        if let Some(openid) = &self.openid {
            tasks.spawn(Arc::clone(&openid.back_channel).run(stop.clone()));
            tasks.spawn(Arc::clone(&openid.provider).watch(stop.clone()));
        }
    }
}
