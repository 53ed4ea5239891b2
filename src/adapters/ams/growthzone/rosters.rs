//! Who is on a list and who attends an event (docs/ams/growthzone.md, "Lists", "Events").

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use serde_json::Value;

use super::GrowthZone;
use super::wire::lists::{self, ListedThing};
use super::wire::places::PlaceDetail;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::ams::reading::{RosterAnswer, RosterCursor};
use crate::adapters::budget::Priority;
use crate::domain::directory::roster::RosterReading;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// How long lists of lists, events and types are believed; a name that is not on them is looked for again.
const LISTS_LAST: SignedDuration = SignedDuration::from_mins(15);
/// How long what was told of a place is used for a person whose own list does not tell it.
const DETAILS_LAST: SignedDuration = SignedDuration::from_mins(10);
/// To find one person on a list, no more pages are read.
const PAGES_FOR_ONE: usize = 3;

/// Lists of the association, as they were read last.
#[derive(Default)]
pub(super) struct KnownLists(Mutex<BTreeMap<&'static str, KnownList>>);

#[derive(Clone)]
struct KnownList {
    read_at: Timestamp,
    rows: Arc<Vec<Value>>,
}

impl KnownLists {
    fn young(&self, path: &str, now: Timestamp) -> Option<Arc<Vec<Value>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let young = known.get(path).filter(|list| now.duration_since(list.read_at).abs() < LISTS_LAST);
        young.map(|list| Arc::clone(&list.rows))
    }

    /// A list, read if it is too old. `None`: the association has none.
    pub(super) async fn get(
        &self,
        client: &GrowthZone,
        path: &'static str,
        priority: Priority,
    ) -> Result<Option<Arc<Vec<Value>>>, AmsError> {
        match self.young(path, client.clock.now()) {
            Some(rows) => Ok(Some(rows)),
            None => self.read(client, path, priority).await,
        }
    }

    async fn read(
        &self,
        client: &GrowthZone,
        path: &'static str,
        priority: Priority,
    ) -> Result<Option<Arc<Vec<Value>>>, AmsError> {
        let Some(rows) = client.list(path, &[], priority).all().await?.rows() else { return Ok(None) };
        let rows = Arc::new(rows);
        let list = KnownList { read_at: client.clock.now(), rows: Arc::clone(&rows) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, list);
        Ok(Some(rows))
    }
}

/// What was told of places on lists.
#[derive(Default)]
pub(super) struct RosterMemory {
    joinable: Mutex<BTreeMap<String, bool>>,
    told: Mutex<BTreeMap<String, ToldPlaces>>,
}

#[derive(Default)]
struct ToldPlaces {
    read_at: Timestamp,
    by_person: BTreeMap<IndividualId, PlaceDetail>,
    /// From the first page to the last.
    is_whole: bool,
}

impl RosterMemory {
    /// On which lists people put themselves.
    pub(super) fn note_joinable(&self, lists: BTreeMap<String, bool>) {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner).extend(lists);
    }

    pub(super) fn joinable(&self, list: &str) -> Option<bool> {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner).get(list).copied()
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<String, ToldPlaces>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_page(
        &self,
        list: &str,
        is_first: bool,
        is_last: bool,
        rows: &[(IndividualId, Option<PlaceDetail>)],
        now: Timestamp,
    ) {
        let mut told = self.told();
        let known = told.entry(list.to_owned()).or_default();
        if is_first {
            *known = ToldPlaces { read_at: now, ..ToldPlaces::default() };
        }
        known.is_whole = is_last;
        let rows = rows.iter().filter_map(|(person, detail)| Some((person.clone(), detail.clone()?)));
        known.by_person.extend(rows);
    }

    /// Outer `None`: it has to be asked.
    fn detail(&self, list: &str, person: &IndividualId, now: Timestamp) -> Option<Option<PlaceDetail>> {
        let told = self.told();
        let young = |known: &&ToldPlaces| now.duration_since(known.read_at).abs() < DETAILS_LAST;
        let known = told.get(list).filter(young)?;
        match known.by_person.get(person) {
            Some(detail) => Some(Some(detail.clone())),
            None => known.is_whole.then_some(None),
        }
    }
}

