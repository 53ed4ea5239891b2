//! How long an administrator waits for the preview of a draft, with 100,000 known people in a sealed store.
//!
//! Run with `cargo bench --bench preview`. The people are the simulator's, the same in every run; they are read as the AMS's
//! answers and kept in SQLite as the gateway keeps them. Each press is timed from the question, as a page asks it again.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a benchmark")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::{SharedClock, SystemClock};
use membergate::adapters::keys::secret::SecretKeys;
use membergate::adapters::store::Store;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::config;
use membergate::domain::directory::settings::DirectorySettings;
use membergate::domain::record::Record;
use membergate::domain::rule::Role;
use membergate::domain::session::SessionLimits;
use membergate::domain::time::{TimeZone, Timestamp};
use membergate::flows::administer::preview::RolePreview;
use membergate::flows::administer::preview_runs::PreviewState;
use membergate::flows::administer::{Actor, AdminSettings, Administer, Known, first_mapping};
use membergate::flows::directory::Beliefs;
use membergate::flows::grant::PublishedClients;
use membergate::flows::grounds::Grounds;
use membergate::sim::people::{People, cast, generate};
use membergate::sim::re_members::record_line;
use serde_json::Value;
use tokio::task::JoinSet;

const PEOPLE: u64 = 100_000;

const RULES: &str = include_str!("../config/demo/rules.toml");

/// What the draft adds: three roles, and grace for nobody.
const MORE: &str = r#"
[[rule]]
role = "gold"
when = [{ membership_type = "CORPGOLD" }]
[[rule]]
role = "course"
when = [{ purchase = "WEB1", valid_days = 365 }]
[[rule]]
role = "analyst"
when = [{ certification = "CPA" }, { not = { security_role = "Press" } }]
"#;

fn record(line: Value, as_of: Timestamp) -> Record {
    let Value::Object(line) = line else { panic!("a line is an object") };
    Kind::default().record(line, as_of).unwrap()
}

async fn fill(store: &Arc<dyn Store>, now: Timestamp) {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let book = Arc::new(People { people: Vec::new(), ..cast(today) });
    let mut people = generate(PEOPLE, 1, today);
    loop {
        // So many share a commit.
        let mut writing = JoinSet::new();
        for person in people.by_ref().take(500) {
            let (store, book) = (Arc::clone(store), Arc::clone(&book));
            writing.spawn(async move {
                store.put_record("production", &record(record_line(&book, &person), now), now).await.unwrap();
            });
        }
        if writing.join_all().await.is_empty() {
            return;
        }
    }
}

/// Beliefs of a directory that is kept in step: each record is looked at for what is too old.
fn beliefs() -> Arc<Beliefs> {
    let limits = SessionLimits {
        idle: SignedDuration::from_hours(1),
        absolute: SignedDuration::from_hours(10),
        refresh_after: SignedDuration::from_mins(15),
        stale_limit: SignedDuration::from_hours(24),
        store_gone: SignedDuration::from_hours(1),
    };
    Beliefs::new(Grounds::new(limits), &DirectorySettings::usual(TimeZone::UTC))
}

/// Asks as a page does, again and again, until the answer is there.
async fn press(what: &str, administer: &Administer, revision: u64) -> Arc<RolePreview> {
    let pressed = Instant::now();
    let (mut shown, mut moved) = (None, None);
    loop {
        match administer.previews.preview(revision).await.unwrap() {
            PreviewState::Running { done, .. } => {
                shown.get_or_insert(pressed.elapsed());
                if done > 0 {
                    moved.get_or_insert(pressed.elapsed());
                }
            }
            PreviewState::Done(previewed) => {
                let milliseconds = |time: Option<Duration>| {
                    time.map_or("-".to_owned(), |time| format!("{:.0} ms", time.as_secs_f64() * 1e3))
                };
                println!(
                    "{what}: progress is shown after {}, has moved after {}; the answer is there after {}",
                    milliseconds(shown),
                    milliseconds(moved),
                    milliseconds(Some(pressed.elapsed())),
                );
                return previewed;
            }
            other => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let clock: SharedClock = Arc::new(SystemClock);
    let folder = std::env::temp_dir().join(format!("preview-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, key) = (folder.join("m.sqlite"), SecretKeys::generate().unwrap());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file, &key).unwrap());
    let started = Instant::now();
    fill(&store, clock.now()).await;
    println!("{PEOPLE} people kept in {:.0} s", started.elapsed().as_secs_f64());
    drop(store);
    println!("the store has {} MB", std::fs::metadata(&file).unwrap().len() >> 20);

    // A gateway that has just been started.
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file, &key).unwrap());
    let published = first_mapping(&*store, &config::rules::parse(RULES).unwrap(), &clock).await.unwrap();
    let rules = Arc::new(ArcSwap::from_pointee(published));
    let roles = [Role::parse("staff").unwrap()].into();
    let settings = AdminSettings { roles, site: None, view_as: false };
    let people = Known::new(store.clone(), "production", beliefs(), Kind::ReMembers.supplied());
    let administer = Administer::new(settings, store, rules, people, [], PublishedClients::default(), clock);
    let actor = Actor::break_glass();

    let text = format!("{}{MORE}", RULES.replace("honor_grace = true", "honor_grace = false"));
    let draft = administer.mapping.import(&actor, 1, &text).await.unwrap();
    let previewed = press("first press", &administer, draft.revision).await;
    let preview = &previewed.preview;
    println!("{} people, {} affected, {} unreadable", preview.people, preview.affected, preview.unreadable);
    let text = format!("{RULES}{MORE}");
    let draft = administer.mapping.import(&actor, draft.revision, &text).await.unwrap();
    press("after the next edit", &administer, draft.revision).await;
    press("asked again", &administer, draft.revision).await;
    let pressed = Instant::now();
    administer.mapping.publish(&actor, draft.revision, "", true).await.unwrap();
    // It looks for somebody who could still administer, and stops at the first.
    println!("publishing took {:.0} ms", pressed.elapsed().as_secs_f64() * 1e3);
    administer.close().await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    std::fs::remove_dir_all(&folder).unwrap();
}
