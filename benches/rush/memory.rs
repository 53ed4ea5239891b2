//! What memory costs: a person in the directory, and a live session.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::{Clock, SystemClock};
use membergate::adapters::keys::random::SessionSecret;
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::Store;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::domain::record::{IndividualId, Record};
use membergate::domain::session::Session;
use membergate::domain::time::Timestamp;
use membergate::sim::control::today;
use membergate::sim::people::{People, cast, generate};
use membergate::sim::re_members::{Settings, record_line};

use crate::stage::{Rules, SECRET_KEY, Stage};

const PEOPLE: usize = 100_000;

/// Records that are kept at a time.
const PAGE: usize = 250;

/// The gateway starts with an empty store, with everybody in it, and then everybody comes once.
pub async fn memory() {
    let mut stage = Stage::set(Rules::Committee, 10, "idle = \"99h\"\nabsolute = \"999h\"").await;
    // An AMS that says nothing changes nothing.
    stage.told("PATCH", "/switches", serde_json::json!({ "fault": "closed", "fault_on": "api" })).await;
    let empty = settled(&stage).await;
    stage.close();
    let secrets = fill(&stage.path("gate.sqlite")).await;
    stage.open().await;
    let on_file = settled(&stage).await;
    let mut admitted = 0;
    for page in secrets.chunks(64) {
        let mut all = tokio::task::JoinSet::new();
        for secret in page {
            let request = stage.client.get(stage.url("/members"));
            let request = request.header("cookie", format!("membergate={}", secret.cookie_text()));
            all.spawn(async move { request.send().await.unwrap().status() });
        }
        let of_page = all.join_all().await;
        admitted += of_page.iter().filter(|status| **status == 200).count();
    }
    // Who is deceased or not approved is on file too.
    assert!(admitted * 10 > PEOPLE * 8, "{admitted}");
    let live = settled(&stage).await;
    let each = |more: u64| more as f64 * 1024.0 / PEOPLE as f64;
    println!("  {empty} KiB with an empty store");
    println!("  {on_file} KiB with {PEOPLE} people on file: {:.0} bytes a person", each(on_file - empty));
    println!("  {live} KiB with {PEOPLE} live sessions: {:.0} bytes a session", each(live - on_file));
}

/// KiB of memory, once it no longer changes.
async fn settled(stage: &Stage) -> u64 {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let now = stage.memory();
        if now.abs_diff(before) * 200 <= before {
            return now;
        }
        before = now;
    }
}

async fn fill(path: &Path) -> Vec<SessionSecret> {
    let key = SecretKey::parse(SECRET_KEY).unwrap().into();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path, &key).unwrap());
    let today = today(&Settings::demo().switches.time_zone);
    let (book, now) = (People { people: Vec::new(), ..cast(today) }, SystemClock.now());
    let records: Vec<Record> = generate(PEOPLE as u64, 1, today)
        .map(|person| {
            let serde_json::Value::Object(line) = record_line(&book, &person) else { panic!("an object") };
            Kind::default().record(line, now).unwrap()
        })
        .collect();
    let mut secrets = Vec::new();
    for page in records.chunks(PAGE) {
        store.put_records("production", page, now).await.unwrap();
        for record in page {
            let secret = SessionSecret::new().unwrap();
            store.begin_session(&session(&secret, &record.id, now), record).await.unwrap();
            secrets.push(secret);
        }
    }
    secrets
}

fn session(secret: &SessionSecret, id: &IndividualId, now: Timestamp) -> Session {
    Session {
        key: secret.key(),
        individual: id.clone(),
        environment: "production".to_owned(),
        host: "localhost".to_owned(),
        created: now,
        last_seen: now,
        device: Some("Firefox on Linux".to_owned()),
        viewer: None,
        logout_hint: None,
    }
}
