//! Stories of a gateway, or two, on one store, and of a subscriber that goes by versions.
mod somebody_waits;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::adapters::BoxFuture;
use crate::adapters::ams::kinds::Kind;
use crate::adapters::clock::Clock;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::rules_file;
use crate::adapters::store::deliveries::SubscriberChange;
use crate::adapters::store::sqlite::SqliteStore;
use crate::adapters::subscribers::{AboutPerson, PeopleSubscriber, SendFailure};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Flight, FlightEnd, Plan};
use crate::domain::deliveries::state::{Desired, State};
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::SessionLimits;
use crate::domain::time::{AmsDate, Timestamp};
use crate::flows::person::Published;

const RULES: &str = "time_zone = \"UTC\"\nmember = \"member\"\n";
const BARE: &str = "time_zone = \"UTC\"\n";

/// Midnight comes at 100 seconds.
fn at(second: i64) -> Timestamp {
    "2026-12-31T23:58:20Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Relaxed))
    }
}

/// What a subscriber has: by person the version and what it says.
type Has = BTreeMap<String, (u64, State)>;

#[derive(Default)]
struct Shop {
    has: Mutex<Has>,
    /// Each version of each person that it took, in order.
    taken: Mutex<Vec<(String, u64)>>,
    requests: AtomicUsize,
    /// So many requests more get no answer.
    faults: AtomicUsize,
    name: Option<SubscriberName>,
}

impl Subscriber for Shop {
    fn name(&self) -> &SubscriberName {
        self.name.as_ref().unwrap()
    }

    fn most_at_once(&self) -> u16 {
        100
    }

    fn send<'a>(
        &'a self,
        flights: &'a [Flight],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<FlightEnd>, SendFailure>> {
        Box::pin(self.take(flights))
    }
}
impl PeopleSubscriber for Shop {
    fn desired(&self, about: &AboutPerson<'_>) -> Desired {
        let holds_until = about.standing.decision.holds_until;
        if !about.doubt.is_none() {
            return Desired { state: None, holds_until };
        }
        let roles = &about.standing.decision.roles;
        let holds = roles.iter().map(|role| (role.to_string(), about.ends.get(role).copied()));
        let state = Some(State::Present { said: format!("{roles:?}"), holds: holds.collect() });
        Desired { state, holds_until }
    }
}
impl Shop {
    async fn take(&self, flights: &[Flight]) -> Result<Vec<FlightEnd>, SendFailure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let relaxed = Ordering::Relaxed;
        let fails = self.faults.fetch_update(relaxed, relaxed, |left| left.checked_sub(1));
        let mut ends = Vec::new();
        for flight in flights {
            let who = flight.individual.to_string();
            let mut has = self.has.lock().unwrap();
            let version = has.get(&who).map_or(0, |(version, _)| *version);
            ends.push(match version {
                theirs if theirs > flight.version => FlightEnd::Superseded(theirs),
                theirs if theirs == flight.version => FlightEnd::Confirmed("applied"),
                _ => {
                    has.insert(who.clone(), (flight.version, flight.state.clone()));
                    self.taken.lock().unwrap().push((who, flight.version));
                    FlightEnd::Confirmed("applied")
                }
            });
        }
        // Half of those that fail were heard.
        match fails {
            Ok(_) => Err(SendFailure::Failed { said: "status 500".to_owned(), retry_after: None }),
            Err(_) => Ok(ends),
        }
    }
}

fn limits() -> SessionLimits {
    SessionLimits {
        idle: SignedDuration::from_hours(1),
        absolute: SignedDuration::from_hours(10),
        refresh_after: SignedDuration::from_mins(15),
        stale_limit: SignedDuration::from_hours(24),
        store_gone: SignedDuration::from_hours(1),
    }
}

struct World {
    _folder: TempDir,
    store: Arc<SqliteStore>,
    clock: Arc<Hand>,
    rules: PublishedRules,
    shop: Arc<Shop>,
}

/// Somebody whose membership ends with the last day of the year, or never.
fn member(number: usize, ends: bool) -> Record {
    let individual =
        serde_json::json!({ "individual": { "id": format!("m-{number}"), "approvedUser": true } });
    let mut record = Kind::default().record(individual.as_object().unwrap().clone(), at(0)).unwrap();
    let expire_date = if ends { AmsDate::Day("2026-12-31".parse().unwrap()) } else { AmsDate::Absent };
    record.memberships = vec![crate::domain::record::Membership {
        join_date: AmsDate::Day("2020-01-01".parse().unwrap()),
        expire_date,
        ..Default::default()
    }];
    record.read_at(at(0))
}

fn published(version: u64, text: &str) -> Published {
    Published::new(version, rules_file::parse(text).unwrap())
}

