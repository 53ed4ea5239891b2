//! Mappings and lists of roles in SQLite. Rules are kept in the form of `adapters::stored_rules`.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::administration::insert_entry;
use super::statement::{SqlResult, all, change, column, first};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::mappings::{
    Expected, MappingContent, MappingKind, Mappings, RoleLists, StoredDraft,
};
use crate::adapters::store::rows::{DraftRow, VersionRow, signed};
use crate::adapters::store::sealed::Bound;
use crate::domain::audit::Entry;
use crate::domain::mapping::{Version, VersionHead};
use crate::domain::time::Timestamp;

impl<Content: MappingContent> Mappings<Content> for SqliteStore {
    fn draft(&self) -> StoreFuture<'_, StoredDraft<Content>> {
        Box::pin(async move {
            match self.reader.run(|connection| select_draft(connection, Content::KIND)).await? {
                Some(row) => row.open(&self.vault),
                None => Ok(StoredDraft::none()),
            }
        })
    }

    fn put_draft<'a>(
        &'a self,
        expected: Expected,
        draft: &'a StoredDraft<Content>,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (draft, vault, entry) =
                (DraftRow::seal(&self.vault, draft)?, Arc::clone(&self.vault), entry.clone());
            self.writer
                .run(move |connection| {
                    if !is_there(connection, Content::KIND, expected)? {
                        return Ok(false);
                    }
                    write_draft(connection, Content::KIND, &draft)?;
                    insert_entry(connection, &vault, &entry)?;
                    Ok(true)
                })
                .await
        })
    }

    fn publish<'a>(
        &'a self,
        expected: Expected,
        version: &'a Version<Content>,
        left: &'a StoredDraft<Content>,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let (draft, vault, entry) =
                (DraftRow::seal(&self.vault, left)?, Arc::clone(&self.vault), entry.clone());
            let VersionRow { number, head, rules } = VersionRow::seal(&vault, version)?;
            self.writer
                .run(move |connection| {
                    if !is_there(connection, Content::KIND, expected)? {
                        return Ok(false);
                    }
                    change(
                        connection,
                        "INSERT INTO mapping_versions (kind, number, head_sealed, rules_sealed) VALUES (?1, ?2, ?3, ?4)",
                        params![Content::KIND.column(), number, head, rules],
                    )?;
                    write_draft(connection, Content::KIND, &draft)?;
                    insert_entry(connection, &vault, &entry)?;
                    Ok(true)
                })
                .await
        })
    }

    fn latest(&self) -> StoreFuture<'_, Option<Version<Content>>> {
        self.open_version("ORDER BY number DESC LIMIT ?2", 1)
    }

    fn version(&self, number: u64) -> StoreFuture<'_, Option<Version<Content>>> {
        self.open_version("AND number = ?2", signed(number))
    }

    fn versions(&self) -> StoreFuture<'_, Vec<VersionHead>> {
        Box::pin(async move {
            let rows = self.reader.run(|connection| {
                let select =
                    "SELECT number, head_sealed FROM mapping_versions WHERE kind = ?1 ORDER BY number DESC";
                all(connection, select, [Content::KIND.column()], |row| Ok((row.get(0)?, row.get(1)?)))
            });
            let open = |(number, sealed): (i64, Vec<u8>)| {
                self.vault.open(&sealed, Bound::VersionHead { kind: Content::KIND, number })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }
}

impl RoleLists for SqliteStore {
    fn keep_role_lists<'a>(
        &'a self,
        lists: &'a [(&'a str, &'a str)],
        in_force_at: Timestamp,
        forget_before: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let seal = |(digest, slugs): &(&str, &str)| {
                let sealed = self.vault.seal(*slugs, Bound::RoleList { digest })?;
                Ok::<_, StoreError>(((*digest).to_owned(), sealed))
            };
            let lists = lists.iter().map(seal).collect::<Result<Vec<_>, _>>()?;
            let keeping = self.writer.run(move |connection| {
                let insert = "INSERT INTO role_lists (digest, sealed, in_force_at) VALUES (?1, ?2, ?3)
                              ON CONFLICT DO UPDATE SET in_force_at = max(in_force_at, excluded.in_force_at)";
                for (digest, sealed) in &lists {
                    change(connection, insert, params![digest, sealed, in_force_at.as_second()])?;
                }
                let over = "DELETE FROM role_lists WHERE in_force_at < ?1";
                change(connection, over, [forget_before.as_second()]).map(drop)
            });
            keeping.await
        })
    }

    fn role_list<'a>(&'a self, digest: &'a str, since: Timestamp) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            let asked = digest.to_owned();
            let found = self.reader.run(move |connection| {
                let select = "SELECT sealed FROM role_lists WHERE digest = ?1 AND in_force_at >= ?2";
                first(connection, select, params![asked, since.as_second()], column::<Vec<u8>>)
            });
            found.await?.map(|sealed| self.vault.open(&sealed, Bound::RoleList { digest })).transpose()
        })
    }
}

impl SqliteStore {
    /// The version that a clause selects.
    fn open_version<Content: MappingContent>(
        &self,
        clause: &'static str,
        argument: i64,
    ) -> StoreFuture<'_, Option<Version<Content>>> {
        Box::pin(async move {
            let row = self.reader.run(move |connection| {
                let select = format!(
                    "SELECT number, head_sealed, rules_sealed FROM mapping_versions WHERE kind = ?1 {clause}"
                );
                first(connection, &select, params![Content::KIND.column(), argument], |row| {
                    Ok(VersionRow { number: row.get(0)?, head: row.get(1)?, rules: row.get(2)? })
                })
            });
            row.await?.map(|row| row.open(&self.vault)).transpose()
        })
    }
}

fn write_draft(connection: &Connection, kind: MappingKind, draft: &DraftRow) -> SqlResult<()> {
    change(
        connection,
        "INSERT INTO mapping_draft (kind, revision, sealed) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed",
        params![kind.column(), draft.revision, draft.sealed],
    )
    .map(drop)
}

fn select_draft(connection: &Connection, kind: MappingKind) -> SqlResult<Option<DraftRow>> {
    let select = "SELECT revision, sealed FROM mapping_draft WHERE kind = ?1";
    let read = |row: &Row<'_>| Ok(DraftRow { revision: row.get(0)?, sealed: row.get(1)? });
    first(connection, select, [kind.column()], read)
}

/// Whether nothing has changed since somebody looked. Asked within the transaction of the change.
fn is_there(connection: &Connection, kind: MappingKind, expected: Expected) -> SqlResult<bool> {
    let select = "SELECT coalesce((SELECT revision FROM mapping_draft WHERE kind = ?1), 0),
                         coalesce((SELECT max(number) FROM mapping_versions WHERE kind = ?1), 0)";
    let found = first(connection, select, [kind.column()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found == Some((signed(expected.revision), signed(expected.version))))
}
