//! The lists about a person, read page by page, side by side, within so many calls (docs/ams/remembers.md, "Lists about a person").
//!
//! A list has no total and no end mark, so it is read until one of the signs that are known to come after the last page, or until a
//! page is shorter than one that was once followed by more. What is not read to its end is unknown, and said to be.

use std::collections::VecDeque;

use futures_util::future::try_join_all;
use serde_json::Value;

use super::api::Api;
use super::read::{self, PageAnswer};
use super::seen_lists::ListEnd;
use super::wire::{self, Fetched};
use crate::adapters::ams::AmsError;
use crate::adapters::budget::Priority;
use crate::domain::code::Code;
use crate::domain::parts::{Codes, Part, ReadCodes};
use crate::domain::record::{Parts, Record};
use crate::domain::time::Timestamp;

/// Most calls that one sign-in makes, the one about the visitor's token included; those for tokens of ours are not counted.
const MOST_CALLS: usize = 6;

/// A list is asked for by up to so many codes; for more the whole list is asked for.
const MOST_CODES: usize = 3;

/// More pages than anybody fills; a list that goes on is broken, and half a list must not decide about roles.
const MOST_PAGES: usize = 100;

/// One list about one person, on its way.
struct ListReading<'a> {
    part: Part,
    /// Only entries with this code.
    code: Option<&'a Code>,
    /// The next page.
    page: usize,
    entries: Vec<Value>,
    last_page: Vec<Value>,
    ended: bool,
}

/// The questions that these parts take.
fn readings(parts: &Parts) -> VecDeque<ListReading<'_>> {
    let reading = |part, code| ListReading {
        part,
        code,
        page: 1,
        entries: Vec::new(),
        last_page: Vec::new(),
        ended: false,
    };
    let of = |part: Part| match parts.codes(part) {
        // The list of committees takes no code.
        Codes::These(codes) if part != Part::Committees && codes.len() <= MOST_CODES => {
            codes.iter().map(|code| reading(part, Some(code))).collect()
        }
        _ => vec![reading(part, None)],
    };
    // re:Members has no groups.
    parts.lists().filter(|part| *part != Part::Groups).flat_map(of).collect()
}

/// How many calls it takes to sign somebody in, at most; those for tokens of ours are not counted.
pub(super) fn calls_of_sign_in(parts: &Parts) -> usize {
    // A list takes two pages as long as nobody has seen how long a page is.
    (1 + 2 * readings(parts).len()).min(MOST_CALLS)
}

/// The calls that are left for lists while a visitor waits, after the one about the person; in the background there is no limit.
fn most_calls(priority: Priority) -> Option<usize> {
    matches!(priority, Priority::SignIn(_) | Priority::Person).then_some(MOST_CALLS - 1)
}

/// Fetches the parts and puts the record together.
pub(super) async fn complete(
    api: &Api,
    individual: Value,
    parts: &Parts,
    priority: Priority,
    as_of: Timestamp,
) -> Result<Record, AmsError> {
    read::record(api, &fetch(api, individual, parts, priority).await?, as_of)
}

