//! What is believed of the AMS beside the records: the feed, the rosters, the sweep, who is to be read, and who was not found.
//!
//! One state for all who read people; it is held for moments only, never over a call.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::SignedDuration;

use crate::adapters::ams::reading::RosterCursor;
use crate::domain::directory::absence::{Absence, AbsenceVerdict};
use crate::domain::directory::changed_lists::ChangedLists;
use crate::domain::directory::feed::Feed;
use crate::domain::directory::overlay::Rosters;
use crate::domain::directory::own_lists::OwnLosses;
use crate::domain::directory::plan::{Due, Task, WhyRead};
use crate::domain::directory::roster::{Roster, RosterEntry, RosterLine, RosterReading, RosterStanding};
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::directory::settings::{DirectorySettings, FeedSettings, PeopleOnFile};
use crate::domain::directory::sweep::MemberSweep;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;
use crate::flows::changed_people::ChangedPeople;
use crate::flows::grounds::Grounds;

/// More people than this are not to be read one by one; a sweep reads them.
pub(super) const MOST_READS: usize = 20_000;

/// Who was named by the AMS is read within this time, if the budget allows it.
pub(super) const AFTER_CHANGE: SignedDuration = SignedDuration::from_secs(60);

/// No read is wanted later than this from now on.
const LATEST_WANTED: SignedDuration = SignedDuration::from_mins(10);

/// How far people who are signed in have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedInProgress {
    /// How many people are signed in.
    pub people: usize,
    /// Of so many of them something that is needed was never read.
    pub unread: usize,
}

/// Somebody who is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedRead {
    pub(super) why: WhyRead,
    pub(super) since: Timestamp,
    pub(super) within: SignedDuration,
    pub(super) failed: Option<Timestamp>,
}

/// A roster of which some pages have been read.
#[derive(Debug)]
pub(super) struct RosterUnderWay {
    pub(super) began: Timestamp,
    pub(super) next: RosterCursor,
    /// So many have been read.
    pub(super) pages: u32,
    pub(super) reading: RosterReading,
}

/// The state itself.
#[derive(Default)]
pub(super) struct Believed {
    pub(super) feed: Feed,
    /// When the feed last named anybody who had not been named.
    pub(super) named_at: Option<Timestamp>,
    /// Whose seats may have changed since the committees' rosters were read.
    pub(super) changed_seats: ChangedLists,
    pub(super) rosters: Rosters,
    pub(super) under_way: BTreeMap<Task, RosterUnderWay>,
    pub(super) sweep: Option<MemberSweep>,
    pub(super) reads: BTreeMap<IndividualId, WantedRead>,
    pub(super) failed: BTreeMap<Task, Timestamp>,
    pub(super) absences: BTreeMap<IndividualId, Absence>,
    /// What people's own lists lack, as long as it does not count.
    pub(super) losses: BTreeMap<IndividualId, OwnLosses>,
    /// Who has signed in since the index was last looked after.
    pub(super) signed_in: Vec<Arc<Record>>,
    /// How many calls the last whole reading of each roster took.
    pub(super) roster_calls: BTreeMap<RosterName, u32>,
    /// Rosters that differ from what the store has.
    pub(super) unkept: BTreeSet<RosterName>,
    /// Rosters that the AMS was found not to have, and when.
    pub(super) absent_rosters: BTreeMap<RosterName, Timestamp>,
    /// The feed named too many: the sweep under way makes up for it.
    pub(super) is_sweep_urgent: bool,
}

/// What is believed, for all who read people.
pub struct Beliefs {
    state: Mutex<Believed>,
    grounds: Arc<Grounds>,
    changed: Arc<ChangedPeople>,
    /// What subscribers look at beside the mapping in force.
    subscribers: ArcSwapOption<Rules>,
    wants_contact: AtomicBool,
    /// A draft that waits to come into force until what it looks at has been read.
    upcoming: ArcSwapOption<Rules>,
    /// How far people who are signed in have been read for it.
    pub(super) progress: ArcSwapOption<SignedInProgress>,
    feed: FeedSettings,
    /// Whether the directory is kept in step; otherwise each person is asked about alone.
    in_step: bool,
    people: PeopleOnFile,
    /// So old may profile and memberships get before somebody is read alone.
    core_every: SignedDuration,
}

