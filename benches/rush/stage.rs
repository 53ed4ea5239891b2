//! What the crowd meets: a simulated re:Members with its limits and its control, a sample site, and the built program as a process of
//! its own, so that its memory, processor time and writes are its alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use membergate::sim::control::{ControlListener, today};
use membergate::sim::people::{Environment, People, Person, cast, generate};
use membergate::sim::re_members::{Credentials, Settings, Simulator};
use membergate::sim::site::SampleSite;
use reqwest::Client;
use serde_json::{Value, json};
use url::Url;

use crate::crowd::{Browser, Journey};

pub const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// What the roles rest on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Nothing but the profile.
    Plain,
    /// A committee, too.
    Committee,
    /// A product and an event.
    Lists,
}

impl Rules {
    fn text(self) -> String {
        let more = match self {
            Rules::Plain => "",
            Rules::Committee => {
                "[[rule]]\nrole = \"chair\"\nwhen = [{ committee = \"EDU\", positions = [\"CHAIR\"] }]\n"
            }
            Rules::Lists => {
                "[[rule]]\nrole = \"reader\"\nwhen = [{ purchase = \"YEARBOOK\" }]\n[[rule]]\nrole = \"guest\"\n\
                 when = [{ event = \"SUMMIT26\" }]\n"
            }
        };
        format!("time_zone = \"America/New_York\"\neveryone = \"subscriber\"\nmember = \"member\"\n{more}")
    }
}

pub struct Stage {
    pub ams: Simulator,
    pub control: ControlListener,
    site: SampleSite,
    gate: Option<Child>,
    folder: tempfile::TempDir,
    address: SocketAddr,
    pub client: Client,
    /// People who can sign in: e-mail address and password.
    pub people: Vec<(String, String)>,
}