impl World {
    async fn with(people: usize, ends: bool) -> World {
        let folder = TempDir::new().unwrap();
        let key = SecretKeys::generate().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("m.sqlite"), &key).unwrap());
        let records: Vec<Record> = (0..people).map(|number| member(number, ends)).collect();
        store.put_records("production", &records, at(0)).await.unwrap();
        let rules = Arc::new(ArcSwap::from_pointee(published(1, RULES)));
        let shop = Shop { name: Some(SubscriberName::wordpress("shop")), ..Shop::default() };
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        World { _folder: folder, store, clock, rules, shop: Arc::new(shop) }
    }

    fn deliverer(&self) -> Arc<Deliverer> {
        self.deliverer_of("production")
    }

    fn deliverer_of(&self, environment: &str) -> Arc<Deliverer> {
        Deliverer::new(DeliveryParts {
            store: self.store.clone(),
            directory: self.store.clone(),
            beliefs: crate::flows::tests::alone(limits()).1,
            rules: self.rules.clone(),
            clock: self.clock.clone(),
            environment: environment.into(),
            subscribers: vec![self.shop.clone()],
            calendar: None,
        })
        .unwrap()
    }

    fn run(&self) -> Gateway {
        Self::running(self.deliverer())
    }

    fn running(deliverer: Arc<Deliverer>) -> Gateway {
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&deliverer).run(stop.clone()));
        Gateway { deliverer, stop, task }
    }

    /// A second passes: what a killed gateway held comes free.
    fn passes(&self) -> bool {
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// How many people the subscriber knows as holding something.
    fn holding(&self) -> usize {
        self.shop.has.lock().unwrap().values().filter(|(_, state)| state.holds_something()).count()
    }

    fn known(&self) -> usize {
        self.shop.has.lock().unwrap().len()
    }

    async fn stopped(&self) -> Option<Stop> {
        self.store.subscriber(self.shop.name()).await.unwrap().stopped
    }
}