/// Fetches the parts; while a visitor waits only as much of them as a few calls bring.
pub(super) async fn fetch(
    api: &Api,
    individual: Value,
    parts: &Parts,
    priority: Priority,
) -> Result<Fetched, AmsError> {
    let id = read::id_of(&individual)?;
    let id = read::guid(&id)?;
    let mut open = readings(parts);
    let mut left = most_calls(priority).unwrap_or(usize::MAX);
    let mut done = Vec::new();
    while left > 0 && !open.is_empty() {
        let turn: Vec<ListReading<'_>> = open.drain(..open.len().min(left)).collect();
        left -= turn.len();
        for reading in try_join_all(turn.into_iter().map(|reading| reading.turn(api, id, priority))).await? {
            let goes_on = !reading.ended && reading.page <= MOST_PAGES;
            // A list that cannot be asked for by code is read whole, once.
            if reading.code.is_none() {
                open.retain(|other| other.part != reading.part);
                done.retain(|other: &ListReading<'_>| other.part != reading.part);
            } else if open.iter().chain(&done).any(|other| other.is_whole_of(&reading)) {
                continue;
            }
            if goes_on { open.push_back(reading) } else { done.push(reading) }
        }
    }
    let mut fetched = Fetched { individual, ..Fetched::default() };
    for reading in done.into_iter().chain(open) {
        reading.enter(&mut fetched);
    }
    for part in parts.lists() {
        if let Some(mut read) = fetched.partly.of(part).cloned() {
            read.note_asked(parts.codes(part));
            fetched.partly.set(part, Some(read));
        }
    }
    Ok(fetched)
}

impl<'a> ListReading<'a> {
    fn is_whole_of(&self, other: &ListReading<'_>) -> bool {
        self.code.is_none() && self.part == other.part
    }

    fn name(&self) -> &'static str {
        match self.part {
            Part::Committees => "Committees",
            Part::Registrations => "Registrations",
            Part::Purchases => "Purchases",
            Part::Certifications => "Certifications",
            Part::Relationships => "Relationships",
            Part::Groups => "Groups",
            // Not lists: they come with the individual.
            Part::Profile | Part::Memberships | Part::SecurityRoles | Part::CustomFields => "Profile",
        }
    }

    /// Asks for one more page.
    async fn turn(mut self, api: &Api, id: &str, priority: Priority) -> Result<ListReading<'a>, AmsError> {
        let (name, page) = (self.name(), self.page.to_string());
        let filter = if self.part == Part::Registrations { "eventCode" } else { "productCode" };
        let query: Vec<(&str, &str)> = self.code.iter().map(|code| (filter, code.as_str())).collect();
        let path = &["Individuals", id, name, &page];
        let rows = match read::page(api, path, &query, name, priority).await? {
            PageAnswer::Rows(rows) => read::objects(rows, name)?,
            // Perhaps the code alone is not understood; what the whole list says is certain.
            PageAnswer::End(ListEnd::BadRequest) if self.code.is_some() && self.page == 1 => {
                self.code = None;
                return Ok(self);
            }
            // On page 1 too: page 1 of an empty list lies past its last page.
            PageAnswer::End(end) => {
                if self.page > 1 {
                    api.seen_lists.ended(end);
                }
                Vec::new()
            }
        };
        // A page that repeats the one before: page numbers past the end, or all of them, are not looked at.
        if rows.is_empty() || rows == self.last_page {
            self.ended = true;
            return Ok(self);
        }
        if self.page > 1 {
            api.seen_lists.followed(name, self.last_page.len());
        }
        self.ended = api.seen_lists.is_short(name, rows.len());
        // Where the code is not looked at, everything comes, and would come again for the next code.
        let wanted =
            rows.iter().filter(|row| self.code.is_none_or(|code| wire::may_be_about(self.part, row, code)));
        self.entries.extend(wanted.cloned());
        self.last_page = rows;
        self.page += 1;
        Ok(self)
    }

    fn enter(self, fetched: &mut Fetched) {
        let (part, begun) = (self.part, self.page > 1 || self.ended);
        let entries = match part {
            Part::Committees => &mut fetched.committees,
            Part::Registrations => &mut fetched.registrations,
            Part::Purchases => &mut fetched.purchases,
            Part::Certifications => &mut fetched.certifications,
            Part::Relationships => &mut fetched.relationships,
            Part::Profile | Part::Memberships | Part::SecurityRoles | Part::CustomFields | Part::Groups => {
                return;
            }
        };
        if begun {
            entries.get_or_insert_default().extend(self.entries);
        }
        if self.code.is_some() || !self.ended {
            let mut read = fetched.partly.of(part).cloned().unwrap_or_else(ReadCodes::default);
            if let Some(code) = self.code.filter(|_| self.ended) {
                read.add(code);
            }
            fetched.partly.set(part, Some(read));
        }
    }
}
