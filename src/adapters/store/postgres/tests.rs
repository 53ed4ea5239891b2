//! What the server withstands, and what it tells a stranger. Each test has a database of its own.

use super::*;
use crate::adapters::store::Store;
use crate::adapters::store::contract::Place;

#[path = "../../../../tests/it/world/postgres.rs"]
#[expect(dead_code, reason = "the integration tests use all of it")]
mod throwaway;

use throwaway::{PostgresServer, postgres};

/// A database on the server that all tests share.
pub(in crate::adapters::store) struct Database {
    server: &'static PostgresServer,
    name: String,
    key: SecretKey,
}

impl Database {
    pub(in crate::adapters::store) fn new() -> Database {
        let key = SecretKey::parse(&SecretKey::generate().unwrap()).unwrap();
        let server = postgres();
        Database { server, name: server.database(), key }
    }

    fn open(&self) -> PostgresStore {
        PostgresStore::open(&Server::parse(&self.server.url(&self.name)).unwrap(), &self.key).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.give_back(std::mem::take(&mut self.name));
    }
}

impl Place for Database {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Database::open(self))
    }

    fn another(&self) -> Box<dyn Place> {
        Box::new(Database::new())
    }
}
