//! Finding people among the records that we hold.
//!
//! A port of its own beside `Store`: nothing on the way of a visitor looks for people by their names.

use rusqlite::{OptionalExtension as _, params};

use super::sealed::Named;
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::record::{IndividualId, Record};

/// Finds records.
pub trait FindPeople: Send + Sync + 'static {
    /// The record of one person.
    fn record<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// The records that carry this e-mail address, record number or id; rarely more than one. At most ten.
    fn find<'a>(
        &'a self,
        environment: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>>;
}

impl FindPeople for SqliteStore {
    fn record<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            let person = self.vault.person(environment, id);
            let of = environment.to_owned();
            let found = self.reader.run(move |connection| {
                let mut select = connection
                    .prepare_cached("SELECT sealed FROM records WHERE environment = ?1 AND person = ?2")?;
                Ok(select.query_row(params![of, person], |row| row.get::<_, Vec<u8>>(0)).optional()?)
            });
            let Some(sealed) = found.await? else { return Ok(None) };
            self.vault.open_record(environment, id, &sealed).map(Some)
        })
    }

    fn find<'a>(
        &'a self,
        environment: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            let person = IndividualId::parse(text).map(|id| self.vault.person(environment, &id));
            let email = self.vault.named(environment, Named::Email, Some(text));
            let number = self.vault.named(environment, Named::Number, Some(text));
            let of = environment.to_owned();
            // Three looks by index; one with OR would read every record of the environment.
            let found = self.reader.run(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT person, sealed FROM records WHERE environment = ?1 AND person = ?2
                     UNION SELECT person, sealed FROM records WHERE environment = ?1 AND email = ?3
                     UNION SELECT person, sealed FROM records WHERE environment = ?1 AND record_number = ?4
                     LIMIT 10",
                )?;
                let rows = select
                    .query_map(params![of, person, email, number], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<Vec<([u8; 32], Vec<u8>)>, _>>()?)
            });
            let opened = found.await?.into_iter();
            opened.map(|(person, sealed)| self.vault.open_record_of(environment, &person, &sealed)).collect()
        })
    }
}
