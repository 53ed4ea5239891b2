//! The role mapping at rest: one shared draft, and versions that never change. Both are sealed.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::audit::insert_entry;
use super::sealed::{Vault, damaged};
use super::{SqliteStore, StoreError};
use crate::adapters::keys::seal::context;
use crate::adapters::{BoxFuture, rules_file};
use crate::domain::audit::Entry;
use crate::domain::mapping::{Edit, Version, VersionHead};
use crate::domain::rule::Rules;

/// The draft as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDraft {
    /// Counts up with every change.
    pub revision: u64,
    /// The latest change, that which removed the draft included. `None`: never any.
    pub last: Option<Edit>,
    /// The published version that it began from, and what it says. `None`: there is no draft.
    pub content: Option<(u64, Rules)>,
}

/// What is expected to be there, when something is written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The draft's revision.
    pub revision: u64,
    /// The latest version; 0: none.
    pub version: u64,
}

/// Draft and versions.
pub trait Mappings: Send + Sync + 'static {
    /// The draft.
    fn draft(&self) -> BoxFuture<'_, Result<StoredDraft, StoreError>>;

    /// Writes the draft. `false`: something else is there than what is expected, and nothing is written.
    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Adds a version, and writes the draft that is left. `false`: as in [`Mappings::put_draft`].
    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version,
        left: &'a StoredDraft,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The latest version. `None`: none was ever published.
    fn latest(&self) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// One version.
    fn version(&self, number: u64) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;

    /// Every version, newest first.
    fn versions(&self) -> BoxFuture<'_, Result<Vec<VersionHead>, StoreError>>;
}

/// What is sealed of a draft. Rules are kept as a rules file.
#[derive(Serialize, Deserialize)]
struct DraftBody {
    last: Option<Edit>,
    content: Option<(u64, String)>,
}

impl Mappings for SqliteStore {
    fn draft(&self) -> BoxFuture<'_, Result<StoredDraft, StoreError>> {
        Box::pin(async move {
            let row = self.reader.run(select_draft).await?;
            let Some((revision, sealed)) = row else {
                return Ok(StoredDraft { revision: 0, last: None, content: None });
            };
            let body: DraftBody = self.vault.open_value(&sealed, &draft_context(revision), "draft")?;
            let content = body.content.map(|(base, text)| Ok::<_, StoreError>((base, rules_of(&text)?)));
            Ok(StoredDraft { revision: unsigned(revision), last: body.last, content: content.transpose()? })
        })
    }

    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let (draft, vault, entry) =
                (DraftRow::seal(&self.vault, draft)?, Arc::clone(&self.vault), entry.clone());
            self.writer
                .run(move |connection| {
                    if !is_there(connection, expected)? {
                        return Ok(false);
                    }
                    draft.write(connection)?;
                    insert_entry(connection, &vault, &entry)?;
                    Ok(true)
                })
                .await
        })
    }

    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version,
        left: &'a StoredDraft,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let (draft, vault, entry) =
                (DraftRow::seal(&self.vault, left)?, Arc::clone(&self.vault), entry.clone());
            let number = signed(version.head.number);
            let head = vault.seal_value(&version.head, &head_context(number))?;
            let rules = vault.seal_value(&rules_file::print(&version.rules), &rules_context(number))?;
            self.writer
                .run(move |connection| {
                    if !is_there(connection, expected)? {
                        return Ok(false);
                    }
                    connection.execute(
                        "INSERT INTO mapping_versions (number, head_sealed, rules_sealed) VALUES (?1, ?2, ?3)",
                        params![number, head, rules],
                    )?;
                    draft.write(connection)?;
                    insert_entry(connection, &vault, &entry)?;
                    Ok(true)
                })
                .await
        })
    }

    fn latest(&self) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        Box::pin(async move {
            let row = self.reader.run(|connection| {
                select_version(connection, "SELECT number, head_sealed, rules_sealed FROM mapping_versions ORDER BY number DESC LIMIT ?1", 1)
            });
            row.await?.map(|row| self.open_version(&row)).transpose()
        })
    }

    fn version(&self, number: u64) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        Box::pin(async move {
            let row = self.reader.run(move |connection| {
                let number = signed(number);
                select_version(
                    connection,
                    "SELECT number, head_sealed, rules_sealed FROM mapping_versions WHERE number = ?1",
                    number,
                )
            });
            row.await?.map(|row| self.open_version(&row)).transpose()
        })
    }

    fn versions(&self) -> BoxFuture<'_, Result<Vec<VersionHead>, StoreError>> {
        Box::pin(async move {
            let rows = self.reader.run(|connection| {
                let mut select = connection.prepare_cached(
                    "SELECT number, head_sealed FROM mapping_versions ORDER BY number DESC",
                )?;
                let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<Vec<(i64, Vec<u8>)>, _>>()?)
            });
            let open = |(number, sealed): &(i64, Vec<u8>)| {
                self.vault.open_value(sealed, &head_context(*number), "version of the role mapping")
            };
            rows.await?.iter().map(open).collect()
        })
    }
}

