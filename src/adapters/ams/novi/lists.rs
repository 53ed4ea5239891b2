//! Lists, page by page, to their end (docs/ams/novi.md, "Answers").
//!
//! `TotalCount` says where a list ends; a short page does not, for a server may give fewer rows than asked for.

use serde_json::Value;

use super::api::{NoviApi, NoviReply};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::{ListPage, ListReply, PageSize, whole};
use crate::adapters::budget::Priority;

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
                NoviReply::BadRequest if self.size.halve(size) => continue,
                NoviReply::BadRequest => {
                    self.size.reset();
                    return Err(AmsError::Failed(400));
                }
            });
        }
    }

    /// All rows. `most_pages` bounds the calls; `Rows(None)`: it would take more.
    pub(super) async fn whole(&self, most_pages: usize) -> Result<ListReply<Option<Vec<Value>>>, AmsError> {
        whole(&self.name(), most_pages, |offset| self.page(offset)).await
    }

    /// All rows, of a list that is short by its nature.
    pub(super) async fn all(&self) -> Result<ListReply<Vec<Value>>, AmsError> {
        Ok(match self.whole(usize::MAX).await? {
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
