//! What there is to do now, from what is needed and what is known.

use jiff::SignedDuration;

use super::DirectoryUpdater;
use super::beliefs::Believed;
use super::index::LISTS_EVERY;
use crate::adapters::ams::reading::Supplies;
use crate::domain::directory::plan::{
    Due, FEED_EVERY, LOOK_BACK_EVERY, RosterPlan, Task, WhyRead, calls_an_hour, events_task,
    reads_of_missing, roster_tasks,
};
use crate::domain::directory::roster_name::{RosterKind, RosterName, rosters_of};
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::parts::Part;
use crate::domain::time::Timestamp;

/// A sweep takes this long where the feed covers everything.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A roster that the AMS was found not to have is looked for again after this time.
const ABSENT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// People on a page, as long as nobody knows.
const ON_A_PAGE: usize = 50;

/// So many of those whose lists are due are planned at a time.
const FIRST: usize = 50;

impl DirectoryUpdater {
    /// The rosters that the mapping names and the AMS has.
    pub(super) fn wanted_rosters(&self) -> Vec<RosterName> {
        let supplied = self.parts.ams.supplies().rosters;
        let named = self.with_rules(rosters_of);
        named.into_iter().filter(|name| supplied.contains(&name.kind())).collect()
    }

    /// How long a sweep takes.
    pub(super) fn sweep_every(&self) -> SignedDuration {
        let covered = {
            let state = self.parts.beliefs.state();
            let covers = |part| state.feed.covers(self.parts.beliefs.feed_settings(), part);
            self.parts.ams.supplies().has_feed && covers(Part::Memberships) && covers(Part::Profile)
        };
        if covered { DAY.max(self.parts.settings.sweep_every) } else { self.parts.settings.sweep_every }
    }

    /// All that there is to do, due or not.
    pub(super) fn tasks(&self, now: Timestamp) -> Vec<Due> {
        let supplies = self.parts.ams.supplies();
        let (wanted, sweep_every) = (self.wanted_rosters(), self.sweep_every());
        let people_wait = self.parts.budget.do_people_wait();
        let calls_of_read = self.calls_of_read();
        let mut tasks = Vec::new();
        {
            let state = self.parts.beliefs.state();
            let settings = self.parts.beliefs.feed_settings();
            let seats_calls = state.calls_of_seats(&wanted);
            if supplies.has_feed {
                tasks.push(Due::every(Task::Feed, state.feed.polled_at(), FEED_EVERY, 1));
                if state.feed.polled_at().is_some() {
                    // The first look back comes when there is something to compare it with.
                    let looked = state.feed.looked_at().or(state.feed.unbroken_since());
                    tasks.push(Due::every(Task::LookBack, looked, LOOK_BACK_EVERY, 1));
                }
            }
            for name in &wanted {
                let roster = state.rosters.get(name).map(|roster| &**roster);
                let absent_for = state.absent_rosters.get(name).map(|at| now.duration_since(*at));
                if roster.is_none()
                    && absent_for.is_some_and(|it| (SignedDuration::ZERO..ABSENT_FOR).contains(&it))
                {
                    continue;
                }
                let covers = supplies.has_feed && state.feed.covers(settings, name.kind().part());
                let changed = match has_own_lists_read(&supplies, name.kind()) {
                    true => state.changed_seats.left_to_rosters(seats_calls, now),
                    false => state.named_at,
                };
                let plan = RosterPlan {
                    every: self.parts.settings.roster_every,
                    covered: covers.then_some(changed),
                    has_increments: supplies.increments.contains(&name.kind()),
                    calls: state.calls_of_roster(name),
                };
                let is_useless =
                    roster.is_none_or(|it| it.confirmed_at() < self.parts.beliefs.grounds().oldest(now));
                for mut due in roster_tasks(name, roster, plan) {
                    due.is_awaited = people_wait && is_useless && matches!(due.task, Task::Roster { .. });
                    tasks.push(due);
                }
                if let Some(roster) = roster {
                    tasks.extend(reads_of_missing(roster.absentees(), calls_of_read));
                }
            }
            let has_bulk = supplies.has_bulk && self.parts.settings.people == PeopleOnFile::Members;
            if let Some(sweep) = state.sweep.as_ref().filter(|_| has_bulk) {
                // The first one fills the directory, and one may have to make up for the feed.
                let is_urgent = sweep.before().is_none() || state.is_sweep_urgent;
                let whole = if is_urgent { self.parts.settings.sweep_every } else { sweep_every };
                let (last, every) = sweep.page_times(whole);
                tasks.push(Due::every(Task::SweepPage, last, every, 1));
                tasks.extend(reads_of_missing(sweep.absentees(), calls_of_read));
            } else if has_bulk {
                tasks.push(Due::every(Task::SweepPage, None, sweep_every, 1));
            }
            let standing = self.parts.events.as_ref().and_then(|events| events.standing());
            if let Some((last, calls, is_awaited_again)) = standing {
                tasks.push(events_task(last, calls, is_awaited_again));
            }
            tasks.extend(state.due_reads(calls_of_read, now));
            for due in &mut tasks {
                due.failed = due.failed.or_else(|| state.failed.get(&due.task).copied());
            }
        }
        tasks.extend(self.lists_too_old(calls_of_read, now));
        tasks
    }

