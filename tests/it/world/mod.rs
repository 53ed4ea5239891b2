//! A whole small world on loopback: a simulated re:Members, a sample site, the gateway in front of it, and a clock that the
//! test moves. Everything speaks over real sockets.

pub mod postgres;
mod visitor;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use membergate::adapters::clock::{Clock, SystemClock};
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::Store;
use membergate::adapters::store::postgres::PostgresStore;
use membergate::adapters::store::postgres::server::Server;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::app::App;
use membergate::config::{self, Settings, env::Given};
use membergate::domain::directory::settings::DirectorySettings;
use membergate::domain::session::SessionLimits;
use membergate::domain::time::TimeZone;
use membergate::flows::directory::Beliefs;
use membergate::flows::grounds::Grounds;
use membergate::sim::people::Environment;
use membergate::sim::re_members::{Control, Credentials, Settings as AmsSettings, Simulator};
use membergate::sim::site::SampleSite;
use tempfile::TempDir;

pub use visitor::{Page, Visitor};

/// The cast, by the names that tests use.
pub const CHAIR: &str = "jane.marlowe@harborlabs.example";
pub const SECOND_MEMBERSHIP: &str = "tomas.lindqvist@people.example";
pub const NON_MEMBER: &str = "nils.frost@people.example";
pub const STAFF: &str = "sam.osei@acme.example";
pub const UNAPPROVED: &str = "una.strand@people.example";
pub const DECEASED: &str = "dora.vale@people.example";
pub const LAST_DAY: &str = "rhea.lindholm@people.example";
pub const MARKUP: &str = "zoe.ohara@people.example";

/// A clock that runs as the machine's does, from where the test has put it.
#[derive(Debug, Default)]
pub struct MovedClock {
    passed: AtomicI64,
    jumped: AtomicI64,
}

