//! What the gateway needs to tell a site of 10,000 people: the first run, and 1,000 memberships that end at midnight.
//!
//! Run with `cargo bench --bench deliveries`. The site takes each request at once, so this is the gateway's half; `tests/wordpress/run` with
//! `MEMBERGATE_PEOPLE=10000` measures the other half, a real WordPress. All of it shares this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![expect(unreachable_pub, dead_code, reason = "the harness of the tests, of which this is a part")]

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use membergate::adapters::ams::kinds::Kind;
use membergate::domain::record::Record;
use membergate::sim::people::{Membership, People, Person, cast, generate};
use membergate::sim::re_members::record_line;

#[path = "../tests/it/deliveries/receiver.rs"]
mod receiver;
#[path = "../tests/it/world/mod.rs"]
#[expect(unused_imports, reason = "the tests use all of it")]
mod world;

use receiver::Receiver;
use world::{ACCESS, Plan, World};

const PEOPLE: usize = 10_000;
const LAPSES: usize = 1_000;
const RUNS: usize = 3;

#[tokio::main]
async fn main() {
    for _ in 0..RUNS {
        run().await;
    }
}

async fn run() {
    let receiver = Receiver::start().await;
    let plan = Plan { directory: "in_step = true".to_owned(), ..Plan::default() };
    let mut world = World::planned(plan).await;
    world.close_gate().await;
    let now = world.now();
    // Days end where the mapping says.
    let zoned = now.to_zoned(jiff::tz::TimeZone::get("America/New_York").unwrap());
    let (today, midnight) = (zoned.date(), zoned.tomorrow().unwrap().start_of_day().unwrap());
    let book = People { people: Vec::new(), ..cast(today) };
    let member = |(number, mut person): (usize, Person)| {
        let membership = Membership {
            code: "REG".to_owned(),
            effective_date: Some("2020-01-01".to_owned()),
            join_date: Some("2020-01-01".to_owned()),
            expire_date: (number < LAPSES).then(|| today.to_string()),
            ..Membership::default()
        };
        person.memberships = vec![membership];
        person
    };
    // The AMS refuses some.
    let is_admitted =
        |person: &Person| !person.is_deceased && person.user.as_ref().is_none_or(|user| user.is_approved);
    let everybody = generate(2 * PEOPLE as u64, 1, today).filter(is_admitted).take(PEOPLE);
    let people: Vec<Person> = everybody.enumerate().map(member).collect();
    let record = |person: &Person| -> Record {
        let serde_json::Value::Object(line) = record_line(&book, person) else { panic!("an object") };
        Kind::default().record(line, now).unwrap()
    };
    let records: Vec<Record> = people.iter().map(record).collect();
    for person in people {
        world.people().add_person(person);
    }
    let store = world.open_store();
    for records in records.chunks(500) {
        store.put_records("production", records, now).await.unwrap();
    }
    world.plan.access = format!("people_endpoint = \"{}\"\n{ACCESS}", receiver.endpoint());
    receiver.trust(world.url("/_gate/oidc/jwks"));
    let members = || {
        let users = receiver.users();
        users.values().filter(|user| user.roles.iter().any(|role| role == "member")).count()
    };
    let began = Instant::now();
    world.open_gate().await;
    until(|| members() >= PEOPLE).await;
    println!(
        "first run: {PEOPLE} people, {} requests, {:.1} s",
        receiver.requests(),
        began.elapsed().as_secs_f64()
    );
    let (requests, before) = (receiver.requests(), members());
    let began = Instant::now();
    world.forward(midnight.timestamp().duration_since(world.now()) + SignedDuration::from_secs(1));
    until(|| members() + LAPSES <= before).await;
    let requests = receiver.requests() - requests;
    println!("lapses:    {LAPSES} people, {requests} requests, {:.1} s", began.elapsed().as_secs_f64());
    // The last day of one of the cast has ended too.
    assert!(members() + LAPSES + 1 >= before, "nobody else loses anything");
    world.close_gate().await;
}

async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(600);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within ten minutes");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
