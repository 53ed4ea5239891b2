//! What the hour of each AMS with an OpenID login has in common: the gateway, the time, the changes, and the report.

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
    /// Under what the gateway keeps what it read there.
    const KEPT_UNDER: &'static str;
    /// The mapping.
    const RULES: &'static str;

    /// The section of its environment, and what stands in variables.
    fn section(&self, canary: &str) -> (String, Vec<(&'static str, String)>);
    /// Its time goes on.
    fn advance(&self, by: SignedDuration);
    /// Moves a switch.
    fn switch(&self, assignment: &str);
    /// Calls so far, by kind.
    fn calls(&self) -> Vec<(String, u64)>;
    /// Calls that were refused.
    fn refused(&self) -> u64;
    /// Forgets the calls so far.
    fn reset_counts(&self);
    /// Whether everybody has been read once.
    fn has_read(&self, active: u64) -> bool;
    /// One change, of another kind each time. `None`: there is nobody for whom it would be one.
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
            self.ams.advance(STEP);
            tokio::time::advance(Duration::from_millis(500)).await;
            // The runtime lets no time pass by itself while a thread is at work.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(8))).await.unwrap();
        }
    }

    /// The roles of a session.
    pub async fn roles(&self, secret: &SessionSecret) -> Vec<String> {
        let url = format!("http://localhost:{}/_gate/me", self.port);
        let cookie = format!("membergate={}", secret.cookie_text());
        let answer = patient(self.client.get(url).header("cookie", cookie).send()).await.unwrap();
        if answer.status() != 200 {
            return vec![answer.status().to_string()];
        }
        let me: Value = patient(answer.json()).await.unwrap();
        me["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
    }

    /// The first from this one on who is so and holds the role.
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

    fn report(&self) {
        let mut all = 0;
        for (kind, calls) in self.ams.calls() {
            println!("  {kind:<28} {calls:>5}");
            all += calls;
        }
        println!("  calls in the hour            {all:>5}; refused {}", self.ams.refused());
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
    stage.ams.switch("rate_limit=on");
    stage.ams.reset_counts();
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
        let session = Session {
            key: secret.key(),
            individual: IndividualId::parse(id).unwrap(),
            environment: A::KEPT_UNDER.to_owned(),
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
