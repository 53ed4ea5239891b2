//! Lists of managed roles that were in force, by their digest, at rest.

use rusqlite::{OptionalExtension as _, params};

use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::domain::time::Timestamp;

/// Keeps lists of role slugs under their digest. The list is one text: the sorted slugs, joined by line feeds.
pub trait RoleLists: Send + Sync + 'static {
    /// Keeps these lists, each a digest with its text, as in force at this instant, and forgets those that were last in force
    /// before `forget_before`.
    fn keep_role_lists<'a>(
        &'a self,
        lists: &'a [(&'a str, &'a str)],
        in_force_at: Timestamp,
        forget_before: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The list with this digest, if it was in force at or after `since`.
    fn role_list<'a>(
        &'a self,
        digest: &'a str,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, StoreError>>;
}

impl RoleLists for SqliteStore {
    fn keep_role_lists<'a>(
        &'a self,
        lists: &'a [(&'a str, &'a str)],
        in_force_at: Timestamp,
        forget_before: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let seal = |(digest, slugs): &(&str, &str)| {
                Ok::<_, StoreError>((
                    (*digest).to_owned(),
                    self.vault.seal_value(slugs, &list_context(digest))?,
                ))
            };
            let lists = lists.iter().map(seal).collect::<Result<Vec<_>, _>>()?;
            self.writer
                .run(move |connection| {
                    for (digest, sealed) in &lists {
                        connection.execute(
                            "INSERT INTO role_lists (digest, sealed, in_force_at) VALUES (?1, ?2, ?3)
                             ON CONFLICT DO UPDATE SET in_force_at = max(in_force_at, excluded.in_force_at)",
                            params![digest, sealed, in_force_at.as_second()],
                        )?;
                    }
                    let over = "DELETE FROM role_lists WHERE in_force_at < ?1";
                    connection.execute(over, [forget_before.as_second()])?;
                    Ok(())
                })
                .await
        })
    }

    fn role_list<'a>(
        &'a self,
        digest: &'a str,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            let asked = digest.to_owned();
            let row: Option<Vec<u8>> = self
                .reader
                .run(move |connection| {
                    let mut select = connection.prepare_cached(
                        "SELECT sealed FROM role_lists WHERE digest = ?1 AND in_force_at >= ?2",
                    )?;
                    Ok(select.query_row(params![asked, since.as_second()], |row| row.get(0)).optional()?)
                })
                .await?;
            row.map(|sealed| self.vault.open_value(&sealed, &list_context(digest), "list of roles"))
                .transpose()
        })
    }
}

fn list_context(digest: &str) -> Vec<u8> {
    context(&[b"role list", digest.as_bytes()])
}
