//! An hour of the directory: how many calls it takes to keep the records of an association in step, and how long a change takes to be in
//! force. The gateway is a whole one, the AMS the simulator with its limits, both over HTTP; only the time is moved.
//!
//! `cargo bench --bench hour --profile dev -- CASE…` runs the cases that are named; without a name it lists them. With `HOUR_TRACE` set it
//! prints every call.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark"
)]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use membergate::adapters::clock::{Clock, SystemClock};
use membergate::adapters::keys::random::SessionSecret;
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::Store;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::app::App;
use membergate::config::{self, env::Given};
use membergate::sim::people::Environment;
use membergate::sim::people::{People, Person, Purchase, Registration, Seat, cast, generate};
use membergate::sim::re_members::{Control, Credentials, Settings as AmsSettings, Simulator};

#[path = "hour/growthzone.rs"]
mod growthzone;
#[path = "hour/novi.rs"]
mod novi;
#[path = "hour/stage.rs"]
mod stage;

use stage::{Change, keep_in_step, report, report_delays, session};

const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const STEP: SignedDuration = SignedDuration::from_millis(500);
const CHANGES: usize = 50;

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"
[[rule]]
role = "education"
when = [{ committee = "EDU" }]
[[rule]]
role = "board"
when = [{ committee = "BOARD" }]
[[rule]]
role = "standards"
when = [{ committee = "STD" }]
[[rule]]
role = "annual"
when = [{ event = "ANNUAL26" }]
[[rule]]
role = "summit"
when = [{ event = "SUMMIT26" }]
[[rule]]
role = "web"
when = [{ purchase = "WEB1" }]
"#;

/// What differs from case to case.
struct Case {
    name: &'static str,
    people: u64,
    /// How many of them are signed in and come again and again.
    active: usize,
    feed_covers: &'static str,
    page_size: u32,
}

const CASES: &[Case] = &[
    Case { name: "everything", people: 10_000, active: 10_000, feed_covers: "everything", page_size: 100 },
    Case { name: "small", people: 500, active: 100, feed_covers: "profiles", page_size: 100 },
    Case { name: "profiles-100", people: 10_000, active: 10_000, feed_covers: "profiles", page_size: 100 },
    Case { name: "profiles-25", people: 10_000, active: 10_000, feed_covers: "profiles", page_size: 25 },
    Case { name: "profiles-250", people: 10_000, active: 10_000, feed_covers: "profiles", page_size: 250 },
    Case {
        name: "100000-everything",
        people: 100_000,
        active: 10_000,
        feed_covers: "everything",
        page_size: 100,
    },
    Case {
        name: "100000-profiles",
        people: 100_000,
        active: 10_000,
        feed_covers: "profiles",
        page_size: 100,
    },
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    if asked.is_empty() {
        CASES.iter().for_each(|case| println!("{}", case.name));
        novi::CASES.iter().chain(growthzone::CASES).for_each(|(name, _)| println!("{name}"));
        return;
    }
    for name in asked {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        if let Some((name, active)) = novi::CASES.iter().find(|case| *case.0 == name) {
            runtime.block_on(novi::run(name, *active));
            continue;
        }
        if let Some((name, active)) = growthzone::CASES.iter().find(|case| *case.0 == name) {
            runtime.block_on(growthzone::run(name, *active));
            continue;
        }
        let case = CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"));
        runtime.block_on(run(case));
    }
}

/// Stands still until it is moved.
struct MovedClock {
    begun: Timestamp,
    moved: AtomicI64,
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.begun + SignedDuration::from_micros(self.moved.load(Ordering::Relaxed))
    }
}

