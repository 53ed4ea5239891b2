//! Everybody in bulk, and who has changed (docs/ams/novi.md, "Members", "Changes").

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use serde_json::Value;

use super::api::NoviApi;
use super::lists::ListRequest;
use super::wire::{self, MemberField, MemberFieldsSeen, lists};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::{ListPage, ListReply, PageSize, PageStarts};
use crate::adapters::ams::reading::{ChangedPage, EverybodyPage};
use crate::adapters::budget::Priority;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// A change so much older than asked for shows that the filter is not looked at.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(50);

/// So many lists of changes are read at a time: the poll, the look back, and its trial.
const MOST_QUESTIONS: usize = 4;

/// Where pages begin, and what was learnt of the filter.
#[derive(Default)]
pub(super) struct BulkMemory {
    size: PageSize,
    everybody: PageStarts,
    /// By the instant that was asked with, the latest at the end.
    changed: Mutex<Vec<(Timestamp, PageStarts)>>,
    /// `lastModifiedDate` is not looked at, so the list of members tells nothing of changes.
    filter_is_ignored: AtomicBool,
}

impl BulkMemory {
    /// Where pages of the changes since then begin.
    fn changed_since(&self, asked: Timestamp) -> PageStarts {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, starts)) = changed.iter().find(|(at, _)| *at == asked) {
            return starts.clone();
        }
        if changed.len() >= MOST_QUESTIONS {
            changed.remove(0);
        }
        let starts = PageStarts::default();
        changed.push((asked, starts.clone()));
        starts
    }
}

/// A page of everybody: people who can sign in or have to do with a membership.
pub(super) async fn everybody(
    api: &NoviApi,
    memory: &BulkMemory,
    seen: &MemberFieldsSeen,
    reads_contact: bool,
    page: u32,
    as_of: Timestamp,
    priority: Priority,
) -> Result<EverybodyPage, AmsError> {
    let list = ListRequest { api, size: &memory.size, path: &["members"], query: &[], priority };
    let found = supplied(list.page(memory.everybody.of(page)).await?)?;
    memory.everybody.note(page, found.next);
    let record = |row: &Value| {
        let mut record = wire::record(row, seen, as_of).ok()?;
        record.contact = if reads_contact { wire::contact::contact(row, seen).map(Box::new) } else { None };
        Some(record)
    };
    let people: Vec<Record> = found.rows.iter().filter(|row| is_somebody(row)).filter_map(record).collect();
    Ok(EverybodyPage { people, brings: brought(seen), is_last: found.next.is_none() })
}

/// The parts that a row brings, as far as the key shows them.
fn brought(seen: &MemberFieldsSeen) -> Vec<Part> {
    let of = [
        (Part::CustomFields, MemberField::CustomFields),
        (Part::Committees, MemberField::Committees),
        (Part::Groups, MemberField::Groups),
        (Part::Relationships, MemberField::ParentCustomer),
    ];
    let shown = of.into_iter().filter(|(_, field)| seen.has(*field)).map(|(part, _)| part);
    [Part::Profile, Part::Memberships].into_iter().chain(shown).collect()
}

/// Companies are nobody who signs in, unless they have an account; who has neither account nor membership is only an address.
fn is_somebody(row: &Value) -> bool {
    let Some(row) = JsonEntry::of(row) else { return false };
    let has = |name: &str| row.text(name).ok().flatten().is_some();
    let has_type = ["MemberType", "EffectiveMemberType"].iter().any(|name| row.get(name).is_some());
    has("AccountEmail") || !wire::is_company(&row) && has_type
}

/// Those who have changed: of the list of members page by page, and with the first page all of the log of changes.
pub(super) async fn changed_since(
    api: &NoviApi,
    memory: &BulkMemory,
    asked: Timestamp,
    page: u32,
    priority: Priority,
) -> Result<ChangedPage, AmsError> {
    let since = asked.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut changed = ChangedPage { people: Vec::new(), is_last: true };
    if page == 1 {
        let query = [("dateFrom", since.as_str())];
        let list = ListRequest {
            api,
            size: &memory.size,
            path: &["membership-activities"],
            query: &query,
            priority,
        };
        // A site may lack the log; the list of members then tells what it can.
        changed.people = list.all().await?.rows().map(|rows| lists::of_activities(&rows)).unwrap_or_default();
    }
    if memory.filter_is_ignored.load(Ordering::Relaxed) {
        return Ok(changed);
    }
    let query = [("lastModifiedDate", since.as_str())];
    let list = ListRequest { api, size: &memory.size, path: &["members"], query: &query, priority };
    let starts = memory.changed_since(asked);
    let found = supplied(list.page(starts.of(page)).await?)?;
    starts.note(page, found.next);
    let earliest = lists::earliest_change(&found.rows);
    if earliest.is_some_and(|earliest| asked.duration_since(earliest) > TOO_OLD) {
        tracing::warn!(
            "The AMS does not look at `lastModifiedDate`: only its log of changes tells who has changed"
        );
        memory.filter_is_ignored.store(true, Ordering::Relaxed);
        return Ok(changed);
    }
    let more = lists::changed_since(&found.rows, asked);
    let new: Vec<IndividualId> = more.into_iter().filter(|id| !changed.people.contains(id)).collect();
    changed.people.extend(new);
    changed.is_last = found.next.is_none();
    Ok(changed)
}

fn supplied(reply: ListReply<ListPage>) -> Result<ListPage, AmsError> {
    match reply {
        ListReply::Rows(page) => Ok(page),
        ListReply::Missing => Err(AmsError::Failed(404)),
        ListReply::Forbidden => Err(AmsError::CredentialsRefused),
    }
}