impl MovedClock {
    /// Time passes.
    pub fn forward(&self, by: SignedDuration) {
        self.passed.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// The clock is set, and no time passes.
    pub fn jump(&self, by: SignedDuration) {
        self.jumped.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        let moved = self.passed.load(Ordering::Relaxed) + self.jumped.load(Ordering::Relaxed);
        SystemClock.now() + SignedDuration::from_secs(moved)
    }

    fn steady(&self) -> Duration {
        SystemClock.steady() + Duration::from_secs(self.passed.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// What a test changes about its world before it starts.
pub struct Plan {
    pub rules: String,
    /// Added to the configuration file.
    pub more: String,
    /// Access rules of the site, as in the configuration file.
    pub access: String,
    pub live: &'static str,
    pub session: String,
    /// Keys of `[directory]`. Where a story is not about it each person is asked about alone, so that calls can be counted.
    pub directory: String,
    pub switches: Vec<&'static str>,
    pub calls_per_second: u32,
    /// The sources of the secret keys, as in the configuration.
    pub secret_keys: &'static str,
    pub calls_per_minute: u32,
    /// Added to `[listen]` and to `[ams]`.
    pub listen: &'static str,
    pub ams: &'static str,
    pub store: Option<PathBuf>,
    /// The address of a database, in place of a file.
    pub database: Option<String>,
    pub upstream: Option<String>,
    /// Variables of the environment that the configuration names.
    pub variables: Vec<(&'static str, &'static str)>,
    /// Profiles are read as a community shows them.
    pub reads_contact: bool,
    /// Files that it names, each with its text.
    pub files: Vec<(&'static str, String)>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            rules: RULES.to_owned(),
            more: String::new(),
            access: ACCESS.to_owned(),
            live: "production",
            session: String::new(),
            directory: "in_step = false".to_owned(),
            switches: vec!["rate_limit=off"],
            calls_per_second: 1000,
            calls_per_minute: 100_000,
            listen: "",
            ams: "",
            store: None,
            secret_keys: r#"{ env = "SECRET_KEY" }"#,
            database: None,
            upstream: None,
            variables: Vec::new(),
            reads_contact: false,
            files: Vec::new(),
        }
    }
}

pub const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"

[[rule]]
role = "education_chair"
label = "Chair of the education committee"
when = [{ committee = "EDU", positions = ["CHAIR"] }]

[[rule]]
role = "staff"
label = "Staff"
when = [{ security_role = "Staff" }]
"#;

pub const ACCESS: &str = r#"
[[site.access]]
path = "/members"
any_of = ["member", "staff"]

[[site.access]]
path = "/education"
any_of = ["education_chair"]

[[site.access]]
path = "/account"
require = "signed_in"

[[site.access]]
path = "/"
require = "public"
"#;

/// The key of every test's store.
pub const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

pub struct World {
    pub ams: Simulator,
    pub site: SampleSite,
    pub gate: Option<App>,
    pub clock: Arc<MovedClock>,
    pub folder: TempDir,
    pub plan: Plan,
    address: SocketAddr,
}

impl World {
    pub async fn start() -> World {
        World::planned(Plan::default()).await
    }

    pub async fn planned(mut plan: Plan) -> World {
        plan.database = plan.database.or_else(postgres::database_if_asked);
        // The gateway's address has to be known before it starts: it stands in its own configuration.
        let address = free_address();
        let mut ams = AmsSettings::demo();
        ams.slo_url = Some(format!("http://localhost:{}/_gate/slo", address.port()));
        for switch in &plan.switches {
            ams.switches.set(switch).unwrap();
        }
        let ams = Simulator::start(ams).await.unwrap();
        let site = SampleSite::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let clock = Arc::new(MovedClock::default());
        let folder = tempfile::tempdir().unwrap();
        let mut world = World { ams, site, gate: None, clock, folder, plan, address };
        world.open_gate().await;
        world
    }

    /// The configuration as an operator would have written it.
    pub fn configuration(&self) -> String {
        let Plan { access, more, live, session, directory, calls_per_second, calls_per_minute, .. } =
            &self.plan;
        let Plan { listen, ams: of_ams, secret_keys, .. } = &self.plan;
        let (ams, port) = (self.ams.base_url(), self.address.port());
        let upstream = self.plan.upstream.clone().unwrap_or_else(|| self.site.base_url());
        let more = more.replace("{port}", &port.to_string()).replace("{upstream}", &upstream);
        let environment = |environment, prefix: &str| {
            let Credentials { app_name, .. } = Credentials::demo(environment);
            format!(
                r#"
discovery_url = "{ams}/Api/v1/WebApiUrl"
portal = "{ams}{prefix}"
app_name = "{app_name}"
app_key = {{ env = "APP_KEY_{app_name}" }}
user_email = "gateway_integration@acme.example"
user_password = {{ env = "USER_PASSWORD_{app_name}" }}
"#
            )
        };
        format!(
            r#"rules = "rules.toml"

[association]
name = "Harbour Association"
renew_url = "https://www.harbour.example/renew"
contact = "office@harbour.example"

[listen]
address = "127.0.0.1:{port}"
operations = "127.0.0.1:0"
forward_auth_proxies = ["127.0.0.1"]
workers = 2
{listen}

[ams]
live = "{live}"
calls_per_second = {calls_per_second}
calls_per_minute = {calls_per_minute}
{of_ams}

[ams.production]{production}
[ams.staging]{staging}
[session]
{session}
[directory]
{directory}

[store]
{store}
secret_keys = [{secret_keys}]

[[site]]
name = "library"
title = "Harbour Library"
url = "http://localhost:{port}"
upstream = "{upstream}"
{access}
{more}
"#,
            production = environment(Environment::Production, ""),
            staging = environment(Environment::Staging, "/staging"),
            store = match &self.plan.database {
                Some(url) => format!("url = \"{url}\""),
                None => format!("path = \"{}\"", self.store_file().display()),
            },
        )
    }

    fn store_file(&self) -> PathBuf {
        self.plan.store.clone().unwrap_or_else(|| self.folder.path().join("gate.sqlite"))
    }

    /// The store, opened beside the gateway as a tool does.
    pub fn open_store(&self) -> Arc<dyn Store> {
        let key = SecretKey::parse(SECRET_KEY).unwrap().into();
        match &self.plan.database {
            Some(url) => Arc::new(PostgresStore::open(&Server::parse(url).unwrap(), &key).unwrap()),
            None => Arc::new(SqliteStore::open(&self.store_file(), &key).unwrap()),
        }
    }

    pub fn settings(&self) -> Settings {
        let file = Path::new("/etc/membergate/membergate.toml");
        let mut given = Given::default()
            .file(file, &self.configuration())
            .file("/etc/membergate/rules.toml", &self.plan.rules)
            .variable("SECRET_KEY", SECRET_KEY);
        for (name, value) in &self.plan.variables {
            given = given.variable(name, value);
        }
        given = self.plan.files.iter().fold(given, |given, (name, text)| given.file(name, text));
        for environment in [Environment::Production, Environment::Staging] {
            let of = Credentials::demo(environment);
            given = given
                .variable(&format!("APP_KEY_{}", of.app_name), &of.app_key)
                .variable(&format!("USER_PASSWORD_{}", of.app_name), &of.user_password);
        }
        let settings = config::load(file, &given).unwrap_or_else(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}\n{}", problems.join("\n"), self.configuration())
        });
        Settings { reads_contact: self.plan.reads_contact || settings.reads_contact, ..settings }
    }

    /// Starts the gateway, or starts it again after [`World::close_gate`], with the plan as it is now.
    pub async fn open_gate(&mut self) {
        let clock: Arc<dyn Clock> = self.clock.clone();
        self.gate = Some(App::start_at(self.settings(), clock).await.unwrap());
    }

    pub async fn close_gate(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.stop().await;
        }
    }

    pub fn gate(&self) -> &App {
        self.gate.as_ref().unwrap()
    }

    pub fn people(&self) -> &Control {
        self.ams.control()
    }

    /// An address of the site, as visitors know it.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(&[("localhost", self.address)])
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time passes, here and at the AMS.
    pub fn forward(&self, by: SignedDuration) {
        self.clock.forward(by);
        self.people().advance(by);
    }
}

/// Asks again until it is so; fails after ten minutes, for what takes minutes of real time on a machine that does something else as well.
pub async fn eventually_in_real_time(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(600);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Asks again until the answer is there; fails after fifteen seconds.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "not within fifteen seconds: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An address for a server that is started later, or started again. Its port lies below those that the system gives to
/// connections by itself, so that nobody takes it meanwhile.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (std::process::id().wrapping_mul(101) + step) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// For use cases without a whole gateway: each person is asked about alone, and nothing is known beside the records.
pub fn alone(limits: SessionLimits) -> (Arc<Grounds>, Arc<Beliefs>) {
    let grounds = Grounds::new(limits);
    let settings = DirectorySettings { in_step: false, ..DirectorySettings::usual(TimeZone::UTC) };
    let beliefs = Beliefs::new(grounds.clone(), &settings);
    (grounds, beliefs)
}
