//! Lists as OData pages them, to their end (docs/ams/growthzone.md, "Answers").
//!
//! `TotalRecordAvailable` says where a list ends; a short page does not. A list that does not look at `$skip` gives the same page again:
//! where it says no total, that page was all of it; where it does, it is broken.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::api::{ApiReply, GrowthZoneApi};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::{ListPage, ListReply, PageSize, whole};
use crate::adapters::budget::Priority;

/// Under which names rows stand in an envelope.
const ROWS: [&str; 3] = ["Results", "GroupMembers", "Members"];
/// What only the bare event has that stands for a list without rows; both change with each call.
const OF_A_BARE_EVENT: [&str; 2] = ["EventAuditId", "EventDetailAuditId"];
/// So many lists are remembered at a time.
const MOST_LISTS: usize = 1_000;

/// What was learnt of lists: how many rows a page may have, and which page came last of each.
#[derive(Default)]
pub(super) struct ListMemory {
    size: PageSize,
    turned: Mutex<BTreeMap<String, (usize, u64)>>,
}

impl ListMemory {
    /// Rows asked for at a time.
    pub(super) fn rows_of_a_page(&self) -> usize {
        self.size.rows()
    }

    /// Notes a page. True if the page before it was the same.
    fn is_again(&self, list: String, offset: usize, rows: &[Value]) -> bool {
        let mut hasher = DefaultHasher::new();
        rows.iter().for_each(|row| row.to_string().hash(&mut hasher));
        let digest = hasher.finish();
        let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        let before = turned.get(&list).copied();
        if turned.len() >= MOST_LISTS && before.is_none() {
            turned.clear();
        }
        turned.insert(list, (offset, digest));
        before.is_some_and(|(at, page)| at < offset && page == digest)
    }
}

/// A list that is asked for.
#[derive(Clone, Copy)]
pub(super) struct ODataList<'a> {
    pub(super) api: &'a GrowthZoneApi,
    pub(super) memory: &'a ListMemory,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    /// It is about one contact.
    pub(super) is_of_one: bool,
    /// By sending a document instead of asking.
    pub(super) by_post: bool,
    pub(super) priority: Priority,
}

impl ODataList<'_> {
    fn name(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// The page that begins at a row, counted from 0. 400 that is not for its size: this list is not supported.
    pub(super) async fn page(&self, offset: usize) -> Result<ListReply<ListPage>, AmsError> {
        loop {
            let size = self.memory.size.rows();
            let (of, from) = (size.to_string(), offset.to_string());
            let paging = [("$skip", from.as_str()), ("$top", of.as_str())];
            let query: Vec<(&str, &str)> = self.query.iter().copied().chain(paging).collect();
            let reply = if self.by_post {
                self.api.post(self.path, &query, self.priority).await?
            } else {
                self.api.get(self.path, &query, self.priority).await?
            };
            return Ok(match reply {
                ApiReply::Body(body) => ListReply::Rows(self.read(body, offset)?),
                ApiReply::Nothing => {
                    return Err(AmsError::Unreadable(format!("`{}` is blank", self.name())));
                }
                ApiReply::NotFound => ListReply::Missing,
                ApiReply::Forbidden => ListReply::Forbidden,
                ApiReply::BadRequest if self.memory.size.halve(size) => continue,
                ApiReply::BadRequest => {
                    self.memory.size.reset();
                    ListReply::Missing
                }
            });
        }
    }

    /// All rows, of at most so many pages. `Rows(None)`: it has more.
    pub(super) async fn whole(&self, most_pages: usize) -> Result<ListReply<Option<Vec<Value>>>, AmsError> {
        whole(self.name(), most_pages, |offset| self.page(offset)).await
    }

    /// All rows, of a list that is short by its nature.
    pub(super) async fn all(&self) -> Result<ListReply<Vec<Value>>, AmsError> {
        Ok(match self.whole(usize::MAX).await? {
            ListReply::Rows(rows) => ListReply::Rows(rows.unwrap_or_default()),
            ListReply::Missing => ListReply::Missing,
            ListReply::Forbidden => ListReply::Forbidden,
        })
    }

    fn read(&self, body: Value, offset: usize) -> Result<ListPage, AmsError> {
        let unreadable = |what: &str| AmsError::Unreadable(format!("`{}` {what}", self.name()));
        let is_array = body.is_array();
        let (rows, total) = rows(body).ok_or_else(|| unreadable("is no list"))?;
        if !rows.iter().all(Value::is_object) {
            return Err(unreadable("brought something else than a list of objects"));
        }
        let key = self
            .query
            .iter()
            .fold(self.path.to_owned(), |key, (name, value)| format!("{key} {name} {value}"));
        let is_again = self.memory.is_again(key, offset, &rows) && !rows.is_empty();
        let reached = offset.saturating_add(rows.len());
        // What is said of one contact is no list that is turned: an array has all of it.
        let total = total.or_else(|| (self.is_of_one && is_array).then_some(reached));
        match total {
            // Half a list must not decide about roles.
            Some(total) if rows.is_empty() && reached < total => Err(unreadable("ends before its end")),
            Some(_) if is_again => Err(unreadable("does not turn its pages")),
            Some(total) => Ok(ListPage { rows, next: (reached < total).then_some(reached) }),
            None if is_again => Ok(ListPage { rows: Vec::new(), next: None }),
            None => Ok(ListPage { next: (!rows.is_empty()).then_some(reached), rows }),
        }
    }
}

