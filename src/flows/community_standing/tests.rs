//! Figures and plans over a store with rows, without a network.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tempfile::TempDir;

use super::*;
use crate::adapters::ams::kinds::Kind;
use crate::adapters::clock::Clock;
use crate::adapters::community_file;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::rules_file;
use crate::adapters::store::deliveries::{Deliveries, EndedFlight, SubscriberChange};
use crate::adapters::store::directory::Directory as _;
use crate::adapters::store::sqlite::SqliteStore;
use crate::adapters::subscribers::higher_logic::{HigherLogic, PushApi, PushSettings};
use crate::domain::community::{CommunityInForce, CommunityText, FactKind};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::FlightEnd;
use crate::domain::deliveries::subscriber::MappingPair;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::SessionLimits;
use crate::domain::time::AmsDate;
use crate::flows::person::Published;

const COMMUNITY: &str = r#"
time_zone = "UTC"
[contact]
names = false
directory = false
organization = false
[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]
"#;

fn start() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        start() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

struct Office {
    _folder: TempDir,
    store: Arc<SqliteStore>,
    clock: Arc<Hand>,
}

fn member(number: usize) -> Record {
    let individual = serde_json::json!({
        "individual": { "id": format!("m-{number:06}"), "approvedUser": true, "firstName": "Ada", "lastName": "Okafor" }
    });
    let mut record = Kind::default().record(individual.as_object().unwrap().clone(), start()).unwrap();
    record.memberships = vec![crate::domain::record::Membership {
        join_date: AmsDate::Day("2020-01-01".parse().unwrap()),
        expire_date: AmsDate::Day("2026-12-31".parse().unwrap()),
        ..Default::default()
    }];
    record.read_at(start())
}

impl Office {
    async fn with(people: usize) -> Office {
        let folder = TempDir::new().unwrap();
        let key = SecretKeys::generate().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("m.sqlite"), &key).unwrap());
        for from in (0..people).step_by(250) {
            let records: Vec<Record> = (from..people.min(from + 250)).map(member).collect();
            store.put_records("production", &records, start()).await.unwrap();
        }
        Office { _folder: folder, store, clock: Arc::new(Hand(AtomicI64::new(0))) }
    }

    fn standing(&self, community: &str) -> Arc<CommunityStanding> {
        let text = CommunityText { text: community.to_owned() };
        let mapping = Arc::new(community_file::parse(community).unwrap());
        let mapping = Arc::new(ArcSwap::from_pointee(CommunityInForce { version: 1, text, mapping }));
        let settings = PushSettings {
            api: PushApi::V2,
            // Nobody is asked.
            url: "http://127.0.0.1:9/v2".parse().unwrap(),
            api_key: "key".into(),
            key_header: http::HeaderName::from_static("apikey"),
            tenant_code: None,
            batch: 50,
        };
        let community: Arc<dyn PeopleSubscriber> =
            Arc::new(HigherLogic::new(settings, mapping.clone()).unwrap());
        let limits = SessionLimits {
            idle: SignedDuration::from_hours(1),
            absolute: SignedDuration::from_hours(10),
            refresh_after: SignedDuration::from_mins(15),
            stale_limit: SignedDuration::from_hours(24),
            store_gone: SignedDuration::from_hours(1),
        };
        let rules = rules_file::parse("time_zone = \"UTC\"\n").unwrap();
        let deliverer = Deliverer::new(DeliveryParts {
            store: self.store.clone(),
            directory: self.store.clone(),
            beliefs: crate::flows::tests::alone(limits).1,
            rules: Arc::new(ArcSwap::from_pointee(Published::new(1, rules))),
            clock: self.clock.clone(),
            environment: "production".into(),
            subscribers: vec![community],
            calendar: None,
        });
        CommunityStanding::new(deliverer.unwrap(), mapping).unwrap()
    }

    /// Plans everybody, as the planner does.
    async fn plan(&self, standing: &CommunityStanding, number: u64) {
        let mut walk = walk::StandingWalk::new(standing.parts(), standing.rows());
        let looking = standing.looking(self.clock.now());
        while let Some(people) = walk.next().await.unwrap() {
            let plans = people.iter().filter_map(|person| looking.plan(person)).collect();
            let planned = self.store.plan_deliveries(standing.rows(), number, plans, self.clock.now()).await;
            assert_eq!(planned, Ok(true));
        }
    }

    async fn lease(&self, standing: &CommunityStanding) -> u64 {
        let now = self.clock.now();
        let lease = SubscriberChange::Lease {
            holder: "test".to_owned(),
            now,
            until: now + SignedDuration::from_secs(1),
        };
        self.store.change_subscriber(standing.name(), lease).await.unwrap().unwrap()
    }

    /// Takes so many rows, and settles them.
    async fn settle(&self, standing: &CommunityStanding, most: u16, end: FlightEnd) {
        let now = self.clock.now();
        let until = now + SignedDuration::from_secs(60);
        let flights = self.store.take_flights(standing.rows(), now, until, most).await.unwrap();
        assert_eq!(flights.len(), usize::from(most));
        let ends = flights.into_iter().map(|flight| EndedFlight {
            individual: flight.individual,
            fence: flight.fence,
            end: end.clone(),
        });
        self.store.settle_flights(standing.rows(), ends.collect(), now, 0.0).await.unwrap();
    }

    /// Time passes, so that figures are counted again.
    async fn counted(&self, standing: &Arc<CommunityStanding>) -> Arc<CountedFigures> {
        self.clock.0.fetch_add(3_600, Ordering::Relaxed);
        standing.figures(Duration::from_secs(600)).await.unwrap().counted.unwrap()
    }
}

