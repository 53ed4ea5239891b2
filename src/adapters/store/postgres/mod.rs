//! The store on a PostgreSQL server.
//!
//! One file for each port says which statement does what; `server` has the address and how it is reached, `schema` the tables,
//! `engine` the thread and the connections. Statements of one transaction see what was committed before each of them began (READ
//! COMMITTED): whoever decides by what a row says locks it first, in a statement of its own. Sealing and opening are done by the
//! caller's thread wherever the row is known before.

mod administration;
mod changes;
pub(crate) mod clock;
mod directory;
mod doubts;
mod engine;
mod grants;
pub(crate) mod lease;
mod mappings;
mod outbox;
mod schema;
pub mod server;
mod sessions;
mod statement;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod tls;
mod tokens;

use std::sync::Arc;

use self::clock::ServerClock;
use self::engine::Engine;
use self::lease::GatewayLease;
use self::server::Server;
use super::error::StoreError;
use super::sealed::Vault;
use crate::adapters::keys::seal::SecretKey;

/// How many rows one piece of work touches at most, so that a purge does not hold up a sign-in.
const BATCH: i64 = 500;

/// Everything in one database.
///
/// Dropping it finishes what is under way and joins its thread, so it blocks for a moment.
pub struct PostgresStore {
    vault: Arc<Vault>,
    server: Server,
    engine: Engine,
}

impl PostgresStore {
    /// Opens the database; makes the tables if it is empty. Blocks: call it at start, outside of asynchronous code.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if the tables were made with another key; they are left as they were.
    /// [`StoreError::Unavailable`] if the server cannot be reached or refuses us, or the database is not one of ours.
    pub fn open(server: &Server, key: &SecretKey) -> Result<PostgresStore, StoreError> {
        let store = PostgresStore::start(server, key)?;
        schema::prepare(&store.engine, &store.vault)?;
        Ok(store)
    }

    /// As [`PostgresStore::open`], but makes no tables. `None`: there are none yet. Blocks.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`].
    pub fn open_existing(server: &Server, key: &SecretKey) -> Result<Option<PostgresStore>, StoreError> {
        let store = PostgresStore::start(server, key)?;
        if schema::has_tables(&store.engine)? {
            schema::prepare(&store.engine, &store.vault)?;
            return Ok(Some(store));
        }
        Ok(None)
    }

    /// As [`PostgresStore::open`], as the gateway that runs on it. Blocks, and waits if another one does; with the server's clock.
    ///
    /// # Errors
    /// Those of [`PostgresStore::open`], and [`StoreError::InUse`] if the other one does not end.
    pub(crate) fn open_for_gateway(
        server: &Server,
        key: &SecretKey,
    ) -> Result<(PostgresStore, GatewayLease, Arc<ServerClock>), StoreError> {
        let store = PostgresStore::start(server, key)?;
        // First the lease, where there is one to take: opening may bring the tables to this release under another gateway.
        let first = if schema::has_tables(&store.engine)? { Some(store.lease()?) } else { None };
        schema::prepare(&store.engine, &store.vault)?;
        let (lease, clock) = first.map_or_else(|| store.lease(), Ok)?;
        changes::wake_readers(&store.engine);
        Ok((store, lease, clock))
    }

    fn lease(&self) -> Result<(GatewayLease, Arc<ServerClock>), StoreError> {
        lease::take(&self.engine, &self.server.to_string())
    }

    fn start(server: &Server, key: &SecretKey) -> Result<PostgresStore, StoreError> {
        let vault = Arc::new(Vault::new(key)?);
        Ok(PostgresStore { vault, server: server.clone(), engine: Engine::start(server)? })
    }
}
