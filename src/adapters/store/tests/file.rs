//! What the file withstands, and what it tells a stranger.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

#[tokio::test]
async fn a_session_survives_a_crash() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    // What a killed process leaves behind: the file and the log beside it, never folded together.
    let copy = world.directory.path().join("copy.db");
    fs::copy(world.path(), &copy).unwrap();
    fs::copy(world.path().with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    let (file, log) = (fs::read(&copy).unwrap(), fs::read(copy.with_extension("db-wal")).unwrap());
    assert_eq!(SqliteStore::open(&copy, &World::new().key).err(), Some(StoreError::WrongKey));
    assert_eq!(fs::read(&copy).unwrap(), file, "a wrong key changes nothing here either");
    assert_eq!(fs::read(copy.with_extension("db-wal")).unwrap(), log);
    let copy = SqliteStore::open(&copy, &world.key).unwrap();
    assert!(copy.session(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn the_file_is_held_as_it_should_be() {
    let world = World::new();
    let store = world.open();
    for (pragma, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
        let query = move |connection: &Connection| {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            Ok(connection.query_row(&sql, [], |row| row.get::<_, String>(0))?)
        };
        assert_eq!(store.writer.run(query).await.as_deref(), Ok(expected), "{pragma}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_is_well_again_when_it_can() {
    let world = World::new();
    let store = world.open();
    assert_eq!(store.ping().await, Ok(()));
    // As the disk answers when it is full.
    world.edit(
        "CREATE TRIGGER full BEFORE INSERT ON uses BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    let full = StoreError::Unavailable("database or disk is full".to_owned());
    assert_eq!(store.ping().await, Err(full));
    world.edit("DROP TRIGGER full");
    assert_eq!(store.ping().await, Ok(()));
}

/// What writes no page would not find a full disk.
#[tokio::test]
async fn asking_whether_it_can_write_writes_and_leaves_nothing() {
    let world = World::new();
    let store = world.open();
    let onlooker = Connection::open(world.path()).unwrap();
    let version = || onlooker.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    store.ping().await.unwrap();
    assert_ne!(version(), before, "another connection sees that something was written");
    let left: i64 = onlooker.query_row("SELECT count(*) FROM uses", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn another_secret_key_is_refused_and_changes_nothing() {
    let world = World::new();
    begin(&world.open(), &session(1, DANA)).await;
    let before = fs::read(world.path()).unwrap();
    let other = World::new().key;
    assert_eq!(SqliteStore::open(&world.path(), &other).err(), Some(StoreError::WrongKey));
    assert_eq!(fs::read(world.path()).unwrap(), before);
    assert!(world.open().session(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn rows_that_were_damaged_or_swapped_are_refused() {
    let swap = |table: &str, column: &str| {
        format!(
            "CREATE TEMP TABLE before AS SELECT * FROM {table};
             UPDATE {table} SET {column} =
               (SELECT b.{column} FROM temp.before b WHERE b.person <> {table}.person)"
        )
    };
    let cases = [
        ("a damaged record", "UPDATE records SET sealed = zeroblob(length(sealed))".to_owned()),
        ("an empty record", "UPDATE records SET sealed = x''".to_owned()),
        ("a damaged session", "UPDATE sessions SET sealed = x'01'".to_owned()),
        ("swapped records", swap("records", "sealed")),
        ("swapped sessions", swap("sessions", "sealed")),
        ("sessions that point to the other's record", swap("sessions", "person")),
        ("a prolonged session", "UPDATE sessions SET created = created + 1".to_owned()),
        ("a session moved to another host", "UPDATE sessions SET host = 'admin.reef.example'".to_owned()),
        (
            "rows moved to another environment",
            "UPDATE sessions SET environment = 'staging'; UPDATE records SET environment = 'staging'"
                .to_owned(),
        ),
    ];
    for (case, sql) in cases {
        let world = World::new();
        let store = world.open();
        begin(&store, &session(1, DANA)).await;
        begin(&store, &session(2, OMAR)).await;
        drop(store);
        world.edit(&sql);
        let store = world.open();
        for n in [1, 2] {
            let answer = store.session(&key(n)).await;
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{case}: {answer:?}");
        }
        store.end_session(&key(1)).await.unwrap();
        assert_eq!(store.session(&key(1)).await, Ok(None), "{case}: it can still be ended");
    }
}

#[tokio::test]
async fn the_file_tells_a_stranger_nothing_about_people() {
    let world = World::new();
    let store = world.open();
    begin(&store, &session(1, DANA)).await;
    store.put_record("production", &record(DANA, at(5))).await.unwrap();
    let signing = Signer::generate(Algorithm::EdDsa, at(0), at(0)).unwrap();
    store.put_key(&signing).await.unwrap();
    let secrets: [&[u8]; 6] =
        [DANA.as_bytes(), b"Dana", b"Reyes", b"dana.reyes", b"Press", &signing.pkcs8[16..48]];
    let clean = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.is_empty());
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{secret:?} in {path:?}");
        }
    };
    clean(&world.path().with_extension("db-wal"));
    drop(store);
    clean(&world.path());
    let text = fs::read(world.path()).unwrap();
    assert!(
        text.windows(20).any(|window| window == b"members.reef.example"),
        "the search finds what is there"
    );
}

#[test]
fn the_file_is_for_us_alone() {
    let world = World::new();
    let _store = world.open();
    for entry in fs::read_dir(world.directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn a_place_or_file_that_will_not_do_is_refused_and_left_alone() {
    let world = World::new();
    let nowhere = world.directory.path().join("missing/membergate.db");
    let error = SqliteStore::open(&nowhere, &world.key).err().unwrap().to_string();
    assert!(error.contains("directory does not exist"), "{error}");

    let cases: [(&str, &dyn Fn()); 3] = [
        ("is not a database", &|| fs::write(world.path(), "a page of text".repeat(100)).unwrap()),
        ("of another program", &|| world.edit("CREATE TABLE theirs (n INTEGER)")),
        ("newer release", &|| {
            drop(world.open());
            world.edit("PRAGMA user_version = 99");
        }),
    ];
    for (expected, make) in cases {
        let _none = fs::remove_file(world.path());
        make();
        let before = fs::read(world.path()).unwrap();
        let error = SqliteStore::open(&world.path(), &world.key).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read(world.path()).unwrap(), before, "{expected}");
    }
}