impl Beliefs {
    /// Nothing is known yet.
    pub fn new(grounds: Arc<Grounds>, settings: &DirectorySettings) -> Arc<Beliefs> {
        let core_every = match settings.people {
            // Twice: the next sweep may be a little later than the last.
            PeopleOnFile::Members => settings.sweep_every * 2,
            PeopleOnFile::SignedIn => SignedDuration::ZERO,
        };
        let (feed, in_step) = (settings.feed.clone(), settings.in_step);
        let people = settings.people;
        grounds.set_lacks_kept_rosters(in_step);
        Arc::new(Beliefs {
            state: Mutex::default(),
            grounds,
            changed: Arc::default(),
            subscribers: ArcSwapOption::empty(),
            wants_contact: AtomicBool::new(false),
            upcoming: ArcSwapOption::empty(),
            progress: ArcSwapOption::empty(),
            feed,
            in_step,
            people,
            core_every,
        })
    }

    /// Whether the directory is kept in step.
    pub fn in_step(&self) -> bool {
        self.in_step
    }

    pub(in crate::flows) fn grounds(&self) -> &Arc<Grounds> {
        &self.grounds
    }

    /// People who may have changed.
    pub fn changed_people(&self) -> &Arc<ChangedPeople> {
        &self.changed
    }

    pub(super) fn feed_settings(&self) -> &FeedSettings {
        &self.feed
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Believed> {
        // Nothing panics while it is held; if something ever did, each field would still be sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a subscriber shows what profiles say.
    pub fn wants_contact(&self) -> bool {
        self.wants_contact.load(Ordering::Relaxed)
    }

    /// What these rules look at is read from now on beside what the mapping in force looks at: a subscriber goes by it. `wants_contact`: it
    /// shows what profiles say, too.
    pub fn look_also(&self, rules: Rules, wants_contact: bool) {
        self.subscribers.store(Some(Arc::new(rules)));
        self.wants_contact.store(wants_contact, Ordering::Relaxed);
    }

    /// What this draft looks at is read from now on beside what the mapping in force looks at. `None`: no draft waits to come into force.
    pub fn look_ahead(&self, draft: Option<Rules>) {
        self.upcoming.store(draft.map(Arc::new));
        self.progress.store(None);
    }

    /// Whether a draft waits to come into force.
    pub fn looks_ahead(&self) -> bool {
        self.upcoming.load().is_some()
    }

    /// Rules that look at all that is to be read: the mapping in force, with what subscribers look at and the draft that waits.
    pub fn to_be_read<'r>(&self, in_force: &'r Rules) -> Cow<'r, Rules> {
        let mut rules = Cow::Borrowed(in_force);
        for others in [&self.subscribers, &self.upcoming] {
            if let Some(others) = &*others.load() {
                rules = Cow::Owned(rules.looks_of_both(others));
            }
        }
        rules
    }

    /// The record with what the change feed confirms of it without a call. `None`: nothing.
    pub fn confirmed(&self, record: &Record) -> Option<Record> {
        let state = self.state();
        let confirms = |part: Part| {
            let read = record.confirmed.of(part)?;
            state.feed.confirms(&self.feed, &record.id, part, read).map(|at| (part, at))
        };
        let confirmed: Vec<(Part, Timestamp)> = Part::ALL.into_iter().filter_map(confirms).collect();
        if confirmed.is_empty() {
            return None;
        }
        let mut record = record.clone();
        confirmed.into_iter().for_each(|(part, at)| record.confirmed.confirm(part, at));
        Some(record)
    }

