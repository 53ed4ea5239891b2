//! What the directory asks of an AMS: rosters, everybody in bulk, who has changed, hooks. A port of its own, since nothing on the way of a
//! visitor needs it.
//!
//! Which parts a call brings is a fact about the call and is said by the port; a row that lacks a part says nothing about it.

use super::AmsError;
use super::catalogue::AmsCatalogue;
use crate::adapters::BoxFuture;
use crate::adapters::budget::Priority;
use crate::domain::calendar::CalendarEvent;
use crate::domain::directory::roster::RosterReading;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::supplied::Supplied;
use crate::domain::time::Timestamp;

/// What an AMS supplies beside signing people in and reading one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supplies {
    /// What it knows of people, and what it lists.
    pub supplied: Supplied,
    /// The rosters that it has.
    pub rosters: &'static [RosterKind],
    /// Those of them that tell what was added and withdrawn since an instant.
    pub increments: &'static [RosterKind],
    /// It tells who has changed since an instant.
    pub has_feed: bool,
    /// It gives everybody in pages.
    pub has_bulk: bool,
    /// These pages have what profiles say of people, where somebody asks for it.
    pub everybody_has_contact: bool,
    /// The parts that come with one call for one person.
    pub with_individual: &'static [Part],
}

/// How much of a roster is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterScope {
    /// From its first page to its last.
    Whole,
    /// What was added and withdrawn since then.
    Since(Timestamp),
}

/// Where the reading of a roster goes on: which of its lists, and which page of that. The first is [`RosterCursor::START`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterCursor {
    /// Counted from 0: rows, then what was withdrawn.
    pub list: u8,
    /// Counted from 1: pages, or rows where pages of this AMS have no number.
    pub page: u32,
}

impl RosterCursor {
    /// The beginning.
    pub const START: RosterCursor = RosterCursor { list: 0, page: 1 };
}

/// How the AMS answers a question about a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterAnswer {
    /// A page.
    Page {
        /// What stands on it.
        reading: RosterReading,
        /// Where it goes on. `None`: this was the last.
        next: Option<RosterCursor>,
    },
    /// The AMS does not know the roster, or says nothing: it may be empty, or not exist.
    NoList {
        /// It has ended other lists in the same way, after pages that had rows.
        ends_lists_so: bool,
    },
}

/// A page of everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EverybodyPage {
    /// Who stands on it. Of each record only those of the parts in `brings` are filled and confirmed that the row has; beside them names and
    /// address, if they came, without being confirmed.
    pub people: Vec<Record>,
    /// The parts that this call brought.
    pub brings: Vec<Part>,
    /// It was the last.
    pub is_last: bool,
}

/// A page of those who have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPage {
    /// They.
    pub people: Vec<IndividualId>,
    /// It was the last.
    pub is_last: bool,
}

/// A page of the AMS's events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsPage {
    /// Those that can be understood, public or not.
    pub events: Vec<CalendarEvent>,
    /// So many cannot.
    pub unreadable: usize,
    /// It was the last.
    pub is_last: bool,
}

/// A hook of the AMS that calls a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// By what it is removed.
    pub id: String,
    /// Of what it tells.
    pub what: String,
    /// Where it calls, with everything secret in it left out.
    pub calls: String,
}

/// The directory's side of an AMS.
pub trait AmsReading: AmsCatalogue {
    /// What there is. Makes no call.
    fn supplies(&self) -> Supplies;

    /// A page of a roster.
    fn roster<'a>(
        &'a self,
        name: &'a RosterName,
        scope: RosterScope,
        at: RosterCursor,
        priority: Priority,
    ) -> BoxFuture<'a, Result<RosterAnswer, AmsError>>;

    /// A page of everybody; pages count from 1.
    fn everybody(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EverybodyPage, AmsError>>;

    /// A page of those who have changed; pages count from 1. `asked`: the instant, to be written as in UTC
    /// (`domain::directory::feed_zone`).
    fn changed_since(
        &self,
        asked: Timestamp,
        page: u32,
        priority: Priority,
    ) -> BoxFuture<'_, Result<ChangedPage, AmsError>>;

    /// A page of all events; pages count from 1. Asked only of an AMS that has public events (`Supplied::has_public_events`).
    fn events(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EventsPage, AmsError>> {
        let _ = (page, priority);
        Box::pin(async { Err(AmsError::Unreadable("this AMS has no list of public events".to_owned())) })
    }

    /// The people that the body of a hook names. Lenient; at most a thousand.
    fn hinted(&self, body: &[u8]) -> Vec<IndividualId>;

    /// The hooks that are registered. `None`: this AMS does not list them.
    fn hooks(&self) -> BoxFuture<'_, Result<Option<Vec<Hook>>, AmsError>>;

    /// Registers a hook for everything that tells of a change of a person. Each is a [`Hook`]; its id is empty where the AMS does not say it.
    fn register_hooks<'a>(
        &'a self,
        callback: &'a url::Url,
        secret: &'a secrecy::SecretString,
    ) -> BoxFuture<'a, Result<Vec<Hook>, AmsError>>;

    /// Removes the hook of this id. That there is none is as good.
    fn remove_hook<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), AmsError>>;
}