/// The gateway, its AMS and the time.
struct Stage {
    clock: Arc<MovedClock>,
    ams: Simulator,
    gate: App,
    port: u16,
    client: reqwest::Client,
    /// Those who are active, and their sessions.
    people: Vec<Person>,
    sessions: Vec<SessionSecret>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(case: &Case) -> Stage {
        let now = SystemClock.now();
        let mut settings = AmsSettings::demo();
        for switch in
            [format!("page_size={}", case.page_size), format!("changed_since_covers={}", case.feed_covers)]
        {
            settings.switches.set(&switch).unwrap();
        }
        let today = now.to_zoned(settings.switches.time_zone.clone()).date();
        settings.people = People { people: generate(case.people, 1, today).collect(), ..cast(today) };
        settings.people.people.extend(
            cast(today).people.into_iter().filter(|it| {
                it.email.as_deref().is_some_and(|email| email.starts_with("gateway_integration"))
            }),
        );
        for code in ["BOARD", "STD"] {
            let mut committee = settings.people.committees[0].clone();
            committee.code = code.to_owned();
            committee.id = format!("c0331ee0-00{:02}-4000-8000-000000000001", code.len() + 10);
            settings.people.committees.push(committee);
        }
        let mut summit = settings.people.events[0].clone();
        (summit.code, summit.id) = ("SUMMIT26".to_owned(), "e0e47000-0003-4000-8000-000000000003".to_owned());
        settings.people.events.push(summit);
        let ams = Simulator::start(settings).await.unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MovedClock { begun: now, moved: AtomicI64::new(0) });
        let text = configuration(&ams, port, case, &folder.path().join("gate.sqlite"));
        let credentials = Credentials::demo(Environment::Production);
        let given = Given::default()
            .file("membergate.toml", &text)
            .file("rules.toml", RULES)
            .variable("SECRET_KEY", SECRET_KEY)
            .variable("APP_KEY", &credentials.app_key)
            .variable("USER_PASSWORD", &credentials.user_password);
        let settings = config::load(Path::new("membergate.toml"), &given).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let admitted = |it: &Person| {
            !it.is_deceased
                && it.user.as_ref().is_some_and(|user| user.is_approved)
                && !it.memberships.is_empty()
        };
        let people: Vec<Person> =
            generate(case.people, 1, today).filter(admitted).take(case.active).collect();
        let sessions = fill(&folder.path().join("gate.sqlite"), case, &people, now, today).await;
        let gate = App::start_at(settings, clock.clone()).await.unwrap();
        Stage { clock, ams, gate, port, client: reqwest::Client::new(), people, sessions, _folder: folder }
    }

    fn control(&self) -> &Control {
        self.ams.control()
    }

    /// Half a second passes everywhere, and what it sets off is done.
    async fn step(&self) {
        self.clock.moved.fetch_add(i64::try_from(STEP.as_micros()).unwrap(), Ordering::Relaxed);
        keep_in_step(self.control(), self.clock.now());
        tokio::time::advance(Duration::from_millis(500)).await;
        // The runtime lets no time pass by itself while a thread is at work.
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(8))).await.unwrap();
    }

    async fn pass(&self, by: SignedDuration) {
        for _ in 0..by.as_millis() / STEP.as_millis() {
            self.step().await;
        }
    }

    /// The roles of a session.
    async fn roles(&self, secret: &SessionSecret) -> Vec<String> {
        stage::roles(&self.client, self.port, secret).await
    }
}

/// Waits for something that takes real time, while the runtime's own stands still.
async fn patient<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let work = tokio::spawn(work);
    while !work.is_finished() {
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_micros(200))).await.unwrap();
    }
    work.await.unwrap()
}

fn configuration(ams: &Simulator, port: u16, case: &Case, store: &Path) -> String {
    let (base, Credentials { app_name, user_email, .. }) =
        (ams.base_url(), Credentials::demo(Environment::Production));
    let (covers, store) = (case.feed_covers, store.display());
    format!(
        r#"
[association]
name = "Harbour Association"
[listen]
address = "127.0.0.1:{port}"
operations = "127.0.0.1:0"
workers = 1
[ams]
live = "production"
[ams.production]
discovery_url = "{base}/Api/v1/WebApiUrl"
portal = "{base}"
app_name = "{app_name}"
app_key = {{ env = "APP_KEY" }}
user_email = "{user_email}"
user_password = {{ env = "USER_PASSWORD" }}
[session]
idle = "99h"
absolute = "999h"
[directory]
feed_covers = "{covers}"
[store]
path = "{store}"
secret_keys = [{{ env = "SECRET_KEY" }}]
[[site]]
name = "library"
title = "Harbour Library"
url = "http://localhost:{port}"
upstream = "http://127.0.0.1:9"
[[site.access]]
path = "/"
require = "public"
"#
    )
}

