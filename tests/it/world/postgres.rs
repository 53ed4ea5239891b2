//! A PostgreSQL server of the tests' own: a socket in a folder, nothing on the network, gone with whoever started it.
//!
//! Unit tests use it too (`src/adapters/store/postgres/tests.rs`), so it knows nothing of ours.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Runs until its standard input ends, however that comes about; then the server is ended and its folder removed. So nothing is left
/// of it when the tests are killed.
const WATCH: &str = r#"
trap '' INT TERM HUP
"$1/initdb" -D "$2/data" -U membergate --auth=trust --no-sync --encoding=UTF8 --locale=C >"$2/initdb.log" 2>&1 || exit 1
while :; do
  "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=300 $3 >>"$2/log" 2>&1 &
  echo $! >"$2/pid"
  read -r word || break
  wait $!
done
kill -QUIT $!
wait
rm -rf "$2"
"#;

/// A running server.
pub(crate) struct PostgresServer {
    folder: PathBuf,
    watch: Option<Child>,
    /// Databases that are empty and that nobody uses.
    free: Mutex<Vec<String>>,
}

impl PostgresServer {
    /// Starts one with more options for `postgres`.
    pub(crate) fn start(options: &str) -> PostgresServer {
        let programs = programs().expect("PostgreSQL is installed; see NEEDS in ./test");
        let folder = tempfile::Builder::new().prefix("membergate-pg-").tempdir().expect("a folder").keep();
        let is_root = Command::new("id").arg("-u").output().expect("`id` runs").stdout == b"0\n";
        let mut command = if is_root {
            // The server refuses to run as root.
            let changed = Command::new("chown").arg("postgres").arg(&folder).status().expect("`chown` runs");
            assert!(changed.success(), "the user `postgres` is there");
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        let watch = command.args(["-c", WATCH, "sh"]).arg(programs).arg(&folder).arg(options);
        let watch = watch.stdin(Stdio::piped()).current_dir("/").spawn().expect("a shell runs");
        let server = PostgresServer { folder, watch: Some(watch), free: Mutex::default() };
        server.wait_until_it_answers();
        server
    }

    /// Where its socket is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process of the server, for signals.
    pub(crate) fn process(&self) -> String {
        std::fs::read_to_string(self.folder.join("pid")).expect("it has been started").trim().to_owned()
    }

    /// Starts it again after it was ended by a signal to its process.
    pub(crate) fn start_again(&mut self) {
        let pipe = self.watch.as_mut().and_then(|watch| watch.stdin.as_mut()).expect("it runs");
        pipe.write_all(b"again\n").expect("the watch listens");
        self.wait_until_it_answers();
    }

    /// An empty database, for the caller alone until it is given back.
    pub(crate) fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if let Some(name) = self.free().pop() {
            return name;
        }
        let name = format!("d{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        name
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://membergate@/{database}?host={}", self.folder.display())
    }

    /// Empties a database, for the next who asks for one. That is ten times faster than to remove it and make another.
    pub(crate) fn give_back(&self, database: String) {
        if self.try_run(&database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").is_ok() {
            self.free().push(database);
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Runs statements in a database, as its owner; gives the first column of the last rows.
    pub(crate) fn run(&self, database: &str, sql: &str) -> Vec<String> {
        self.try_run(database, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    fn try_run(&self, database: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        use tokio_postgres::SimpleQueryMessage;
        let connecting = async {
            let (client, connection) =
                tokio_postgres::connect(&self.url(database), tokio_postgres::NoTls).await?;
            let running = async {
                let answer = client.simple_query(sql).await?;
                drop(client);
                Ok::<_, tokio_postgres::Error>(answer)
            };
            let (answer, _ended) = tokio::join!(running, connection);
            let rows = answer?.into_iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                _ => None,
            });
            Ok(rows.collect())
        };
        // A thread of its own: whoever calls may be within a runtime, which must not wait.
        let waiting = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(connecting)
        };
        std::thread::scope(|threads| threads.spawn(waiting).join().expect("no panic"))
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.try_run("postgres", "SELECT 1") {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL does not answer: {error:?}\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            drop(watch.stdin.take());
            let _ended = watch.wait();
        }
    }
}

/// The server that all tests of this process share. A killed server loses nothing without `fsync`, only a killed machine does.
pub(crate) fn postgres() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| PostgresServer::start("-c fsync=off"))
}

/// Where Debian puts the programs of its newest version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(version)?;
    Some(newest.join("bin"))
}
