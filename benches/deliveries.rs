//! What the gateway needs to tell a site's WordPress and a community of 10,000 people: the first run, and 1,000 memberships that end at midnight.
//!
//! Run with `cargo bench --bench deliveries`. Whoever is told takes each request at once, so this is the gateway's half; `tests/wordpress/run` with
//! `MEMBERGATE_PEOPLE=10000` measures the other half, a real WordPress. All of it shares this machine, and this process: memory is what it grew by,
//! with what the receiver keeps.

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
use membergate::domain::contact::{Contact, ContactAddress, ContactPhone};
use membergate::domain::record::Record;
use membergate::sim::people::{Membership, People, Person, cast, generate};
use membergate::sim::re_members::record_line;

#[path = "../tests/it/community/receiver.rs"]
mod community;
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

const COMMUNITY: &str = r#"
time_zone = "America/New_York"
[contact]
phones = true
addresses = true
[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]
"#;

/// Who is told.
enum Told {
    Site(Receiver),
    Community(community::Receiver),
}

impl Told {
    /// Has the gateway tell it.
    fn join(&self, world: &mut World) {
        match self {
            Told::Site(site) => {
                world.plan.access = format!("people_endpoint = \"{}\"\n{ACCESS}", site.endpoint());
                site.trust(world.url("/_gate/oidc/jwks"));
            }
            Told::Community(community) => {
                world.plan.more = community.configuration();
                world.plan.variables = vec![("PUSH_KEY", "push-key-of-acme")];
                world.plan.files = vec![("/etc/membergate/community.toml", COMMUNITY.to_owned())];
            }
        }
    }

    /// How many of these people it takes for members.
    fn members(&self, ids: &[String]) -> usize {
        match self {
            Told::Site(site) => {
                let users = site.users();
                users.values().filter(|user| user.roles.iter().any(|role| role == "member")).count()
            }
            Told::Community(community) => ids.iter().filter(|id| community.has_member(id)).count(),
        }
    }

    fn requests(&self) -> usize {
        match self {
            Told::Site(site) => site.requests(),
            Told::Community(community) => community.requests(),
        }
    }
}

#[tokio::main]
async fn main() {
    for _ in 0..RUNS {
        println!("WordPress");
        run(Told::Site(Receiver::start().await)).await;
        for (name, way) in [
            ("Higher Logic, version 2", community::Way::EachRecord),
            ("Higher Logic, version 1", community::Way::Verdict),
        ] {
            println!("{name}");
            run(Told::Community(community::Receiver::start(way).await)).await;
        }
    }
}

/// What somebody shows of themselves, in the usual length.
fn contact() -> Contact {
    let phone = ContactPhone {
        number: "(202) 555-0142".to_owned(),
        kind: Some("Work Phone".to_owned()),
        primary: true,
        show_in_directory: Some(true),
    };
    let address = ContactAddress {
        lines: vec!["12 Harbour Street".to_owned()],
        city: Some("Boston".to_owned()),
        state: Some("MA".to_owned()),
        postal_code: Some("02101".to_owned()),
        country: Some("United States".to_owned()),
        kind: Some("Work".to_owned()),
        primary: true,
        show_in_directory: Some(true),
    };
    Contact {
        title: Some("Director of Learning".to_owned()),
        phones: vec![phone],
        addresses: vec![address],
        ..Contact::default()
    }
}

/// What this process has of the machine's memory, in MB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

async fn run(told: Told) {
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
        let record = Kind::default().record(line, now).unwrap();
        Record { contact: Some(Box::new(contact())), ..record }
    };
    let records: Vec<Record> = people.iter().map(record).collect();
    let ids: Vec<String> = people.iter().map(|person| person.id.clone()).collect();
    for person in people {
        world.people().add_person(person);
    }
    let store = world.open_store();
    for records in records.chunks(500) {
        store.put_records("production", records, now).await.unwrap();
    }
    drop(records);
    told.join(&mut world);
    let members = || told.members(&ids);
    let (began, memory_before) = (Instant::now(), memory());
    world.open_gate().await;
    until(|| members() >= PEOPLE).await;
    println!(
        "  first run: {PEOPLE} people, {} requests, {:.1} s, {:.0} MB",
        told.requests(),
        began.elapsed().as_secs_f64(),
        memory() - memory_before
    );
    let (requests, before) = (told.requests(), members());
    let began = Instant::now();
    world.forward(midnight.timestamp().duration_since(world.now()) + SignedDuration::from_secs(1));
    until(|| members() + LAPSES <= before).await;
    let requests = told.requests() - requests;
    println!("  lapses:    {LAPSES} people, {requests} requests, {:.1} s", began.elapsed().as_secs_f64());
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
