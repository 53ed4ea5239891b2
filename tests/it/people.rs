//! What administrators do about people, over the simulated re:Members: finding, the lists, sessions.

use std::sync::Arc;

use crate::world::alone;
use arc_swap::ArcSwap;
use jiff::SignedDuration;
use membergate::adapters::ams::allowed_hosts::AllowedHosts;
use membergate::adapters::ams::re_members::{Credentials, Environment, Portal, ReMembers};
use membergate::adapters::ams::{Ams, AmsError};
use membergate::adapters::budget::{Budget, MemoryLedger};
use membergate::adapters::clock::{Clock, SharedClock, SystemClock};
use membergate::adapters::http::{HttpClient, HttpLimits};
use membergate::adapters::keys::seal::Sealer;
use membergate::adapters::keys::secret::{SecretKey, SecretKeys};
use membergate::adapters::store::Store;
use membergate::adapters::store::sessions::SessionFilter;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::config::rules;
use membergate::domain::budget::Rate;
use membergate::domain::directory::settings::DirectorySettings;
use membergate::domain::names::ListedNames;
use membergate::domain::record::IndividualId;
use membergate::domain::session::{Session, SessionKey, SessionLimits};
use membergate::domain::time::TimeZone;
use membergate::flows::administer::people::FindError;
use membergate::flows::administer::people::trial::try_it;
use membergate::flows::administer::people::view_as::ViewError;
use membergate::flows::administer::services::{AdminServices, ServiceParts};
use membergate::flows::administer::{Actor, AdmittedBy};
use membergate::flows::canary::Canary;
use membergate::flows::deliveries::{Deliverer, DeliveryParts};
use membergate::flows::directory::{DirectoryParts, DirectoryUpdater};
use membergate::flows::person::{Published, PublishedRules};
use membergate::flows::refresh::Refresh;
use membergate::flows::visit::Visits;
use membergate::sim::people::Environment as Simulated;
use membergate::sim::re_members::{self as sim, Simulator};
use tempfile::TempDir;
use url::Url;

use crate::world::{CHAIR, NON_MEMBER, RULES, SECOND_MEMBERSHIP};

/// A desk over a simulator and a store of its own.
struct Office {
    sim: Simulator,
    folder: TempDir,
    ams: Arc<ReMembers>,
    store: Arc<dyn Store>,
    visits: Arc<Visits>,
    rules: PublishedRules,
    desk: Arc<AdminServices>,
}

const LIMITS: SessionLimits = SessionLimits {
    idle: SignedDuration::from_hours(1),
    absolute: SignedDuration::from_hours(10),
    refresh_after: SignedDuration::from_mins(15),
    stale_limit: SignedDuration::from_hours(24),
    store_gone: SignedDuration::from_hours(1),
};

impl Office {
    async fn open() -> Office {
        let sim = Simulator::start(sim::Settings::demo()).await.unwrap();
        sim.control().set_switch("rate_limit=off").unwrap();
        Office::at(sim, tempfile::tempdir().unwrap(), true)
    }

