//! What both versions of the push have in common: the journal, limits, and what becomes of a batch.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::Value;

use super::fields::DETAILS;
use super::queue::MOST_STAGED;
use super::record::{Change, Record};
use super::state::State;
use super::switches::{BeyondTier, DuplicateId, Switches, Tier};
use crate::sim::serving::{Answer, Call, Handled};

/// Enters a push into the journal, lets it be handled, and notes the status of its answer.
pub(super) fn journaled(
    state: &mut State,
    call: &Call,
    handle: impl FnOnce(&mut State, u64) -> Handled,
) -> Handled {
    let now = state.now();
    let path = format!("/{}", call.path.join("/"));
    let number = state.intake.enter(now, &path, call.body());
    let answer = readable(state, call).and_then(|()| handle(state, number));
    let status = match &answer {
        Ok(answer) | Err(answer) => answer.status().as_u16(),
    };
    if let Some(entry) = state.intake.get_mut(number) {
        entry.status = status;
    }
    answer
}

/// Refuses a body that is too long or says that it is something else than JSON.
fn readable(state: &State, call: &Call) -> Result<(), Answer> {
    let kind = call.header("content-type").to_ascii_lowercase();
    if !["application/json", "text/json"].iter().any(|json| kind.starts_with(json)) {
        return Err(Answer::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The content type is not JSON."));
    }
    let most = state.switches.largest_kilobytes.map_or(usize::MAX, |most| most as usize * 1024);
    if call.body().len() > most {
        return Err(Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."));
    }
    Ok(())
}

/// Refuses a batch of too many records, or one for which the queue has no room.
pub(super) fn admitted(state: &State, records: usize) -> Result<(), Answer> {
    if state.switches.largest_batch.is_some_and(|most| records > most as usize) {
        return Err(Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "The batch has too many records."));
    }
    if state.queue.len() + records > MOST_STAGED {
        return Err(Answer::error(StatusCode::SERVICE_UNAVAILABLE, "The queue is full."));
    }
    Ok(())
}

/// Persons need both names, companies theirs.
pub(super) fn named(record: &Record) -> Result<(), String> {
    let is_company = record.profile.get("isOrganization").and_then(Value::as_bool) == Some(true);
    let needed: &[&str] = if is_company { &["organizationName"] } else { &["firstName", "lastName"] };
    match needed.iter().find(|name| !record.profile.contains_key(**name)) {
        Some(name) => Err(format!("{name} is required")),
        None => Ok(()),
    }
}

/// Refuses what the smaller edition does not have, where the switch says so.
pub(super) fn within_edition(record: &Record, switches: &Switches) -> Result<(), String> {
    let lacks = |name: &String| DETAILS.iter().any(|list| list.name == name && !list.in_essentials);
    let is_beyond = !record.lines.is_empty() || record.details.keys().any(lacks);
    let refuses = switches.tier == Tier::Essentials && switches.beyond_tier == BeyondTier::Refused;
    if refuses && is_beyond {
        return Err("this edition takes no groups, custom demographics, education, jobs or orders".to_owned());
    }
    Ok(())
}

#[derive(Debug)]
struct Entry {
    id: Option<String>,
    read: Result<Change, String>,
    /// Another record of the same id counts instead.
    replaced: bool,
}

/// The records of one push, each read or refused.
#[derive(Debug, Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    notes: Vec<String>,
}

impl Batch {
    pub(super) fn take_in(&mut self, id: Option<String>, read: Result<Change, String>, strange: Vec<String>) {
        let who = id.as_deref().unwrap_or("without an id").to_owned();
        self.notes.extend(strange.into_iter().map(|note| format!("{who}: {note}")));
        self.entries.push(Entry { id, read, replaced: false });
    }

    /// Why records were refused.
    pub(super) fn refused(&self) -> Vec<String> {
        let why = |(place, entry): (usize, &Entry)| {
            let why = entry.read.as_ref().err()?;
            let who = entry.id.as_deref().unwrap_or("without an id");
            Some(format!("record {place} ({who}): {why}"))
        };
        self.entries.iter().enumerate().filter_map(why).collect()
    }

    /// All that is to be noted about it.
    pub(super) fn notes(&self) -> Vec<String> {
        let replaced = self.entries.iter().filter(|it| it.replaced);
        let replaced =
            replaced.filter_map(|it| it.id.as_ref()).map(|id| format!("{id}: is twice in the batch"));
        self.notes.iter().cloned().chain(self.refused()).chain(replaced).collect()
    }

    /// A result for each record.
    pub(super) fn results(&self, show: impl Fn(Option<&str>, Option<&str>) -> Value) -> Value {
        let result = |it: &Entry| show(it.id.as_deref(), it.read.as_ref().err().map(String::as_str));
        self.entries.iter().map(result).collect()
    }

    /// What is to be done.
    pub(super) fn changes(self) -> Vec<Change> {
        self.entries.into_iter().filter(|it| !it.replaced).filter_map(|it| it.read.ok()).collect()
    }
}

/// Decides about ids that a batch has more than once.
pub(super) fn duplicates(batch: &mut Batch, rule: DuplicateId) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, entry) in batch.entries.iter().enumerate() {
        if let Ok(change) = &entry.read {
            places.entry(change.id().to_owned()).or_default().push(place);
        }
    }
    for places in places.into_values().filter(|places| places.len() > 1) {
        let counts = match rule {
            DuplicateId::Last => places.last().copied(),
            DuplicateId::First => places.first().copied(),
            DuplicateId::Refused => None,
        };
        for place in places.into_iter().filter(|place| counts != Some(*place)) {
            let Some(entry) = batch.entries.get_mut(place) else { continue };
            match rule {
                DuplicateId::Refused => entry.read = Err("the id is twice in the batch".to_owned()),
                DuplicateId::Last | DuplicateId::First => entry.replaced = true,
            }
        }
    }
}
