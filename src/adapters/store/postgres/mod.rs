//! The store on a PostgreSQL server.
//!
//! One file for each port says which statement does what; `server` has the address and how it is reached, `schema` the tables,
//! `engine` the thread and the connections. Statements of one transaction see what was committed before each of them began (READ
//! COMMITTED): whoever decides by what a row says locks it first, in a statement of its own. Sealing and opening are done by the
//! caller's thread wherever the row is known before.

mod administration;
mod calls;
mod directory;
mod engine;
mod grants;
mod mappings;
mod outbox;
mod schema;
pub(crate) mod server;
mod sessions;
mod statement;
mod store;
#[cfg(test)]
pub(super) mod tests;
mod tls;
mod tokens;
mod waiting;

use std::sync::Arc;

use self::engine::Engine;
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
    engine: Engine,
}

impl PostgresStore {
    /// Opens the database; makes the tables if it is empty. Blocks: call it at start, outside of asynchronous code.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if the tables were made with another key; they are left as they were.
    /// [`StoreError::Unavailable`] if the server cannot be reached or refuses us, or the database is not one of ours.
    pub fn open(server: &Server, key: &SecretKey) -> Result<PostgresStore, StoreError> {
        let vault = Arc::new(Vault::new(key)?);
        let engine = Engine::start(server)?;
        schema::prepare(&engine, &vault)?;
        Ok(PostgresStore { vault, engine })
    }
}
