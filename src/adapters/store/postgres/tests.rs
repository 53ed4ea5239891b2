//! What the server withstands, and what it tells a stranger. Each test has a database of its own.

use super::filling::PostgresFilling;
use super::snapshot::PostgresSnapshot;
use super::*;
use crate::adapters::store::Store;
use crate::adapters::store::contract::transfer::{counts, furnished};
use crate::adapters::store::contract::{DANA, Place, ShownTable, at, begin, key, session};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::mappings::Mappings as _;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::sessions::Sessions as _;
use crate::adapters::store::sqlite::tests::File;
use crate::adapters::store::transfer::copy;

#[path = "../../../../tests/it/world/postgres.rs"]
#[expect(dead_code, reason = "the integration tests use all of it")]
mod throwaway;

use throwaway::{PostgresServer, postgres};

/// A database on the server that all tests share.
pub(in crate::adapters::store) struct Database {
    server: &'static PostgresServer,
    name: String,
    key: SecretKeys,
}

impl Database {
    pub(in crate::adapters::store) fn new() -> Database {
        let key = SecretKeys::generate().unwrap();
        let server = postgres();
        Database { server, name: server.database(), key }
    }

    fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.address(), &self.key).unwrap()
    }

    fn address(&self) -> Server {
        Server::parse(&self.server.url(&self.name)).unwrap()
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

    fn open_for_gateway(&self, secrets: &SecretKeys, now: Timestamp) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(PostgresStore::open_for_gateway(&self.address(), secrets, now)?))
    }

    fn snapshot(&self) -> StoreFuture<'_, Box<dyn RawRows>> {
        Box::pin(async { Ok(Box::new(PostgresSnapshot::take(&self.address()).await?) as Box<dyn RawRows>) })
    }

    fn filling(&self) -> StoreFuture<'_, Box<dyn Filling>> {
        Box::pin(async { Ok(Box::new(PostgresFilling::begin(&self.address()).await?) as Box<dyn Filling>) })
    }

    fn secrets(&self) -> &SecretKeys {
        &self.key
    }

    fn tables(&self) -> Vec<ShownTable> {
        // What only this engine needs is filled by itself: `schema` and `filling` know of it.
        let select = "SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                        array_position(i.indkey::int2[], a.attnum))
                      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                      LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
                      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname <> 'rowid'
                        AND c.relname NOT IN ('schema_version', 'audit_counter', 'gateway_lease', 'changes')
                      ORDER BY c.relname, array_position(i.indkey::int2[], a.attnum) NULLS LAST";
        let mut tables: Vec<ShownTable> = Vec::new();
        for line in self.server.run(&self.name, select) {
            let words: Vec<&str> = line.split(' ').collect();
            if tables.last().is_none_or(|(name, ..)| name != words[0]) {
                tables.push((words[0].to_owned(), 0, Vec::new()));
            }
            let (_, keys, columns) = tables.last_mut().unwrap();
            *keys += usize::from(words.len() == 4);
            columns.push((words[1].to_owned(), words[2].to_owned()));
        }
        tables
    }
}

/// From a file into a database and back, nothing is another.
#[tokio::test]
async fn rows_are_the_same_on_both_engines() {
    let (file, database, again) = (File::new(), Database::new(), File::new());
    let store = furnished(&file).await;
    for (from, to) in [(&file as &dyn Place, &database as &dyn Place), (&database, &again)] {
        let filling = to.filling().await.unwrap();
        copy(&*from.snapshot().await.unwrap(), &*filling).await.unwrap();
        filling.finish().await.unwrap();
        let copied = to.open_for_gateway(file.secrets(), at(0)).unwrap();
        assert_eq!(copied.session(&key(1)).await, store.session(&key(1)).await);
        assert!(copied.session(&key(1)).await.unwrap().is_some());
        assert_eq!(copied.latest().await, store.latest().await);
    }
    assert_eq!(
        counts(&*file.snapshot().await.unwrap()).await,
        counts(&*again.snapshot().await.unwrap()).await
    );
}

#[tokio::test]
async fn a_store_that_is_replaced_is_there_until_the_new_one_is_whole() {
    let (old, database) = (Database::new(), Database::new());
    drop(furnished(&old).await);
    begin(&database.open(), &session(7, DANA)).await;
    let broken_off = PostgresFilling::replacing(&database.address()).await.unwrap();
    copy(&*old.snapshot().await.unwrap(), &broken_off).await.unwrap();
    drop(broken_off);
    assert!(database.open().session(&key(7)).await.unwrap().is_some());
    let filling = Box::new(PostgresFilling::replacing(&database.address()).await.unwrap());
    copy(&*old.snapshot().await.unwrap(), &*filling).await.unwrap();
    filling.finish().await.unwrap();
    let store = database.open_for_gateway(old.secrets(), at(0)).unwrap();
    assert!(store.session(&key(7)).await.unwrap().is_none());
    assert!(store.session(&key(1)).await.unwrap().is_some());
}
