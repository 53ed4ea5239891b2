//! Ended is ended: whatever else is under way, and whether or not the store answers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use arc_swap::ArcSwap;

use crate::adapters::clock::{Clock, SystemClock};
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::StoreFuture;
use crate::adapters::store::sessions::{LongAddressKey, Once, SessionFilter};
use crate::adapters::store::sqlite::SqliteStore;
use crate::domain::record::Profile;
use crate::domain::rule::Rules;
use crate::domain::time::TimeZone;
use crate::flows::canary::Canary;
use crate::flows::person::Published;
use crate::flows::tests::{NoAms, alone};

const KEY: SessionKey = SessionKey([7; 32]);
const HOST: &str = "library.example";

type Rows = HashMap<SessionKey, (Session, Record)>;

/// A store that fails when told to, and holds back what it has done until it is let go on.
struct Shelf {
    sessions: Mutex<Rows>,
    fails: AtomicBool,
    /// Answers that may go out; there is no end of them unless a test takes them away.
    answers: Semaphore,
    done: Semaphore,
    removals: AtomicUsize,
}

impl Shelf {
    fn works(&self) -> Result<MutexGuard<'_, Rows>, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            Err(StoreError::Busy)
        } else {
            Ok(self.sessions.lock().unwrap())
        }
    }

    /// The store has done its part; its answer is under way.
    async fn answer<T>(&self, answer: T) -> T {
        self.done.add_permits(1);
        self.answers.acquire().await.unwrap().forget();
        answer
    }

    async fn has_done_its_part(&self) {
        self.done.acquire().await.unwrap().forget();
    }

    /// Keeps every answer from now on.
    fn hold_back(&self) {
        self.answers.forget_permits(usize::MAX);
        self.done.forget_permits(usize::MAX);
    }

    fn let_go(&self) {
        self.answers.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    fn holds(&self, key: SessionKey) -> bool {
        self.sessions.lock().unwrap().contains_key(&key)
    }
}

impl Sessions for Shelf {
    fn begin_session<'a>(&'a self, session: &'a Session, record: &'a Record) -> StoreFuture<'a, Record> {
        let begun = self.works().map(|mut held| {
            held.insert(session.key, (session.clone(), record.clone()));
            record.clone()
        });
        Box::pin(self.answer(begun))
    }
    fn session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<(Session, Record)>> {
        let found = self.works().map(|held| held.get(key).cloned());
        Box::pin(self.answer(found))
    }
    fn end_session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        self.removals.fetch_add(1, Ordering::SeqCst);
        let ended = self.works().map(|mut held| drop(held.remove(key)));
        Box::pin(async { ended })
    }
    fn end_sessions_of<'a>(&'a self, _: &'a str, id: &'a IndividualId) -> StoreFuture<'a, Vec<SessionKey>> {
        let ended = self.works().map(|mut held| {
            held.extract_if(|_, (session, _)| session.individual == *id).map(|(key, _)| key).collect()
        });
        Box::pin(async { ended })
    }
    fn list_sessions<'a>(
        &'a self,
        _: &'a str,
        _: &'a SessionFilter,
        _: u32,
    ) -> StoreFuture<'a, Vec<Session>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn touch<'a>(&'a self, _: &'a [(SessionKey, Timestamp)]) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
    fn use_once<'a>(&'a self, _: &'a Once, _: Timestamp) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(true) })
    }
    fn keep_address<'a>(
        &'a self,
        _: LongAddressKey,
        _: IpAddr,
        _: &'a str,
        _: Timestamp,
        _: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
    fn kept_address(&self, _: LongAddressKey, _: Timestamp) -> StoreFuture<'_, Option<String>> {
        Box::pin(async { Ok(None) })
    }
}

fn shelf() -> Arc<Shelf> {
    Arc::new(Shelf {
        sessions: Mutex::default(),
        fails: AtomicBool::new(false),
        answers: Semaphore::new(Semaphore::MAX_PERMITS / 2),
        done: Semaphore::new(0),
        removals: AtomicUsize::new(0),
    })
}

/// A gateway that has just started over this store: its memory is empty.
fn visits(store: &Arc<Shelf>) -> Arc<Visits> {
    let store: Arc<dyn Sessions> = store.clone();
    // Nothing is read from the AMS here, so no record is kept either.
    let folder = tempfile::tempdir().unwrap();
    let key = SecretKeys::generate().unwrap();
    let directory = Arc::new(SqliteStore::open(&folder.path().join("unused"), &key).unwrap());
    let clock: SharedClock = Arc::new(SystemClock);
    let rules = Arc::new(ArcSwap::from_pointee(Published::new(1, Rules::new(TimeZone::UTC))));
    let hours = jiff::SignedDuration::from_hours;
    let limits = SessionLimits {
        idle: hours(1),
        absolute: hours(8),
        refresh_after: hours(2),
        stale_limit: hours(4),
        store_gone: hours(1),
    };
    let (grounds, beliefs) = alone(limits);
    let ams: Arc<NoAms> = Arc::new(NoAms("test"));
    let canary = Canary::new(ams.clone(), clock.clone());
    let (refresh, _queue) =
        Refresh::new(ams, store.clone(), directory, beliefs, canary, rules.clone(), clock.clone());
    Arc::new(Visits::new(store, rules, grounds, "test", clock, Arc::new(refresh)))
}

fn jane() -> IndividualId {
    IndividualId::parse("b3a1").unwrap()
}

