//! Everybody in bulk, who has changed, and all events (docs/ams/remembers.md, "Everybody", "Changes", "Events").

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::api::Api;
use super::read::{self, PageAnswer};
use super::seen_lists::ListEnd;
use super::wire::{self, contact, rows};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{ChangedPage, EventsPage, EverybodyPage};
use crate::adapters::budget::Priority;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::{TimeZone, Timestamp};

/// More pages than anybody fills; a list that goes on is broken.
const MOST_PAGES: u32 = 20_000;

/// What is asked for beside names and numbers.
const INCLUDES: &[(&str, &str)] = &[
    ("includeMembership", "true"),
    ("includeMembershipRenewalUrl", "true"),
    ("includeCustomFields", "true"),
];

/// What is asked for beside that, if somebody wants profiles. The call is the same.
const INCLUDES_OF_CONTACT: &[(&str, &str)] = &[
    ("includeAddress", "true"),
    ("includePhone", "true"),
    ("includeEmail", "true"),
    ("includeLink", "true"),
];

/// Whether `includeCustomFields` was seen to bring some. Until then a row without any says nothing.
#[derive(Debug, Default)]
pub(super) struct FieldsSeen(AtomicBool);

/// A page of everybody who has a membership.
pub(super) async fn everybody(
    api: &Api,
    seen: &FieldsSeen,
    page: u32,
    as_of: Timestamp,
    priority: Priority,
) -> Result<EverybodyPage, AmsError> {
    let number = bounded(page)?.to_string();
    let path = &["Individuals", "Members", "All", &number];
    let of_contact = if api.reads_contact.is_wanted() { INCLUDES_OF_CONTACT } else { &[] };
    let query = [INCLUDES, of_contact].concat();
    let answered = read::page(api, path, &query, "Members/All", priority).await?;
    let (found, is_last) = turn(api, "Members/All", page, answered)?;
    let rows = read::objects(found, "Members/All")?;
    let brings = brought(&rows, seen);
    // If nobody has such an entry, the flags were not looked at.
    let brings_contact = api.reads_contact.is_wanted() && rows.iter().any(contact::has_entries);
    let count = rows.len();
    let record = |row: Value| {
        // A row that lacks a part says nothing about it.
        let own = brings.iter().copied().filter(|part| match part {
            Part::Memberships => rows::has_memberships(&row),
            _ => rows::custom_fields(&row).is_some(),
        });
        let own: Vec<Part> = own.collect();
        // It is as old as the memberships beside it.
        let has_contact = brings_contact && own.contains(&Part::Memberships);
        let contact = if has_contact { contact::contact_of_row(&row) } else { None };
        let record = rows::one_of_everybody(row, &own, as_of)?;
        Some(Record { contact: contact.map(Box::new), ..record })
    };
    let people: Vec<_> = rows.into_iter().filter_map(record).collect();
    if people.is_empty() && count > 0 {
        return Err(AmsError::Unreadable("`Members/All` brought nobody with an id".into()));
    }
    Ok(EverybodyPage { people, brings, is_last })
}

/// The parts that this call brought. They are all members: if nobody has a membership, the flag was not looked at.
fn brought(rows: &[Value], seen: &FieldsSeen) -> Vec<Part> {
    if !rows.iter().any(rows::has_memberships) {
        return Vec::new();
    }
    if rows.iter().any(|row| rows::custom_fields(row) == Some(true)) {
        seen.0.store(true, Ordering::Relaxed);
    }
    let has_fields =
        seen.0.load(Ordering::Relaxed) && rows.iter().any(|row| rows::custom_fields(row).is_some());
    [Part::Memberships].into_iter().chain(has_fields.then_some(Part::CustomFields)).collect()
}

/// A page of those who have changed since an instant, which is written as in UTC.
pub(super) async fn changed_since(
    api: &Api,
    asked: Timestamp,
    page: u32,
    priority: Priority,
) -> Result<ChangedPage, AmsError> {
    let asked = asked.to_zoned(TimeZone::UTC);
    // The first year that SQL Server knows; before it there is nothing.
    let (day, time) = if asked.year() < 1753 {
        ("17530101".to_owned(), "0000".to_owned())
    } else {
        (asked.strftime("%Y%m%d").to_string(), asked.strftime("%H%M").to_string())
    };
    let number = bounded(page)?.to_string();
    let path = &["Individuals", "ChangedSince", &day, &time, &number];
    let answered = read::page(api, path, &[], "ChangedSince", priority).await?;
    let (rows, is_last) = turn(api, "ChangedSince", page, answered)?;
    let people: Option<Vec<IndividualId>> = rows.iter().map(rows::bare_id).collect();
    let people = people
        .ok_or_else(|| AmsError::Unreadable("`ChangedSince` brought something else than ids".into()))?;
    Ok(ChangedPage { people, is_last })
}

/// A page of all events, public or not.
pub(super) async fn events(api: &Api, page: u32, priority: Priority) -> Result<EventsPage, AmsError> {
    let number = bounded(page)?.to_string();
    let answered = read::page(api, &["Events", "All", &number], &[], "Events/All", priority).await?;
    let (found, is_last) = turn(api, "Events/All", page, answered)?;
    let rows = read::objects(found, "Events/All")?;
    let events: Vec<_> = rows.iter().filter_map(wire::events::event).collect();
    if events.is_empty() && !rows.is_empty() {
        return Err(AmsError::Unreadable("`Events/All` brought no event with a code".into()));
    }
    Ok(EventsPage { unreadable: rows.len() - events.len(), events, is_last })
}

/// Rows, and whether they were the last. An answer without a list in place of the first page is an error, unless it is how lists end
/// here: an AMS that fails must not look like one in which nobody is or nothing has changed.
fn turn(
    api: &Api,
    list: &'static str,
    page: u32,
    answered: PageAnswer,
) -> Result<(Vec<Value>, bool), AmsError> {
    match answered {
        PageAnswer::Rows(mut rows) => {
            let is_last = api.seen_lists.is_last(list, list, page, &mut rows);
            Ok((rows, is_last))
        }
        PageAnswer::End(end) => {
            if page > 1 {
                api.seen_lists.ended(end);
            } else if !api.seen_lists.ends_lists(end) {
                return Err(match end {
                    ListEnd::Blank => AmsError::Unreadable(format!("`{list}` is blank")),
                    ListEnd::NotFound => AmsError::Failed(404),
                    ListEnd::BadRequest => AmsError::Failed(400),
                });
            }
            Ok((Vec::new(), true))
        }
    }
}

fn bounded(page: u32) -> Result<u32, AmsError> {
    if page <= MOST_PAGES {
        Ok(page)
    } else {
        Err(AmsError::Unreadable("a list that goes on without an end".into()))
    }
}