    fn at(sim: Simulator, folder: TempDir, view_as: bool) -> Office {
        let http = HttpClient::new(HttpLimits::default()).unwrap();
        let budget = Arc::new(Budget::new(
            Rate::new(1_000, 100_000),
            Arc::<MemoryLedger>::default(),
            Arc::new(SystemClock),
        ));
        let clock = Arc::new(SystemClock);
        let ams = Arc::new(ReMembers::new(environment(&sim), http, budget.clone(), clock));
        let key: SecretKeys = SecretKey::parse(crate::world::SECRET_KEY).unwrap().into();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("gate.sqlite"), &key).unwrap());
        let rules = Published::new(1, rules::parse(RULES).unwrap());
        let rules: PublishedRules = Arc::new(ArcSwap::from_pointee(rules));
        let (grounds, beliefs) = alone(LIMITS);
        let canary = Canary::new(ams.clone(), Arc::new(SystemClock));
        let (refresh, _waiting) = Refresh::new(
            ams.clone(),
            store.clone(),
            store.clone(),
            beliefs.clone(),
            canary,
            rules.clone(),
            Arc::new(SystemClock),
        );
        let refresh = Arc::new(refresh);
        let visits = Arc::new(Visits::new(
            store.clone(),
            rules.clone(),
            grounds,
            ams.environment(),
            Arc::new(SystemClock),
            refresh.clone(),
        ));
        let clock: SharedClock = Arc::new(SystemClock);
        let updater = DirectoryUpdater::new(DirectoryParts {
            ams: ams.clone(),
            store: store.clone(),
            sessions: store.clone(),
            visits: visits.clone(),
            refresh,
            beliefs: beliefs.clone(),
            rules: rules.clone(),
            events: None,
            budget: budget.clone(),
            clock: clock.clone(),
            settings: DirectorySettings { in_step: false, ..DirectorySettings::usual(TimeZone::UTC) },
        });
        let deliverer = Deliverer::new(DeliveryParts {
            store: store.clone(),
            directory: store.clone(),
            beliefs: beliefs.clone(),
            rules: rules.clone(),
            clock: clock.clone(),
            environment: "production".into(),
            subscribers: Vec::new(),
            calendar: None,
        })
        .unwrap();
        let desk = Arc::new(AdminServices::new(ServiceParts {
            deliverer,
            community: None,
            store: store.clone(),
            resealing: Arc::default(),
            ams: ams.clone(),
            updater,
            beliefs,
            visits: visits.clone(),
            rules: rules.clone(),
            clock,
            budget,
            configured: "production".into(),
            restart: Arc::default(),
            standby: None,
            sealer: Sealer::new(&store.data_keys(), "view as").unwrap(),
            view_as,
        }));
        Office { sim, folder, ams, store, visits, rules, desk }
    }

    fn down(&self) {
        self.sim.control().set_switch("fault=unavailable").unwrap();
    }

    /// A session of somebody who is known.
    async fn session(&self, email: &str, key: u8, age: SignedDuration) -> Session {
        let found = self.desk.people.find(email).await.unwrap();
        let now = SystemClock.now();
        let session = Session {
            key: SessionKey([key; 32]),
            individual: found.record.id.clone(),
            environment: self.ams.environment().to_owned(),
            host: "localhost".into(),
            created: now - age,
            last_seen: now,
            device: Some("Firefox on Linux".into()),
            viewer: None,
            logout_hint: None,
        };
        self.visits.begin(session.clone(), Arc::new(found.record)).await.unwrap();
        session
    }
}

fn environment(sim: &Simulator) -> Environment {
    let of = sim::Credentials::demo(Simulated::Production);
    Environment {
        canary: None,
        name: "production".into(),
        discovery_url: Url::parse(&format!("{}/Api/v1/WebApiUrl", sim.base_url())).unwrap(),
        portal: Portal::at(Url::parse(&sim.base_url()).unwrap()),
        allowed_hosts: AllowedHosts::parse(&[sim.address().to_string()], true).unwrap(),
        credentials: Credentials {
            app_name: of.app_name.into(),
            app_key: of.app_key.into(),
            app_id: Some(of.app_id.into()),
            app_password: Some(of.app_password.into()),
            user_email: of.user_email.into(),
            user_password: of.user_password.into(),
        },
    }
}

fn actor() -> Actor {
    Actor { id: None, name: "Sam Osei".into(), admitted_by: AdmittedBy::Role }
}

#[tokio::test]
async fn a_person_is_found_by_address_number_or_id_and_the_answer_is_shown_as_it_came() {
    let office = Office::open().await;
    for name in [CHAIR, "100481", "b3a1c0de-0001-4222-8333-444455550001", " JANE.marlowe@harborlabs.example "]
    {
        let found = office.desk.people.find(name).await.unwrap();
        assert_eq!(found.record.profile.name, "Jane Marlowe", "{name}");
        assert_eq!(found.instead_of, None);
        let said = found.said.unwrap();
        assert_eq!(said.pointer("/individual/recordNumber").unwrap(), "100481", "{said:#}");
        assert!(said["committees"].is_array(), "{said:#}");
    }
    assert_eq!(office.desk.people.find("nobody@people.example").await.unwrap_err(), FindError::Nobody);
    assert_eq!(office.desk.people.find("../Committees").await.unwrap_err(), FindError::NotAName);
}

