//! Who sits on a committee and who is registered for an event, by one list each (docs/ams/remembers.md, "Rosters").

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use serde_json::Value;

use super::api::Api;
use super::read::{self, PageAnswer};
use super::seen_lists::ListEnd;
use super::wire::rows::{self, CommitteeName, EventDays};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{RosterAnswer, RosterCursor, RosterScope};
use crate::adapters::budget::Priority;
use crate::domain::directory::roster::RosterReading;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::time::{AmsDate, TimeZone, Timestamp};

/// More pages than anybody fills; a list that goes on is broken.
const MOST_PAGES: u32 = 10_000;

/// The pages of the list of events in which one is looked for, where the AMS does not look for it itself.
const MOST_PAGES_OF_EVENTS: usize = 20;

/// So many names are remembered; a mapping names fewer.
const MOST_REMEMBERED: usize = 1000;

/// No zone is further behind UTC. An instant that is written so much earlier lies before the wanted one, whichever zone it is read in.
const BEHIND_UTC: SignedDuration = SignedDuration::from_hours(12);

/// A time before everything, to learn whether a filter by time is understood.
const LONG_AGO: &str = "2000-01-01T00:00:00";

/// A list of an event, in the order in which they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EventList {
    Registrations,
    Cancellations,
}

impl EventList {
    fn name(self) -> &'static str {
        match self {
            EventList::Registrations => "Events/Registrations",
            EventList::Cancellations => "Events/Cancellations",
        }
    }

    fn segment(self) -> &'static str {
        match self {
            EventList::Registrations => "Registrations",
            EventList::Cancellations => "Cancellations",
        }
    }

    fn filter(self) -> &'static str {
        match self {
            EventList::Registrations => "registeredSince",
            EventList::Cancellations => "cancelledSince",
        }
    }
}

/// What was learnt while rosters were read.
#[derive(Debug, Default)]
pub(super) struct RosterMemory(Mutex<Learnt>);

#[derive(Debug, Default)]
struct Learnt {
    /// Committees that were asked for by name.
    committees: BTreeMap<String, CommitteeName>,
    events: BTreeMap<String, EventDays>,
    /// Whether a list's filter by time is understood.
    filters: BTreeMap<EventList, bool>,
}

impl RosterMemory {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked, and where.
pub(super) struct RosterQuestion<'a> {
    pub(super) api: &'a Api,
    pub(super) memory: &'a RosterMemory,
    pub(super) name: &'a RosterName,
    pub(super) scope: RosterScope,
    pub(super) at: RosterCursor,
    pub(super) priority: Priority,
}

/// A page of a list with rows, or none.
enum Turn {
    Page(Vec<Value>, bool),
    NoList(ListEnd),
}

