//! What a decision about a person rests on beside the record and the mapping: for how long what was read is believed, and the rosters.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::adapters::clock::SharedClock;
use crate::domain::clock_jumps::ClockJumps;
use crate::domain::directory::overlay::{Rosters, known_as_of, with_rosters};
use crate::domain::directory::roster::RosterStanding;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::names::ListedNames;
use crate::domain::parts::{Codes, Part};
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::rule::Rules;
use crate::domain::session::SessionLimits;
use crate::domain::time::Timestamp;

/// What all decisions share.
pub struct Grounds {
    limits: ArcSwap<SessionLimits>,
    /// Knows by how much it has jumped.
    clock: Option<SharedClock>,
    rosters: ArcSwap<Rosters>,
    /// For reasons only: no decision looks at them.
    names: ArcSwap<ListedNames>,
    /// Grows when somebody's entries on a roster change.
    generation: AtomicU64,
    /// The rosters of the store are not here yet.
    lacks_kept_rosters: AtomicBool,
}

impl fmt::Debug for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grounds").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Grounds {
    /// No roster has been read yet, and no clock has ever jumped.
    pub fn new(limits: SessionLimits) -> Arc<Grounds> {
        Grounds::of(limits, None)
    }

    /// The same with the clock by which ages are counted.
    pub fn by_clock(limits: SessionLimits, clock: SharedClock) -> Arc<Grounds> {
        Grounds::of(limits, Some(clock))
    }

    fn of(limits: SessionLimits, clock: Option<SharedClock>) -> Arc<Grounds> {
        Arc::new(Grounds {
            limits: ArcSwap::from_pointee(limits),
            clock,
            rosters: ArcSwap::default(),
            names: ArcSwap::default(),
            generation: AtomicU64::new(0),
            lacks_kept_rosters: AtomicBool::new(false),
        })
    }

    /// How long sessions and records last.
    pub fn limits(&self) -> SessionLimits {
        **self.limits.load()
    }

    /// Puts new limits in force, from the next request on.
    pub fn set_limits(&self, limits: SessionLimits) {
        self.limits.store(Arc::new(limits));
    }

    /// The rosters as they are believed.
    pub fn rosters(&self) -> Arc<Rosters> {
        self.rosters.load_full()
    }

    /// Puts rosters in force. `has_changed`: somebody's entries differ, so that everybody is decided again.
    pub fn set_rosters(&self, rosters: Rosters, has_changed: bool) {
        self.rosters.store(Arc::new(rosters));
        if has_changed {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether the rosters of the store are still to come. Until then nobody may conclude that somebody has lost a role: a roster that knows
    /// better than a person's own list looks as if it were not there.
    pub(super) fn lacks_kept_rosters(&self) -> bool {
        self.lacks_kept_rosters.load(Ordering::Acquire)
    }

    pub(super) fn set_lacks_kept_rosters(&self, lacks: bool) {
        self.lacks_kept_rosters.store(lacks, Ordering::Release);
    }

    /// What people call the things that rules name, as far as the AMS's lists were read.
    pub fn names(&self) -> Arc<ListedNames> {
        self.names.load_full()
    }

    /// Puts other names into reasons.
    pub fn set_names(&self, names: ListedNames) {
        self.names.store(Arc::new(names));
    }

    /// Another number than before says that decisions are to be made again.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What ages leave out.
    pub fn jumps(&self) -> ClockJumps {
        self.clock.as_ref().map(|clock| clock.jumps()).unwrap_or_default()
    }

    /// The oldest confirmation that is believed at `now`.
    pub fn oldest(&self, now: Timestamp) -> Timestamp {
        self.jumps().back(now, self.limits().stale_limit)
    }

    /// The record as it is believed at `now`: without what is too old, and with what the rosters know better.
    pub fn believed<'r>(&self, record: &'r Record, now: Timestamp) -> Cow<'r, Record> {
        let oldest = self.oldest(now);
        let rosters = self.rosters.load();
        match record.without_older_than(oldest) {
            Cow::Borrowed(record) => with_rosters(record, &rosters, oldest),
            Cow::Owned(left) => Cow::Owned(with_rosters(&left, &rosters, oldest).into_owned()),
        }
    }

    /// When the part that the mapping looks at and that was confirmed longest ago was confirmed, rosters included. Parts that were never
    /// read do not count.
    pub fn confirmed(&self, record: &Record, rules: &Rules) -> Timestamp {
        let rosters = self.rosters.load();
        let parts = rules.parts();
        let instants = parts.each().filter_map(|part| match part {
            Part::Committees | Part::Registrations => known_as_of(record, &rosters, rules, part),
            part => record.confirmed.of(part),
        });
        instants.min().unwrap_or(Timestamp::MIN)
    }

    /// What must still be asked of the AMS about a person: the mapping's parts without those that the rosters, or the record that is known,
    /// tell of. Without an id: about somebody, as a rule.
    pub fn still_needed(
        &self,
        rules: &Rules,
        id: Option<&IndividualId>,
        known: Option<&Record>,
        now: Timestamp,
    ) -> Parts {
        let (oldest, rosters) = (self.oldest(now), self.rosters.load());
        let mut needed = rules.parts();
        for part in Part::LISTS {
            let by_record = known.and_then(|record| match part {
                Part::Committees | Part::Registrations => known_as_of(record, &rosters, rules, part),
                part => {
                    record.confirmed.of(part).filter(|_| record.has_codes(part, rules.parts().codes(part)))
                }
            });
            if by_record.is_some_and(|at| at >= oldest) || are_told(&rosters, &needed, part, oldest, id) {
                needed.remove(part);
            }
        }
        needed
    }
}

/// Whether rosters tell of a part for somebody without a record. Rows without dates tell only who is not on it.
fn are_told(
    rosters: &Rosters,
    needed: &Parts,
    part: Part,
    oldest: Timestamp,
    id: Option<&IndividualId>,
) -> bool {
    let Some(kind) = RosterKind::of(part) else { return false };
    let Codes::These(codes) = needed.codes(part) else { return false };
    codes.iter().all(|code| {
        let roster = rosters.get(&RosterName::new(kind, code.clone()));
        roster.is_some_and(|roster| {
            let tells = |id| roster.has_dates() || roster.standing(id) == RosterStanding::Off;
            roster.confirmed_at() >= oldest && id.is_none_or(tells)
        })
    })
}
