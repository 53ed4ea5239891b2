//! The audit log: writing, searching, exporting.

use std::sync::Arc;

use super::{Actor, AdmittedBy};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::administration::Administration;
use crate::domain::audit::{Action, Entry, Filter, Kept};
use crate::domain::record::IndividualId;

/// Entries on one page.
pub const PAGE: usize = 50;

/// Entries in one download.
pub const LONGEST_DOWNLOAD: usize = 100_000;

/// Entries that are read from the store at once.
const CHUNK: u16 = 200;

/// A page of the log, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntries {
    /// The entries.
    pub entries: Vec<Kept>,
    /// Ask for the next page before this number. `None`: this is the last one.
    pub next: Option<u64>,
}

/// Who did what.
pub struct Audit {
    store: Arc<dyn Administration>,
    clock: SharedClock,
}

impl Audit {
    pub(super) fn new(store: Arc<dyn Administration>, clock: SharedClock) -> Audit {
        Audit { store, clock }
    }

    /// Writes down what somebody has done now. Do it before the thing is done: what cannot be written down does not happen.
    pub async fn record(
        &self,
        actor: &Actor,
        action: Action,
        about: impl Into<String> + Send,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(), StoreError> {
        let entry =
            Entry { at: self.clock.now(), actor: actor.clone(), action, about: about.into(), before, after };
        self.store.append(&entry).await
    }

    /// The wanted entries before a number, newest first. `None`: from the newest on.
    pub async fn list(&self, filter: &Filter, before: Option<u64>) -> Result<AuditEntries, StoreError> {
        // One more than a page, to know whether there is a next one.
        let mut entries = self.wanted(filter, before, PAGE + 1).await?;
        let more = entries.len() > PAGE;
        entries.truncate(PAGE);
        let next = entries.last().filter(|_| more).map(|last| last.number);
        Ok(AuditEntries { entries, next })
    }

    /// All wanted entries as comma-separated values (RFC 4180), newest first, at most `LONGEST_DOWNLOAD`.
    pub async fn download(&self, filter: &Filter) -> Result<String, StoreError> {
        let mut text = String::from("number,at,who,id,admitted_by,action,about,before,after\r\n");
        for Kept { number, entry } in self.wanted(filter, None, LONGEST_DOWNLOAD).await? {
            let admitted_by = match entry.actor.admitted_by {
                AdmittedBy::Role => "role",
                AdmittedBy::BreakGlass => "emergency",
                AdmittedBy::Operator => "operator",
            };
            let id = entry.actor.id.as_ref().map_or("", IndividualId::as_str);
            let (number, at) = (number.to_string(), entry.at.to_string());
            let (before, after) = (entry.before.as_deref(), entry.after.as_deref());
            let fields =
                [&*number, &*at, &*entry.actor.name, id, admitted_by, entry.action.name(), &*entry.about];
            let fields = fields.into_iter().chain([before.unwrap_or_default(), after.unwrap_or_default()]);
            text.push_str(&fields.map(field).collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        Ok(text)
    }

    async fn wanted(
        &self,
        filter: &Filter,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let (mut found, mut before) = (Vec::new(), before.unwrap_or(u64::MAX));
        loop {
            let entries = self.store.entries(before, CHUNK).await?;
            let Some(last) = entries.last() else { return Ok(found) };
            before = last.number;
            found.extend(entries.into_iter().filter(|kept| filter.wants(&kept.entry)));
            if found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

/// A field in quotes. What a spreadsheet would take for a formula gets an apostrophe before it.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}
