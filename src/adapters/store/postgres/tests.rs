//! What the server withstands, and what it tells a stranger. Each test has a database of its own.

mod copies;

use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use super::filling::PostgresFilling;
use super::snapshot::PostgresSnapshot;
use super::*;
use crate::adapters::clock::SystemClock;
use crate::adapters::store::administration::Administration as _;
use crate::adapters::store::contract::{DANA, Place, ShownTable, at, begin, entry, key, purge_at, session};
use crate::adapters::store::error::StoreFuture;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::sessions::{Once, Sessions as _};
use crate::adapters::store::{Store, StoreDoubt};
use crate::adapters::upstream::Trust;
use crate::domain::time::Timestamp;

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

    fn address(&self) -> Server {
        Server::parse(&self.server.url(&self.name)).unwrap()
    }

    fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.address(), &self.key).unwrap()
    }

    fn open_for_gateway(&self) -> (PostgresStore, GatewayLease) {
        let (store, lease, _) = PostgresStore::open_for_gateway(&self.address(), &self.key).unwrap();
        (store, lease)
    }

    /// Does something behind the store's back.
    fn run(&self, sql: &str) -> Vec<String> {
        self.server.run(&self.name, sql)
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
        // Without the lease, so that stories may open it twice.
        let engine = Engine::start(&self.address())?;
        let keys = schema::prepare(&engine, secrets)?;
        let keys = secrets::bring_in_line(&engine, keys, secrets, to_column(now))?;
        Ok(Arc::new(PostgresStore::with(&self.address(), engine, keys)?))
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

/// Holds until it is so; fails after ten seconds.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn another_secret_key_is_refused_and_changes_nothing() {
    let database = Database::new();
    begin(&database.open(), &session(1, DANA)).await;
    let other = SecretKeys::generate().unwrap();
    let refused = PostgresStore::open(&database.address(), &other).err();
    assert_eq!(refused, Some(StoreError::WrongKey));
    assert!(database.open().session(&key(1)).await.unwrap().is_some());
}

#[test]
fn a_database_that_will_not_do_is_refused_and_left_alone() {
    let database = Database::new();
    assert!(PostgresStore::open_existing(&database.address(), &database.key).unwrap().is_none());
    assert_eq!(database.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), ["0"]);
    database.run("CREATE TABLE theirs (n BIGINT)");
    let error = PostgresStore::open(&database.address(), &database.key).err().unwrap().to_string();
    assert!(error.contains("tables of another program"), "{error}");
    database.run("DROP TABLE theirs");
    drop(database.open());
    database.run("UPDATE schema_version SET version = 99");
    let error = PostgresStore::open(&database.address(), &database.key).err();
    assert_eq!(error, Some(StoreError::Newer));
    let nowhere = Server::parse("postgres://gate@/gate?host=/nowhere/at/all").unwrap();
    let error = PostgresStore::open(&nowhere, &database.key).err().unwrap().to_string();
    assert!(error.contains("No such file"), "{error}");
}

#[tokio::test]
async fn two_who_start_at_once_make_the_tables_once() {
    let database = Database::new();
    std::thread::scope(|threads| {
        let opening: Vec<_> = (0..4).map(|_| threads.spawn(|| database.open())).collect();
        opening.into_iter().for_each(|opened| drop(opened.join().unwrap()));
    });
    assert_eq!(database.run("SELECT count(*) FROM data_keys"), ["2"]);
}

#[tokio::test]
async fn what_is_done_goes_on_when_nobody_waits_and_no_transaction_stays_open() {
    let database = Database::new();
    let store = database.open();
    for n in 0..40 {
        let once = Once([n; 32]);
        let mut using = store.use_once(&once, at(1));
        // Asked, and gone at once.
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(using.as_mut().poll(context)));
        let _pending = polled.await;
    }
    eventually("all were used", || database.run("SELECT count(*) FROM uses") == ["40"]);
    let open = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    eventually("every transaction has ended", || database.run(open) == ["0"]);
    assert_eq!(store.use_once(&Once([1; 32]), at(1)).await, Ok(false));
}

