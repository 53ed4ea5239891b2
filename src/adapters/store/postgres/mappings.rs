//! Mappings and lists of roles in PostgreSQL. Rules are kept in the form of `adapters::stored_rules`.

use std::sync::Arc;

use tokio_postgres::Row;

use super::PostgresStore;
use super::administration::{hold_audit_log, insert_entry};
use super::changes::{Change, note};
use super::statement::{QueryConnection, QueryResult, column, only, values};
use crate::adapters::store::error::{StoreError, StoreFuture};
use crate::adapters::store::mappings::{
    Expected, MappingContent, MappingKind, Mappings, RoleLists, StoredDraft,
};
use crate::adapters::store::rows::{DraftRow, VersionRow, signed};
use crate::adapters::store::sealed::Bound;
use crate::domain::audit::Entry;
use crate::domain::mapping::{Version, VersionHead};
use crate::domain::time::Timestamp;

impl<Content: MappingContent> Mappings<Content> for PostgresStore {
    fn draft(&self) -> StoreFuture<'_, StoredDraft<Content>> {
        Box::pin(async move {
            let row = self.engine.read((), |connection, ()| {
                Box::pin(async move {
                    let select = "SELECT revision, sealed FROM mapping_draft WHERE kind = $1";
                    let read =
                        |row: &Row| Ok(DraftRow { revision: column(row, 0)?, sealed: column(row, 1)? });
                    connection.first(select, values![Content::KIND.column()], read).await
                })
            });
            match row.await? {
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
            let draft = DraftRow::seal(&self.vault, draft)?;
            let needs = (expected, draft, Arc::clone(&self.vault), entry.clone());
            self.engine
                .write(needs, |connection, (expected, draft, vault, entry)| {
                    Box::pin(async move {
                        if !is_there(connection, Content::KIND, *expected).await? {
                            return Ok(false);
                        }
                        write_draft(connection, Content::KIND, draft).await?;
                        insert_entry(connection, vault, entry).await?;
                        Ok(true)
                    })
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
            let rows = (VersionRow::seal(&self.vault, version)?, DraftRow::seal(&self.vault, left)?);
            let needs = (expected, rows, Arc::clone(&self.vault), entry.clone());
            self.engine
                .write(needs, |connection, (expected, (version, draft), vault, entry)| {
                    Box::pin(async move {
                        if !is_there(connection, Content::KIND, *expected).await? {
                            return Ok(false);
                        }
                        let VersionRow { number, head, rules } = version;
                        let insert = "INSERT INTO mapping_versions (kind, number, head_sealed, rules_sealed)
                                      VALUES ($1, $2, $3, $4)";
                        let kind = Content::KIND.column();
                        connection.change(insert, values![kind, *number, *head, *rules]).await?;
                        write_draft(connection, Content::KIND, draft).await?;
                        insert_entry(connection, vault, entry).await?;
                        Ok(true)
                    })
                })
                .await
        })
    }

    fn latest(&self) -> StoreFuture<'_, Option<Version<Content>>> {
        self.open_version("ORDER BY number DESC LIMIT $2", 1)
    }

    fn version(&self, number: u64) -> StoreFuture<'_, Option<Version<Content>>> {
        self.open_version("AND number = $2", signed(number))
    }

    fn versions(&self) -> StoreFuture<'_, Vec<VersionHead>> {
        Box::pin(async move {
            let rows = self.engine.read((), |connection, ()| {
                Box::pin(async move {
                    let select =
                        "SELECT number, head_sealed FROM mapping_versions WHERE kind = $1 ORDER BY number DESC";
                    let read = |row: &Row| Ok((column(row, 0)?, column(row, 1)?));
                    connection.all(select, values![Content::KIND.column()], read).await
                })
            });
            let open = |(number, sealed): (i64, Vec<u8>)| {
                self.vault.open(&sealed, Bound::VersionHead { kind: Content::KIND, number })
            };
            rows.await?.into_iter().map(open).collect()
        })
    }
}

impl RoleLists for PostgresStore {
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
            let mut lists = lists.iter().map(seal).collect::<Result<Vec<_>, _>>()?;
            lists.sort_unstable();
            let needs = (lists, in_force_at.as_second(), forget_before.as_second());
            let keeping = self.engine.write(needs, |connection, (lists, in_force_at, forget_before)| {
                Box::pin(async move {
                    let insert = "INSERT INTO role_lists (digest, sealed, in_force_at) VALUES ($1, $2, $3)
                       ON CONFLICT (digest) DO UPDATE
                       SET in_force_at = greatest(role_lists.in_force_at, excluded.in_force_at)";
                    for (digest, sealed) in lists {
                        connection.change(insert, values![*digest, *sealed, *in_force_at]).await?;
                    }
                    let over = "DELETE FROM role_lists WHERE in_force_at < $1";
                    connection.change(over, values![*forget_before]).await.map(drop)
                })
            });
            keeping.await
        })
    }

    fn role_list<'a>(&'a self, digest: &'a str, since: Timestamp) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            let needs = (digest.to_owned(), since.as_second());
            let found = self.engine.read(needs, |connection, (digest, since)| {
                Box::pin(async move {
                    let select = "SELECT sealed FROM role_lists WHERE digest = $1 AND in_force_at >= $2";
                    connection.first(select, values![*digest, *since], only::<Vec<u8>>).await
                })
            });
            found.await?.map(|sealed| self.vault.open(&sealed, Bound::RoleList { digest })).transpose()
        })
    }
}

impl PostgresStore {
    /// The version that a clause selects.
    fn open_version<Content: MappingContent>(
        &self,
        clause: &'static str,
        argument: i64,
    ) -> StoreFuture<'_, Option<Version<Content>>> {
        Box::pin(async move {
            let row = self.engine.read((clause, argument), |connection, (clause, argument)| {
                Box::pin(async move {
                    let select = format!(
                        "SELECT number, head_sealed, rules_sealed FROM mapping_versions WHERE kind = $1 {clause}"
                    );
                    let read = |row: &Row| {
                        Ok(VersionRow {
                            number: column(row, 0)?,
                            head: column(row, 1)?,
                            rules: column(row, 2)?,
                        })
                    };
                    connection.first(&select, values![Content::KIND.column(), *argument], read).await
                })
            });
            row.await?.map(|row| row.open(&self.vault)).transpose()
        })
    }
}

async fn write_draft(
    connection: &QueryConnection<'_>,
    kind: MappingKind,
    draft: &DraftRow,
) -> QueryResult<()> {
    let write = "INSERT INTO mapping_draft (kind, revision, sealed) VALUES ($1, $2, $3)
                 ON CONFLICT (kind) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed";
    connection.change(write, values![kind.column(), draft.revision, draft.sealed]).await?;
    note(connection, Change::Mapping).await
}

/// Whether nothing has changed since somebody looked. Asked within the transaction of the change, and nobody else changes it until
/// that ends.
async fn is_there(
    connection: &QueryConnection<'_>,
    kind: MappingKind,
    expected: Expected,
) -> QueryResult<bool> {
    hold_audit_log(connection).await?;
    let select = "SELECT coalesce((SELECT revision FROM mapping_draft WHERE kind = $1), 0),
                         coalesce((SELECT max(number) FROM mapping_versions WHERE kind = $1), 0)";
    let read = |row: &Row| Ok((column(row, 0)?, column(row, 1)?));
    let found = connection.first(select, values![kind.column()], read).await?;
    Ok(found == Some((signed(expected.revision), signed(expected.version))))
}
