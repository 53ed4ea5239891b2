//! What an administrator chose in place of the configuration, at rest: the AMS environment.

use std::sync::Arc;

use rusqlite::OptionalExtension as _;

use super::audit::insert_entry;
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::audit::Entry;

/// Which AMS environment was chosen, and in place of which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentChoice {
    /// What the configuration said then. Once it says something else, the choice is void.
    pub configured: String,
    /// What was chosen.
    pub chosen: String,
}

/// Choices that outlive a restart.
pub trait Choices: Send + Sync + 'static {
    /// The AMS environment that was chosen, if any was.
    fn environment_choice(&self) -> BoxFuture<'_, Result<Option<EnvironmentChoice>, StoreError>>;

    /// Keeps a choice together with the audit entry.
    fn choose_environment<'a>(
        &'a self,
        choice: &'a EnvironmentChoice,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl Choices for SqliteStore {
    fn environment_choice(&self) -> BoxFuture<'_, Result<Option<EnvironmentChoice>, StoreError>> {
        Box::pin(self.reader.run(|connection| {
            let found = connection
                .prepare_cached("SELECT configured, chosen FROM environment_choice")?
                .query_row([], |row| Ok(EnvironmentChoice { configured: row.get(0)?, chosen: row.get(1)? }))
                .optional()?;
            Ok(found)
        }))
    }

    fn choose_environment<'a>(
        &'a self,
        choice: &'a EnvironmentChoice,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (choice, vault, entry) = (choice.clone(), Arc::clone(&self.vault), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO environment_choice (only_one, configured, chosen) VALUES (1, ?1, ?2)",
                [&choice.configured, &choice.chosen],
            )?;
            insert_entry(connection, &vault, &entry)
        }))
    }
}