impl RosterQuestion<'_> {
    pub(super) async fn answer(self) -> Result<RosterAnswer, AmsError> {
        if self.at.page > MOST_PAGES {
            return Err(AmsError::Unreadable("a roster that goes on without an end".into()));
        }
        // As segments of a path these two mean another path.
        if matches!(self.name.code().as_str(), "." | "..") {
            return Ok(RosterAnswer::NoList { ends_lists_so: false });
        }
        match (self.name.kind(), self.at.list) {
            (RosterKind::Committee, 0) => self.seats().await,
            (RosterKind::Event, 0) => self.registrations().await,
            (RosterKind::Event, 1) => self.cancellations().await,
            _ => Ok(page(RosterReading::default(), None)),
        }
    }

    async fn seats(self) -> Result<RosterAnswer, AmsError> {
        let key = self.name.code().folded().to_owned();
        let known = self.memory.learnt().committees.get(&key).cloned();
        let was_known = known.is_some();
        let by_code = || CommitteeName { code: self.name.code().as_str().to_owned(), name: None };
        let mut committee = known.unwrap_or_else(by_code);
        let mut turn = self.page_of_seats(&committee).await?;
        // A mapping may name a committee by its name, which the path does not take.
        if matches!(turn, Turn::NoList(ListEnd::NotFound | ListEnd::BadRequest))
            && !was_known
            && let Some(named) = self.committee_by_name().await?
        {
            committee = named;
            turn = self.page_of_seats(&committee).await?;
            remember(&mut self.memory.learnt().committees, key, committee.clone());
        }
        match turn {
            Turn::Page(rows, is_last) => {
                let reading =
                    RosterReading { rows: rows::seats(&rows, &committee), ..RosterReading::default() };
                Ok(page(reading, if is_last { None } else { self.next_page() }))
            }
            Turn::NoList(end) => Ok(self.no_list(end)),
        }
    }

    async fn page_of_seats(&self, committee: &CommitteeName) -> Result<Turn, AmsError> {
        let number = self.at.page.to_string();
        let path = &["Committees", &committee.code, "Members", &number];
        let answered = read::page(self.api, path, &[], "Committees/Members", self.priority).await?;
        self.turn(answered, "Committees/Members")
    }

    async fn committee_by_name(&self) -> Result<Option<CommitteeName>, AmsError> {
        let name = self.name.code().as_str();
        let query = &[("Name", name)];
        let rows = read::page_of(self.api, &["Committees"], 1, query, "Committees", self.priority).await?;
        Ok(rows::committee_of(&rows, name))
    }

    async fn registrations(self) -> Result<RosterAnswer, AmsError> {
        let list = EventList::Registrations;
        let turn = self.page_of_event(list).await?;
        let then = Some(RosterCursor { list: 1, page: 1 });
        match turn {
            Turn::Page(rows, is_last) => {
                let rows = if rows.is_empty() {
                    Vec::new()
                } else {
                    rows::registrations(&rows, &self.event().await?)
                };
                let reading = RosterReading { rows, ..RosterReading::default() };
                Ok(page(reading, if is_last { then } else { self.next_page() }))
            }
            // Nobody has registered since: so an answer to a filter may look.
            Turn::NoList(end) if self.is_since() && (self.understands(list) || self.has_ended(end)) => {
                Ok(page(RosterReading::default(), then))
            }
            Turn::NoList(end) => Ok(self.no_list(end)),
        }
    }

    async fn cancellations(self) -> Result<RosterAnswer, AmsError> {
        match self.page_of_event(EventList::Cancellations).await? {
            Turn::Page(rows, is_last) => {
                let reading =
                    RosterReading { cancelled: rows::cancellations(&rows), ..RosterReading::default() };
                Ok(page(reading, if is_last { None } else { self.next_page() }))
            }
            // The event is there, for its registrations were; so nobody has cancelled.
            Turn::NoList(_) => Ok(page(RosterReading::default(), None)),
        }
    }

    /// A page of a list of the event, of what is new only where the AMS understands that.
    async fn page_of_event(&self, list: EventList) -> Result<Turn, AmsError> {
        let since = match self.scope {
            RosterScope::Whole => None,
            RosterScope::Since(instant) => Some(written(instant)),
        };
        let since = since.filter(|_| self.memory.learnt().filters.get(&list) != Some(&false));
        let mut answered = self.event_page(list, since.as_deref()).await?;
        if since.is_some() && self.at.page == 1 {
            match answered {
                PageAnswer::Rows(_) => self.learn(list, true),
                PageAnswer::End(ListEnd::BadRequest) if !self.understands(list) => {
                    // Either nothing is new, or the filter is not understood: it is asked with a time at which all is new.
                    match self.event_page(list, Some(LONG_AGO)).await? {
                        PageAnswer::Rows(_) => self.learn(list, true),
                        PageAnswer::End(_) => {
                            answered = self.event_page(list, None).await?;
                            if matches!(&answered, PageAnswer::Rows(rows) if !rows.is_empty()) {
                                self.learn(list, false);
                            }
                        }
                    }
                }
                PageAnswer::End(_) => {}
            }
        }
        self.turn(answered, list.name())
    }

    async fn event_page(&self, list: EventList, since: Option<&str>) -> Result<PageAnswer, AmsError> {
        let number = self.at.page.to_string();
        let path = &["Events", self.name.code().as_str(), list.segment(), &number];
        let query: Vec<(&str, &str)> = since.iter().map(|since| (list.filter(), *since)).collect();
        read::page(self.api, path, &query, list.name(), self.priority).await
    }

    /// The event of the roster, whose rows do not say when it is: as it was found when the roster was last begun.
    async fn event(&self) -> Result<EventDays, AmsError> {
        let code = self.name.code();
        let is_begun = self.at != RosterCursor::START || self.is_since();
        let known = self.memory.learnt().events.get(code.folded()).cloned().filter(|_| is_begun);
        if let Some(known) = known {
            return Ok(known);
        }
        let mut found = None;
        let mut last_page = Vec::new();
        for number in 1..=MOST_PAGES_OF_EVENTS {
            let query = &[("code", code.as_str())];
            let rows =
                read::page_of(self.api, &["Events", "All"], number, query, "Events/All", self.priority)
                    .await?;
            found = rows::event_of(&rows, code.as_str());
            if found.is_some() || rows.is_empty() || rows == last_page {
                break;
            }
            last_page = rows;
        }
        let unknown =
            || EventDays { code: code.as_str().to_owned(), start: AmsDate::Absent, end: AmsDate::Absent };
        let event = found.unwrap_or_else(unknown);
        remember(&mut self.memory.learnt().events, code.folded().to_owned(), event.clone());
        Ok(event)
    }

    fn turn(&self, answered: PageAnswer, list: &'static str) -> Result<Turn, AmsError> {
        match answered {
            PageAnswer::Rows(rows) => {
                let mut rows = read::objects(rows, list)?;
                let reading = format!("{}/{}", self.name, self.at.list);
                let is_last = self.api.seen_lists.is_last(list, &reading, self.at.page, &mut rows);
                Ok(Turn::Page(rows, is_last))
            }
            PageAnswer::End(end) if self.at.page > 1 => {
                self.api.seen_lists.ended(end);
                Ok(Turn::Page(Vec::new(), true))
            }
            PageAnswer::End(end) => Ok(Turn::NoList(end)),
        }
    }

    fn no_list(&self, end: ListEnd) -> RosterAnswer {
        RosterAnswer::NoList { ends_lists_so: self.has_ended(end) }
    }

    fn has_ended(&self, end: ListEnd) -> bool {
        self.api.seen_lists.ends_lists(end)
    }

    fn is_since(&self) -> bool {
        matches!(self.scope, RosterScope::Since(_))
    }

    fn understands(&self, list: EventList) -> bool {
        self.memory.learnt().filters.get(&list) == Some(&true)
    }

    fn learn(&self, list: EventList, is_understood: bool) {
        self.memory.learnt().filters.insert(list, is_understood);
    }

    fn next_page(&self) -> Option<RosterCursor> {
        Some(RosterCursor { page: self.at.page.saturating_add(1), ..self.at })
    }
}

fn page(reading: RosterReading, next: Option<RosterCursor>) -> RosterAnswer {
    RosterAnswer::Page { reading, next }
}

fn remember<T>(known: &mut BTreeMap<String, T>, key: String, value: T) {
    if known.len() >= MOST_REMEMBERED {
        known.clear();
    }
    known.insert(key, value);
}

/// An instant as the filters take it, early enough for every zone.
fn written(instant: Timestamp) -> String {
    let early = instant.checked_sub(BEHIND_UTC).unwrap_or(instant);
    early.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