struct Gateway {
    deliverer: Arc<Deliverer>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Killed: nothing comes to its end.
    fn kill(self) {
        self.task.abort();
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(240);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_of_once_through_faults_and_killed_gateways() {
    let world = World::with(1_500, false).await;
    world.shop.faults.store(3, Ordering::Relaxed);
    let gateway = world.run();
    until("some are told", async || world.known() > 100).await;
    gateway.kill();
    world.clock.0.fetch_add(11, Ordering::Relaxed);
    let gateway = world.run();
    until("more are told", async || world.passes() && world.known() > 700).await;
    gateway.kill();
    // What was in flight waits for the end of its time.
    world.clock.0.fetch_add(70, Ordering::Relaxed);
    let gateway = world.run();
    until("all are told", async || world.passes() && world.known() == 1_500).await;
    let name = world.shop.name().clone();
    until("all are settled", async || {
        world.clock.0.fetch_add(1, Ordering::Relaxed);
        world.store.count_deliveries(gateway.deliverer.rows_of(&name), at(0)).await.unwrap().settled == 1_500
    })
    .await;
    gateway.end().await;
    let mut taken = world.shop.taken.lock().unwrap().clone();
    taken.sort();
    taken.dedup_by(|one, other| one.0 == other.0);
    assert_eq!(taken.len(), world.shop.taken.lock().unwrap().len(), "nobody is told of twice");
    let state = world.store.subscriber(&name).await.unwrap();
    assert_eq!(state.done.map(|done| done.seen), Some(1_500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_lapses_at_midnight_travel_by_themselves() {
    let world = World::with(1_000, true).await;
    let gateway = world.run();
    until("all are told", async || world.known() == 1_000).await;
    assert_eq!(world.holding(), 1_000);
    world.clock.0.store(100, Ordering::Relaxed);
    until("all have lapsed", async || world.holding() == 0).await;
    assert_eq!(world.stopped().await, None);
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_takes_from_many_waits_for_an_administrator() {
    let world = World::with(300, false).await;
    let gateway = world.run();
    until("all are told", async || world.known() == 300).await;
    world.rules.store(Arc::new(published(2, BARE)));
    until("it is stopped", async || world.stopped().await.is_some()).await;
    let Some(Stop::ManyLose { losers, holders, since }) = world.stopped().await else { panic!() };
    assert_eq!((losers, holders), (300, 300));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(world.holding(), 300, "nobody has lost anything");
    gateway.end().await;
    let gateway = world.run();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(world.holding(), 300, "after a restart neither");
    let seen_before = since - SignedDuration::from_secs(1);
    assert!(!gateway.deliverer.resume_sending(world.shop.name(), seen_before).await.unwrap());
    assert!(gateway.deliverer.resume_sending(world.shop.name(), since).await.unwrap());
    until("it is told", async || world.holding() == 0).await;
    assert_eq!(world.stopped().await, None);
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_gateways_on_one_store_one_plans_and_nobody_is_told_of_twice() {
    let world = World::with(600, false).await;
    let (one, other) = (world.run(), world.run());
    until("all are told", async || world.known() == 600).await;
    assert_eq!(world.shop.taken.lock().unwrap().len(), 600);
    // Whoever plans is killed; the other takes over when the lease has ended.
    one.kill();
    world
        .rules
        .store(Arc::new(published(2, "time_zone = \"UTC\"\nmember = \"member\"\neveryone = \"friend\"\n")));
    world.clock.0.fetch_add(70, Ordering::Relaxed);
    until("all have heard", async || world.shop.taken.lock().unwrap().len() >= 1_200).await;
    assert_eq!(world.shop.taken.lock().unwrap().len(), 1_200);
    other.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_is_removed_and_comes_back_only_by_a_later_reading() {
    let world = World::with(30, false).await;
    let gateway = world.run();
    until("all are told", async || world.known() == 30).await;
    let id = IndividualId::parse("m-7").unwrap();
    let is_removed = async || world.shop.has.lock().unwrap()["m-7"].1 == State::Removed;
    let changed = Arc::clone(gateway.deliverer.parts.beliefs.changed_people());
    changed.note_gone(&id, at(5));
    until("he is removed", is_removed).await;
    // What is on file is from before.
    changed.note([&id]);
    world.rules.store(Arc::new(published(2, RULES)));
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(is_removed().await);
    world.store.put_record("production", &member(7, false).read_at(at(9)), at(9)).await.unwrap();
    changed.note([&id]);
    until("he is back", async || !is_removed().await).await;
    // Erased here: told, and then nothing is left.
    assert!(world.store.forget_record("production", &id).await.unwrap());
    changed.note_gone(&id, at(10));
    until("he is removed again", is_removed).await;
    let rows = gateway.deliverer.rows_of(world.shop.name());
    until("no row is left", async || {
        world.store.delivery_rows(rows, std::slice::from_ref(&id)).await.unwrap().is_empty()
    })
    .await;
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_trial_with_another_environment_the_subscriber_hears_of_the_first_once_more() {
    let world = World::with(3, false).await;
    let trial: Vec<Record> =
        (0..2).map(|number| Record { memberships: Vec::new(), ..member(number, false) }).collect();
    world.store.put_records("staging", &trial, at(0)).await.unwrap();
    let gateway = world.run();
    until("all are told", async || world.holding() == 3).await;
    gateway.end().await;
    world.clock.0.fetch_add(70, Ordering::Relaxed);
    let gateway = World::running(world.deliverer_of("staging"));
    until("two are somebody else in the other environment", async || world.holding() == 1).await;
    gateway.end().await;
    world.clock.0.fetch_add(70, Ordering::Relaxed);
    let gateway = world.run();
    until("all hold what they held", async || world.passes() && world.holding() == 3).await;
    gateway.end().await;
}

#[tokio::test]
async fn what_is_kept_for_nothing_is_erased_after_a_month() {
    let world = World::with(3, false).await;
    let (name, former) = (world.shop.name().clone(), SubscriberName::wordpress("former"));
    let rows = async |name: &SubscriberName, environment: &str| {
        let of = RowsOf { subscriber: name, environment };
        world.store.count_deliveries(of, at(0)).await.unwrap().pending
    };
    for (name, environment) in [(&former, "production"), (&name, "staging"), (&name, "production")] {
        let lease = SubscriberChange::Lease { holder: "one".to_owned(), now: at(0), until: at(9) };
        let number = world.store.change_subscriber(name, lease).await.unwrap().unwrap();
        let tell = SubscriberChange::TellOf { environment: environment.to_owned(), now: at(0) };
        world.store.change_subscriber(name, tell).await.unwrap();
        let desired = Desired { state: Some(State::Removed), holds_until: None };
        let individual = IndividualId::parse("m-1").unwrap();
        let plan = Plan { individual, desired, gone_at: Some(at(0)), is_forgotten: false };
        let of = RowsOf { subscriber: name, environment };
        assert!(world.store.plan_deliveries(of, number, vec![plan], at(0)).await.unwrap());
    }
    let all = async || {
        (rows(&former, "production").await, rows(&name, "staging").await, rows(&name, "production").await)
    };
    let deliverer = world.deliverer();
    world.clock.0.store(30 * 24 * 3600, Ordering::Relaxed);
    deliverer.erase_unused().await.unwrap();
    assert_eq!(all().await, (1, 1, 1));
    world.clock.0.store(30 * 24 * 3600 + 10, Ordering::Relaxed);
    deliverer.erase_unused().await.unwrap();
    assert_eq!(all().await, (0, 0, 1), "the one that is configured keeps what it is told of now");
    assert_eq!(world.store.subscribers().await, Ok(vec![name]));
}
