//! Who is visiting: from a session to a person with roles as of now.
//!
//! The request path asks memory only. It waits for the store when memory does not know the session, and for the AMS only
//! when the record is too old to be believed.

mod ending;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::grounds::Grounds;
use super::person::{Held, Person, PublishedRules, RefreshError};
use super::refresh::Refresh;
use super::store_watch::StoreWatch;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::sessions::Sessions;
use crate::domain::clock_jumps::ClockJumps;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::{Freshness, LogoutHint, Session, SessionKey, SessionLimits};
use crate::domain::time::Timestamp;

/// Sessions and people kept in memory; for those beyond, the store is asked again.
const REMEMBERED: u64 = 200_000;

/// Most names that are taken for sessions while the store cannot tell.
const MOST_UNSEEN: usize = 10_000;

/// A session in memory.
#[derive(Debug)]
pub struct Live {
    session: Session,
    person: Arc<Person>,
    last_seen: AtomicI64,
    ended: AtomicBool,
}

#[derive(Debug, Clone)]
enum Remembered {
    Live(Arc<Live>),
    /// Kept so that a look-up that was under way cannot bring an ended session back.
    Ended,
}

/// What memory knows of a session.
#[derive(Debug)]
pub enum Recall {
    /// It was live when it was last looked at.
    Known(Arc<Live>),
    /// It has ended.
    Ended,
    /// Ask the store.
    Unknown,
}

/// What a session is worth at an instant.
#[derive(Debug)]
pub enum Presence {
    /// Somebody is there.
    Present(Arc<Held>),
    /// The record is too old to be believed; wait for [`Visits::refreshed`], then ask again.
    Stale,
    /// Nothing.
    Over,
}

impl Live {
    /// The session as it began.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Whose session it is.
    pub fn person(&self) -> &Arc<Person> {
        &self.person
    }

    /// The latest request that was seen.
    pub fn last_seen(&self) -> Timestamp {
        Timestamp::from_microsecond(self.last_seen.load(Ordering::Relaxed)).unwrap_or(self.session.last_seen)
    }
}

/// Sessions in memory, in front of the store.
pub struct Visits {
    sessions: Cache<SessionKey, Remembered>,
    people: Cache<IndividualId, Arc<Person>>,
    store: Arc<dyn Sessions>,
    rules: PublishedRules,
    grounds: Arc<Grounds>,
    environment: Arc<str>,
    clock: SharedClock,
    refresh: Arc<Refresh>,
    /// Whether the store answers; when it has not for too long, memory is not believed.
    pub store_watch: Arc<StoreWatch>,
    /// Sessions that ended while the store gave no answer.
    unended: Mutex<Vec<SessionKey>>,
}

impl Visits {
    /// Sessions of one AMS environment, decided by `rules`.
    pub fn new(
        store: Arc<dyn Sessions>,
        rules: PublishedRules,
        grounds: Arc<Grounds>,
        environment: &str,
        clock: SharedClock,
        refresh: Arc<Refresh>,
    ) -> Visits {
        // Least recently used: a newcomer is always let in, so the mark of an ended session cannot be turned away.
        Visits {
            sessions: Cache::builder()
                .max_capacity(REMEMBERED)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            people: Cache::builder().max_capacity(REMEMBERED).eviction_policy(EvictionPolicy::lru()).build(),
            store,
            rules,
            grounds,
            environment: environment.into(),
            clock,
            refresh,
            store_watch: Arc::default(),
            unended: Mutex::default(),
        }
    }

    /// What decisions rest on beside record and mapping.
    pub fn grounds(&self) -> &Arc<Grounds> {
        &self.grounds
    }

    /// The limits in force.
    pub fn limits(&self) -> SessionLimits {
        self.grounds.limits()
    }

    /// What ages leave out.
    pub fn jumps(&self) -> ClockJumps {
        self.grounds.jumps()
    }

    /// Puts new limits in force, from the next request on.
    pub fn set_limits(&self, limits: SessionLimits) {
        self.grounds.set_limits(limits);
    }

    /// What memory knows; never waits.
    pub fn recall(&self, key: &SessionKey) -> Recall {
        match self.sessions.get(key) {
            Some(Remembered::Live(live)) => Recall::Known(live),
            Some(Remembered::Ended) => Recall::Ended,
            None => Recall::Unknown,
        }
    }

