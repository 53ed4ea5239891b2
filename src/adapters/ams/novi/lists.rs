//! Lists, page by page, to their end (docs/ams/novi.md, "Answers").
//!
//! `TotalCount` says where a list ends; a short page does not, for a server may give fewer rows than asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::api::{NoviApi, NoviReply};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::budget::Priority;

/// Rows asked for at a time.
pub(super) const PAGE: usize = 100;
/// Where 100 are refused, no fewer than this are asked for.
const SMALLEST_PAGE: usize = 10;
/// More pages than any list fills; one that goes on is broken.
const MOST_PAGES: usize = 2_000;

/// How many rows a call may ask for, as it was learnt.
#[derive(Debug)]
pub(super) struct PageSize(AtomicUsize);

impl Default for PageSize {
    fn default() -> PageSize {
        PageSize(AtomicUsize::new(PAGE))
    }
}

impl PageSize {
    pub(super) fn rows(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListPage {
    pub(super) rows: Vec<Value>,
    /// Where the next page begins. `None`: this was the last.
    pub(super) next: Option<usize>,
}

/// How a list was answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ListReply<T> {
    /// With rows, or with none.
    Rows(T),
    /// The site does not have it.
    Missing,
    /// The key has no right to it.
    Forbidden,
}

impl<T> ListReply<T> {
    /// What came. `None`: this key has no such list.
    pub(super) fn rows(self) -> Option<T> {
        if let ListReply::Rows(rows) = self { Some(rows) } else { None }
    }
}

/// A list that is asked for.
#[derive(Clone, Copy)]
pub(super) struct ListRequest<'a> {
    pub(super) api: &'a NoviApi,
    pub(super) size: &'a PageSize,
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) priority: Priority,
}

impl ListRequest<'_> {
    fn name(&self) -> String {
        self.path.join("/")
    }

    /// The page that begins at a row, counted from 0.
    pub(super) async fn page(&self, offset: usize) -> Result<ListReply<ListPage>, AmsError> {
        loop {
            let size = self.size.rows();
            let (of, from) = (size.to_string(), offset.to_string());
            let paging = [("pageSize", of.as_str()), ("offset", from.as_str())];
            let query: Vec<(&str, &str)> = self.query.iter().copied().chain(paging).collect();
            return Ok(match self.api.get(self.path, &query, self.priority).await? {
                NoviReply::Body(body) => ListReply::Rows(self.read(body, offset)?),
                NoviReply::Nothing => {
                    return Err(AmsError::Unreadable(format!("`{}` is blank", self.name())));
                }
                NoviReply::NotFound => ListReply::Missing,
                NoviReply::Forbidden => ListReply::Forbidden,
                NoviReply::BadRequest if size / 2 >= SMALLEST_PAGE => {
                    self.size.0.store(size / 2, Ordering::Relaxed);
                    continue;
                }
                NoviReply::BadRequest => {
                    // It was not the size.
                    self.size.0.store(PAGE, Ordering::Relaxed);
                    return Err(AmsError::Failed(400));
                }
            });
        }
    }

    /// All rows. `most_pages` bounds the calls; `Rows(None)`: it would take more.
    pub(super) async fn whole(&self, most_pages: usize) -> Result<ListReply<Option<Vec<Value>>>, AmsError> {
        let (mut rows, mut offset) = (Vec::new(), 0);
        for _ in 0..most_pages.min(MOST_PAGES) {
            match self.page(offset).await? {
                ListReply::Rows(page) => {
                    rows.extend(page.rows);
                    match page.next {
                        Some(next) => offset = next,
                        None => return Ok(ListReply::Rows(Some(rows))),
                    }
                }
                ListReply::Missing => return Ok(ListReply::Missing),
                ListReply::Forbidden => return Ok(ListReply::Forbidden),
            }
        }
        if most_pages < MOST_PAGES {
            return Ok(ListReply::Rows(None));
        }
        Err(AmsError::Unreadable(format!("`{}` goes on without an end", self.name())))
    }

    /// All rows, of a list that is short by its nature.
    pub(super) async fn all(&self) -> Result<ListReply<Vec<Value>>, AmsError> {
        Ok(match self.whole(MOST_PAGES).await? {
            ListReply::Rows(rows) => ListReply::Rows(rows.unwrap_or_default()),
            ListReply::Missing => ListReply::Missing,
            ListReply::Forbidden => ListReply::Forbidden,
        })
    }

    /// An envelope with `Results` and `TotalCount`, the same in `data`, or an array with everything.
    fn read(&self, body: Value, offset: usize) -> Result<ListPage, AmsError> {
        let unreadable = |what: &str| AmsError::Unreadable(format!("`{}` {what}", self.name()));
        let (rows, total) = match body {
            Value::Array(rows) => {
                let all = rows.len();
                (rows, Some(offset + all))
            }
            body => {
                let entry = JsonEntry::of(&body).ok_or_else(|| unreadable("is no list"))?;
                let entry = entry.object("data").unwrap_or(entry);
                let total =
                    entry.text("TotalCount").ok().flatten().and_then(|text| text.parse::<usize>().ok());
                let rows = match entry.lookup("Results") {
                    Some(Value::Array(rows)) => rows.clone(),
                    Some(Value::Null) if total == Some(0) => Vec::new(),
                    _ => return Err(unreadable("is no list")),
                };
                (rows, total)
            }
        };
        if !rows.iter().all(Value::is_object) {
            return Err(unreadable("brought something else than a list of objects"));
        }
        let reached = offset + rows.len();
        match total {
            // Half a list must not decide about roles.
            Some(total) if rows.is_empty() && reached < total => Err(unreadable("ends before its end")),
            Some(total) => Ok(ListPage { rows, next: (reached < total).then_some(reached) }),
            None => Ok(ListPage { next: (!rows.is_empty()).then_some(reached), rows }),
        }
    }
}