#[tokio::test]
async fn a_number_of_the_audit_log_that_was_not_used_is_used_by_the_next() {
    let database = Database::new();
    let store = database.open();
    store.append(&entry("first")).await.unwrap();
    database.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON emergency_links EXECUTE FUNCTION refuse()",
    );
    assert!(store.put_link(&Once([1; 32]), at(1), &entry("link")).await.is_err());
    assert_eq!(store.write_failures(), 1);
    store.append(&entry("second")).await.unwrap();
    assert_eq!(database.run("SELECT max(number) FROM audit_log"), ["2"]);
    let error = database.server.try_run(&database.name, "DELETE FROM audit_log").unwrap_err();
    assert!(format!("{error:?}").contains("neither changed nor removed"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_cannot_write_says_so() {
    let database = Database::new();
    drop(database.open());
    database.run(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name));
    let error = database.open().ping().await.unwrap_err().to_string();
    assert!(error.contains("read-only transaction (is it a standby?)"), "{error}");
    database.server.run("postgres", &format!("ALTER DATABASE {} RESET ALL", database.name));
}

#[tokio::test]
async fn one_gateway_runs_on_a_database_and_the_next_waits_for_its_end() {
    let database = Database::new();
    let (first, lease) = database.open_for_gateway();
    begin(&first, &session(1, DANA)).await;
    let second = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| database.open_for_gateway());
        std::thread::sleep(Duration::from_millis(500));
        assert!(!waiting.is_finished());
        // A tool may write meanwhile.
        drop(database.open());
        drop(lease);
        waiting.join().unwrap()
    });
    // What the first one still wanted to write is refused.
    assert_eq!(first.end_session(&key(1)).await, Err(StoreError::Superseded));
    assert_eq!(first.ping().await, Err(StoreError::Superseded));
    assert!(second.0.session(&key(1)).await.unwrap().is_some());
    assert_eq!(second.0.ping().await, Ok(()));
}

#[tokio::test]
async fn a_gateway_that_was_killed_holds_up_the_next_for_as_long_as_its_lease_lasts() {
    let database = Database::new();
    let (first, lease) = database.open_for_gateway();
    // As if it had been asleep, and yet another one that was killed had come and gone.
    database.run("UPDATE gateway_lease SET number = number + 1, until = clock_timestamp() + interval '1 s'");
    let (_second, _) = database.open_for_gateway();
    lease.lost().await;
    assert_eq!(first.use_once(&Once([1; 32]), at(1)).await, Err(StoreError::Superseded));
}

#[test]
fn a_gateway_that_stays_is_left_alone() {
    let database = Database::new();
    let (_first, _lease) = database.open_for_gateway();
    let error = PostgresStore::open_for_gateway(&database.address(), &database.key).err().unwrap();
    assert!(matches!(&error, StoreError::InUse(who) if who.contains("process ")), "{error}");
}

#[tokio::test]
async fn a_gateway_goes_by_the_clock_of_the_server() {
    let database = Database::new();
    let (_, _lease, clock) = PostgresStore::open_for_gateway(&database.address(), &database.key).unwrap();
    let apart = clock.now().duration_since(SystemClock.now()).abs();
    assert!(apart < jiff::SignedDuration::from_secs(2), "one machine, one time: {apart:?}");
    let store = database.open();
    assert_eq!(store.doubts(SystemClock.now()).await, Ok(Vec::new()), "notifications arrive, too");
    let late = SystemClock.now() - jiff::SignedDuration::from_secs(60);
    let doubts = store.doubts(late).await.unwrap();
    assert!(matches!(doubts[..], [StoreDoubt::Skew(skew)] if skew.as_secs() >= 55), "{doubts:?}");
}

/// What a reader of the change log takes: after what it has seen, and below every transaction that is still open.
const READ: &str =
    "SELECT kind, transaction::text, pg_snapshot_xmin(pg_current_snapshot())::text FROM changes
   WHERE transaction >= $1::text::xid8 AND transaction < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY transaction, number";

