//! What to ask the AMS next. Pure: what there is to do, how long ago it was done, and the clock give the next call.
//!
//! Each task has an age that is aimed at. The task whose age is the largest part of its aim goes first; so what does not fit into the
//! budget makes all wait in proportion, and nothing starves. How many calls there may be is not known here (`domain::budget`).

use jiff::SignedDuration;

use super::brake::Absentees;
use super::roster::Roster;
use super::roster_name::{RosterKind, RosterName};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// The change feed is asked this often.
pub const FEED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// … and so often about the last 26 hours.
pub const LOOK_BACK_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Registrants are read whole this often; in between only what was added and cancelled.
pub const EVENT_WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(6);

/// A roster that the change feed covers is read this often without a change, and with changes at most as often as
/// [`COVERED_AFTER_CHANGE`].
pub const COVERED_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// At most this often where the change feed names somebody again and again.
pub const COVERED_AFTER_CHANGE: SignedDuration = SignedDuration::from_mins(4);

/// The events are read this often, as long as that takes few calls.
pub const EVENTS_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The same where a second reading is awaited.
pub const EVENTS_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// For each so many calls that a reading of the events takes, the time between two of them is once more as long.
const EVENT_CALLS_AN_HOUR: u32 = 20;

/// What failed is not tried again before a quarter of its aim has passed; these are the shortest and the longest wait.
const AFTER_FAILURE: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(15), SignedDuration::from_mins(5));

/// Something to ask the AMS for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Who has changed since the last poll.
    Feed,
    /// Who has changed within 26 hours, to check the polls.
    LookBack,
    /// A roster from its first page to its last.
    Roster {
        /// Which.
        name: RosterName,
        /// Together with the AMS's list of committees or events, because the last answer was empty.
        with_list: bool,
    },
    /// What was added to an event's roster and cancelled since it was last read.
    RosterSince(RosterName),
    /// The next page of everybody.
    SweepPage,
    /// All events, for the community's calendar.
    Events,
    /// One person.
    Person(IndividualId, WhyRead),
}

/// Why one person is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhyRead {
    /// The change feed, a hook or a roster named them.
    Changed,
    /// A list of somebody who is signed in is too old.
    ListTooOld,
    /// They are missing from a roster or a sweep.
    Missing,
    /// So are many others: their absence is held.
    Held,
    /// A mapping needs something that was not read yet.
    NewNeed,
}

/// A task with its times.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// What to do.
    pub task: Task,
    /// When it was last done. `None`: never, so it goes before all that was.
    pub last: Option<Timestamp>,
    /// The age that is aimed at.
    pub every: SignedDuration,
    /// How many calls it takes, about.
    pub calls: u32,
    /// When it last failed, if that was after it was last done.
    pub failed: Option<Timestamp>,
    /// People wait for it: it goes before everything else.
    pub is_awaited: bool,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NextCall<'t> {
    /// This.
    Call(&'t Due),
    /// Nothing before this instant, if nothing else comes up.
    Wait(Timestamp),
    /// There is nothing to do at all.
    Nothing,
}

impl Due {
    /// Something that is done again and again.
    pub fn every(task: Task, last: Option<Timestamp>, every: SignedDuration, calls: u32) -> Due {
        Due { task, last, every, calls, failed: None, is_awaited: false }
    }

    /// Something that is done once: due at `since`, and aimed to be done `within` after it.
    pub fn once(task: Task, since: Timestamp, within: SignedDuration, calls: u32) -> Due {
        let last = since.checked_sub(within).unwrap_or(since);
        Due::every(task, Some(last), within, calls)
    }

    fn aim(&self) -> SignedDuration {
        self.every.max(SignedDuration::from_secs(1))
    }

    /// Its age as a part of its aim. What was done in the future was done by a clock that has been set back since: a little ahead is no
    /// age, and much is due.
    fn ratio(&self, now: Timestamp) -> f64 {
        let Some(last) = self.last else { return f64::INFINITY };
        let age = now.duration_since(last);
        if age < -self.aim() { 1.0 } else { age.as_secs_f64().max(0.0) / self.aim().as_secs_f64() }
    }

    /// When its age reaches its aim.
    fn due_at(&self, now: Timestamp) -> Timestamp {
        let Some(last) = self.last else { return Timestamp::MIN };
        if now.duration_since(last) < -self.aim() {
            return now;
        }
        last.checked_add(self.aim()).unwrap_or(Timestamp::MAX)
    }

    /// When it may be tried again, if it may not now.
    fn pause_ends(&self, now: Timestamp) -> Option<Timestamp> {
        let failed = self.failed.filter(|failed| *failed <= now)?;
        let pause = (self.aim() / 4).clamp(AFTER_FAILURE.0, AFTER_FAILURE.1);
        failed.checked_add(pause).ok().filter(|ends| *ends > now)
    }
}