    /// The session of a key, as long as nobody has ended it: from memory, or from the store if memory does not know it.
    ///
    /// # Errors
    /// The store is asked and gives no answer; or it has given none for `session.store_gone`, and memory is not believed any longer.
    pub async fn find(&self, key: &SessionKey) -> Result<Option<Arc<Live>>, StoreError> {
        match self.recall(key) {
            Recall::Known(live) => self.store_watch.believe_memory().map(|()| Some(live)),
            Recall::Ended => Ok(None),
            Recall::Unknown => self.load(key).await,
        }
    }

    /// What the AMS is shown when this session ends, as the store has it. `None`: nothing, or the store does not say; then the AMS asks
    /// the person.
    pub async fn logout_hint(&self, key: &SessionKey) -> Option<LogoutHint> {
        let (session, _) = self.store.session(key).await.ok()??;
        session.logout_hint.filter(|_| *session.environment == *self.environment)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<Live>>, StoreError> {
        let Some((session, record)) = self.store.session(key).await? else { return Ok(None) };
        if *session.environment != *self.environment {
            return Ok(None);
        }
        let person = self.person(Arc::new(record), |_| false);
        if person.is_gone() {
            return Ok(None);
        }
        let live = live(session, person);
        // Whoever was first stays: two look-ups must share one session, and an end must not be undone.
        match self.sessions.entry(*key).or_insert(Remembered::Live(live)).into_value() {
            Remembered::Live(live) => Ok(Some(live)),
            Remembered::Ended => Ok(None),
        }
    }

    /// The person of a record, shared by all of his or her sessions; a new one where `begins_again` says so.
    fn person(&self, record: Arc<Record>, begins_again: fn(&Person) -> bool) -> Arc<Person> {
        // Lists that were read from text have room to spare; those of a copy do not, and it stays in memory for as long as the person comes.
        let newcomer = || self.new_person(Arc::new(Record::clone(&record)));
        let entry = self.people.entry_by_ref(&record.id);
        let person = entry.or_insert_with_if(newcomer, |person| begins_again(person));
        let is_new = person.is_fresh();
        let person = person.into_value();
        if !is_new {
            person.renew(record, &self.rules.load(), self.clock.now());
        }
        person
    }

    fn new_person(&self, record: Arc<Record>) -> Arc<Person> {
        let (rules, now) = (self.rules.load(), self.clock.now());
        Arc::new(Person::new(Arc::clone(&self.environment), record, &rules, now, &self.grounds))
    }

    /// What a session is worth at `host` at `now`. The request keeps the session from falling idle.
    pub fn presence(&self, live: &Live, host: &str, now: Timestamp) -> Presence {
        let presence = self.worth(live, host, now);
        if matches!(presence, Presence::Present(_)) {
            live.last_seen.fetch_max(now.as_microsecond(), Ordering::Relaxed);
        }
        presence
    }

    /// As [`Visits::presence`], for a stream that is merely still open: it does not count as a request.
    pub fn still_present(&self, live: &Live, host: &str, now: Timestamp) -> Presence {
        // Memory may have forgotten this very session and have met it again since; the end is noted with the newcomer.
        match self.recall(&live.session.key) {
            Recall::Ended => Presence::Over,
            _ if self.store_watch.believe_memory().is_err() => Presence::Over,
            Recall::Known(_) | Recall::Unknown => self.worth(live, host, now),
        }
    }

    fn worth(&self, live: &Live, host: &str, now: Timestamp) -> Presence {
        let session = &live.session;
        let (limits, jumps) = (self.grounds.limits(), self.grounds.jumps());
        let over = live.ended.load(Ordering::Acquire)
            || live.person.is_gone()
            || session.host != host
            || session.is_over(&limits, &jumps, live.last_seen(), now);
        if over {
            return Presence::Over;
        }
        let held = live.person.held(&self.rules.load(), now);
        if limits.freshness(jumps.aged(held.core_confirmed, now), now) == Freshness::Stale {
            return Presence::Stale;
        }
        let is_old = limits.freshness(jumps.aged(held.all_confirmed, now), now) != Freshness::Fresh;
        if is_old && live.person.takes_hints(now) || live.person.is_being_read(&held) {
            self.refresh.hint(&live.person);
        }
        if held.standing.decision.admitted { Presence::Present(held) } else { Presence::Over }
    }

    /// What somebody holds at `now`, without a request. `None`: the session is over, or too little is known to be believed.
    pub(super) fn believed(&self, live: &Live, now: Timestamp) -> Option<Arc<Held>> {
        if live.ended.load(Ordering::Acquire) || live.person.is_gone() || self.grounds.lacks_kept_rosters() {
            return None;
        }
        let held = live.person.held(&self.rules.load(), now);
        let confirmed = self.grounds.jumps().aged(held.core_confirmed, now);
        (self.grounds.limits().freshness(confirmed, now) != Freshness::Stale).then_some(held)
    }

    /// The parts that a sign-in must ask the AMS for, of somebody who says to be this person.
    pub async fn needed(&self, claimed: Option<&IndividualId>) -> Parts {
        self.refresh.needed(&self.environment, claimed).await
    }

    /// Whether there is a record of a person. A store that cannot tell has none.
    pub async fn is_on_file(&self, id: &IndividualId) -> bool {
        self.people.contains_key(id) || self.refresh.is_on_file(&self.environment, id).await
    }

    /// Somebody in memory, signed in or lately so.
    pub fn person_of(&self, id: &IndividualId) -> Option<Arc<Person>> {
        self.people.get(id)
    }

    /// Something newer is known of somebody; their sessions have it from now on.
    pub async fn take_in(&self, record: &Record) -> Result<(), RefreshError> {
        let Some(person) = self.people.get(&record.id) else { return Ok(()) };
        person.renew(Arc::new(record.clone()), &self.rules.load(), self.clock.now());
        self.refresh.end_if_not_admitted(&person).await
    }

    /// These parts of these people are as they were.
    pub fn confirm(&self, people: &[IndividualId], parts: &[Part], at: Timestamp) {
        for person in people.iter().filter_map(|id| self.people.get(id)) {
            let mut record = Record::clone(&person.record());
            parts.iter().for_each(|part| record.confirmed.confirm(*part, at));
            person.renew(Arc::new(record), &self.rules.load(), self.clock.now());
        }
    }

    /// Waits until a stale record has been read again.
    pub async fn refreshed(&self, live: &Live) -> Result<(), RefreshError> {
        let believed = live.person.record().as_of();
        self.refresh.read(&live.person, believed, Priority::Person).await
    }

    /// Begins a session. It is stored before the browser hears of it.
    pub async fn begin(&self, session: Session, record: Arc<Record>) -> Result<Arc<Live>, StoreError> {
        let reading = Record::clone(&record);
        let record = Arc::new(self.refresh.held_back(&self.environment, reading).await?.record);
        let record = self.with_what_is_known(record);
        let record = Arc::new(self.store.begin_session(&session, &record).await?);
        self.refresh.note_signed_in(&record);
        let key = session.key;
        // If the AMS had ended this person's sessions, it has just vouched again: a new beginning.
        let person = self.person(record, Person::is_gone);
        let held = person.held(&self.rules.load(), self.clock.now());
        if person.is_being_read(&held) {
            self.refresh.hint(&person);
        }
        let live = live(session, person);
        // All sessions of the person may have been ended since the store has this one: then it is over as it begins.
        let remembered = self.sessions.entry(key).or_insert(Remembered::Live(Arc::clone(&live)));
        if let Remembered::Ended = remembered.into_value() {
            live.ended.store(true, Ordering::Release);
        }
        Ok(live)
    }

    /// A record together with what memory knows beyond it: nobody loses a role because of signing in once more. Each part keeps its
    /// own age.
    fn with_what_is_known(&self, record: Arc<Record>) -> Arc<Record> {
        let Some(older) = self.people.get(&record.id).map(|person| person.record()) else { return record };
        Arc::new(Record::clone(&record).over(&older, self.clock.now()))
    }

    /// How many sessions memory knows, about.
    pub fn count(&self) -> u64 {
        self.sessions.entry_count()
    }

    /// Sessions that were seen after `since`, with the latest request of each.
    pub fn seen_since(&self, since: Timestamp) -> Vec<(SessionKey, Timestamp)> {
        let seen = self.sessions.iter().filter_map(|(key, remembered)| match remembered {
            Remembered::Live(live) if live.last_seen() > since => Some((*key, live.last_seen())),
            _ => None,
        });
        seen.collect()
    }
}

fn live(session: Session, person: Arc<Person>) -> Arc<Live> {
    // What only a logout needs is asked of the store then.
    let session = Session { logout_hint: None, ..session };
    let last_seen = AtomicI64::new(session.last_seen.as_microsecond());
    Arc::new(Live { session, person, last_seen, ended: AtomicBool::new(false) })
}

#[cfg(test)]
mod tests;
