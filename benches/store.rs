//! The gateway with its store in SQLite beside the gateway with its store on PostgreSQL: sign-ins and signed-in requests a second.
//!
//! Run with `cargo bench --bench store`; PostgreSQL must be installed. Both gateways, the simulated AMS, the site and the visitors
//! share this machine, so only ratios mean anything: windows of the two take turns, and each is divided by its neighbour. `sessions begun`
//! asks the stores alone. Both wait for the disk at each commit.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![expect(unreachable_pub, dead_code, reason = "the harness of the tests, of which this is a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::{Clock as _, SystemClock};
use membergate::adapters::store::Store;
use membergate::domain::record::Record;
use membergate::domain::session::{Session, SessionKey};
use membergate::sim::people::{People, Person, cast, generate};
use membergate::sim::re_members::record_line;
use tokio::task::JoinSet;

#[path = "../tests/it/world/mod.rs"]
#[expect(unused_imports, reason = "the tests use all of it")]
mod world;

use world::postgres::PostgresServer;
use world::{CHAIR, LAST_DAY, MARKUP, NON_MEMBER, Plan, SECOND_MEMBERSHIP, STAFF, World};

const PEOPLE: [&str; 6] = [CHAIR, LAST_DAY, MARKUP, NON_MEMBER, SECOND_MEMBERSHIP, STAFF];

const WINDOWS: usize = 5;
const WINDOW: Duration = Duration::from_secs(3);

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let server = PostgresServer::start("");
        let url = server.url(&server.database());
        let sqlite = World::planned(plan(None)).await;
        let postgres = World::planned(plan(Some(url))).await;
        println!(
            "PostgreSQL as a share of SQLite: median of {WINDOWS} pairs of {WINDOW:?}, least and most\n"
        );
        side_by_side("sign-ins", &sqlite, &postgres, async |world| sign_ins(world).await).await;
        side_by_side("signed-in requests", &sqlite, &postgres, async |world| requests(world).await).await;
        let empty = World::planned(plan(Some(server.url(&server.database())))).await;
        side_by_side("sessions begun", &sqlite, &empty, async |world| sessions_begun(world).await).await;
    });
}

fn plan(database: Option<String>) -> Plan {
    Plan { database, calls_per_second: 100_000, ..Plan::default() }
}

async fn side_by_side(what: &str, sqlite: &World, postgres: &World, measure: impl AsyncFn(&World) -> f64) {
    // The first of each fills caches and connections.
    measure(sqlite).await;
    measure(postgres).await;
    let (mut ratios, mut figures) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        let (ours, theirs) = (measure(sqlite).await, measure(postgres).await);
        ratios.push(theirs / ours);
        figures.push((ours, theirs));
    }
    ratios.sort_by(f64::total_cmp);
    let mean = |pick: fn(&(f64, f64)) -> f64| figures.iter().map(pick).sum::<f64>() / figures.len() as f64;
    println!(
        "{what:20} SQLite {:7.0}/s   PostgreSQL {:7.0}/s   ratio {:.2} [{:.2}-{:.2}]",
        mean(|pair| pair.0),
        mean(|pair| pair.1),
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1],
    );
}

/// How often `work` is done a second, by so many at once.
async fn rate<F: Future<Output = ()> + Send + 'static>(at_once: usize, work: impl Fn() -> F) -> f64 {
    let (done, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut running = JoinSet::new();
    for _ in 0..at_once {
        running.spawn(work());
    }
    while began.elapsed() < WINDOW {
        running.join_next().await.unwrap().unwrap();
        done.fetch_add(1, Ordering::Relaxed);
        running.spawn(work());
    }
    let seconds = began.elapsed().as_secs_f64();
    running.join_all().await;
    done.load(Ordering::Relaxed) as f64 / seconds
}

async fn sign_ins(world: &World) -> f64 {
    // Each time another person: two sign-ins of one person wait for each other at that person's record.
    let turn = AtomicU64::new(0);
    let (visitor, url) = (world.visitor(), world.url("/account"));
    rate(PEOPLE.len(), || {
        let person = PEOPLE[turn.fetch_add(1, Ordering::Relaxed) as usize % PEOPLE.len()];
        let (mut visitor, url) = (visitor.clone(), url.clone());
        // The site has no such page, and says so only to somebody who is signed in.
        async move { drop(visitor.sign_in(person, url).await.expect(404)) }
    })
    .await
}

async fn requests(world: &World) -> f64 {
    let (mut visitor, url) = (world.visitor(), world.url("/members"));
    visitor.sign_in(CHAIR, url.clone()).await.expect(200);
    rate(16, || {
        let (mut visitor, url) = (visitor.clone(), url.clone());
        async move {
            for _ in 0..20 {
                visitor.get(&url).await.expect(200);
            }
        }
    })
    .await
        * 20.0
}

async fn sessions_begun(world: &World) -> f64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let store: Arc<dyn Store> = world.open_store();
    let now = SystemClock.now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let book = People { people: Vec::new(), ..cast(today) };
    let record = |person: Person| -> Record {
        let serde_json::Value::Object(line) = record_line(&book, &person) else { panic!("an object") };
        Kind::default().record(line, now).unwrap()
    };
    let records: Vec<Record> = generate(500, 1, today).map(record).collect();
    rate(16, || {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let (mut key, record) = ([0; 32], &records[next as usize % records.len()]);
        key[..8].copy_from_slice(&next.to_be_bytes());
        let session = Session {
            key: SessionKey(key),
            individual: record.id.clone(),
            environment: "benchmark".to_owned(),
            host: "www.acme.example".to_owned(),
            created: now,
            last_seen: now,
            device: None,
            viewer: None,
            logout_hint: None,
        };
        let (store, record) = (store.clone(), record.clone());
        async move { drop(store.begin_session(&session, &record).await.unwrap()) }
    })
    .await
}
