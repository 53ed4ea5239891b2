//! The same hour with Novi: 10,000 people who are signed in, 50 changes, and the limits of one key.
//!
//! `cargo bench --bench hour --profile dev -- novi`, or `novi-small` with 300 people.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::{Clock as _, SystemClock};
use membergate::adapters::keys::random::SessionSecret;
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::Store;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::app::App;
use membergate::config::{self, env::Given};
use membergate::domain::record::IndividualId;
use membergate::domain::session::Session;
use membergate::sim::novi::people::{Belonging, Customer, Purchase, Registration, Seat, generate};
use membergate::sim::novi::{Control, Credentials, Endpoint, Settings, Simulator};
use membergate::sim::people::Environment;
use serde_json::{Value, json};

use crate::{CHANGES, MovedClock, SECRET_KEY, STEP, patient};

/// Under what the gateway keeps what it read at the production site.
const KEPT_UNDER: &str = "novi-production";

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"
[[rule]]
role = "education"
when = [{ committee = "Education" }]
[[rule]]
role = "safety"
when = [{ committee = "Safety" }]
[[rule]]
role = "water"
when = [{ group = "Water Section" }]
[[rule]]
role = "annual"
when = [{ event = "4f000000-0001-4aaa-8bbb-000000000001" }]
[[rule]]
role = "webinar"
when = [{ purchase = "5f000000-0001-4aaa-8bbb-000000000001" }]
"#;

/// How many people, by the name of the case.
pub const CASES: &[(&str, u64)] = &[("novi", 10_000), ("novi-small", 300)];

/// One change, and how it is seen.
struct Change {
    what: &'static str,
    person: usize,
    made: Timestamp,
    role: &'static str,
    gains: bool,
}