fn session() -> (Session, Record) {
    let now = SystemClock.now();
    let record = Record {
        id: jane(),
        confirmed: Default::default(),
        profile: Profile::default(),
        contact: None,
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: None,
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Default::default(),
        warnings: Vec::new(),
    }
    .read_at(now);
    let session = Session {
        key: KEY,
        individual: jane(),
        environment: "test".to_owned(),
        host: HOST.to_owned(),
        created: now,
        last_seen: now,
        device: None,
        viewer: None,
        logout_hint: None,
    };
    (session, record)
}

async fn begin(visits: &Visits) -> Arc<Live> {
    let (session, record) = session();
    visits.begin(session, Arc::new(record)).await.unwrap()
}

/// What a browser with this session is worth, as the request path finds out.
async fn is_present(visits: &Visits) -> bool {
    let live = visits.find(&KEY).await.ok().flatten();
    live.is_some_and(|live| is_worth_something(visits, &live))
}

fn is_worth_something(visits: &Visits, live: &Live) -> bool {
    matches!(visits.presence(live, HOST, SystemClock.now()), Presence::Present(_))
}

#[tokio::test]
async fn a_session_that_memory_knows_ends_though_the_store_fails_and_is_removed_later() {
    for all in [false, true] {
        let store = shelf();
        let visits = visits(&store);
        let live = begin(&visits).await;
        assert!(is_present(&visits).await);
        store.fail(true);
        let told = if all { visits.end_all_of(&jane()).await.map(drop) } else { visits.end(&KEY).await };
        assert_eq!(told, Err(StoreError::Busy), "nobody is told that all is done");
        assert!(!is_worth_something(&visits, &live), "who holds it sees it");
        store.fail(false);
        assert!(!is_present(&visits).await, "it stays ended, although the store still has it");
        assert!(store.holds(KEY));
        visits.end_what_is_left().await.unwrap();
        assert!(!store.holds(KEY) && !is_present(&visits).await);
    }
}

#[tokio::test]
async fn a_session_that_only_the_store_knows_ends_though_the_store_cannot_tell() {
    let store = shelf();
    begin(&visits(&store)).await;
    let visits = visits(&store);
    store.fail(true);
    assert_eq!(visits.end(&KEY).await, Err(StoreError::Busy));
    assert!(visits.end_what_is_left().await.is_err());
    store.fail(false);
    assert!(!is_present(&visits).await);
    visits.end_what_is_left().await.unwrap();
    assert!(!store.holds(KEY));
}

/// A look-up that has found the session, and whose answer is not here yet.
async fn look_up(visits: &Arc<Visits>, store: &Shelf) -> JoinHandle<Option<Arc<Live>>> {
    store.hold_back();
    let visits = Arc::clone(visits);
    let loading = tokio::spawn(async move { visits.load(&KEY).await.unwrap() });
    store.has_done_its_part().await;
    loading
}

#[tokio::test]
async fn a_look_up_that_is_under_way_does_not_bring_back_what_ended_with_everything_of_a_person() {
    let store = shelf();
    begin(&visits(&store)).await;
    let visits = visits(&store);
    let loading = look_up(&visits, &store).await;
    assert_eq!(visits.end_all_of(&jane()).await, Ok(1));
    store.let_go();
    assert!(loading.await.unwrap().is_none());
    assert!(!is_present(&visits).await);
}

#[tokio::test]
async fn a_look_up_that_is_under_way_does_not_bring_back_what_ended_by_itself() {
    let store = shelf();
    begin(&visits(&store)).await;
    let visits = visits(&store);
    let loading = look_up(&visits, &store).await;
    let ending = tokio::spawn({
        let visits = Arc::clone(&visits);
        async move { visits.end(&KEY).await }
    });
    // The end looks the session up as well. Whichever answer comes first, the session is over afterwards.
    store.has_done_its_part().await;
    store.let_go();
    ending.await.unwrap().unwrap();
    let found = loading.await.unwrap();
    assert!(found.is_none_or(|live| !is_worth_something(&visits, &live)));
    assert!(!is_present(&visits).await && !store.holds(KEY));
}

#[tokio::test]
async fn a_session_that_was_ended_while_it_began_is_over() {
    let store = shelf();
    let visits = visits(&store);
    store.hold_back();
    let beginning = tokio::spawn({
        let visits = Arc::clone(&visits);
        async move { begin(&visits).await }
    });
    store.has_done_its_part().await;
    // The store has it; memory does not know it yet.
    assert_eq!(visits.end_all_of(&jane()).await, Ok(1));
    store.let_go();
    let live = beginning.await.unwrap();
    assert!(!is_worth_something(&visits, &live));
    assert!(!is_present(&visits).await);
}

#[tokio::test]
async fn names_that_are_no_sessions_cost_nothing() {
    let store = shelf();
    let visits = visits(&store);
    for n in 0..50 {
        visits.end(&SessionKey([n; 32])).await.unwrap();
    }
    assert_eq!(store.removals.load(Ordering::SeqCst), 0);
    // While the store cannot tell, only so many are kept.
    store.fail(true);
    for n in 0..MOST_UNSEEN + 100 {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_le_bytes());
        assert!(visits.end(&SessionKey(key)).await.is_err());
    }
    store.fail(false);
    visits.end_what_is_left().await.unwrap();
    assert_eq!(store.removals.load(Ordering::SeqCst), MOST_UNSEEN);
}