impl Stage {
    /// With so many people who can sign in.
    pub async fn set(rules: Rules, people: usize, session: &str) -> Stage {
        let mut settings = Settings::demo();
        let today = today(&settings.switches.time_zone);
        let invented: Vec<Person> =
            generate(people as u64 * 2 + 100, 7, today).filter(can_sign_in).take(people).collect();
        let known = invented.iter().filter_map(|person| {
            Some((person.login_email()?.to_owned(), person.user.as_ref()?.password.clone()))
        });
        let known: Vec<(String, String)> = known.collect();
        let cast = cast(today);
        let all = cast.people.iter().cloned().chain(invented).collect();
        settings.people = People { people: all, ..cast };
        let ams = Simulator::start(settings).await.unwrap();
        let control = ams.control().listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let site = SampleSite::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = builder.resolve("localhost", address).timeout(Duration::from_secs(120)).build().unwrap();
        let mut stage = Stage { ams, control, site, gate: None, folder, address, client, people: known };
        std::fs::write(stage.path("rules.toml"), rules.text()).unwrap();
        stage.configure(session, "");
        stage.open().await;
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration; `ams` goes into its section.
    pub fn configure(&self, session: &str, ams: &str) {
        let (base, port) = (self.ams.base_url(), self.address.port());
        let Credentials { app_name, user_email, .. } = Credentials::demo(Environment::Production);
        let text = format!(
            r#"rules = "rules.toml"
[association]
name = "Harbour Association"
[listen]
address = "127.0.0.1:{port}"
operations = "127.0.0.1:0"
trusted_proxies = ["127.0.0.1"]
[ams]
{ams}
[ams.production]
discovery_url = "{base}/Api/v1/WebApiUrl"
portal = "{base}"
app_name = "{app_name}"
app_key = {{ env = "APP_KEY" }}
user_email = "{user_email}"
user_password = {{ env = "USER_PASSWORD" }}
[session]
{session}
[store]
path = "{store}"
secret_keys = [{{ env = "SECRET_KEY" }}]
[[site]]
name = "library"
title = "Harbour Library"
url = "http://localhost:{port}"
upstream = "{site}"
[[site.access]]
path = "/members"
require = "signed_in"
[[site.access]]
path = "/"
require = "public"
"#,
            store = self.path("gate.sqlite").display(),
            site = self.site.base_url(),
        );
        std::fs::write(self.path("membergate.toml"), text).unwrap();
    }

    /// Starts the gateway, and waits until it answers.
    pub async fn open(&mut self) {
        let of = Credentials::demo(Environment::Production);
        let mut command = Command::new(env!("CARGO_BIN_EXE_membergate"));
        command.args(["serve", "--log-format", "json", "--config"]).arg(self.path("membergate.toml"));
        command
            .env("APP_KEY", of.app_key)
            .env("USER_PASSWORD", of.user_password)
            .env("SECRET_KEY", SECRET_KEY);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("log.jsonl")).unwrap();
        self.gate = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let home = self.url("/");
        for _ in 0..300 {
            if self.client.get(home.clone()).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the gateway does not answer:\n{}", std::fs::read_to_string(self.path("log.jsonl")).unwrap());
    }

    /// Ends the gateway as a service manager does.
    pub fn close(&mut self) {
        let Some(mut gate) = self.gate.take() else { return };
        let _ = Command::new("kill").args(["-s", "TERM", &gate.id().to_string()]).status();
        for _ in 0..150 {
            if matches!(gate.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = gate.kill();
        let _ = gate.wait();
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://localhost:{}{path}", self.address.port())).unwrap()
    }

    pub fn browser(&self, address: Option<String>) -> Browser {
        Browser::new(self.client.clone(), address)
    }

    /// Asks the AMS's control, as anybody would.
    pub async fn told(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.control.base_url());
        let asked = self.client.request(method.parse().unwrap(), url).body(body.to_string());
        let answer = asked.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null)
    }

    /// The gateway gets its tokens by one sign-in; then a whole minute goes by, so that nothing of the limits is used.
    pub async fn warm_up(&self, full: bool) {
        let mut browser = self.browser(Some("198.51.100.1".to_owned()));
        let who = ("sam.osei@acme.example", membergate::sim::people::PASSWORD);
        let journey =
            browser.sign_in(&self.url("/members"), who, Instant::now(), Duration::from_secs(60)).await;
        assert!(journey.entered.is_some(), "{journey:?}");
        if full {
            tokio::time::sleep(Duration::from_secs(61)).await;
        }
        self.told("DELETE", "/calls", json!({})).await;
    }

    /// The people of these numbers sign in, spread evenly over a time. Each comes from an address of its own.
    pub async fn rush(&self, people: usize, within: Duration, patience: Duration) -> Vec<Journey> {
        let begun = Instant::now();
        let mut all = tokio::task::JoinSet::new();
        for (n, (email, password)) in self.people.iter().take(people).cloned().enumerate() {
            let mut browser = self.browser(Some(address(n)));
            let wanted = self.url("/members");
            all.spawn(async move {
                tokio::time::sleep(within * n as u32 / people.max(1) as u32).await;
                (n, browser.sign_in(&wanted, (&email, &password), begun, patience).await)
            });
        }
        let mut journeys = all.join_all().await;
        journeys.sort_by_key(|(n, _)| *n);
        journeys.into_iter().map(|(_, journey)| journey).collect()
    }

    /// The gateway's resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let id = self.gate.as_ref().map(Child::id).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// The gateway's memory (MiB), processor time (s) and bytes written so far.
    pub fn usage(&self) -> Usage {
        let id = self.gate.as_ref().map(Child::id).unwrap_or_default();
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
        let number = |text: &str, name: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or_default()
        };
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok()).unwrap_or_default();
        Usage {
            memory: number(&read("status"), "VmRSS:") / 1024,
            processor: (ticks(11) + ticks(12)) / 100.0,
            writes: number(&read("io"), "syscw:"),
            written: number(&read("io"), "write_bytes:") / 1024,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.close();
    }
}

/// What the gateway used since it started.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory, in MiB.
    pub memory: u64,
    /// Processor time, in seconds.
    pub processor: f64,
    /// System calls that write, to files and sockets.
    pub writes: u64,
    /// KiB that were sent to the disk.
    pub written: u64,
}

/// An address of a network of its own.
pub fn address(n: usize) -> String {
    format!("10.{}.{}.{}", n / 62_500 % 250, n / 250 % 250, n % 250 + 1)
}

fn can_sign_in(person: &Person) -> bool {
    !person.is_deceased
        && person.user.as_ref().is_some_and(|user| user.is_approved)
        && person.login_email().is_some()
}
