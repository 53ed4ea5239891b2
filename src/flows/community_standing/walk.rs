//! Everybody on file with the row, page by page, and then whoever has a row and is on file no longer.

use std::collections::HashMap;

use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::RowsOf;
use crate::domain::deliveries::row::Delivery;
use crate::domain::record::{IndividualId, Record};
use crate::flows::deliveries::DeliveryParts;
use crate::flows::deliveries::look::LookedAt;

/// So many people are read at once.
const AT_ONCE: u16 = 250;

/// So many people who are on file no longer are looked at.
const MOST_ERASED: u16 = u16::MAX;

/// A walk through everybody. Records and rows are opened by whoever goes, so it belongs on a thread of its own.
pub(super) struct StandingWalk<'a> {
    parts: &'a DeliveryParts,
    of: RowsOf<'a>,
    after: i64,
    erased: Option<std::vec::IntoIter<IndividualId>>,
}

impl<'a> StandingWalk<'a> {
    pub(super) fn new(parts: &'a DeliveryParts, of: RowsOf<'a>) -> StandingWalk<'a> {
        StandingWalk { parts, of, after: 0, erased: None }
    }

    /// The next people. `None`: there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<LookedAt>>, StoreError> {
        if self.erased.is_none() {
            let page = self.parts.directory.records(&self.parts.environment, self.after, AT_ONCE).await?;
            if page.len > 0 {
                self.after = page.last;
                let records: Vec<Record> = page.open().filter_map(Result::ok).collect();
                let ids: Vec<IndividualId> = records.iter().map(|record| record.id.clone()).collect();
                let mut rows = self.rows(&ids).await?;
                let person = |record: Record| {
                    let (id, row) = (record.id.clone(), rows.remove(&record.id));
                    LookedAt { id, record: Some(record), row, gone: None }
                };
                return Ok(Some(records.into_iter().map(person).collect()));
            }
        }
        if self.erased.is_none() {
            self.erased = Some(self.parts.store.without_record(self.of, MOST_ERASED).await?.into_iter());
        }
        let erased = self.erased.iter_mut().flatten();
        let ids: Vec<IndividualId> = erased.take(AT_ONCE.into()).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let rows = self.rows(&ids).await?.into_iter();
        let person = |(id, row)| LookedAt { id, record: None, row: Some(row), gone: None };
        Ok(Some(rows.map(person).collect()))
    }

    async fn rows(&self, ids: &[IndividualId]) -> Result<HashMap<IndividualId, Delivery>, StoreError> {
        let rows = self.parts.store.delivery_rows(self.of, ids).await?;
        Ok(rows.into_iter().map(|row| (row.individual.clone(), row)).collect())
    }
}