impl SqliteStore {
    fn open_version(&self, (number, head, rules): &VersionRow) -> Result<Version, StoreError> {
        let what = "version of the role mapping";
        let text: String = self.vault.open_value(rules, &rules_context(*number), what)?;
        let head = self.vault.open_value(head, &head_context(*number), what)?;
        Ok(Version { head, rules: rules_of(&text)? })
    }
}

/// A sealed draft with its revision.
struct DraftRow(i64, Vec<u8>);

impl DraftRow {
    fn seal(vault: &Vault, draft: &StoredDraft) -> Result<DraftRow, StoreError> {
        let content = draft.content.as_ref().map(|(base, rules)| (*base, rules_file::print(rules)));
        let (body, revision) = (DraftBody { last: draft.last.clone(), content }, signed(draft.revision));
        Ok(DraftRow(revision, vault.seal_value(&body, &draft_context(revision))?))
    }

    fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        connection.execute(
            "INSERT INTO mapping_draft (one, revision, sealed) VALUES (1, ?1, ?2)
             ON CONFLICT DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed",
            params![self.0, self.1],
        )?;
        Ok(())
    }
}

/// `number`, `head_sealed` and `rules_sealed` of a version.
type VersionRow = (i64, Vec<u8>, Vec<u8>);

fn select_version(
    connection: &Connection,
    statement: &str,
    argument: i64,
) -> Result<Option<VersionRow>, StoreError> {
    let mut select = connection.prepare_cached(statement)?;
    Ok(select.query_row([argument], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?)
}

fn select_draft(connection: &Connection) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let mut select = connection.prepare_cached("SELECT revision, sealed FROM mapping_draft")?;
    Ok(select.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Whether nothing has changed since somebody looked. Asked within the transaction of the change.
fn is_there(connection: &Connection, expected: Expected) -> Result<bool, StoreError> {
    let (revision, version): (i64, i64) = connection
        .prepare_cached(
            "SELECT coalesce((SELECT revision FROM mapping_draft), 0),
                    coalesce((SELECT max(number) FROM mapping_versions), 0)",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((unsigned(revision), unsigned(version)) == (expected.revision, expected.version))
}

fn rules_of(text: &str) -> Result<Rules, StoreError> {
    rules_file::parse(text).map_err(|_| damaged("role mapping"))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn draft_context(revision: i64) -> Vec<u8> {
    context(&[b"mapping draft", &revision.to_be_bytes()])
}

fn head_context(number: i64) -> Vec<u8> {
    context(&[b"mapping version", &number.to_be_bytes()])
}

fn rules_context(number: i64) -> Vec<u8> {
    context(&[b"mapping rules", &number.to_be_bytes()])
}
