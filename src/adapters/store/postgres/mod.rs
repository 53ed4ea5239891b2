//! The store on a PostgreSQL server.
//!
//! One file for each port says which statement does what; `server` has the address and how it is reached, `schema` the tables,
//! `engine` the thread and the connections. Statements of one transaction see what was committed before each of them began (READ
//! COMMITTED): whoever decides by what a row says locks it first, in a statement of its own. Sealing and opening are done by the
//! caller's thread wherever the row is known before.

mod administration;
mod calls;
mod changes;
pub(crate) mod clock;
mod deliveries;
mod directory;
mod doubts;
mod engine;
pub(crate) mod filling;
mod grants;
pub(crate) mod lease;
mod mappings;
mod outbox;
mod raw;
mod records;
mod schema;
mod secrets;
pub mod server;
mod sessions;
pub(crate) mod snapshot;
mod statement;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod tls;
mod tokens;
mod waiting;

use std::sync::Arc;

use self::clock::ServerClock;
use self::engine::Engine;
use self::lease::GatewayLease;
use self::server::Server;
use super::error::StoreError;
use super::sealed::{Vault, to_column};
use crate::adapters::clock::Clock as _;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::secret::SecretKeys;

/// How many rows one piece of work touches at most, so that a purge does not hold up a sign-in.
const BATCH: i64 = 500;

/// Everything in one database.
///
/// Dropping it finishes what is under way and joins its thread, so it blocks for a moment.
pub struct PostgresStore {
    vault: Arc<Vault>,
    keys: Arc<DataKeys>,
    server: Server,
    engine: Engine,
}

impl PostgresStore {
    /// Opens the database; makes the tables if it is empty. Blocks: call it at start, outside of asynchronous code.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if none of the keys opens it, [`StoreError::Older`] and [`StoreError::Newer`] if it is of another
    /// release; it is left as it was.
    /// [`StoreError::Unavailable`] if the server cannot be reached or refuses us, or the database is not one of ours.
    pub fn open(server: &Server, secrets: &SecretKeys) -> Result<PostgresStore, StoreError> {
        let engine = Engine::start(server)?;
        let keys = schema::prepare(&engine, secrets)?;
        PostgresStore::with(server, engine, keys)
    }

    /// As [`PostgresStore::open`], but makes no tables. `None`: there are none yet. Blocks.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`].
    pub fn open_existing(server: &Server, secrets: &SecretKeys) -> Result<Option<PostgresStore>, StoreError> {
        let engine = Engine::start(server)?;
        if schema::has_tables(&engine)? {
            let keys = schema::prepare(&engine, secrets)?;
            return PostgresStore::with(server, engine, keys).map(Some);
        }
        Ok(None)
    }

    /// As [`PostgresStore::open`], as the gateway that runs on it, whose secret keys are from now on those that open it. Blocks, and
    /// waits if another one runs; with the server's clock.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`], and [`StoreError::InUse`] if the other one does not end.
    pub(crate) fn open_for_gateway(
        server: &Server,
        secrets: &SecretKeys,
    ) -> Result<(PostgresStore, GatewayLease, Arc<ServerClock>), StoreError> {
        let engine = Engine::start(server)?;
        let keys = schema::prepare(&engine, secrets)?;
        let (lease, clock) = lease::take(&engine, &server.to_string())?;
        let keys = secrets::bring_in_line(&engine, keys, secrets, to_column(clock.now()))?;
        changes::wake_readers(&engine);
        Ok((PostgresStore::with(server, engine, keys)?, lease, clock))
    }

    /// Brings the tables of an older release to this one, all or nothing; `false` if they are of this release. No gateway may run on
    /// it. Blocks.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`].
    pub fn upgrade(server: &Server) -> Result<bool, StoreError> {
        schema::upgrade(&Engine::start(server)?)
    }

    fn with(server: &Server, engine: Engine, keys: DataKeys) -> Result<PostgresStore, StoreError> {
        let (vault, keys) = (Arc::new(Vault::new(&keys)?), Arc::new(keys));
        Ok(PostgresStore { vault, keys, server: server.clone(), engine })
    }
}