/// The rows of an envelope or array, and how many there are in all if that is said. The bare event has none.
fn rows(body: Value) -> Option<(Vec<Value>, Option<usize>)> {
    let body = match body {
        Value::Array(rows) => return Some((rows, None)),
        body => body,
    };
    let entry = JsonEntry::of(&body)?;
    let total = entry.text("TotalRecordAvailable").ok().flatten();
    let total = total.and_then(|text| text.parse::<usize>().ok());
    match ROWS.iter().find_map(|name| entry.lookup(name)) {
        Some(Value::Array(rows)) => Some((rows.clone(), total)),
        Some(Value::Null) if total == Some(0) => Some((Vec::new(), total)),
        None if OF_A_BARE_EVENT.iter().any(|name| entry.has(name)) => Some((Vec::new(), Some(0))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_an_envelope_an_array_or_the_bare_event_that_means_none() {
        let check = |body: Value, expect: Option<(usize, Option<usize>)>| {
            assert_eq!(rows(body.clone()).map(|(rows, total)| (rows.len(), total)), expect, "{body}");
        };
        check(json!({ "Results": [{}], "TotalRecordAvailable": 7 }), Some((1, Some(7))));
        check(json!({ "results": [{}] }), Some((1, None)));
        check(json!([{}, {}]), Some((2, None)));
        check(json!({ "Results": null, "TotalRecordAvailable": 0 }), Some((0, Some(0))));
        check(
            json!({ "EventId": 5, "EventAuditId": 70_001, "EventDetailAuditId": 80_001 }),
            Some((0, Some(0))),
        );
        for broken in
            [json!({ "Message": "An error" }), json!(7), json!({ "Results": 42 }), json!({ "Results": null })]
        {
            check(broken, None);
        }
    }

    #[test]
    fn a_page_that_comes_again_is_noticed() {
        let memory = ListMemory::default();
        let (one, other) = (vec![json!({ "a": 1 })], vec![json!({ "a": 2 })]);
        assert!(!memory.is_again("x".into(), 0, &one));
        assert!(!memory.is_again("x".into(), 1, &other));
        assert!(memory.is_again("x".into(), 2, &other));
        assert!(!memory.is_again("x".into(), 0, &other), "from its beginning again");
        assert!(!memory.is_again("y".into(), 1, &other), "another list");
    }
}
