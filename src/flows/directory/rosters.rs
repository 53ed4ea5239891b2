//! Rosters: one page after the other, and what a whole reading changes.

use std::sync::Arc;

use jiff::SignedDuration;

use super::beliefs::AFTER_CHANGE;
use super::beliefs::{Believed, RosterUnderWay};
use super::{DirectoryUpdater, Hitch};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{RosterAnswer, RosterCursor, RosterScope};
use crate::adapters::budget::Priority;
use crate::domain::directory::feed::OVERLAP;
use crate::domain::directory::plan::{Task, WhyRead};
use crate::domain::directory::roster::{Listed, Roster, RosterChange, RosterReading};
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::time::Timestamp;

/// Everybody on a roster without dates is read within this time after it was read for the first time.
const WITHIN_OF_FIRST: SignedDuration = SignedDuration::from_mins(30);

/// A roster that goes on is broken, and half of one must not take anybody off it.
const MOST_PAGES: u32 = 1_000;

impl DirectoryUpdater {
    /// The next page of a roster; after the last one the whole reading counts.
    pub(super) async fn read_roster(
        &self,
        task: &Task,
        name: &RosterName,
        with_list: bool,
        priority: Priority,
    ) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let (scope, mut under_way) = {
            let mut state = self.parts.beliefs.state();
            let since = |roster: &Arc<Roster>| roster.confirmed_at().checked_sub(OVERLAP).ok();
            let scope = match (task, state.rosters.get(name).and_then(since)) {
                (Task::RosterSince(_), Some(since)) => RosterScope::Since(since),
                _ => RosterScope::Whole,
            };
            let begun = state.under_way.remove(task).filter(|begun| begun.began <= now);
            let new = || RosterUnderWay {
                began: now,
                next: RosterCursor::START,
                pages: 0,
                reading: RosterReading::default(),
            };
            (scope, begun.unwrap_or_else(new))
        };
        let answer = self.parts.ams.roster(name, scope, under_way.next, priority).await?;
        let (reading, next, is_page) = match answer {
            RosterAnswer::Page { reading, next } => (reading, next, true),
            RosterAnswer::NoList { ends_lists_so: true } => (RosterReading::default(), None, false),
            RosterAnswer::NoList { ends_lists_so: false } => return Err(Hitch::NoRoster(name.clone())),
        };
        under_way.reading.rows.extend(reading.rows);
        under_way.reading.cancelled.extend(reading.cancelled);
        under_way.pages += 1;
        if let Some(next) = next {
            if under_way.pages >= MOST_PAGES {
                return Err(Hitch::Ams(AmsError::Unreadable("a roster does not end".to_owned())));
            }
            under_way.next = next;
            self.parts.beliefs.state().under_way.insert(task.clone(), under_way);
            return Ok(());
        }
        // What looks like an empty list, as this AMS ends lists, may be no list at all. Its own list says whether it has such a roster.
        let is_first = !self.parts.beliefs.state().rosters.contains_key(name);
        let asks_list = with_list || !is_page && is_first;
        let listed = if asks_list { self.is_listed(name, priority).await? } else { Listed::Unknown };
        if !is_page && asks_list && listed != Listed::Yes {
            return Err(Hitch::NoRoster(name.clone()));
        }
        let RosterUnderWay { began, reading, pages, .. } = under_way;
        if scope == RosterScope::Whole {
            self.parts.beliefs.state().roster_calls.insert(name.clone(), pages);
        }
        self.take_roster(name, scope, reading, listed, began);
        self.keep_rosters().await?;
        Ok(())
    }

    fn take_roster(
        &self,
        name: &RosterName,
        scope: RosterScope,
        mut reading: RosterReading,
        listed: Listed,
        began: Timestamp,
    ) {
        if self.parts.settings.people == PeopleOnFile::SignedIn {
            let index = self.index();
            reading.rows.retain(|row| index.has(&row.person));
            reading.cancelled.retain(|one| index.has(&one.person));
        }
        let wanted = self.wanted_rosters();
        let mut state = self.parts.beliefs.state();
        let (change, is_first) = match (state.rosters.get_mut(name), scope) {
            (Some(roster), RosterScope::Since(since)) => {
                (Arc::make_mut(roster).read_since(reading, since + OVERLAP, began), false)
            }
            (Some(roster), RosterScope::Whole) => {
                (Arc::make_mut(roster).read_whole(reading, listed, began), false)
            }
            (None, _) => {
                state.rosters.insert(name.clone(), Arc::new(Roster::first(reading, began)));
                (RosterChange::default(), true)
            }
        };
        if let Some(again) = change.read_again {
            tracing::warn!(roster = %name, until = %again, "The AMS says that a roster is empty on which there were people; it is read again");
        }
        let settings = self.parts.beliefs.feed_settings();
        for (id, before) in &change.changed {
            state.feed.note_change(settings, id, name.kind().part(), *before, began);
        }
        for id in &change.ask {
            state.want(id, WhyRead::Missing, began, AFTER_CHANGE);
        }
        // Rows without dates say who is on it and not since when: that is asked of each of these.
        let undated = state.rosters.get(name).filter(|roster| !roster.has_dates()).cloned();
        if let Some(roster) = undated {
            let within = if is_first { WITHIN_OF_FIRST } else { AFTER_CHANGE };
            for id in roster.people().filter(|id| is_first || change.changed.contains_key(*id)) {
                state.want(id, WhyRead::NewNeed, began, within);
            }
        }
        if name.kind() == RosterKind::Committee {
            state.note_committees_read(&wanted);
        }
        state.unkept.insert(name.clone());
        state.absent_rosters.remove(name);
        let has_changed = is_first || !change.changed.is_empty() || change.settles;
        self.parts.beliefs.put_in_force(&state, has_changed);
    }

    /// Whether the AMS's own list of committees or events has it.
    async fn is_listed(&self, name: &RosterName, priority: Priority) -> Result<Listed, Hitch> {
        let catalogue = self.parts.ams.catalogue(priority).await?;
        let code = name.code();
        let (count, has) = match name.kind() {
            RosterKind::Committee => (
                catalogue.committees.len(),
                catalogue.committees.iter().any(|one| code.matches(&one.code) || code.matches(&one.label)),
            ),
            RosterKind::Event => {
                (catalogue.events.len(), catalogue.events.iter().any(|one| code.matches(&one.code)))
            }
        };
        Ok(match (count, has) {
            (_, true) => Listed::Yes,
            (0, false) => Listed::Unknown,
            (_, false) => Listed::No,
        })
    }
}

impl Believed {
    /// Changes that are older than the last reading of each of these committees are known.
    fn note_committees_read(&mut self, wanted: &[RosterName]) {
        let committees = wanted.iter().filter(|name| name.kind() == RosterKind::Committee);
        let read = committees.map(|name| self.rosters.get(name).map(|roster| roster.confirmed_at())).min();
        if let Some(Some(read)) = read {
            self.changed_seats.note_rosters(read);
        }
    }
}