async fn run(case: &Case) {
    let real = Instant::now();
    println!(
        "\n== {}: {} people, {} of them active, pages of {}, a feed that covers {}",
        case.name, case.people, case.active, case.page_size, case.feed_covers
    );
    let stage = Stage::set(case).await;
    let Stage { people, sessions, .. } = &stage;
    // Before the hour: everything is read once, without a limit. Then the limits are on.
    stage.control().set_switch("rate_limit=off").unwrap();
    // More people than a page of the feed holds, as within any day: so it shows how long its pages are.
    let (mut touched, crowd) = (people.iter().rev(), case.page_size as usize + 20);
    touch(&stage, touched.by_ref().take(crowd));
    // One every ten minutes, so that two hourly looks back show in which zone the feed reads instants, and that no read is left over.
    for _ in 0..14 {
        touch(&stage, touched.by_ref().take(1));
        stage.pass(SignedDuration::from_mins(10)).await;
    }
    println!("  before the hour:");
    report(stage.control());
    stage.control().set_switch("rate_limit=on").unwrap();
    stage.control().reset_counts();
    let mut changes: Vec<Change> = Vec::new();
    let mut delays: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let every = SignedDuration::from_mins(60) / i32::try_from(CHANGES).unwrap();
    let mut next = stage.clock.now();
    let end = stage.clock.now() + SignedDuration::from_mins(60);
    let (mut made, mut asked) = (0, 0);
    let patience = end + SignedDuration::from_mins(90);
    while stage.clock.now() < end || !changes.is_empty() && stage.clock.now() < patience {
        if made < CHANGES && stage.clock.now() >= next {
            changes.push(change(&stage, people, made));
            made += 1;
            next += every;
        }
        stage.pass(SignedDuration::from_secs(15)).await;
        if stage.clock.now() < end {
            // Everybody who is active comes four times an hour.
            for _ in 0..case.active.div_ceil(60) {
                let known = &sessions[asked % sessions.len()];
                let roles = stage.roles(known).await;
                assert!(roles.contains(&"subscriber".to_owned()), "{roles:?}");
                asked += 1;
            }
        }
        let mut open = Vec::new();
        for one in changes {
            let holds = stage.roles(&sessions[one.person]).await.iter().any(|role| role == one.role);
            if holds == one.gains {
                let took = stage.clock.now().duration_since(one.made);
                delays.entry(one.what).or_default().push(took.as_secs_f64());
            } else {
                open.push(one);
            }
        }
        changes = open;
        if stage.clock.now() >= end && stage.clock.now() < end + SignedDuration::from_secs(16) {
            report(stage.control());
        }
    }
    report_delays(delays, &changes, stage.clock.now());
    println!("  took {:.0} s of real time", real.elapsed().as_secs_f64());
    stage.gate.stop().await;
    stage.ams.stop().await;
}

/// Something changes that no rule looks at.
fn touch<'p>(stage: &Stage, people: impl Iterator<Item = &'p Person>) {
    for person in people {
        stage.control().edit_person(&person.id, |it| it.title = Some("Keeper of the harbour".to_owned()));
    }
}

/// One change, of another kind each time.
fn change(stage: &Stage, people: &[Person], number: usize) -> Change {
    let person = 7 + number * 13 % (people.len() - 7);
    let (key, today) = (people[person].id.clone(), stage.control().today());
    let made = stage.clock.now();
    let local = stage.control().now().to_zoned(stage.control().switches().time_zone);
    let at = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let (what, role, gains) = match number % 4 {
        0 => {
            stage.control().edit_person(&key, |it| {
                it.committees = vec![Seat {
                    committee: "EDU".to_owned(),
                    position: "Member".to_owned(),
                    position_code: "MEMBER".to_owned(),
                    code: format!("X-{number}"),
                    start_date: Some(format!("{today}T00:00:00")),
                    ..Seat::default()
                }];
            });
            ("a seat is given", "education", true)
        }
        1 => {
            stage.control().edit_person(&key, |it| it.memberships.clear());
            ("memberships end", "member", false)
        }
        2 => {
            stage.control().edit_person(&key, |it| {
                it.registrations.push(Registration {
                    event: "SUMMIT26".to_owned(),
                    registration_date: Some(at),
                    registration_number: format!("R-X{number}"),
                    ..Registration::default()
                });
            });
            ("a registration", "summit", true)
        }
        _ => {
            stage.control().edit_person(&key, |it| {
                it.purchases.push(Purchase {
                    product_code: "WEB1".to_owned(),
                    order_number: format!("O-X{number}"),
                    purchase_date: Some(format!("{today}T00:00:00")),
                    ..Purchase::default()
                });
            });
            ("a purchase", "web", true)
        }
    };
    Change { what, person, made, role, gains }
}

/// Everybody who is active has signed in before, and everybody else who is a member has been read.
async fn fill(
    path: &Path,
    case: &Case,
    people: &[Person],
    now: Timestamp,
    today: Date,
) -> Vec<SessionSecret> {
    let key = SecretKey::parse(SECRET_KEY).unwrap().into();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path, &key).unwrap());
    let book = People { people: Vec::new(), ..cast(today) };
    let record = |person: &Person| {
        let serde_json::Value::Object(line) = membergate::sim::re_members::record_line(&book, person) else {
            panic!("an object")
        };
        membergate::adapters::ams::kinds::Kind::default().record(line, now).unwrap()
    };
    let members: Vec<Person> =
        generate(case.people, 1, today).filter(|person| !person.memberships.is_empty()).collect();
    for page in members.chunks(250) {
        let (store, records) = (store.clone(), page.iter().map(record).collect::<Vec<_>>());
        patient(async move { store.put_records("production", &records, now).await.unwrap() }).await;
    }
    let mut secrets = Vec::new();
    for person in people {
        let (record, secret) = (record(person), SessionSecret::new().unwrap());
        let session = session(&secret, &person.id, "production", now);
        let store = store.clone();
        patient(async move { store.begin_session(&session, &record).await.unwrap() }).await;
        secrets.push(secret);
    }
    secrets
}