    /// A record as those who go through many take it: with what the change feed confirms, without what is too old, and with the rosters laid
    /// over it. Where nothing keeps records fresh it stays as it was read: it is the best that is known of people who are not signed in.
    pub fn believed(&self, record: Record, now: Timestamp) -> Record {
        if !self.in_step {
            return record;
        }
        let record = self.confirmed(&record).unwrap_or(record);
        let believed = match self.grounds.believed(&record, now) {
            Cow::Owned(believed) => Some(believed),
            Cow::Borrowed(_) => None,
        };
        believed.unwrap_or(record)
    }

    /// The parts that must be asked for about a person, beside what is known: by these rules, and by a draft that waits to come into force. Without an id: about somebody, as a rule.
    pub fn needed(
        &self,
        rules: &Rules,
        id: Option<&IndividualId>,
        known: Option<&Record>,
        now: Timestamp,
    ) -> Parts {
        let rules = self.to_be_read(rules);
        // Where rosters keep only people who have signed in, they say nothing about somebody new.
        let is_new = id.is_some() && known.is_none();
        if !self.in_step || is_new && self.people == PeopleOnFile::SignedIn {
            return rules.parts();
        }
        let confirmed = known.and_then(|record| self.confirmed(record));
        self.grounds.still_needed(&rules, id, confirmed.as_ref().or(known), now)
    }

    /// Somebody is signed in whose record is older than it should be. Whether it is to be read at once: the directory does not see to it.
    pub fn note_old(&self, record: &Record, rules: &Rules, now: Timestamp) -> bool {
        if !self.in_step {
            return true;
        }
        let limits = self.grounds.limits();
        let lists_every = limits.stale_limit / 2;
        let core = record.oldest([Part::Memberships]);
        let all = self.grounds.confirmed(record, rules);
        let is_old = |at: Timestamp, every: SignedDuration| now.duration_since(at) >= every || at > now;
        if is_old(core, self.core_every.max(limits.refresh_after)) || is_old(all, lists_every) {
            self.want(&record.id, WhyRead::ListTooOld, now, SignedDuration::from_mins(30));
        }
        false
    }

    /// Somebody is to be read again, within this time.
    pub fn want(&self, id: &IndividualId, why: WhyRead, since: Timestamp, within: SignedDuration) {
        let mut state = self.state();
        state.want(id, why, since, within);
    }

    /// Somebody has signed in, and this is what was read.
    pub fn note_signed_in(&self, record: &Arc<Record>) {
        if self.in_step {
            let mut state = self.state();
            if state.signed_in.len() < MOST_READS {
                state.signed_in.push(Arc::clone(record));
            }
        }
    }

    /// One person has been read. `whole_as_of`: all that no roster tells of is known as of this instant; `None`: there is still something to
    /// read.
    pub fn note_read(&self, record: &Record, whole_as_of: Option<Timestamp>) {
        let began = record.as_of();
        let mut state = self.state();
        if let Some(as_of) = whole_as_of {
            state.feed.note_read(&record.id, as_of);
            state.reads.remove(&record.id);
            if let Some(since) = state.feed.wants(&record.id) {
                // It began too soon to have what the feed has named meanwhile.
                state.want(&record.id, WhyRead::Changed, since, AFTER_CHANGE);
            }
        }
        if record.confirmed.of(Part::Committees) == Some(began) {
            state.changed_seats.note_read(&record.id, began);
        }
        state.absences.remove(&record.id);
        if let Some(sweep) = &mut state.sweep {
            sweep.confirm_present(&record.id);
        }
        let mut has_changed = false;
        let names: Vec<RosterName> = state.rosters.keys().cloned().collect();
        for name in names {
            let Some(lines) = own_lines(record, &name, began) else { continue };
            let Some(roster) = state.rosters.get_mut(&name) else { continue };
            let is_missing = roster.absentees().people().contains_key(&record.id);
            let is_off = matches!(roster.standing(&record.id), RosterStanding::Off);
            if !is_missing && (is_off == lines.is_empty()) {
                continue;
            }
            let roster: &mut Roster = Arc::make_mut(roster);
            has_changed |= match lines.is_empty() {
                true => roster.confirm_absent(&record.id, began).is_some(),
                false => roster.confirm_present(&record.id, lines, began),
            };
            state.unkept.insert(name);
        }
        self.put_in_force(&state, has_changed);
    }