async fn planned(standing: &CommunityStanding) -> (Vec<PlannedContact>, PlanSummary) {
    let mut all = Vec::new();
    let summary = standing
        .plan(|people| {
            all.extend(people);
            Ok::<(), StoreError>(())
        })
        .await
        .unwrap();
    (all, summary)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_the_rows_and_are_kept_for_a_moment() {
    let office = Office::with(30).await;
    let standing = office.standing(COMMUNITY);
    let before = office.counted(&standing).await;
    assert_eq!((before.figures.next, before.figures.people.here), (30, 0));
    let (all, summary) = planned(&standing).await;
    assert_eq!((all.len(), summary.planned, summary.people), (30, 30, 30));
    assert!(all.iter().all(|contact| contact.kind == PlannedKind::New && !contact.loses));
    assert_eq!(summary.figures.groups["MEMBERS"].count.joining, 30);
    assert_eq!(all[0].because[0].0, "MEMBERS");
    assert!(all[0].holds_until.is_some(), "the membership ends");
    assert_eq!(office.store.subscribers().await, Ok(Vec::new()), "a plan writes nothing");

    let number = office.lease(&standing).await;
    office.plan(&standing, number).await;
    office.settle(&standing, 10, FlightEnd::Confirmed("taken")).await;
    let same = standing.figures(Duration::from_secs(600)).await.unwrap().counted.unwrap();
    assert_eq!(same, before, "a reload counts nothing");
    office.settle(&standing, 1, FlightEnd::Refused("refused_email_address".to_owned())).await;
    let figures = office.counted(&standing).await.figures.clone();
    let count = figures.groups["MEMBERS"].count;
    assert_eq!((count.here, count.there, count.pending(), count.refused), (30, 10, 19, 1));
    assert_eq!((figures.people, figures.members, figures.next), (count, count, 0));
    let (all, summary) = planned(&standing).await;
    assert_eq!((all.len(), summary.planned), (20, 19), "whoever is refused as things are is not sent");
    let refused: BTreeSet<_> = all.iter().filter_map(|contact| contact.refused.as_deref()).collect();
    assert_eq!(refused, BTreeSet::from(["refused_email_address"]));
    assert_eq!(summary.brake, BrakeOutlook::Goes(0, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_who_loses_what_and_what_the_brake_would_do() {
    let office = Office::with(30).await;
    let standing = office.standing(COMMUNITY);
    let number = office.lease(&standing).await;
    office.plan(&standing, number).await;
    office.settle(&standing, 30, FlightEnd::Confirmed("taken")).await;
    assert_eq!(planned(&standing).await.0, [], "nothing is to be sent");
    let gone = IndividualId::parse("m-000003").unwrap();
    assert_eq!(office.store.forget_record("production", &gone).await, Ok(true));
    // The file has another group in its place.
    let other = office.standing(&COMMUNITY.replace("MEMBERS", "ALL"));
    let (all, summary) = planned(&other).await;
    assert_eq!(summary.brake, BrakeOutlook::WouldStop(30, 30));
    assert_eq!((all.len(), summary.people), (30, 30));
    let of = |id: &str| all.iter().find(|contact| contact.id.as_str() == id).unwrap();
    assert_eq!(of("m-000003").kind, PlannedKind::Removed);
    assert_eq!(of("m-000003").because, [(String::new(), "The person is not on file any longer.".to_owned())]);
    let changed = of("m-000004");
    assert!(changed.loses && changed.kind == PlannedKind::Changed);
    let names: Vec<&str> = changed.facts.iter().map(|fact| &*fact.name).collect();
    assert_eq!(names, ["ALL", "MEMBERS"]);
    assert!(changed.because[0].1.contains("31 December 2026"), "{:?}", changed.because);
    assert_eq!(changed.because[1].1, "The community file has no such group.");
    let count = summary.figures.groups["MEMBERS"].count;
    assert_eq!((count.here, count.there, count.leaving), (0, 30, 30));
    let stop = Stop::ByHand { since: start() };
    office.store.change_subscriber(other.name(), SubscriberChange::Stop(stop.clone())).await.unwrap();
    assert_eq!(planned(&other).await.1.brake, BrakeOutlook::Stopped(stop));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_shown_in_three_states() {
    let office = Office::with(3).await;
    let standing = office.standing(COMMUNITY);
    let jane = IndividualId::parse("m-000001").unwrap();
    let person = standing.person(&jane).await.unwrap();
    assert!(
        person.telling.is_none() && person.there == ToldSide::Nothing && person.waits == ToldSide::Nothing
    );
    assert_eq!(person.here, DesiredNow::Known(ToldSide::Present));
    let number = office.lease(&standing).await;
    office.plan(&standing, number).await;
    assert_eq!(standing.person(&jane).await.unwrap().waits, ToldSide::Present);
    office.settle(&standing, 3, FlightEnd::Confirmed("taken")).await;
    let person = standing.person(&jane).await.unwrap();
    assert_eq!((person.there, person.waits), (ToldSide::Present, ToldSide::Nothing));
    let group = person.facts.iter().find(|fact| fact.row.kind == FactKind::Group).unwrap();
    assert!(group.row.there == group.row.here && group.row.waits.is_none() && !group.because.is_empty());
    // She has left meanwhile, and nobody has planned it yet.
    let mut left = member(1).read_at(start() + SignedDuration::from_secs(60));
    left.memberships.clear();
    left.profile.last_name = Some("Holm".to_owned());
    office.store.put_record("production", &left, start()).await.unwrap();
    let person = standing.person(&jane).await.unwrap();
    let changes: Vec<(&str, bool, bool)> = person
        .facts
        .iter()
        .map(|fact| &fact.row)
        .filter(|row| row.there != row.here)
        .map(|row| (&*row.name, row.there.is_some(), row.here.is_some()))
        .collect();
    assert_eq!(
        changes,
        [
            ("Family name", true, true),
            ("Member", true, true),
            ("Member since", true, false),
            ("Member until", true, false),
            ("MEMBERS", true, false),
        ]
    );
    let nobody = standing.person(&IndividualId::parse("nobody").unwrap()).await.unwrap();
    assert_eq!((nobody.here, nobody.name), (DesiredNow::NotOnFile, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_that_takes_long_is_not_waited_for_and_goes_on() {
    let office = Office::with(1_000).await;
    let standing = office.standing(COMMUNITY);
    let first = standing.figures(Duration::ZERO).await.unwrap();
    assert!(first.counted.is_none() && first.counting.is_some());
    let counted = standing.figures(Duration::from_secs(600)).await.unwrap();
    assert_eq!(counted.counted.unwrap().figures.next, 1_000);
    // The gateway ends while somebody counts.
    office.clock.0.fetch_add(100_000, Ordering::Relaxed);
    drop(standing.figures(Duration::ZERO).await);
    let weak = Arc::downgrade(&standing);
    drop(standing);
    while weak.strong_count() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_people_are_counted_and_planned() {
    let people = 500;
    let office = Office::with(500).await;
    let standing = office.standing(COMMUNITY);
    let untold = office.counted(&standing).await;
    let number = office.lease(&standing).await;
    office.plan(&standing, number).await;
    let counted = office.counted(&standing).await;
    assert_eq!((untold.figures.next, counted.figures.people.here), (people, people));
    let (_, summary) = planned(&standing).await;
    assert_eq!(summary.planned as u64, people);
}

#[test]
fn the_first_run_says_how_much_longer_it_takes() {
    use crate::adapters::store::deliveries::DeliveryCounts;
    use crate::domain::deliveries::day::DeliveryEnd;
    use crate::domain::deliveries::subscriber::{FirstRun, PassUnderWay, SubscriberState};
    let began = start();
    let now = began + SignedDuration::from_mins(10);
    let pass = PassUnderWay {
        began,
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 1, own: 1 },
        after: 0,
        seen: 500,
        is_first: true,
    };
    let run = FirstRun { environment: "production".to_owned(), began, ended: None };
    let mut state = SubscriberState { pass: Some(pass), first_run: Some(run), ..SubscriberState::default() };
    state.day.note(&[DeliveryEnd::Confirmed(SignedDuration::from_secs(1)); 100], now);
    let mut telling = SubscriberStatus {
        name: SubscriberName::higher_logic(),
        counts: DeliveryCounts { settled: 100, pending: 390, set_aside: 10, ..DeliveryCounts::default() },
        state,
        failure: None,
        set_aside: Vec::new(),
    };
    let first = first_run(&telling, 1_010, true, "production", now).unwrap();
    assert_eq!((first.confirmed, first.refused, first.of, first.an_hour), (100, 10, 1_010, Some(600)));
    assert_eq!(first.left, Some(SignedDuration::from_mins(90)));
    telling.state.pass = None;
    assert_eq!(
        first_run(&telling, 1_010, true, "production", now).unwrap().of,
        500,
        "of the others nothing is told"
    );
    assert!(
        !first_run(&telling, 1_010, false, "production", now).unwrap().is_whole,
        "not everybody is listed"
    );
    assert_eq!(first_run(&telling, 1_010, true, "staging", now), None);
    telling.state.end_first_run(now);
    assert_eq!(first_run(&telling, 1_010, true, "production", now).unwrap().left, None);
}