#[tokio::test]
async fn while_the_ams_is_down_those_who_are_known_are_found_and_it_is_said() {
    let office = Office::open().await;
    office.desk.people.find(CHAIR).await.unwrap();
    office.down();
    for name in [CHAIR, "100481"] {
        let found = office.desk.people.find(name).await.unwrap();
        assert_eq!(found.record.profile.name, "Jane Marlowe");
        assert!(matches!(found.instead_of, Some(AmsError::Failed(_))), "{:?}", found.instead_of);
        assert_eq!(found.said, None);
    }
    let stranger = office.desk.people.find(NON_MEMBER).await.unwrap_err();
    assert!(matches!(stranger, FindError::Ams(AmsError::Failed(_))), "{stranger:?}");
}

#[tokio::test]
async fn trying_the_mapping_gives_roles_with_reasons_and_what_time_will_change() {
    let office = Office::open().await;
    let found = office.desk.people.find(CHAIR).await.unwrap();
    let trial = try_it(&found.record, &office.rules.load().rules, &ListedNames::default(), SystemClock.now());
    let roles: Vec<&str> = trial.decision.roles.iter().map(|role| role.as_str()).collect();
    assert_eq!(roles, ["education_chair", "member", "subscriber"]);
    assert!(!trial.incomplete);
    assert!(trial.decision.trace.iter().any(|verdict| !verdict.matched && &*verdict.role == "staff"));
    let next = trial.changes.first().expect("her seat and her membership end");
    assert_eq!(Some(next.at), trial.decision.holds_until);
    let last = trial.changes.last().unwrap();
    assert!(!last.member && trial.changes.iter().any(|change| !change.lost.is_empty()));
}

#[tokio::test]
async fn the_lists_of_the_ams_are_kept_and_stay_when_it_is_down_and_after_a_restart() {
    let office = Office::open().await;
    assert!(office.desk.catalogues.offered().catalogue.is_none());
    office.sim.control().set_switch("page_size=1").unwrap();
    office.desk.people.find(CHAIR).await.unwrap();
    office.desk.catalogues.refresh().await.unwrap();
    let offered = office.desk.catalogues.offered();
    let catalogue = offered.catalogue.unwrap();
    assert!(catalogue.committees.iter().any(|it| it.code == "EDU" && it.label.contains("Education")));
    assert!(!catalogue.events.is_empty() && !catalogue.custom_fields.is_empty());
    assert!(catalogue.relationships.iter().any(|it| it.code == "Employer"));
    assert!(offered.seen.membership_types.contains_key("indiv"), "{:?}", offered.seen);

    office.down();
    assert!(office.desk.catalogues.refresh().await.is_err());
    let offered = office.desk.catalogues.offered();
    assert_eq!(offered.catalogue.as_ref(), Some(&catalogue));
    assert!(offered.failed.is_some());
    assert!(
        offered.seen.positions.values().any(|it| it.code == "CHAIR"),
        "what was seen on records stays too"
    );

    let Office { sim, folder, .. } = office;
    let office = Office::at(sim, folder, false);
    office.desk.catalogues.load().await.unwrap();
    assert_eq!(office.desk.catalogues.offered().catalogue, Some(catalogue));
}

#[tokio::test]
async fn people_on_file_are_found_by_the_words_of_their_names_without_asking_for_a_name() {
    let office = Office::open().await;
    for email in [CHAIR, SECOND_MEMBERSHIP, NON_MEMBER] {
        office.desk.people.find(email).await.unwrap();
    }
    for name in ["Jane Marlowe", "marlowe  JANE", "jan marl"] {
        assert_eq!(
            office.desk.people.find(name).await.unwrap().record.profile.name,
            "Jane Marlowe",
            "{name}"
        );
        assert_eq!(office.desk.people.find_known(name).await.unwrap().record.profile.name, "Jane Marlowe");
    }
    office.down();
    let found = office.desk.people.find("Marlowe").await.unwrap();
    assert!(found.instead_of.is_some(), "the AMS is asked about whoever was found by name");
    assert_eq!(office.desk.people.find_known("Xaver Unknown").await.unwrap_err(), FindError::Nobody);
    assert_eq!(office.desk.people.find_known("n o b").await.unwrap_err(), FindError::NotAName);

    // Somebody else of nearly the same name.
    let mut other = found.record.clone();
    other.id = IndividualId::parse("b3a1c0de-0099-4222-8333-444455550001").unwrap();
    other.profile.name = "Janet Marlowe".to_owned();
    office.store.put_record("production", &other, SystemClock.now()).await.unwrap();
    let several = office.desk.people.find_known("marlowe").await.unwrap_err();
    let FindError::Several(names) = several else { panic!("{several:?}") };
    assert_eq!(
        names.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["Jane Marlowe", "Janet Marlowe"]
    );
    assert_eq!(office.desk.people.find_known("janet").await.unwrap().record.id, other.id);
}

