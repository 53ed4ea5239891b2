//! A person in memory: the record, and what it gives under the mapping in force, as of now.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwap;
use jiff::SignedDuration;

use super::grounds::Grounds;
use super::managed_roles::ManagedRoles;
use crate::adapters::ams::AmsError;
use crate::adapters::store::StoreError;
use crate::domain::access::{Standing, admit, surely_refuses};
use crate::domain::client::Client;
use crate::domain::mapping::Version;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::roles::{self, Verdict};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// The role mapping in force. Its number tells a decision that it was made under an older one.
#[derive(Debug)]
pub struct Published {
    /// Grows with each publication.
    pub version: u64,
    /// The mapping.
    pub rules: Rules,
    /// The roles that it manages.
    pub managed: ManagedRoles,
}

impl Published {
    /// A mapping under its number, of which nothing else is known.
    pub fn new(version: u64, rules: Rules) -> Published {
        Published { version, managed: ManagedRoles::of(&rules, &BTreeSet::new()), rules }
    }
}

impl From<Version> for Published {
    fn from(version: Version) -> Published {
        let Version { head, rules, produced } = version;
        Published { version: head.number, managed: ManagedRoles::of(&rules, &produced), rules }
    }
}

/// The mapping in force, swapped whole.
pub type PublishedRules = Arc<ArcSwap<Published>>;

/// What a person holds, and what that rests on.
#[derive(Debug)]
pub struct Held {
    /// The person with the decision.
    pub standing: Standing,
    /// What the AMS said.
    pub record: Arc<Record>,
    /// The mapping by which it was decided.
    pub published: Arc<Published>,
    /// When it was last confirmed that this is the person and these are the memberships.
    pub core_confirmed: Timestamp,
    /// When the part that the mapping looks at and that was confirmed longest ago was confirmed.
    pub all_confirmed: Timestamp,
    grounds: Arc<Grounds>,
    decided_at: Timestamp,
    generation: u64,
    /// From here on something else is decided: by time alone, or because a part is too old to be believed.
    until: Option<Timestamp>,
}

impl Held {
    fn decide(
        record: Arc<Record>,
        published: &Arc<Published>,
        now: Timestamp,
        grounds: &Arc<Grounds>,
    ) -> Held {
        // Read before the rosters: one that changes meanwhile is noticed the next time.
        let generation = grounds.generation();
        let (stale_limit, jumps) = (grounds.limits().stale_limit, grounds.jumps());
        let rules = &published.rules;
        let (decision, unread, until) = {
            let believed = grounds.believed(&record, now);
            let decision = roles::decide(&believed, rules, now);
            let parts = rules.parts();
            let others = parts.each().filter(|part| !matches!(part, Part::Profile | Part::Memberships));
            let stale =
                others.filter_map(|part| Some(jumps.ahead(believed.confirmed.of(part)?, stale_limit)));
            let until = stale.chain(decision.holds_until).min();
            (decision, rules.unread(&believed), until)
        };
        Held {
            standing: Standing { id: record.id.clone(), profile: record.profile.clone(), decision, unread },
            core_confirmed: record.oldest([Part::Profile, Part::Memberships]),
            all_confirmed: grounds.confirmed(&record, rules),
            grounds: Arc::clone(grounds),
            decided_at: now,
            generation,
            until,
            published: Arc::clone(published),
            record,
        }
    }

    /// Whether neither time nor a publication has passed this decision. A clock that was set back counts as passed.
    fn holds(&self, published: &Published, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
            && self.generation == self.grounds.generation()
            && self.decided_at <= now
            && self.published.version == published.version
    }

    /// Whether a client refuses this person for certain at `now`, an instant at which the decision holds.
    pub(super) fn is_surely_refused_by(&self, client: &Client, now: Timestamp) -> bool {
        admit(client, &self.standing).is_none() && {
            let believed = self.grounds.believed(&self.record, now);
            let doubt = roles::doubt(&believed, &self.published.rules, now);
            surely_refuses(client, &self.standing, &doubt)
        }
    }

    /// Why each rule gives its role or does not, at an instant at which the decision holds.
    pub fn reasons(&self, now: Timestamp) -> Vec<Verdict> {
        let believed = self.grounds.believed(&self.record, now);
        roles::reasons(&believed, &self.published.rules, &self.grounds.names(), now)
    }
}