    /// The AMS did not find this person. `is_canary_found`: at the same time it found somebody who is there.
    pub fn not_found(&self, id: &IndividualId, is_canary_found: bool, now: Timestamp) -> AbsenceVerdict {
        let mut state = self.state();
        let verdict = state.absences.entry(id.clone()).or_default().not_found(is_canary_found, now);
        match verdict {
            AbsenceVerdict::Counts => {
                state.absences.remove(id);
                state.losses.remove(id);
                state.reads.remove(id);
                if let Some(sweep) = &mut state.sweep {
                    sweep.confirm_absent(id, now);
                }
            }
            AbsenceVerdict::AskAgain(at) if self.in_step => {
                state.want(id, WhyRead::Missing, at, SignedDuration::from_mins(1));
            }
            AbsenceVerdict::AskAgain(_) | AbsenceVerdict::SaysNothing => {}
        }
        verdict
    }

    /// Decisions rest on the rosters of this state from now on.
    pub(super) fn put_in_force(&self, state: &Believed, has_changed: bool) {
        let before = has_changed.then(|| self.grounds.rosters());
        self.grounds.set_rosters(state.rosters.clone(), has_changed);
        if let Some(before) = before {
            self.changed.note_rosters(&before, &state.rosters);
        }
    }
}

impl Believed {
    pub(super) fn want(&mut self, id: &IndividualId, why: WhyRead, since: Timestamp, within: SignedDuration) {
        if self.reads.len() >= MOST_READS && !self.reads.contains_key(id) {
            return;
        }
        let new = WantedRead { why, since, within, failed: None };
        let known = self.reads.entry(id.clone()).or_insert(new);
        // The sooner of the two.
        if since + within < known.since + known.within {
            *known = WantedRead { failed: known.failed, ..new };
        }
    }

    /// The reads as tasks, as soon as they are wanted. `calls`: how many one takes, about.
    pub(super) fn due_reads(&self, calls: u32, now: Timestamp) -> impl Iterator<Item = Due> {
        // One that is wanted much later was wanted before the clock was set back.
        let is_wanted =
            move |read: &WantedRead| read.since <= now || read.since.duration_since(now) > LATEST_WANTED;
        let wanted = self.reads.iter().filter(move |(_, read)| is_wanted(read));
        wanted.map(move |(id, read)| Due {
            failed: read.failed,
            ..Due::once(Task::Person(id.clone(), read.why), read.since, read.within, calls)
        })
    }
}

/// The lines of a roster on the person's own list, if that was read at `at` for it.
fn own_lines(record: &Record, name: &RosterName, at: Timestamp) -> Option<Vec<RosterLine>> {
    let part = name.kind().part();
    if record.confirmed.of(part) != Some(at) || !record.has_read(part, Some(name.code())) {
        return None;
    }
    let line = |entry| RosterLine { number: None, entry };
    let code = name.code();
    Some(match name.kind() {
        RosterKind::Committee => {
            let seats = record.committees.iter().flatten();
            let on = seats.filter(|seat| {
                code.matches(&seat.committee)
                    || seat.committee_name.as_deref().is_some_and(|it| code.matches(it))
            });
            on.map(|seat| line(RosterEntry::Seat(seat.clone()))).collect()
        }
        RosterKind::Event => {
            let registrations = record.registrations.iter().flatten();
            let of = registrations.filter(|one| code.matches(&one.event) && !one.cancelled);
            of.map(|one| line(RosterEntry::Registration(one.clone()))).collect()
        }
    })
}
