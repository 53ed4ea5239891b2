//! OpenID clients that administrators registered, at rest.
//!
//! Every change is written together with its audit entry, both or neither, and only over what the changer has seen.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::audit::insert_entry;
use super::sealed::Vault;
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::domain::audit::Entry;
use crate::domain::client::{Client, ClientId};
use crate::domain::mapping::Edit;

/// A client as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Names this state of it. No two states of all clients have the same, so a form that is made from an old one is found out.
    pub revision: u64,
    /// The latest change.
    pub last: Edit,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Inside {
    client: Client,
    last: Edit,
}

/// The clients of the OpenID Provider that are not in the configuration.
pub trait ClientRegistry: Send + Sync + 'static {
    /// Every client, by id.
    fn clients(&self) -> BoxFuture<'_, Result<Vec<Registered>, StoreError>>;

    /// Writes a client over the revision that was seen; `None`: there was none. `false`: something else is there, and nothing is
    /// written.
    fn put_client<'a>(
        &'a self,
        seen: Option<u64>,
        client: &'a Client,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Removes a client with all grants that were given to it, and the messages that wait for it. `false`: as above.
    fn remove_client<'a>(
        &'a self,
        seen: u64,
        id: &'a ClientId,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

impl ClientRegistry for SqliteStore {
    fn clients(&self) -> BoxFuture<'_, Result<Vec<Registered>, StoreError>> {
        Box::pin(async move {
            let rows: Vec<(String, i64, Vec<u8>)> = self
                .reader
                .run(|connection| {
                    let mut select = connection
                        .prepare_cached("SELECT id, revision, sealed FROM openid_clients ORDER BY id")?;
                    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                    Ok(rows.collect::<Result<_, _>>()?)
                })
                .await?;
            let open = |(id, revision, sealed): (String, i64, Vec<u8>)| {
                let Inside { client, last } =
                    self.vault.open_value(&sealed, &client_context(&id, revision), "OpenID client")?;
                Ok(Registered { client, revision: revision.unsigned_abs(), last })
            };
            rows.into_iter().map(open).collect()
        })
    }

    fn put_client<'a>(
        &'a self,
        seen: Option<u64>,
        client: &'a Client,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (vault, entry) = (Arc::clone(&self.vault), entry.clone());
        let last = Edit { by: entry.actor.clone(), at: entry.at };
        let inside = Inside { client: client.clone(), last };
        Box::pin(self.writer.run(move |connection| {
            let id = inside.client.id.as_str();
            if revision_of(connection, id)? != seen {
                return Ok(false);
            }
            let revision = write_down(connection, &vault, &entry)?;
            let sealed = vault.seal_value(&inside, &client_context(id, revision))?;
            connection.execute(
                "INSERT OR REPLACE INTO openid_clients (id, revision, sealed) VALUES (?1, ?2, ?3)",
                params![id, revision, sealed],
            )?;
            Ok(true)
        }))
    }

    fn remove_client<'a>(
        &'a self,
        seen: u64,
        id: &'a ClientId,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (vault, id, entry) = (Arc::clone(&self.vault), id.clone(), entry.clone());
        Box::pin(self.writer.run(move |connection| {
            let id = id.as_str();
            if revision_of(connection, id)? != Some(seen) {
                return Ok(false);
            }
            write_down(connection, &vault, &entry)?;
            connection.execute("DELETE FROM openid_clients WHERE id = ?1", [id])?;
            connection.execute("DELETE FROM grants WHERE client = ?1", [id])?;
            // The trigger leaves a message for each of these; there is nobody left to take it.
            connection.execute("DELETE FROM client_sessions WHERE client = ?1", [id])?;
            connection.execute("DELETE FROM back_channel WHERE client = ?1 AND state = 'pending'", [id])?;
            Ok(true)
        }))
    }
}

fn revision_of(connection: &Connection, id: &str) -> Result<Option<u64>, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT revision FROM openid_clients WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.map(i64::unsigned_abs))
}

/// Adds the audit entry; its number, which never comes again, is the revision of what it tells about.
fn write_down(connection: &Connection, vault: &Vault, entry: &Entry) -> Result<i64, StoreError> {
    insert_entry(connection, vault, entry)?;
    Ok(connection.prepare_cached("SELECT max(number) FROM audit_log")?.query_row([], |row| row.get(0))?)
}

fn client_context(id: &str, revision: i64) -> Vec<u8> {
    context(&[b"OpenID client", id.as_bytes(), &revision.to_be_bytes()])
}
