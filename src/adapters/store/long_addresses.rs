//! Addresses that are too long for a cookie, while their visitors sign in.
//!
//! Strangers write here, so the rows are bounded: by time, by network, and in all.

use std::net::IpAddr;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::sealed::to_column;
use super::{SqliteStore, StoreError};
use crate::adapters::BoxFuture;
use crate::adapters::keys::seal::context;
use crate::domain::time::Timestamp;

/// Most rows of one network; its oldest makes room.
pub const MOST_OF_A_NETWORK: u32 = 50;

/// Most rows in all; the oldest of the network that has most makes room.
pub const MOST: u32 = 10_000;

/// Finds an address again: a digest of what the browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongAddressKey(pub [u8; 32]);

/// Keeps long addresses.
pub trait LongAddressStore: Send + Sync + 'static {
    /// Keeps a text until `until`, for a visitor of this network.
    fn keep_address<'a>(
        &'a self,
        key: LongAddressKey,
        network: IpAddr,
        text: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The text, if it is still kept.
    fn kept_address(
        &self,
        key: LongAddressKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<String>, StoreError>>;
}

impl LongAddressStore for SqliteStore {
    fn keep_address<'a>(
        &'a self,
        key: LongAddressKey,
        network: IpAddr,
        text: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let network = self.vault.network(network);
            let sealed = self.vault.seal_value(&text, &bound_to(key))?;
            let work = move |connection: &Connection| {
                make_room(connection, &network, to_column(now), MOST_OF_A_NETWORK, MOST)?;
                connection
                    .prepare_cached(
                        "INSERT INTO long_addresses (key, network, until, sealed) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![key.0, network, to_column(until), sealed])?;
                Ok(())
            };
            self.writer.run(work).await
        })
    }

    fn kept_address(
        &self,
        key: LongAddressKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            let now = to_column(now);
            let select = move |connection: &Connection| {
                let sealed: Option<Vec<u8>> = connection
                    .prepare_cached("SELECT sealed FROM long_addresses WHERE key = ?1 AND until > ?2")?
                    .query_row(params![key.0, now], |row| row.get(0))
                    .optional()?;
                Ok(sealed)
            };
            let sealed = self.reader.run(select).await?;
            let vault = Arc::clone(&self.vault);
            sealed.map(|sealed| vault.open_value(&sealed, &bound_to(key), "address")).transpose()
        })
    }
}

/// Forgets what is over, and the oldest where there are too many, so that one more has room.
fn make_room(
    connection: &Connection,
    network: &[u8; 32],
    now: i64,
    most_of_a_network: u32,
    most: u32,
) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM long_addresses WHERE until <= ?1")?.execute([now])?;
    connection
        .prepare_cached(
            "DELETE FROM long_addresses WHERE network = ?1 AND key NOT IN (
               SELECT key FROM long_addresses WHERE network = ?1 ORDER BY until DESC LIMIT ?2)",
        )?
        .execute(params![network, most_of_a_network.saturating_sub(1)])?;
    let count: u32 =
        connection.prepare_cached("SELECT count(*) FROM long_addresses")?.query_row([], |row| row.get(0))?;
    if count >= most {
        connection
            .prepare_cached(
                "DELETE FROM long_addresses WHERE key = (
                   SELECT key FROM long_addresses WHERE network = (
                     SELECT network FROM long_addresses GROUP BY network ORDER BY count(*) DESC, network LIMIT 1
                   ) ORDER BY until LIMIT 1)",
            )?
            .execute([])?;
    }
    Ok(())
}

fn bound_to(key: LongAddressKey) -> Vec<u8> {
    context(&[b"long address", &key.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::keys::seal::SecretKey;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn key(n: u32) -> LongAddressKey {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&n.to_be_bytes());
        LongAddressKey(key)
    }

    fn store() -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let secret = SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let store = SqliteStore::open(&folder.path().join("gate.sqlite"), &secret).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn an_address_is_kept_for_a_while_and_is_unreadable_in_the_file() {
        let (folder, store) = store();
        let network = "192.0.2.1".parse().unwrap();
        let text = format!("/members?{}", "secret".repeat(500));
        store.keep_address(key(1), network, &text, at(0), at(900)).await.unwrap();
        assert_eq!(store.kept_address(key(1), at(899)).await, Ok(Some(text)));
        assert_eq!(store.kept_address(key(1), at(900)).await, Ok(None));
        assert_eq!(store.kept_address(key(2), at(0)).await, Ok(None));
        drop(store);
        let file = std::fs::read(folder.path().join("gate.sqlite")).unwrap();
        assert!(!file.windows(12).any(|bytes| bytes == b"secretsecret"));
        assert!(!file.windows(9).any(|bytes| bytes == b"192.0.2.1"));
    }

    #[tokio::test]
    async fn the_oldest_of_a_network_makes_room_and_no_other_network_loses_by_it() {
        let (_folder, store) = store();
        let (one, other) = ("192.0.2.1".parse().unwrap(), "2001:db8::".parse().unwrap());
        store.keep_address(key(1000), other, "/x", at(0), at(900)).await.unwrap();
        for n in 0..60 {
            let seconds = i64::from(n);
            store.keep_address(key(n), one, "/x", at(seconds), at(900 + seconds)).await.unwrap();
        }
        for n in 0..60 {
            let kept = store.kept_address(key(n), at(60)).await.unwrap();
            assert_eq!(kept.is_some(), n >= 10, "{n}");
        }
        assert!(store.kept_address(key(1000), at(60)).await.unwrap().is_some());
    }

    #[test]
    fn when_all_is_full_the_network_that_has_most_loses_its_oldest() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("sql/8.sql")).unwrap();
        let put = |n: u32, network: u8| {
            make_room(&connection, &[network; 32], 0, 5, 8).unwrap();
            connection
                .execute(
                    "INSERT INTO long_addresses VALUES (?1, ?2, ?3, x'00')",
                    params![key(n).0, [network; 32], 100 + n],
                )
                .unwrap();
        };
        (0..5).for_each(|n| put(n, 1));
        (5..12).for_each(|n| put(n, u8::try_from(n).unwrap()));
        let mut select = connection.prepare("SELECT until FROM long_addresses ORDER BY until").unwrap();
        let left: Vec<u32> =
            select.query_map([], |row| row.get(0)).unwrap().map(|until| until.unwrap()).collect();
        assert_eq!(left, [104, 105, 106, 107, 108, 109, 110, 111]);
    }
}
