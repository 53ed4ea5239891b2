//! Who is on a list and who attends an event (docs/ams/growthzone.md, "Lists", "Events").

use std::sync::Arc;

use serde_json::Value;

use super::GrowthZone;
use super::wire::lists::{self, NumberedThing};
use super::wire::places::PlaceDetail;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::ams::reading::{RosterAnswer, RosterCursor};
use crate::adapters::budget::Priority;
use crate::domain::directory::roster::RosterReading;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::record::IndividualId;

/// At most so many pages are read to find one person on a list.
const PAGES_FOR_ONE: usize = 3;

impl GrowthZone {
    /// A list of the association, read if it is too old. `None`: the association has none.
    pub(super) async fn known_list(
        &self,
        path: &'static str,
        priority: Priority,
    ) -> Result<Option<Arc<Vec<Value>>>, AmsError> {
        match self.known.young(path, self.clock.now()) {
            Some(rows) => Ok(Some(rows)),
            None => self.read_list(path, priority).await,
        }
    }

    async fn read_list(
        &self,
        path: &'static str,
        priority: Priority,
    ) -> Result<Option<Arc<Vec<Value>>>, AmsError> {
        let Some(rows) = self.list(path, &[], priority).all().await?.rows() else { return Ok(None) };
        let rows = Arc::new(rows);
        self.known.note(path, Arc::clone(&rows), self.clock.now());
        Ok(Some(rows))
    }

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
    ) -> Result<Option<NumberedThing>, AmsError> {
        let known = self.known.young(all, self.clock.now());
        if let Some(thing) = known.as_ref().and_then(|rows| lists::meant(rows, number, name.code())) {
            return Ok(Some(thing));
        }
        if known.is_some() && at != RosterCursor::START {
            return Ok(None);
        }
        let rows = self.read_list(all, priority).await?;
        Ok(rows.and_then(|rows| lists::meant(&rows, number, name.code())))
    }
}

const NO_LIST: RosterAnswer = RosterAnswer::NoList { ends_lists_so: false };
