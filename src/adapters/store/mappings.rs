//! The role mapping at rest: one shared draft, and versions that never change. Both are sealed.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::audit::insert_entry;
use super::sealed::{Vault, damaged};
use super::{SqliteStore, StoreError};
use crate::adapters::keys::seal::context;
use crate::adapters::stored_rules::StoredRules;
use crate::adapters::{BoxFuture, rules_file};
use crate::domain::audit::Entry;
use crate::domain::mapping::{Edit, Version, VersionHead};
use crate::domain::rule::{Role, Rules};

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

/// What is sealed of a draft.
#[derive(Serialize, Deserialize)]
struct DraftBody<Content> {
    last: Option<Edit>,
    content: Option<(u64, Content)>,
}

/// What is sealed of a version, beside its head.
#[derive(Serialize, Deserialize)]
struct VersionBody {
    #[serde(flatten)]
    rules: StoredRules,
    /// Missing in what an older release wrote, which knew no rules for many roles.
    #[serde(default)]
    produced: BTreeSet<Role>,
}

impl VersionBody {
    fn of(version: &Version) -> VersionBody {
        VersionBody { rules: StoredRules::from(&version.rules), produced: version.produced.clone() }
    }
}

impl Mappings for SqliteStore {
    fn draft(&self) -> BoxFuture<'_, Result<StoredDraft, StoreError>> {
        Box::pin(async move {
            let row = self.reader.run(select_draft).await?;
            let Some((revision, sealed)) = row else {
                return Ok(StoredDraft { revision: 0, last: None, content: None });
            };
            let body: DraftBody<StoredRules> =
                self.vault.open_value(&sealed, &draft_context(revision), "draft")?;
            let content = body.content.map(|(base, rules)| Ok::<_, StoreError>((base, opened(rules)?)));
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
            let rules = vault.seal_value(&VersionBody::of(version), &rules_context(number))?;
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
        let VersionBody { rules, produced } = self.vault.open_value(rules, &rules_context(*number), what)?;
        let head = self.vault.open_value(head, &head_context(*number), what)?;
        Ok(Version { head, rules: opened(rules)?, produced })
    }
}

/// A sealed draft with its revision.
struct DraftRow(i64, Vec<u8>);

impl DraftRow {
    fn seal(vault: &Vault, draft: &StoredDraft) -> Result<DraftRow, StoreError> {
        let content = draft.content.as_ref().map(|(base, rules)| (*base, StoredRules::from(rules)));
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

fn opened(rules: StoredRules) -> Result<Rules, StoreError> {
    rules.try_into().map_err(|_| damaged("role mapping"))
}

/// Brings what was kept as the text of a rules file into the present form. The tables are those before step 10 of the schema.
pub(super) fn convert_rules_files(connection: &Connection, vault: &Vault) -> Result<(), StoreError> {
    let converted = |text: &str| {
        let rules = rules_file::parse(text).map_err(|_| damaged("role mapping"))?;
        Ok::<_, StoreError>(StoredRules::from(&rules))
    };
    if let Some((revision, sealed)) = select_draft(connection)? {
        let context = draft_context(revision);
        let body: DraftBody<String> = vault.open_value(&sealed, &context, "draft")?;
        let content = body.content.map(|(base, text)| Ok::<_, StoreError>((base, converted(&text)?)));
        let body = DraftBody { last: body.last, content: content.transpose()? };
        DraftRow(revision, vault.seal_value(&body, &context)?).write(connection)?;
    }
    let mut select = connection.prepare("SELECT number, rules_sealed FROM mapping_versions")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, sealed) in rows.collect::<Result<Vec<(i64, Vec<u8>)>, _>>()? {
        let context = rules_context(number);
        let text: String = vault.open_value(&sealed, &context, "version of the role mapping")?;
        let sealed = vault.seal_value(&converted(&text)?, &context)?;
        connection.execute(
            "UPDATE mapping_versions SET rules_sealed = ?2 WHERE number = ?1",
            params![number, sealed],
        )?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::keys::seal::SecretKey;
    use crate::domain::audit::Actor;

    #[tokio::test]
    async fn what_was_kept_as_a_rules_file_is_read_after_the_upgrade() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("m.sqlite");
        let key = SecretKey::parse(&SecretKey::generate().unwrap()).unwrap();
        drop(SqliteStore::open(&path, &key).unwrap());
        let (old, vault) = (Connection::open(&path).unwrap(), Vault::new(&key).unwrap());
        let text = |role: &str| {
            format!(
                "time_zone = \"Europe/Oslo\"\n[[rule]]\nrole = \"{role}\"\nwhen = [{{ committee = \"EDU\" }}]\n"
            )
        };
        let published = Edit { by: Actor::operator(), at: crate::domain::time::Timestamp::UNIX_EPOCH };
        let head = VersionHead { number: 1, published, note: String::new(), restored_from: None };
        let draft = DraftBody { last: None, content: Some((1, text("draft"))) };
        old.execute(
            "INSERT INTO mapping_versions (number, head_sealed, rules_sealed) VALUES (1, ?1, ?2)",
            params![
                vault.seal_value(&head, &head_context(1)).unwrap(),
                vault.seal_value(&text("published"), &rules_context(1)).unwrap()
            ],
        )
        .unwrap();
        DraftRow(3, vault.seal_value(&draft, &draft_context(3)).unwrap()).write(&old).unwrap();
        old.pragma_update(None, "user_version", 8).unwrap();
        drop(old);

        let store = SqliteStore::open(&path, &key).unwrap();
        let rules = |role: &str| rules_file::parse(&text(role)).unwrap();
        assert_eq!(store.latest().await.unwrap().unwrap().rules, rules("published"));
        let draft = store.draft().await.unwrap();
        assert_eq!((draft.revision, draft.content), (3, Some((1, rules("draft")))));
        drop(store);
        let file = Connection::open(&path).unwrap();
        let changed = file.execute("UPDATE mapping_versions SET rules_sealed = x'00'", []);
        assert!(changed.unwrap_err().to_string().contains("never changes"));
    }
}
