//! What the directory of an association of 100,000 people asks of the store: pages of people kept, kept again, confirmed, and all of them
//! read. SQLite and PostgreSQL, one after the other.
//!
//! Run with `cargo bench --bench directory`; PostgreSQL must be installed. Both wait for the disk at each commit. The people are the
//! simulator's, the same in every run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::{Clock as _, SystemClock};
use membergate::adapters::keys::secret::SecretKeys;
use membergate::adapters::store::Store;
use membergate::adapters::store::postgres::PostgresStore;
use membergate::adapters::store::postgres::server::Server;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::domain::parts::Part;
use membergate::domain::record::{IndividualId, Record};
use membergate::sim::people::{People, cast, generate};
use membergate::sim::re_members::record_line;

#[path = "../tests/it/world/postgres.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod postgres;

const PEOPLE: u64 = 100_000;

/// As many as a page of the AMS has at most.
const PAGE: usize = 250;

fn main() {
    let now = SystemClock.now();
    let people = people(now);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let key = SecretKeys::generate().unwrap();

    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("membergate.db");
    let store = SqliteStore::open(&path, &key).unwrap();
    println!("SQLite");
    runtime.block_on(measure(&store, &people, now));
    drop(store);
    size(std::fs::metadata(&path).unwrap().len());

    let server = postgres::PostgresServer::start("");
    let database = server.database();
    let store = PostgresStore::open(&Server::parse(&server.url(&database)).unwrap(), &key).unwrap();
    let held = || server.run(&database, "SELECT pg_total_relation_size('records')")[0].parse().unwrap();
    println!("PostgreSQL");
    runtime.block_on(measure(&store, &people, now));
    size(held());
    server.run(&database, "VACUUM FULL records");
    size(held());
}

fn people(now: Timestamp) -> Vec<Record> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let book = People { people: Vec::new(), ..cast(today) };
    let record = |person| {
        let serde_json::Value::Object(line) = record_line(&book, &person) else { panic!("an object") };
        Kind::default().record(line, now).unwrap()
    };
    generate(PEOPLE, 1, today).map(record).collect()
}

async fn measure(store: &dyn Store, people: &[Record], now: Timestamp) {
    let later = now + SignedDuration::from_hours(1);
    let changed: Vec<Record> = people.iter().map(|record| record.clone().read_at(later)).collect();
    let ids: Vec<IndividualId> = people.iter().map(|record| record.id.clone()).collect();
    for (what, records, now) in
        [("put_records, 250 new people", people, now), ("put_records, 250 who are there", &changed, later)]
    {
        let mut times = Vec::new();
        for page in records.chunks(PAGE) {
            let began = Instant::now();
            store.put_records("production", page, now).await.unwrap();
            times.push(began.elapsed());
        }
        tell(what, times);
    }
    let bulk = [Part::Profile, Part::Memberships, Part::CustomFields];
    for (what, parts, hours) in [
        ("confirm_records, 250, three parts", &bulk[..], 2),
        ("confirm_records, 250, one more part", &[Part::SecurityRoles], 3),
    ] {
        let mut times = Vec::new();
        for page in ids.chunks(PAGE) {
            let began = Instant::now();
            store
                .confirm_records("production", page, parts, now + SignedDuration::from_hours(hours))
                .await
                .unwrap();
            times.push(began.elapsed());
        }
        tell(what, times);
    }
    let mut times = Vec::new();
    for record in &changed[..400] {
        let (later, record) = (later + SignedDuration::from_hours(9), record.clone());
        let began = Instant::now();
        store.put_record("production", &record.read_at(later), later).await.unwrap();
        times.push(began.elapsed());
    }
    tell("put_record, one who is there", times);
    let (began, mut after, mut read, mut sealed) = (Instant::now(), 0, 0, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let page = store.records("production", after, 500).await.unwrap();
        sealed += asked.elapsed();
        if page.len == 0 {
            break;
        }
        after = page.last;
        read += page.open().filter(Result::is_ok).count();
    }
    println!("  all {read} records read in {:.2?}, {sealed:.2?} of it before opening", began.elapsed());
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("  {what:36} median {:8.2?}   99 of 100 {:8.2?}   most {:8.2?}", at(50), at(99), at(100));
}

fn size(bytes: u64) {
    println!("  {} bytes a person", bytes / PEOPLE);
}