    /// Those of them that need not wait for one that is under way.
    pub(super) fn open_tasks(&self, now: Timestamp) -> Vec<Due> {
        let mut tasks = self.tasks(now);
        let in_flight = self.in_flight();
        tasks.retain(|due| !in_flight.iter().any(|other| is_about_the_same(&due.task, other)));
        tasks
    }

    /// How many calls one person takes.
    fn calls_of_read(&self) -> u32 {
        let needed = self.needed_of(None);
        u32::try_from(1 + needed.lists().count()).unwrap_or(u32::MAX)
    }

    /// Lists that no roster tells of, and security roles, of people who are on file and not read for a day.
    fn lists_too_old(&self, calls: u32, now: Timestamp) -> Vec<Due> {
        if self.needed_of(None).of_one_person().next().is_none() && !self.parts.beliefs.wants_contact() {
            return Vec::new();
        }
        let first = self.index().first_due(FIRST, now);
        first
            .into_iter()
            .map(|(id, at)| Due::once(Task::Person(id, WhyRead::ListTooOld), at, LISTS_EVERY, calls))
            .collect()
    }

    /// How many calls an hour it takes in the long run. Reads of single people that are due once are no part of that.
    pub(super) fn demand(&self, tasks: &[Due]) -> f64 {
        let is_standing = |due: &&Due| !matches!(due.task, Task::Person(..));
        let standing: Vec<Due> = tasks.iter().filter(is_standing).cloned().collect();
        let needed = self.needed_of(None);
        let calls = if needed.of_one_person().next().is_some() { 1 + needed.lists().count() } else { 0 };
        let of_people = self.index().len() * calls;
        let days_an_hour = 1.0 / LISTS_EVERY.as_secs_f64() * 3_600.0;
        calls_an_hour(&standing) + f64::from(u32::try_from(of_people).unwrap_or(u32::MAX)) * days_an_hour
    }
}

impl Believed {
    /// How many calls a whole reading of this roster takes, about.
    fn calls_of_roster(&self, name: &RosterName) -> u32 {
        let by_people = || {
            let people = self.rosters.get(name).map_or(0, |roster| roster.people().len());
            u32::try_from(people.div_ceil(ON_A_PAGE)).unwrap_or(u32::MAX)
        };
        self.roster_calls.get(name).copied().unwrap_or_else(by_people).max(1)
    }

    /// How many calls the rosters of all these committees take.
    pub(super) fn calls_of_seats(&self, rosters: &[RosterName]) -> usize {
        let committees = rosters.iter().filter(|name| name.kind() == RosterKind::Committee);
        committees.map(|name| self.calls_of_roster(name) as usize).sum()
    }
}

/// Whether a change on such a roster may be read from the own list of whoever has changed, in place of the roster. A roster that tells what
/// was added since an instant is cheap to read as it is.
pub(super) fn has_own_lists_read(supplies: &Supplies, kind: RosterKind) -> bool {
    kind == RosterKind::Committee && !supplies.increments.contains(&kind)
}

/// Whether one of two tasks must wait for the other.
fn is_about_the_same(one: &Task, other: &Task) -> bool {
    match (one, other) {
        (Task::Person(one, _), Task::Person(other, _)) => one == other,
        (
            Task::Roster { name: one, .. } | Task::RosterSince(one),
            Task::Roster { name: other, .. } | Task::RosterSince(other),
        ) => one == other,
        _ => one == other,
    }
}
