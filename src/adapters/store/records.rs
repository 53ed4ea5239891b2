//! Records as rows: joined with the record that is there, and confirmed by pages that brought nothing new.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::StoreError;
use super::sealed::{Bound, Named, Vault, from_column, to_column};
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// A row of `records` as it is written. `listed` is null then: what it said is in the record.
pub(super) struct RecordRow {
    pub(super) person: [u8; 32],
    pub(super) as_of: i64,
    pub(super) email: Option<[u8; 32]>,
    pub(super) record_number: Option<[u8; 32]>,
    pub(super) sealed: Vec<u8>,
}

/// What is read of a row of `records`, so that it can be opened.
pub(super) struct SealedRecord {
    pub(super) person: [u8; 32],
    pub(super) sealed: Vec<u8>,
    pub(super) listed: Option<Vec<u8>>,
}

/// Readings of people of one environment, one for each person, to be joined with the records that are there.
pub(super) struct Readings {
    vault: Arc<Vault>,
    pub(super) environment: String,
    pub(super) records: BTreeMap<[u8; 32], Record>,
    now: Timestamp,
}

impl Readings {
    /// Of a person who is there twice, both readings are joined.
    pub(super) fn new(vault: &Arc<Vault>, environment: &str, records: &[Record], now: Timestamp) -> Readings {
        let mut of: BTreeMap<[u8; 32], Record> = BTreeMap::new();
        for record in records {
            let person = vault.person(environment, &record.id);
            let joined = match of.get(&person) {
                Some(before) => record.clone().over(before, now),
                None => record.clone(),
            };
            of.insert(person, joined);
        }
        Readings { vault: Arc::clone(vault), environment: environment.to_owned(), records: of, now }
    }

    /// A reading together with the record that is there. No row: it is there already.
    pub(super) fn join(
        &self,
        reading: &Record,
        stored: Option<&SealedRecord>,
    ) -> Result<(Record, Option<RecordRow>), StoreError> {
        let stored =
            match stored.map(|stored| self.vault.open_record_of(&self.environment, &reading.id, stored)) {
                // Nobody is locked out by a damaged row. What was just read takes its place.
                Some(Err(StoreError::Damaged(what))) => {
                    tracing::warn!("A stored {what} is damaged and is replaced by what was just read");
                    None
                }
                other => other.transpose()?,
            };
        let Some(stored) = stored else {
            return Ok((reading.clone(), Some(self.vault.seal_record(&self.environment, reading)?)));
        };
        let joined = reading.clone().over(&stored, self.now);
        let row =
            (joined != stored).then(|| self.vault.seal_record(&self.environment, &joined)).transpose()?;
        Ok((joined, row))
    }
}

/// When pages confirmed parts of a record since it was sealed: instants as in [`to_column`], each with the bits of its parts. As a
/// column, ten bytes for each instant. A part is in one of them at most, and those that were never read do not count.
#[derive(Debug, Default, PartialEq, Eq)]
struct ListedColumn(Vec<(i64, u16)>);

/// A page that confirms parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confirming {
    parts: u16,
    at: i64,
}

impl Confirming {
    pub(super) fn new(parts: &[Part], at: Timestamp) -> Confirming {
        Confirming { parts: parts.iter().fold(0, |bits, part| bits | bit(*part)), at: to_column(at) }
    }

    /// The columns `as_of` and `listed` of somebody who is on the page, from what they are.
    pub(super) fn of(self, as_of: i64, listed: Option<&[u8]>) -> (i64, Vec<u8>) {
        let as_of = if self.parts == 0 { as_of } else { as_of.max(self.at) };
        (as_of, ListedColumn::from_column(listed).and(self).into_column())
    }
}

/// The record that came of one reading.
pub(super) fn the_one(kept: Vec<Record>) -> Result<Record, StoreError> {
    kept.into_iter().next().ok_or(StoreError::Damaged("record"))
}

fn bit(part: Part) -> u16 {
    1 << part as u16
}

impl ListedColumn {
    fn from_column(column: Option<&[u8]>) -> ListedColumn {
        let entries = column.unwrap_or_default().as_chunks::<10>().0.iter();
        let read = |[a, b, c, d, e, f, g, h, high, low]: &[u8; 10]| {
            (i64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), u16::from_be_bytes([*high, *low]))
        };
        ListedColumn(entries.map(read).collect())
    }

    fn into_column(self) -> Vec<u8> {
        let bytes = |(at, parts): (i64, u16)| at.to_be_bytes().into_iter().chain(parts.to_be_bytes());
        self.0.into_iter().flat_map(bytes).collect()
    }

    /// These parts are confirmed once more, except those that were later.
    fn and(mut self, Confirming { parts, at }: Confirming) -> ListedColumn {
        let mut left = parts;
        for (then, others) in &mut self.0 {
            if *then > at {
                left &= !*others;
            } else {
                *others &= !parts;
            }
        }
        self.0.retain(|(_, parts)| *parts != 0);
        if left != 0 {
            self.0.push((at, left));
        }
        self
    }

    fn confirm(&self, record: &mut Record) {
        for (at, parts) in &self.0 {
            for part in Part::ALL.into_iter().filter(|part| parts & bit(*part) != 0) {
                record.confirmed.confirm(part, from_column(*at));
            }
        }
    }
}

impl Vault {
    fn seal_record(&self, environment: &str, record: &Record) -> Result<RecordRow, StoreError> {
        let person = self.person(environment, &record.id);
        Ok(RecordRow {
            as_of: to_column(record.as_of()),
            email: self.named(environment, Named::Email, record.profile.email.as_deref()),
            record_number: self.named(environment, Named::Number, record.profile.record_number.as_deref()),
            sealed: self.seal(record, Bound::Record { environment, person: &person })?,
            person,
        })
    }

    /// Opens a record, with what pages have confirmed since it was sealed.
    pub(super) fn open_record(&self, environment: &str, stored: &SealedRecord) -> Result<Record, StoreError> {
        let SealedRecord { person, sealed, listed } = stored;
        let mut record: Record = self.open(sealed, Bound::Record { environment, person })?;
        ListedColumn::from_column(listed.as_deref()).confirm(&mut record);
        Ok(record)
    }

    /// Opens the record of one person; that of anybody else does not open.
    pub(super) fn open_record_of(
        &self,
        environment: &str,
        id: &IndividualId,
        stored: &SealedRecord,
    ) -> Result<Record, StoreError> {
        let of_another = || Err(StoreError::Damaged("record"));
        if stored.person != self.person(environment, id) {
            return of_another();
        }
        let record = self.open_record(environment, stored)?;
        if record.id == *id { Ok(record) } else { of_another() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// In whatever order pages are told of, each part is confirmed by the latest that brought it.
        #[test]
        fn each_part_is_confirmed_by_the_latest_page_that_brought_it(pages in vec((0..6_i64, 0..512_u16), 0..12)) {
            let mut listed = ListedColumn::default();
            for (at, parts) in &pages {
                let column = listed.and(Confirming { parts: *parts, at: *at }).into_column();
                listed = ListedColumn::from_column(Some(&column));
            }
            prop_assert!(listed.0.len() <= Part::ALL.len());
            for part in Part::ALL {
                let told: Vec<i64> =
                    listed.0.iter().filter(|(_, parts)| parts & bit(part) != 0).map(|(at, _)| *at).collect();
                let latest = pages.iter().filter(|(_, parts)| parts & bit(part) != 0).map(|(at, _)| *at).max();
                prop_assert_eq!(told, latest.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