struct Stage {
    clock: Arc<MovedClock>,
    ams: Simulator,
    gate: App,
    port: u16,
    client: reqwest::Client,
    ids: Vec<String>,
    sessions: Vec<SessionSecret>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(active: u64) -> Stage {
        let now = SystemClock.now();
        let mut settings = Settings::demo();
        settings.switches.set("rate_limit=off").unwrap();
        let today = now.to_zoned(settings.switches.time_zone.clone()).date();
        // Companies and those who may not sign in are on file too: a sixth more than are active.
        let on_file: Vec<Customer> = generate(active * 13 / 10 + 20, 1, today).collect();
        let admitted = |it: &&Customer| it.account.is_some() && it.active && it.approved;
        let ids: Vec<String> = on_file.iter().filter(admitted).map(|it| it.unique_id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().take(usize::try_from(active).unwrap()).collect();
        let canary = ids[0].clone();
        // Nobody is on these from the start, so that each change is seen.
        settings.people.people = on_file;
        for person in &mut settings.people.people {
            person.committees.clear();
            person.groups.clear();
            person.registrations.clear();
            person.purchases.clear();
        }
        let ams = Simulator::start(settings).await.unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("gate.sqlite");
        let clock = Arc::new(MovedClock { begun: now, moved: AtomicI64::new(0) });
        let credentials = Credentials::demo(Environment::Production);
        let given = Given::default()
            .file("membergate.toml", &configuration(&ams, port, &canary, &store))
            .file("rules.toml", RULES)
            .variable("SECRET_KEY", SECRET_KEY)
            .variable("CLIENT_SECRET", &credentials.client_secret)
            .variable("API_KEY", &credentials.api_key);
        let settings = config::load(Path::new("membergate.toml"), &given).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let client = reqwest::Client::new();
        let sessions = fill(&store, &ams, &client, &ids, now).await;
        let gate = App::start_at(settings, clock.clone()).await.unwrap();
        Stage { clock, ams, gate, port, client, ids, sessions, _folder: folder }
    }

    fn control(&self) -> &Control {
        self.ams.control()
    }

    async fn pass(&self, by: SignedDuration) {
        for _ in 0..by.as_millis() / STEP.as_millis() {
            self.clock.moved.fetch_add(i64::try_from(STEP.as_micros()).unwrap(), Ordering::Relaxed);
            self.control().advance(STEP);
            tokio::time::advance(Duration::from_millis(500)).await;
            // The runtime lets no time pass by itself while a thread is at work.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(8))).await.unwrap();
        }
    }

    async fn roles(&self, secret: &SessionSecret) -> Vec<String> {
        let url = format!("http://localhost:{}/_gate/me", self.port);
        let cookie = format!("membergate={}", secret.cookie_text());
        let answer = patient(self.client.get(url).header("cookie", cookie).send()).await.unwrap();
        if answer.status() != 200 {
            return vec![answer.status().to_string()];
        }
        let me: Value = patient(answer.json()).await.unwrap();
        me["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
    }

    fn report(&self) {
        let mut all = 0;
        for (kind, count) in &self.control().call_report(0).kinds {
            println!("  {kind:<28} {:>5}", count.calls);
            all += count.calls;
        }
        println!("  calls in the hour            {all:>5}; refused {}", self.control().rate_limited());
    }
}

/// Runs one case.
pub async fn run(name: &str, active: u64) {
    let real = Instant::now();
    println!("\n== {name}: {active} people who are active");
    let stage = Stage::set(active).await;
    // Before the hour: everything is read once, without a limit. Then the limits are on.
    for minutes in 1..=10 {
        stage.pass(SignedDuration::from_mins(5)).await;
        if stage.control().calls(Endpoint::Members) > active / 100 {
            println!("  in step after {} min", minutes * 5);
            break;
        }
    }
    stage.pass(SignedDuration::from_mins(10)).await;
    stage.control().set_switch("rate_limit=on").unwrap();
    stage.control().reset_counts();
    let mut changes: Vec<Change> = Vec::new();
    let mut delays: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let every = SignedDuration::from_mins(60) / i32::try_from(CHANGES).unwrap();
    let (mut next, end) = (stage.clock.now(), stage.clock.now() + SignedDuration::from_mins(60));
    let patience = end + SignedDuration::from_mins(90);
    let (mut made, mut asked, mut is_reported) = (0, 0, false);
    while stage.clock.now() < end || !changes.is_empty() && stage.clock.now() < patience {
        if made < CHANGES && stage.clock.now() >= next {
            changes.extend(change(&stage, made).await);
            made += 1;
            next += every;
        }
        stage.pass(SignedDuration::from_secs(15)).await;
        if stage.clock.now() < end {
            // Everybody who is active comes four times an hour.
            for _ in 0..active.div_ceil(60) {
                let roles = stage.roles(&stage.sessions[asked % stage.sessions.len()]).await;
                assert!(roles.contains(&"subscriber".to_owned()), "{roles:?}");
                asked += 1;
            }
        }
        let mut open = Vec::new();
        for one in changes {
            let holds = stage.roles(&stage.sessions[one.person]).await.iter().any(|role| role == one.role);
            if holds == one.gains {
                let took = stage.clock.now().duration_since(one.made);
                delays.entry(one.what).or_default().push(took.as_secs_f64());
            } else {
                open.push(one);
            }
        }
        changes = open;
        if stage.clock.now() >= end && !is_reported {
            is_reported = true;
            stage.report();
        }
    }
    for (what, mut took) in delays {
        took.sort_by(f64::total_cmp);
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        println!("  {what:<22} {:>3} in force; median {median:>5.0} s, longest {longest:>5.0} s", took.len());
    }
    for one in &changes {
        let since = stage.clock.now().duration_since(one.made);
        println!("  {} of person {} is not in force after {since}", one.what, one.person);
    }
    println!("  took {:.0} s of real time", real.elapsed().as_secs_f64());
    stage.gate.stop().await;
    stage.ams.stop().await;
}

/// One change, of another kind each time. `None`: that person has nothing that could end.
async fn change(stage: &Stage, number: usize) -> Option<Change> {
    let count = stage.ids.len();
    let mut person = 7 + number * 13 % (count - 7);
    let (today, made) = (stage.control().today(), stage.clock.now());
    let local = stage.control().now().to_zoned(stage.control().switches().time_zone);
    let at = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let day = Some(format!("{today}T00:00:00"));
    let (what, role, gains) = match number % 5 {
        0 => ("a seat is given", "education", true),
        1 => ("memberships end", "member", false),
        2 => ("a registration", "annual", true),
        3 => ("a place in a group", "water", true),
        _ => ("a purchase", "webinar", true),
    };
    if !gains {
        // The next one who is a member by an own membership.
        let own = async |person: usize| {
            let customer = stage.control().customer(&stage.ids[person]).unwrap();
            customer.member_type.is_some()
                && stage.roles(&stage.sessions[person]).await.iter().any(|held| held == role)
        };
        let last = person + count;
        while !own(person % count).await {
            person += 1;
            if person == last {
                return None;
            }
        }
        person %= count;
    }
    stage.control().edit_customer(&stage.ids[person], |it| match number % 5 {
        0 => it.committees.push(Seat {
            committee: "Education".to_owned(),
            role: "Member".to_owned(),
            term_start: day,
            status: "Active".to_owned(),
            ..Seat::default()
        }),
        1 => (it.member_type, it.membership_expires) = (None, None),
        2 => it.registrations.push(Registration {
            event: "Annual Meeting".to_owned(),
            ticket: "Full".to_owned(),
            number: format!("R-X{number}"),
            registration_date: Some(at),
            payment_status: "Paid".to_owned(),
            ..Registration::default()
        }),
        3 => it.groups.push(Belonging { group: "Water Section".to_owned(), join_date: day }),
        _ => it.purchases.push(Purchase {
            order: format!("O-X{number}"),
            product: "Recorded Webinar".to_owned(),
            purchase_date: Some(at),
            ..Purchase::default()
        }),
    });
    Some(Change { what, person, made, role, gains })
}

/// Everybody who is active has signed in before. What is known of them is what the simulated interface says.
async fn fill(
    path: &Path,
    ams: &Simulator,
    client: &reqwest::Client,
    ids: &[String],
    now: Timestamp,
) -> Vec<SessionSecret> {
    let key = SecretKey::parse(SECRET_KEY).unwrap().into();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path, &key).unwrap());
    let credentials = Credentials::demo(Environment::Production);
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for page in 0.. {
        let url = format!("{}/api/members?pageSize=100&offset={}", ams.base_url(), page * 100);
        let request = client.get(url).header("authorization", format!("Basic {}", credentials.api_key));
        let answer = patient(request.send()).await.unwrap().error_for_status().unwrap();
        let mut answer: Value = patient(answer.json()).await.unwrap();
        let Value::Array(rows) = answer["Results"].take() else { panic!("no list: {answer}") };
        if rows.is_empty() {
            break;
        }
        known.extend(rows.into_iter().map(|row| (row["UniqueID"].as_str().unwrap().to_owned(), row)));
    }
    let mut secrets = Vec::new();
    for id in ids {
        let Value::Object(line) = json!({ "individual": known[id] }) else { panic!("an object") };
        let record = Kind::Novi.record(line, now).unwrap();
        let secret = SessionSecret::new().unwrap();
        let session = Session {
            key: secret.key(),
            individual: IndividualId::parse(id).unwrap(),
            environment: KEPT_UNDER.to_owned(),
            host: "localhost".to_owned(),
            created: now,
            last_seen: now,
            device: None,
            viewer: None,
            logout_hint: None,
        };
        let store = store.clone();
        patient(async move { store.begin_session(&session, &record).await.unwrap() }).await;
        secrets.push(secret);
    }
    secrets
}

fn configuration(ams: &Simulator, port: u16, canary: &str, store: &Path) -> String {
    let client_id = Credentials::demo(Environment::Production).client_id;
    let (base, store) = (ams.base_url(), store.display());
    format!(
        r#"
[association]
name = "Harbour Association"
[listen]
address = "127.0.0.1:{port}"
operations = "127.0.0.1:0"
workers = 1
[ams]
kind = "novi"
[ams.production]
site = "{base}"
client_id = "{client_id}"
client_secret = {{ env = "CLIENT_SECRET" }}
api_key = {{ env = "API_KEY" }}
canary = "{canary}"
[session]
idle = "99h"
absolute = "999h"
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