#[tokio::test]
async fn a_reader_of_the_change_log_never_skips_what_is_committed_late() {
    let database = Database::new();
    let (store, _lease) = database.open_for_gateway();
    begin(&store, &session(1, DANA)).await;
    let (late, connection) =
        tokio_postgres::connect(&database.server.url(&database.name), NoTls).await.unwrap();
    let _driven = tokio::spawn(connection);
    late.batch_execute("BEGIN; INSERT INTO changes (kind) VALUES ('late')").await.unwrap();
    // Begun later and committed earlier.
    store.end_session(&key(1)).await.unwrap();
    let reader = database.server.url(&database.name);
    let (reader, connection) = tokio_postgres::connect(&reader, NoTls).await.unwrap();
    let _driven = tokio::spawn(connection);
    // Transactions in other databases of the server hold a reader up, too, so it is asked until so many are there.
    let read = async |mut after: String, count: usize| {
        let mut kinds = Vec::new();
        while kinds.len() < count {
            let rows = reader.query(READ, &[&after]).await.unwrap();
            kinds.extend(rows.iter().map(|row| row.get::<_, String>(0)));
            after = rows.first().map_or(after, |row| row.get(2));
        }
        (kinds, after)
    };
    let (kinds, next) = read("0".to_owned(), 1).await;
    assert_eq!(kinds, ["record"], "the end of the session waits for what began before it");
    assert!(reader.query(READ, &[&next]).await.unwrap().is_empty());
    late.batch_execute("COMMIT").await.unwrap();
    let (kinds, next) = read(next, 2).await;
    assert_eq!(kinds, ["late", "session"]);
    assert!(reader.query(READ, &[&next]).await.unwrap().is_empty(), "each is read once");
    database.run("UPDATE changes SET at = at - interval '2 hours'");
    store.purge(&purge_at(SystemClock.now())).await.unwrap();
    assert_eq!(database.run("SELECT count(*) FROM changes"), ["0"]);
}

#[test]
fn addresses_of_databases_are_read_and_tell_no_password() {
    for (url, expect) in [
        ("postgres://gate@db.acme.example/gate", "database `gate` at db.acme.example"),
        ("postgresql://gate@localhost:5433/gate", "database `gate` at localhost"),
        ("postgres:///gate?host=/run/postgresql&user=me", "database `gate` at /run/postgresql"),
        ("postgres://gate:secret@db/gate", "the address has a password in it"),
        ("postgres://gate@db", "names no database"),
        ("postgres:///gate", "names no host"),
        ("postgres://gate@db/gate?sslmode=disable", "`sslmode` and `options`"),
        ("https://db/gate", "does not begin with `postgres://`"),
    ] {
        let told = Server::parse(url).map_or_else(|fault| fault.to_string(), |server| server.to_string());
        assert!(told.contains(expect) && !told.contains("secret"), "{url}: {told}");
    }
    for (url, is_local) in [
        ("postgres://gate@localhost/gate", true),
        ("postgres://gate@127.0.0.1/gate", true),
        ("postgres:///gate?host=/run/postgresql", true),
        ("postgres://gate@10.0.0.4/gate", false),
        ("postgres://gate@localhost,db.acme.example/gate", false),
    ] {
        assert_eq!(Server::parse(url).unwrap().is_local(), is_local, "{url}");
    }
}

/// A certificate for `localhost` and `127.0.0.1`, signed by an authority of the tests.
const CERTIFICATE: &[u8] = include_bytes!("../../../../tests/it/proxy/tls/site.pem");
const CERTIFICATE_KEY: &[u8] = include_bytes!("../../../../tests/it/proxy/tls/site.key");
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/proxy/tls/ca.pem");

#[test]
fn over_the_network_the_certificate_must_be_good_and_the_password_right() {
    // A loopback address of this process, so that the port is free whatever else runs here.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.77.{high}.{low}");
    let options = format!(
        "-c fsync=off -c listen_addresses={address} -c hba_file={{folder}}/hba -c ssl=on \
         -c ssl_cert_file={{folder}}/site.pem -c ssl_key_file={{folder}}/site.key"
    );
    let hba = b"local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n";
    let files: [(&str, &[u8]); 3] = [("hba", hba), ("site.pem", CERTIFICATE), ("site.key", CERTIFICATE_KEY)];
    let server = PostgresServer::start_with(&options, &files);
    let name = server.database();
    server.run("postgres", "ALTER ROLE membergate PASSWORD 'right'");
    let key = SecretKeys::generate().unwrap();
    let at = |host: &str| {
        Server::parse(&format!("postgres://membergate@{host}/{name}?hostaddr={address}")).unwrap()
    };
    let ours = || Trust::Bundle(AUTHORITY.into());
    let open = |server: Server, password: &str| {
        PostgresStore::open(&server.with_password(&password.into()), &key)
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(open(at("localhost").with_tls(ours()), "right\n"), None);
    for (server, password, expect) in [
        (at("localhost").with_tls(ours()), "wrong", "(see `store.password`)"),
        (at("localhost").with_tls(Trust::Platform), "right", "certificate"),
        (at("localhost"), "right", "no pg_hba.conf entry"),
    ] {
        let told = open(server, password).unwrap();
        assert!(told.contains(expect) && !told.contains("right") && !told.contains("wrong"), "{told}");
    }
    let told = open(at("db.acme.example").with_tls(ours()), "right").unwrap();
    assert!(told.contains("not valid for name"), "{told}");
}
