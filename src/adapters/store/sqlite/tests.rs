//! What the file withstands, and what it tells a stranger.

mod damage;
mod releases;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::filling::SqliteFilling;
use super::sessions::make_room;
use super::snapshot::SqliteSnapshot;
use super::statement::{all, column, first};
use super::*;
use crate::adapters::keys::assertion::Signer;
use crate::adapters::store::contract::{DANA, Place, ShownTable, at, begin, key, record, session};
use crate::adapters::store::directory::Directory as _;
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::sessions::{LongAddressKey, Sessions as _};
use crate::adapters::store::{FileFault, Store};
use crate::domain::client::Algorithm;

/// A file in a folder of its own.
pub(in crate::adapters::store) struct File {
    folder: TempDir,
    key: SecretKeys,
}

impl File {
    pub(in crate::adapters::store) fn new() -> File {
        let key = SecretKeys::generate().unwrap();
        File { folder: TempDir::new().unwrap(), key }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("membergate.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), &self.key).unwrap()
    }

    /// Edits the file behind the store's back.
    fn edit(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

impl Place for File {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(File::open(self))
    }

    fn another(&self) -> Box<dyn Place> {
        Box::new(File::new())
    }

    fn open_for_gateway(&self, secrets: &SecretKeys, now: Timestamp) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(SqliteStore::open_for_gateway(&self.path(), secrets, now)?))
    }

    fn snapshot(&self) -> StoreFuture<'_, Box<dyn RawRows>> {
        Box::pin(async { Ok(Box::new(SqliteSnapshot::take(&self.path())?) as Box<dyn RawRows>) })
    }

    fn filling(&self) -> StoreFuture<'_, Box<dyn Filling>> {
        Box::pin(async { Ok(Box::new(SqliteFilling::begin(&self.path())?) as Box<dyn Filling>) })
    }

    fn secrets(&self) -> &SecretKeys {
        &self.key
    }

    fn tables(&self) -> Vec<ShownTable> {
        let connection = Connection::open(self.path()).unwrap();
        let select = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        let names: Vec<String> = all(&connection, select, [], |row| row.get(0)).unwrap();
        let columns = |table: &String| {
            let select = "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY pk = 0, pk, cid";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
            let columns: Vec<(String, String, u16)> = all(&connection, select, [table], read).unwrap();
            let keys = columns.iter().filter(|(.., key)| *key > 0).count();
            let shown = columns.into_iter().map(|(name, kind, _)| (name, kind.to_lowercase())).collect();
            (table.clone(), keys, shown)
        };
        names.iter().map(columns).collect()
    }
}

