//! Who sits on a committee and who attends an event, by one list each (docs/ams/novi.md, "Groups and committees", "Events and purchases").

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use serde_json::Value;

use super::api::NoviApi;
use super::lists::ListRequest;
use super::wire::lists::{self, ListedThing};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::paging::{ListReply, PageSize};
use crate::adapters::ams::reading::{RosterAnswer, RosterCursor};
use crate::adapters::budget::Priority;
use crate::domain::directory::roster::RosterReading;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::time::Timestamp;

/// How long the lists of committees and events are believed; a name that is not on them is looked for again.
const LISTS_LAST: SignedDuration = SignedDuration::from_mins(15);

/// The lists of committees and of events, as they were read last.
#[derive(Default)]
pub(super) struct NoviRosterMemory {
    lists: Mutex<BTreeMap<&'static str, KnownList>>,
    size: PageSize,
}

#[derive(Clone)]
struct KnownList {
    read_at: Timestamp,
    rows: Arc<Vec<Value>>,
}

impl NoviRosterMemory {
    fn known(&self) -> MutexGuard<'_, BTreeMap<&'static str, KnownList>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked, and where.
pub(super) struct NoviRosterQuestion<'a> {
    pub(super) api: &'a NoviApi,
    pub(super) memory: &'a NoviRosterMemory,
    pub(super) name: &'a RosterName,
    pub(super) at: RosterCursor,
    pub(super) now: Timestamp,
    pub(super) priority: Priority,
}

impl NoviRosterQuestion<'_> {
    pub(super) async fn answer(self) -> Result<RosterAnswer, AmsError> {
        let (all, rows_of) = match self.name.kind() {
            RosterKind::Committee => ("committees", "members"),
            RosterKind::Event => ("events", "attendees"),
        };
        let Some(thing) = self.thing(all).await? else { return Ok(NO_LIST) };
        // The cursor counts rows: how many a page has is the site's choice.
        let offset = usize::try_from(self.at.page.saturating_sub(1)).unwrap_or(usize::MAX);
        let path = [all, thing.id.as_str(), rows_of];
        let ListReply::Rows(page) = self.list(&path).page(offset).await? else { return Ok(NO_LIST) };
        let rows = match self.name.kind() {
            RosterKind::Committee => lists::seats(&page.rows, &thing),
            RosterKind::Event => lists::attendees(&page.rows, &thing),
        };
        let next = page.next.and_then(|next| u32::try_from(next).ok()?.checked_add(1));
        Ok(RosterAnswer::Page {
            reading: RosterReading { rows, ..RosterReading::default() },
            next: next.map(|page| RosterCursor { page, ..self.at }),
        })
    }

    /// The committee or event that the mapping names. `None`: the site lists none of that name.
    async fn thing(&self, all: &'static str) -> Result<Option<ListedThing>, AmsError> {
        let young = |list: &KnownList| self.now.duration_since(list.read_at).abs() < LISTS_LAST;
        let known = self.memory.known().get(all).cloned().filter(young);
        let found =
            |rows: &[Value]| lists::meant(rows, self.name.code()).and_then(|row| ListedThing::of(&row));
        if let Some(thing) = known.as_ref().and_then(|list| found(&list.rows)) {
            return Ok(Some(thing));
        }
        if known.is_some() && self.at != RosterCursor::START {
            return Ok(None);
        }
        let ListReply::Rows(rows) = self.list(&[all]).all().await? else { return Ok(None) };
        let thing = found(&rows);
        self.memory.known().insert(all, KnownList { read_at: self.now, rows: Arc::new(rows) });
        Ok(thing)
    }

    fn list<'l>(&'l self, path: &'l [&'l str]) -> ListRequest<'l> {
        ListRequest { api: self.api, size: &self.memory.size, path, query: &[], priority: self.priority }
    }
}

const NO_LIST: RosterAnswer = RosterAnswer::NoList { ends_lists_so: false };