#[tokio::test]
async fn sessions_are_listed_with_device_and_roles_and_all_of_a_person_end_at_once() {
    let office = Office::open().await;
    let old = office.session(CHAIR, 1, SignedDuration::from_hours(2)).await;
    let new = office.session(CHAIR, 2, SignedDuration::from_mins(1)).await;
    let other = office.session(SECOND_MEMBERSHIP, 3, SignedDuration::from_mins(30)).await;
    office.session(NON_MEMBER, 4, SignedDuration::from_hours(11)).await;
    let page = office.desk.sessions.page(&SessionFilter::default()).await.unwrap();
    let keys: Vec<SessionKey> = page.sessions.iter().map(|it| it.session.key).collect();
    assert_eq!(keys, [new.key, other.key, old.key], "latest first, without the one that is over by age");
    assert_eq!(page.sessions[0].name, "Jane Marlowe");
    assert_eq!(page.sessions[0].session.device.as_deref(), Some("Firefox on Linux"));
    assert!(page.sessions[0].roles.iter().any(|role| role.as_str() == "education_chair"));
    assert_eq!(page.next, None);

    let hers = SessionFilter { of: Some(new.individual.clone()), after: Some((new.created, new.key)) };
    let page = office.desk.sessions.page(&hers).await.unwrap();
    assert_eq!(page.sessions.iter().map(|it| it.session.key).collect::<Vec<_>>(), [old.key]);

    assert_eq!(office.desk.sessions.end_all_of(&new.individual).await.unwrap(), 2);
    let page = office.desk.sessions.page(&SessionFilter::default()).await.unwrap();
    assert_eq!(page.sessions.iter().map(|it| it.session.key).collect::<Vec<_>>(), [other.key]);
    assert!(office.store.session(&old.key).await.unwrap().is_none());
    office.desk.sessions.end(&other.key).await.unwrap();
    assert!(office.desk.sessions.page(&SessionFilter::default()).await.unwrap().sessions.is_empty());
}

#[tokio::test]
async fn a_link_to_look_through_anothers_eyes_works_once_at_one_host_and_only_when_switched_on() {
    let office = Office::open().await;
    let jane = office.desk.people.find(CHAIR).await.unwrap().record.id;
    let view = &office.desk.view_as;
    let link = view.link(&actor(), &jane, "localhost").await.unwrap();
    assert_eq!(view.open(&link, "elsewhere", "").await.unwrap_err(), ViewError::BadLink);
    let opened = view.open(&link, "localhost", "curl/8").await.unwrap();
    assert_eq!(view.open(&link, "localhost", "").await.unwrap_err(), ViewError::BadLink);
    assert_eq!(view.open("nonsense", "localhost", "").await.unwrap_err(), ViewError::BadLink);
    let (session, _) = office.store.session(&opened.key()).await.unwrap().unwrap();
    assert_eq!(session.individual, jane);
    assert_eq!(session.viewer.unwrap().by.name, "Sam Osei");

    let una = office.desk.people.find("una.strand@people.example").await.unwrap().record.id;
    assert_eq!(view.link(&actor(), &una, "localhost").await.unwrap_err(), ViewError::NotAdmitted);
    let stranger = IndividualId::parse("b3a1c0de-9999-4222-8333-444455550001").unwrap();
    assert_eq!(view.link(&actor(), &stranger, "localhost").await.unwrap_err(), ViewError::Unknown);
    let Office { sim, folder, .. } = office;
    let off = Office::at(sim, folder, false);
    assert_eq!(off.desk.view_as.link(&actor(), &jane, "localhost").await.unwrap_err(), ViewError::Off);
}