#[tokio::test]
async fn a_session_survives_a_crash() {
    let file = File::new();
    let store = file.open();
    begin(&store, &session(1, DANA)).await;
    // What a killed process leaves behind: the file and the log beside it, never folded together.
    let copy = file.folder.path().join("copy.db");
    fs::copy(file.path(), &copy).unwrap();
    fs::copy(file.path().with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    let (before, log) = (fs::read(&copy).unwrap(), fs::read(copy.with_extension("db-wal")).unwrap());
    assert_eq!(SqliteStore::open(&copy, &File::new().key).err(), Some(StoreError::WrongKey));
    assert_eq!(fs::read(&copy).unwrap(), before, "a wrong key changes nothing here either");
    assert_eq!(fs::read(copy.with_extension("db-wal")).unwrap(), log);
    let copy = SqliteStore::open(&copy, &file.key).unwrap();
    assert!(copy.session(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn the_file_is_held_as_it_should_be() {
    let file = File::new();
    let store = file.open();
    for (pragma, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
        let query = move |connection: &Connection| {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            first(connection, &sql, [], column::<String>)
        };
        assert_eq!(store.writer.run(query).await, Ok(Some(expected.to_owned())), "{pragma}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_is_well_again_when_it_can() {
    let file = File::new();
    let store = file.open();
    assert_eq!(store.ping().await, Ok(()));
    // As the disk answers when it is full.
    file.edit(
        "CREATE TRIGGER full BEFORE INSERT ON uses BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    let full = StoreError::Unavailable("database or disk is full".to_owned());
    assert_eq!(store.ping().await, Err(full));
    file.edit("DROP TRIGGER full");
    assert_eq!(store.ping().await, Ok(()));
}

/// What writes no page would not find a full disk.
#[tokio::test]
async fn asking_whether_it_can_write_writes_and_leaves_nothing() {
    let file = File::new();
    let store = file.open();
    let onlooker = Connection::open(file.path()).unwrap();
    let version = || onlooker.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    store.ping().await.unwrap();
    assert_ne!(version(), before, "another connection sees that something was written");
    let left: i64 = onlooker.query_row("SELECT count(*) FROM uses", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

/// One thing that happens to the file, and what is said of it.
type Mishap = (fn(&Path), fn(String) -> FileFault, fn(&Path));

#[tokio::test]
async fn nothing_is_confirmed_once_the_file_is_not_in_its_place() {
    let mishaps: [Mishap; 3] = [
        (
            |path| fs::rename(path, path.with_extension("away")).unwrap(),
            FileFault::Deleted,
            |path| fs::rename(path.with_extension("away"), path).unwrap(),
        ),
        (
            |path| {
                fs::rename(path, path.with_extension("away")).unwrap();
                fs::copy(path.with_extension("away"), path).unwrap();
            },
            FileFault::Replaced,
            |path| fs::rename(path.with_extension("away"), path).unwrap(),
        ),
        (
            |path| fs::hard_link(path, path.with_extension("away")).unwrap(),
            FileFault::Linked,
            |path| fs::remove_file(path.with_extension("away")).unwrap(),
        ),
    ];
    for ending in ["", "-wal", "-shm"] {
        for (happen, fault, mend) in mishaps {
            let file = File::new();
            let store = file.open();
            begin(&store, &session(1, DANA)).await;
            let path = in_place::beside(&file.path(), ending);
            happen(&path);
            let told = Err(StoreError::File(fault(path.display().to_string())));
            assert_eq!(store.in_place().await, told);
            assert_eq!(store.ping().await, told);
            assert_eq!(store.end_session(&key(1)).await, told);
            assert!(store.session(&key(1)).await.unwrap().is_some(), "what was refused was not done");
            mend(&path);
            assert_eq!(store.in_place().await, Ok(()));
            assert_eq!(store.end_session(&key(1)).await, Ok(()));
        }
    }
}

#[tokio::test]
async fn a_file_with_a_second_name_is_not_opened() {
    let file = File::new();
    drop(file.open());
    fs::hard_link(file.path(), file.folder.path().join("other.db")).unwrap();
    let told = StoreError::File(FileFault::Linked(file.path().display().to_string()));
    assert_eq!(SqliteStore::open(&file.path(), &file.key).err(), Some(told.clone()));
    assert_eq!(lock::GatewayLock::take(&file.path()).err(), Some(told));
}

#[tokio::test]
async fn another_secret_key_is_refused_and_changes_nothing() {
    let file = File::new();
    begin(&file.open(), &session(1, DANA)).await;
    let before = fs::read(file.path()).unwrap();
    let other = File::new().key;
    assert_eq!(SqliteStore::open(&file.path(), &other).err(), Some(StoreError::WrongKey));
    assert_eq!(fs::read(file.path()).unwrap(), before);
    assert!(file.open().session(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn the_file_tells_a_stranger_nothing_about_people() {
    let file = File::new();
    let store = file.open();
    begin(&store, &session(1, DANA)).await;
    store.put_record("production", &record(DANA, at(5)), at(5)).await.unwrap();
    let signing = Signer::generate(Algorithm::EdDsa, at(0), at(0)).unwrap();
    store.put_key(&signing).await.unwrap();
    let of_contact: [&[u8]; 2] = [b"Lantern Reef", b"dana.jpg"];
    let others: [&[u8]; 6] =
        [DANA.as_bytes(), b"Dana", b"Reyes", b"dana.reyes", b"Press", &signing.pkcs8[16..48]];
    let secrets: Vec<&[u8]> = others.into_iter().chain(of_contact).collect();
    let clean = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.is_empty());
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == *secret), "{secret:?} in {path:?}");
        }
    };
    clean(&file.path().with_extension("db-wal"));
    drop(store);
    clean(&file.path());
    let text = fs::read(file.path()).unwrap();
    assert!(
        text.windows(20).any(|window| window == b"members.reef.example"),
        "the search finds what is there"
    );
}

#[test]
fn the_file_is_for_us_alone() {
    let file = File::new();
    let _store = file.open();
    for entry in fs::read_dir(file.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn a_place_or_file_that_will_not_do_is_refused_and_left_alone() {
    let file = File::new();
    let nowhere = file.folder.path().join("missing/membergate.db");
    let error = SqliteStore::open(&nowhere, &file.key).err().unwrap().to_string();
    assert!(error.contains("directory does not exist"), "{error}");

    let cases: [(&str, &dyn Fn()); 3] = [
        ("is not a database", &|| fs::write(file.path(), "a page of text".repeat(100)).unwrap()),
        ("of another program", &|| file.edit("CREATE TABLE theirs (n INTEGER)")),
        ("newer release", &|| {
            drop(file.open());
            file.edit("PRAGMA user_version = 99");
        }),
    ];
    for (expected, make) in cases {
        let _none = fs::remove_file(file.path());
        make();
        let before = fs::read(file.path()).unwrap();
        let error = SqliteStore::open(&file.path(), &file.key).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read(file.path()).unwrap(), before, "{expected}");
    }
}

fn address(n: u32) -> LongAddressKey {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&n.to_be_bytes());
    LongAddressKey(key)
}

#[tokio::test]
async fn a_long_address_is_unreadable_in_the_file() {
    let file = File::new();
    let store = file.open();
    let text = format!("/members?{}", "secret".repeat(500));
    store.keep_address(address(1), "192.0.2.1".parse().unwrap(), &text, at(0), at(15)).await.unwrap();
    drop(store);
    let bytes = fs::read(file.path()).unwrap();
    assert!(!bytes.windows(12).any(|bytes| bytes == b"secretsecret"));
    assert!(!bytes.windows(9).any(|bytes| bytes == b"192.0.2.1"));
}

#[test]
fn when_all_is_full_the_network_that_has_most_loses_its_oldest() {
    let connection = Connection::open_in_memory().unwrap();
    schema::make_tables(&connection, STEPS).unwrap();
    let put = |n: u32, network: u8| {
        make_room(&connection, &[network; 32], 0, 5, 8).unwrap();
        connection
            .execute(
                "INSERT INTO long_addresses VALUES (?1, ?2, ?3, x'00')",
                params![address(n).0, [network; 32], 100 + n],
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
