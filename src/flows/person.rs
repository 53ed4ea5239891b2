//! A person in memory: the record, and what it gives under the mapping in force, as of now.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwap;
use jiff::SignedDuration;

use super::managed_roles::ManagedRoles;
use crate::adapters::ams::AmsError;
use crate::adapters::store::StoreError;
use crate::domain::access::Standing;
use crate::domain::mapping::Version;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::roles::{self, Verdict};
use crate::domain::rule::Rules;
use crate::domain::session::SessionLimits;
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

/// How long sessions and records last, for all alike; a reload replaces it.
pub type SharedLimits = Arc<ArcSwap<SessionLimits>>;

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
    decided_at: Timestamp,
    /// From here on something else is decided: by time alone, or because a part is too old to be believed.
    until: Option<Timestamp>,
}

impl Held {
    /// What was confirmed longer than `stale_limit` ago is not believed.
    fn decide(
        record: Arc<Record>,
        published: &Arc<Published>,
        now: Timestamp,
        stale_limit: SignedDuration,
    ) -> Held {
        let oldest = now.checked_sub(stale_limit).unwrap_or(Timestamp::MIN);
        let (decision, unread, until) = {
            let believed = record.without_older_than(oldest);
            let decision = roles::decide(&believed, &published.rules, now);
            let parts = published.rules.parts();
            let lists = parts.each().filter(|part| !matches!(part, Part::Profile | Part::Memberships));
            let stale = lists.filter_map(|part| believed.confirmed.of(part)?.checked_add(stale_limit).ok());
            let until = stale.chain(decision.holds_until).min();
            (decision, published.rules.unread(&believed), until)
        };
        Held {
            standing: Standing { id: record.id.clone(), profile: record.profile.clone(), decision, unread },
            core_confirmed: record.oldest([Part::Profile, Part::Memberships]),
            all_confirmed: record.oldest(published.rules.parts().each()),
            decided_at: now,
            until,
            published: Arc::clone(published),
            record,
        }
    }

    /// Whether neither time nor a publication has passed this decision. A clock that was set back counts as passed.
    fn holds(&self, published: &Published, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
            && self.decided_at <= now
            && self.published.version == published.version
    }

    /// Why each rule gives its role or does not, at an instant at which the decision holds.
    pub fn reasons(&self, now: Timestamp) -> Vec<Verdict> {
        roles::reasons(&self.record, &self.published.rules, now)
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
    pub(super) missing_since: Option<Timestamp>,
}

/// A person in memory, shared by all of his or her sessions.
#[derive(Debug)]
pub struct Person {
    id: IndividualId,
    environment: Arc<str>,
    held: ArcSwap<Held>,
    limits: SharedLimits,
    gone: AtomicBool,
    /// Instant (microseconds) of a reading without a limit that could not read everything: another would not either.
    read_as_far_as_it_goes: AtomicI64,
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
        limits: &SharedLimits,
    ) -> Person {
        Person {
            id: record.id.clone(),
            environment,
            held: ArcSwap::from_pointee(Held::decide(record, published, now, limits.load().stale_limit)),
            limits: Arc::clone(limits),
            gone: AtomicBool::new(false),
            read_as_far_as_it_goes: AtomicI64::new(i64::MIN),
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

    /// Takes over what was read, part by part, unless what is held was confirmed later.
    pub(super) fn renew(&self, record: Arc<Record>, published: &Arc<Published>, now: Timestamp) {
        let stale_limit = self.limits.load().stale_limit;
        self.held.rcu(|held| {
            let record = Arc::new(Record::clone(&record).over(&held.record, now));
            Arc::new(Held::decide(record, published, now, stale_limit))
        });
    }

    /// What the person holds at `now`, decided again when the last decision does not hold any more.
    pub(super) fn held(&self, published: &Arc<Published>, now: Timestamp) -> Arc<Held> {
        let held = self.held.load();
        if held.holds(published, now) {
            return Arc::clone(&held);
        }
        let stale_limit = self.limits.load().stale_limit;
        let again = Arc::new(Held::decide(Arc::clone(&held.record), published, now, stale_limit));
        // A record that arrived meanwhile is not overwritten by a decision about the old one.
        let before = self.held.compare_and_swap(&*held, Arc::clone(&again));
        if Arc::ptr_eq(&before, &held) { again } else { self.held(published, now) }
    }
}