/// The next call. `slot` is the time from one call in the background to the next: a task starts early where otherwise it could not be done
/// in time, because others are due together with it.
pub fn next_call(tasks: &[Due], now: Timestamp, slot: SignedDuration) -> NextCall<'_> {
    let (mut ready, mut wake) = (Vec::with_capacity(tasks.len()), None::<Timestamp>);
    for due in tasks {
        match due.pause_ends(now) {
            None => ready.push(due),
            Some(ends) => wake = Some(wake.map_or(ends, |wake| wake.min(ends))),
        }
    }
    let greatest = |one: &&&Due, other: &&&Due| one.ratio(now).total_cmp(&other.ratio(now));
    if let Some(first) = ready.iter().filter(|due| due.is_awaited).max_by(greatest) {
        return NextCall::Call(first);
    }
    let first = ready.iter().max_by(greatest).copied();
    ready.sort_by_key(|due| due.due_at(now));
    let mut ahead = SignedDuration::ZERO;
    for due in &ready {
        let own = slot.saturating_mul(i32::try_from(due.calls).unwrap_or(i32::MAX));
        ahead = ahead.saturating_add(own);
        let start_by = due.due_at(now).checked_sub(ahead).unwrap_or(now);
        if start_by <= now {
            return first.map_or(NextCall::Nothing, NextCall::Call);
        }
        wake = Some(wake.map_or(start_by, |wake| wake.min(start_by)));
    }
    wake.map_or(NextCall::Nothing, NextCall::Wait)
}

/// How many calls an hour these tasks take.
pub fn calls_an_hour(tasks: &[Due]) -> f64 {
    tasks.iter().map(|due| f64::from(due.calls) * 3_600.0 / due.aim().as_secs_f64()).sum()
}

/// By how much the ages are stretched where it takes so many calls an hour and only so many are to be had: 1 if all fits.
pub fn stretch(taken: f64, to_be_had: f64) -> f64 {
    (taken / to_be_had.max(1.0)).max(1.0)
}

/// The task of reading all events: when it was last done, how many calls that took, and whether a second reading is awaited.
pub fn events_task(last: Option<Timestamp>, calls: u32, is_awaited_again: bool) -> Due {
    let every = if is_awaited_again { EVENTS_AGAIN } else { EVENTS_EVERY };
    let times = calls.div_ceil(EVENT_CALLS_AN_HOUR).max(1);
    Due::every(
        Task::Events,
        last,
        every.saturating_mul(i32::try_from(times).unwrap_or(i32::MAX)),
        calls.max(1),
    )
}

/// What there is to do for one roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterPlan {
    /// The age that is aimed at.
    pub every: SignedDuration,
    /// The change feed covers its part: when it last named anybody, if it did.
    pub covered: Option<Option<Timestamp>>,
    /// What was added and cancelled can be asked for alone.
    pub has_increments: bool,
    /// The calls that a whole reading takes.
    pub calls: u32,
}

/// The tasks for a roster as it stands; `None`: it was never read.
pub fn roster_tasks(name: &RosterName, roster: Option<&Roster>, plan: RosterPlan) -> Vec<Due> {
    let whole = |with_list| Task::Roster { name: name.clone(), with_list };
    let Some(roster) = roster else { return vec![Due::every(whole(false), None, plan.every, plan.calls)] };
    if let Some(again) = roster.read_again_at() {
        return vec![Due::once(
            whole(true),
            again,
            SignedDuration::from_mins(1),
            plan.calls.saturating_add(1),
        )];
    }
    let last = Some(roster.whole_at());
    let has_changed =
        |changed: Option<Timestamp>| changed.is_some_and(|changed| changed > roster.confirmed_at());
    // How often what is new is asked for. `None`: there is nothing new.
    let news_every = match plan.covered {
        Some(changed) => has_changed(changed).then_some(COVERED_AFTER_CHANGE),
        None => Some(plan.every),
    };
    if !plan.has_increments {
        return vec![Due::every(whole(false), last, news_every.unwrap_or(COVERED_EVERY), plan.calls)];
    }
    let whole_every = match plan.covered {
        Some(_) => COVERED_EVERY,
        None if name.kind() == RosterKind::Event => EVENT_WHOLE_EVERY,
        None => plan.every,
    };
    // One call for what was added, one for what was cancelled.
    let since = |every| Due::every(Task::RosterSince(name.clone()), Some(roster.confirmed_at()), every, 2);
    let whole = Due::every(whole(false), last, whole_every, plan.calls);
    std::iter::once(whole).chain(news_every.map(since)).collect()
}

/// One read for each who is missing from a list.
pub fn reads_of_missing(absentees: &Absentees, calls: u32) -> impl Iterator<Item = Due> {
    let why = if absentees.held_since().is_some() { WhyRead::Held } else { WhyRead::Missing };
    let within = absentees.ask_within();
    let task = move |id: &IndividualId| Task::Person(id.clone(), why);
    absentees.to_ask().map(move |(id, since)| Due::once(task(id), since, within, calls))
}

#[cfg(test)]
mod tests;
