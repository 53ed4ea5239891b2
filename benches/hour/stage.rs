//! What the hours have in common: the report, and for each AMS with an OpenID login the gateway, the time and the changes.

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
use membergate::sim::control::{Control, Simulated};
use serde_json::Value;

use crate::{CHANGES, MovedClock, SECRET_KEY, STEP, patient};

/// One change, and how it is seen.
pub struct Change {
    pub what: &'static str,
    pub person: usize,
    pub made: Timestamp,
    pub role: &'static str,
    pub gains: bool,
}

/// A simulated AMS in front of which the gateway stands.
pub trait HourAms: Sized {
    /// Its kind, as the configuration names it.
    const KIND: Kind;
    /// The environment under which the gateway keeps what it reads.
    const KEPT_UNDER: &'static str;
    /// The mapping.
    const RULES: &'static str;

    /// The section of its environment, and what stands in variables.
    fn section(&self, canary: &str) -> (String, Vec<(&'static str, String)>);
    /// The handle on it.
    fn control(&self) -> &Control<impl Simulated>;
    /// Whether everybody has been read once.
    fn has_read(&self, active: u64) -> bool;
    /// One change, of another kind each time. `None`: it would change nobody.
    async fn change(stage: &HourStage<Self>, number: usize) -> Option<Change>;
    /// Stops it.
    async fn stop(self);
}

/// The gateway, its AMS, and people who are signed in.
pub struct HourStage<A> {
    pub clock: Arc<MovedClock>,
    pub ams: A,
    gate: App,
    port: u16,
    client: reqwest::Client,
    pub ids: Vec<String>,
    pub sessions: Vec<SessionSecret>,
    _folder: tempfile::TempDir,
}

impl<A: HourAms> HourStage<A> {
    /// Everybody with an id here has signed in before; `line` is what a file of records would have of a person.
    pub async fn set(ams: A, ids: Vec<String>, now: Timestamp, line: impl Fn(&str) -> Value) -> HourStage<A> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("gate.sqlite");
        let clock = Arc::new(MovedClock { begun: now, moved: AtomicI64::new(0) });
        let (section, variables) = ams.section(&ids[0]);
        let given = Given::default()
            .file("membergate.toml", &configuration(&section, port, &store))
            .file("rules.toml", A::RULES)
            .variable("SECRET_KEY", SECRET_KEY);
        let given = variables.iter().fold(given, |given, (name, value)| given.variable(name, value));
        let settings = config::load(Path::new("membergate.toml"), &given).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let sessions = fill::<A>(&store, &ids, now, line).await;
        let gate = App::start_at(settings, clock.clone()).await.unwrap();
        HourStage { clock, ams, gate, port, client: reqwest::Client::new(), ids, sessions, _folder: folder }
    }

    async fn pass(&self, by: SignedDuration) {
        for _ in 0..by.as_millis() / STEP.as_millis() {
            self.clock.moved.fetch_add(i64::try_from(STEP.as_micros()).unwrap(), Ordering::Relaxed);
            keep_in_step(self.ams.control(), self.clock.now());
            tokio::time::advance(Duration::from_millis(500)).await;
            // The runtime lets no time pass by itself while a thread is at work.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(8))).await.unwrap();
        }
    }

    /// The roles of a session.
    pub async fn roles(&self, secret: &SessionSecret) -> Vec<String> {
        roles(&self.client, self.port, secret).await
    }

    /// The first person, beginning at `from`, for whom `is` is true and who holds the role.
    pub async fn next_who(&self, from: usize, role: &str, is: impl Fn(&str) -> bool) -> Option<usize> {
        let count = self.ids.len();
        for person in (from..from + count).map(|person| person % count) {
            if is(&self.ids[person])
                && self.roles(&self.sessions[person]).await.iter().any(|held| held == role)
            {
                return Some(person);
            }
        }
        None
    }
}

/// The simulator's clock goes on by itself; it is put to the gateway's.
pub fn keep_in_step(control: &Control<impl Simulated>, now: Timestamp) {
    control.advance(now.duration_since(control.now()));
}

/// The roles of a session at the gateway of this port.
pub async fn roles(client: &reqwest::Client, port: u16, secret: &SessionSecret) -> Vec<String> {
    let url = format!("http://localhost:{port}/_gate/me");
    let cookie = format!("membergate={}", secret.cookie_text());
    // Sockets need real time.
    let answer = patient(client.get(url).header("cookie", cookie).send()).await.unwrap();
    if answer.status() != 200 {
        return vec![answer.status().to_string()];
    }
    let me: Value = patient(answer.json()).await.unwrap();
    me["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

/// Prints the calls by kind; every call, if `HOUR_TRACE` is set.
pub fn report(control: &Control<impl Simulated>) {
    let report = control.call_report(10_000);
    let mut all = 0;
    for (kind, count) in &report.kinds {
        println!("  {kind:<28} {:>5}", count.calls);
        all += count.calls;
    }
    println!("  calls                        {all:>5}; refused {}", report.refused);
    if std::env::var_os("HOUR_TRACE").is_some() {
        report.latest.iter().rev().for_each(|line| println!("    {} {}", line.at, line.asked));
    }
}

/// Prints how long each kind of change took to be in force, and those that are not.
pub fn report_delays(delays: BTreeMap<&str, Vec<f64>>, open: &[Change], now: Timestamp) {
    for (what, mut took) in delays {
        took.sort_by(f64::total_cmp);
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        println!("  {what:<22} {:>3} in force; median {median:>5.0} s, longest {longest:>5.0} s", took.len());
    }
    for one in open {
        let since = now.duration_since(one.made);
        println!("  {} of person {} is not in force after {since}", one.what, one.person);
    }
}

/// A session of somebody who has signed in.
pub fn session(secret: &SessionSecret, id: &str, environment: &str, now: Timestamp) -> Session {
    Session {
        key: secret.key(),
        individual: IndividualId::parse(id).unwrap(),
        environment: environment.to_owned(),
        host: "localhost".to_owned(),
        created: now,
        last_seen: now,
        device: None,
        viewer: None,
        logout_hint: None,
    }
}

/// Runs one case on a stage that is set.
pub async fn run<A: HourAms>(stage: HourStage<A>, active: u64) {
    let real = Instant::now();
    // Before the hour: everything is read once, without a limit. Then the limits are on.
    for minutes in 1..=10 {
        stage.pass(SignedDuration::from_mins(5)).await;
        if stage.ams.has_read(active) {
            println!("  in step after {} min", minutes * 5);
            break;
        }
    }
    stage.pass(SignedDuration::from_mins(10)).await;
    stage.ams.control().set_switch("rate_limit=on").unwrap();
    stage.ams.control().reset_counts();
    let mut changes: Vec<Change> = Vec::new();
    let mut delays: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let every = SignedDuration::from_mins(60) / i32::try_from(CHANGES).unwrap();
    let (mut next, end) = (stage.clock.now(), stage.clock.now() + SignedDuration::from_mins(60));
    let patience = end + SignedDuration::from_mins(90);
    let (mut made, mut asked, mut is_reported) = (0, 0, false);
    while stage.clock.now() < end || !changes.is_empty() && stage.clock.now() < patience {
        if made < CHANGES && stage.clock.now() >= next {
            changes.extend(A::change(&stage, made).await);
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
            report(stage.ams.control());
        }
    }
    report_delays(delays, &changes, stage.clock.now());
    println!("  took {:.0} s of real time", real.elapsed().as_secs_f64());
    stage.gate.stop().await;
    stage.ams.stop().await;
}

/// Everybody who is active has signed in before.
async fn fill<A: HourAms>(
    path: &Path,
    ids: &[String],
    now: Timestamp,
    line: impl Fn(&str) -> Value,
) -> Vec<SessionSecret> {
    let key = SecretKey::parse(SECRET_KEY).unwrap().into();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path, &key).unwrap());
    let mut secrets = Vec::new();
    for id in ids {
        let Value::Object(line) = line(id) else { panic!("an object") };
        let record = A::KIND.record(line, now).unwrap();
        let secret = SessionSecret::new().unwrap();
        let session = session(&secret, id, A::KEPT_UNDER, now);
        let store = store.clone();
        patient(async move { store.begin_session(&session, &record).await.unwrap() }).await;
        secrets.push(secret);
    }
    secrets
}

fn configuration(ams: &str, port: u16, store: &Path) -> String {
    let store = store.display();
    format!(
        r#"
[association]
name = "Harbour Association"
[listen]
address = "127.0.0.1:{port}"
operations = "127.0.0.1:0"
workers = 1
{ams}
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

/// Now, as a simulator is started.
pub fn now() -> Timestamp {
    SystemClock.now()
}
