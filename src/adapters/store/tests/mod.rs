//! Stories over a real file: what survives, what is gone, what is refused.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::adapters::clock::Clock;
use crate::adapters::keys::assertion::Signer;
use crate::adapters::keys::keyring::{Keyring, rotate};
use crate::adapters::keys::seal::SecretKey;
use crate::domain::record::Profile;

mod clients;
mod file;
mod grants;

struct World {
    directory: TempDir,
    key: SecretKey,
}

impl World {
    fn new() -> World {
        let key = SecretKey::parse(&SecretKey::generate().unwrap()).unwrap();
        World { directory: TempDir::new().unwrap(), key }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("membergate.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), &self.key).unwrap()
    }

    /// Edits the file behind the store's back.
    fn edit(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

fn at(minute: i64) -> Timestamp {
    "2026-03-01T09:30:00.123456789Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn key(n: u8) -> SessionKey {
    SessionKey([n; 32])
}

fn id(text: &str) -> IndividualId {
    IndividualId::parse(text).unwrap()
}

fn session(n: u8, person: &str) -> Session {
    Session {
        key: key(n),
        individual: id(person),
        environment: "production".to_owned(),
        host: "members.reef.example".to_owned(),
        created: at(0),
        last_seen: at(0),
        device: Some("Firefox on Windows".to_owned()),
        viewer: None,
    }
}

fn record(person: &str, as_of: Timestamp) -> Record {
    Record {
        id: id(person),
        as_of,
        profile: Profile {
            name: "Dana Reyes".to_owned(),
            email: Some("dana.reyes@reef.example".to_owned()),
            ..Profile::default()
        },
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: vec!["Press".to_owned()],
        custom_fields: Vec::new(),
        committees: None,
        registrations: Some(Vec::new()),
        purchases: None,
        certifications: None,
        relationships: None,
        warnings: Vec::new(),
    }
}

const DANA: &str = "0b6f4a52-dana";
const OMAR: &str = "77aa3c10-omar";

async fn begin(store: &SqliteStore, session: &Session) {
    store.begin_session(session, &record(session.individual.as_str(), at(0))).await.unwrap();
}

#[tokio::test]
async fn a_session_survives_a_restart_with_its_record() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    drop(store);
    let found = world.open().session(&key(1)).await.unwrap();
    assert_eq!(found, Some((session(1, DANA), record(DANA, at(0)))));
}

#[tokio::test]
async fn a_session_that_was_ended_stays_ended() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    begin(&store, &session(2, DANA)).await;
    store.end_session(&key(1)).await.unwrap();
    store.end_session(&key(1)).await.unwrap();
    assert_eq!(store.session(&key(1)).await, Ok(None));
    drop(store);
    let store = world.open();
    assert_eq!(store.session(&key(1)).await, Ok(None));
    assert!(store.session(&key(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn every_session_of_one_person_ends_and_nobody_elses() {
    let world = World::new();
    let store = world.open();
    let staging = Session { environment: "staging".to_owned(), ..session(4, DANA) };
    for session in [&session(1, DANA), &session(2, DANA), &session(3, OMAR), &staging] {
        begin(&store, session).await;
    }
    let mut ended = store.end_sessions_of("production", &id(DANA)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [key(1), key(2)]);
    assert_eq!(store.end_sessions_of("production", &id(DANA)).await, Ok(Vec::new()));
    for (n, lives) in [(1, false), (2, false), (3, true), (4, true)] {
        assert_eq!(store.session(&key(n)).await.unwrap().is_some(), lives, "session {n}");
    }
}

#[tokio::test]
async fn a_session_shows_the_latest_record_of_its_own_environment() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    let as_of = async || store.session(&key(1)).await.unwrap().unwrap().1.as_of;
    store.put_record("production", &record(DANA, at(10))).await.unwrap();
    assert_eq!(as_of().await, at(10));
    store.put_record("production", &record(DANA, at(5))).await.unwrap();
    assert_eq!(as_of().await, at(10), "a slow answer does not undo a fresh one");
    store.put_record("staging", &record(DANA, at(20))).await.unwrap();
    assert_eq!(as_of().await, at(10));
    begin(&store, &session(2, DANA)).await;
    assert_eq!(as_of().await, at(10));
}

#[tokio::test]
async fn a_session_needs_the_record_of_its_own_person() {
    let world = World::new();
    let store = world.open();
    assert!(store.begin_session(&session(1, DANA), &record(OMAR, at(0))).await.is_err());
    assert_eq!(store.session(&key(1)).await, Ok(None));
}

#[tokio::test]
async fn a_session_and_its_record_are_written_both_or_neither() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    // The key is taken, so the session cannot be written; the newer record must not be either.
    assert!(store.begin_session(&session(1, DANA), &record(DANA, at(9))).await.is_err());
    assert_eq!(store.session(&key(1)).await.unwrap().unwrap().1.as_of, at(0));
}

#[tokio::test]
async fn last_seen_only_moves_forward() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    store.touch(&[(key(1), at(7)), (key(9), at(7))]).await.unwrap();
    store.touch(&[(key(1), at(3))]).await.unwrap();
    assert_eq!(store.session(&key(1)).await.unwrap().unwrap().0.last_seen, at(7));
    assert_eq!(store.session(&key(9)).await, Ok(None));
}

#[tokio::test]
async fn a_token_is_used_once_however_many_bring_it_at_once() {
    let world = World::new();
    let store = Arc::new(world.open());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        tasks.spawn(async move { store.use_once(&Once([1; 32]), at(1)).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|first| *first).count(), 1);
    drop(store);
    let store = world.open();
    assert_eq!(store.use_once(&Once([1; 32]), at(1)).await, Ok(false), "not after a restart either");
    assert_eq!(store.use_once(&Once([2; 32]), at(1)).await, Ok(true));
}

#[tokio::test]
async fn a_sweep_forgets_what_is_over_and_keeps_what_lives() {
    let world = World::new();
    let store = world.open();
    let old = Session { created: at(-100), last_seen: at(50), ..session(1, DANA) };
    let idle = Session { created: at(10), last_seen: at(10), ..session(2, DANA) };
    let lives = Session { created: at(0), last_seen: at(40), ..session(3, OMAR) };
    for session in [&old, &idle, &lives] {
        begin(&store, session).await;
    }
    store.put_record("production", &record("m-3", at(20))).await.unwrap();
    store.use_once(&Once([1; 32]), at(59)).await.unwrap();
    store.use_once(&Once([2; 32]), at(60)).await.unwrap();
    let sweep = Sweep { now: at(60), created_before: at(0), seen_before: at(40), records_before: at(20) };
    store.sweep(&sweep).await.unwrap();
    for (n, kept) in [(1, false), (2, false), (3, true)] {
        assert_eq!(store.session(&key(n)).await.unwrap().is_some(), kept, "session {n}");
    }
    assert_eq!(store.use_once(&Once([1; 32]), at(90)).await, Ok(true), "forgotten");
    assert_eq!(store.use_once(&Once([2; 32]), at(90)).await, Ok(false), "remembered");
    let left = |connection: &Connection| {
        Ok(connection.query_row("SELECT count(*) FROM records", [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(store.reader.run(left).await, Ok(2), "Omar's, who is signed in, and the young one");
}

#[tokio::test]
async fn a_sweep_ends_although_there_are_many_batches() {
    let world = World::new();
    let store = world.open();
    let fill = |connection: &Connection| {
        Ok(connection.execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
             INSERT INTO uses (once, until) SELECT CAST(printf('%032d', i) AS BLOB), 0 FROM n",
        )?)
    };
    store.writer.run(fill).await.unwrap();
    let never = Timestamp::MIN;
    let sweep = Sweep { now: at(0), created_before: never, seen_before: never, records_before: never };
    store.sweep(&sweep).await.unwrap();
    let left = |connection: &Connection| {
        Ok(connection.query_row("SELECT count(*) FROM uses", [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(store.reader.run(left).await, Ok(0));
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

#[tokio::test]
async fn the_signing_key_is_made_once_and_kept() {
    let world = World::new();
    let ensure = async || Keyring::ensure(Arc::new(world.open()), Arc::new(Fixed)).await.unwrap();
    let first = ensure().await.signer().id().to_owned();
    let again = ensure().await;
    assert_eq!(again.signer().id(), first);
    assert_eq!(again.jwks()["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_newest_signing_key_signs_and_every_one_is_published() {
    let world = World::new();
    let store = Arc::new(world.open());
    let old = Signer::generate(Algorithm::EdDsa, at(-2), at(-2)).unwrap();
    let new = Signer::generate(Algorithm::EdDsa, at(-1), at(-1)).unwrap();
    store.put_key(&new).await.unwrap();
    store.put_key(&old).await.unwrap();
    store.put_key(&old).await.unwrap();
    let keyring = Keyring::ensure(store, Arc::new(Fixed)).await.unwrap();
    assert_eq!(keyring.signer().id(), new.id);
    assert_eq!(published(&keyring), [old.id, new.id]);
}

fn published(keyring: &Keyring) -> Vec<String> {
    let jwks = keyring.jwks();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn keys_are_replaced_with_an_overlap() {
    let world = World::new();
    let store = Arc::new(world.open());
    let keyring = Keyring::ensure(store.clone(), Arc::new(Fixed)).await.unwrap();
    let old = keyring.signer().id().to_owned();
    let es256 = keyring.signer_with(Algorithm::Es256).await.unwrap();
    let rotated = rotate(&*store, at(0)).await.unwrap();
    keyring.reload().await.unwrap();
    assert_eq!(rotated.len(), 2, "one for each kind that is in use");
    assert_eq!(keyring.signer().id(), old, "it is published, but does not sign yet");
    assert_eq!(keyring.signer_with(Algorithm::Es256).await.unwrap().id(), es256.id());
    assert_eq!(published(&keyring).len(), 4);
}

#[tokio::test]
async fn a_store_that_works_says_so() {
    let world = World::new();
    assert_eq!(world.open().ping().await, Ok(()));
}