impl GrowthZone {
    /// What the list tells of one person on it. `None`: nothing, or not within a few pages.
    pub(super) async fn detail(
        &self,
        list: &str,
        person: &IndividualId,
        priority: Priority,
    ) -> Result<Option<PlaceDetail>, AmsError> {
        if let Some(told) = self.rosters.detail(list, person, self.clock.now()) {
            return Ok(told);
        }
        let path = format!("groups/{list}/members");
        let mut offset = 0;
        for _ in 0..PAGES_FOR_ONE {
            let ListReply::Rows(page) = self.list(&path, &[], priority).page(offset).await? else { break };
            let rows = lists::members(&page.rows);
            let is_last = page.next.is_none();
            self.rosters.note_page(list, offset == 0, is_last, &rows, self.clock.now());
            let found = rows.into_iter().find(|(id, _)| id == person);
            match (found, page.next) {
                (Some((_, detail)), _) => return Ok(detail),
                (None, Some(next)) => offset = next,
                (None, None) => break,
            }
        }
        Ok(None)
    }

    pub(super) async fn roster_page(
        &self,
        name: &RosterName,
        at: RosterCursor,
        priority: Priority,
    ) -> Result<RosterAnswer, AmsError> {
        let (all, number) = match name.kind() {
            RosterKind::Committee => ("groups/all", "GroupId"),
            RosterKind::Event => ("events/all", "EventId"),
        };
        let Some(mut thing) = self.thing(all, number, name, at, priority).await? else { return Ok(NO_LIST) };
        // The cursor counts rows: how many a page has is the association's choice.
        let offset = usize::try_from(at.page.saturating_sub(1)).unwrap_or(usize::MAX);
        let page = match name.kind() {
            RosterKind::Committee => {
                let path = format!("groups/{}/members", thing.number);
                self.list(&path, &[], priority).page(offset).await?
            }
            RosterKind::Event => {
                let query = [("eventId", thing.number.as_str())];
                self.list("events/attendees", &query, priority).page(offset).await?
            }
        };
        let ListReply::Rows(page) = page else { return Ok(NO_LIST) };
        let rows = match name.kind() {
            RosterKind::Committee => {
                match thing.joinable {
                    Some(joinable) => {
                        self.rosters.note_joinable([(thing.number.clone(), joinable)].into());
                    }
                    None => thing.joinable = self.rosters.joinable(&thing.number),
                }
                let members = lists::members(&page.rows);
                let (is_first, is_last) = (offset == 0, page.next.is_none());
                self.rosters.note_page(&thing.number, is_first, is_last, &members, self.clock.now());
                members.into_iter().map(|(person, detail)| lists::seat_row(person, detail, &thing)).collect()
            }
            RosterKind::Event => lists::attendees(&page.rows, &thing, name.code()),
        };
        let next = page.next.and_then(|next| u32::try_from(next).ok()?.checked_add(1));
        Ok(RosterAnswer::Page {
            reading: RosterReading { rows, ..RosterReading::default() },
            next: next.map(|page| RosterCursor { page, ..at }),
        })
    }

    /// The list or event that the mapping names. `None`: the association has none of that name.
    async fn thing(
        &self,
        all: &'static str,
        number: &str,
        name: &RosterName,
        at: RosterCursor,
        priority: Priority,
    ) -> Result<Option<ListedThing>, AmsError> {
        let known = self.known.young(all, self.clock.now());
        if let Some(thing) = known.as_ref().and_then(|rows| lists::meant(rows, number, name.code())) {
            return Ok(Some(thing));
        }
        if known.is_some() && at != RosterCursor::START {
            return Ok(None);
        }
        let rows = self.known.read(self, all, priority).await?;
        Ok(rows.and_then(|rows| lists::meant(&rows, number, name.code())))
    }
}

const NO_LIST: RosterAnswer = RosterAnswer::NoList { ends_lists_so: false };