/// Why a record could not be read again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefreshError {
    /// The AMS gave no record. Upstream's fault.
    #[error(transparent)]
    Ams(#[from] AmsError),
    /// The AMS says that it knows nobody by this id. It is asked again before that is believed.
    #[error("the AMS does not find the person")]
    Missing,
    /// The store did not take it. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How reading one person's record went lately.
#[derive(Debug, Default)]
pub(super) struct Lately {
    pub(super) failed: Option<(Timestamp, RefreshError)>,
}

/// A person in memory, shared by all of his or her sessions.
#[derive(Debug)]
pub struct Person {
    id: IndividualId,
    environment: Arc<str>,
    held: ArcSwap<Held>,
    grounds: Arc<Grounds>,
    gone: AtomicBool,
    /// Instant (microseconds) of a reading without a limit that could not read everything: another would not either.
    read_as_far_as_it_goes: AtomicI64,
    /// Instant (microseconds) at which the person last asked to be read at once.
    checked_again: AtomicI64,
    /// Instant (microseconds) at which it was last seen that the directory sees to this person.
    seen_to: AtomicI64,
    /// Set while a background refresh is asked for or under way.
    pub(super) refresh_asked: AtomicBool,
    /// Held by the one who reads the record again; those who waited share the outcome.
    pub(super) reading: tokio::sync::Mutex<Lately>,
}

impl Person {
    pub(super) fn new(
        environment: Arc<str>,
        record: Arc<Record>,
        published: &Arc<Published>,
        now: Timestamp,
        grounds: &Arc<Grounds>,
    ) -> Person {
        Person {
            id: record.id.clone(),
            environment,
            held: ArcSwap::from_pointee(Held::decide(record, published, now, grounds)),
            grounds: Arc::clone(grounds),
            gone: AtomicBool::new(false),
            read_as_far_as_it_goes: AtomicI64::new(i64::MIN),
            checked_again: AtomicI64::new(i64::MIN),
            seen_to: AtomicI64::new(i64::MIN),
            refresh_asked: AtomicBool::new(false),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// The AMS's key of the person.
    pub fn id(&self) -> &IndividualId {
        &self.id
    }

    /// The AMS environment that the record comes from.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The record as it was last read.
    pub fn record(&self) -> Arc<Record> {
        Arc::clone(&self.held.load().record)
    }

    /// Whether this person's sessions are over: the AMS no longer knows or admits the person.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn set_gone(&self) {
        self.gone.store(true, Ordering::Release);
    }

    /// Whether something that the mapping looks at is still to be read.
    pub fn is_being_read(&self, held: &Held) -> bool {
        let as_far_as_it_goes = self.read_as_far_as_it_goes.load(Ordering::Relaxed);
        !held.standing.unread.is_empty() && held.record.as_of().as_microsecond() != as_far_as_it_goes
    }

    /// What this reading could not bring, another will not either.
    pub(super) fn set_read_as_far_as_it_goes(&self, as_of: Timestamp) {
        self.read_as_far_as_it_goes.store(as_of.as_microsecond(), Ordering::Relaxed);
    }

    /// The directory sees to this person, so the requests of the next minute need not say that the record is old.
    pub(super) fn put_off_hints(&self, now: Timestamp) {
        self.seen_to.store(now.as_microsecond(), Ordering::Relaxed);
    }

    /// Whether a request is to say that the record is old.
    pub(super) fn takes_hints(&self, now: Timestamp) -> bool {
        let since = now.as_microsecond().saturating_sub(self.seen_to.load(Ordering::Relaxed));
        !(0..60_000_000).contains(&since)
    }

    /// Whether the person may be read at once because they say so: not again within this time. A clock that was set back does not make
    /// them wait.
    pub(super) fn may_check_again(&self, now: Timestamp, every: SignedDuration) -> bool {
        let (now, every) = (now.as_microsecond(), i64::try_from(every.as_micros()).unwrap_or(i64::MAX));
        let is_over = |last: i64| (last > now || now.saturating_sub(last) >= every).then_some(now);
        self.checked_again.fetch_update(Ordering::AcqRel, Ordering::Acquire, is_over).is_ok()
    }

    /// Takes over what was read, part by part, unless what is held was confirmed later.
    pub(super) fn renew(&self, record: Arc<Record>, published: &Arc<Published>, now: Timestamp) {
        self.held.rcu(|held| {
            let record = Arc::new(Record::clone(&record).over(&held.record, now));
            Arc::new(Held::decide(record, published, now, &self.grounds))
        });
    }

    /// What the person holds at `now`, decided again when the last decision does not hold any more.
    pub(super) fn held(&self, published: &Arc<Published>, now: Timestamp) -> Arc<Held> {
        let held = self.held.load();
        if held.holds(published, now) {
            return Arc::clone(&held);
        }
        let again = Arc::new(Held::decide(Arc::clone(&held.record), published, now, &self.grounds));
        // A record that arrived meanwhile is not overwritten by a decision about the old one.
        let before = self.held.compare_and_swap(&*held, Arc::clone(&again));
        if Arc::ptr_eq(&before, &held) { again } else { self.held(published, now) }
    }
}
