//! Lists of managed roles that were in force, by their digest, at rest.

use rusqlite::{OptionalExtension as _, params};

use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
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
        let lists: Vec<_> =
            lists.iter().map(|(digest, slugs)| ((*digest).to_owned(), (*slugs).to_owned())).collect();
        Box::pin(self.writer.run(move |connection| {
            for (digest, slugs) in &lists {
                connection.execute(
                    "INSERT INTO role_lists (digest, slugs, in_force_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET in_force_at = max(in_force_at, excluded.in_force_at)",
                    params![digest, slugs, in_force_at.as_second()],
                )?;
            }
            connection
                .execute("DELETE FROM role_lists WHERE in_force_at < ?1", [forget_before.as_second()])?;
            Ok(())
        }))
    }

    fn role_list<'a>(
        &'a self,
        digest: &'a str,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        let digest = digest.to_owned();
        Box::pin(self.reader.run(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT slugs FROM role_lists WHERE digest = ?1 AND in_force_at >= ?2")?;
            Ok(select.query_row(params![digest, since.as_second()], |row| row.get(0)).optional()?)
        }))
    }
}
