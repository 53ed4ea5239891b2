//! The built program as an operator runs it: start, signals, exit codes, and what the log tells.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use membergate::sim::people::Environment;
use membergate::sim::re_members::Credentials;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{CHAIR, Plan, SECRET_KEY, World, free_address};

/// A gateway in a process of its own, configured by files as an operator writes them.
pub struct Gateway {
    process: Child,
    log: BufReader<ChildStderr>,
    configuration: PathBuf,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_membergate"));
    command.env_clear().env("SECRET_KEY", SECRET_KEY);
    for environment in [Environment::Production, Environment::Staging] {
        let of = Credentials::demo(environment);
        command.env(format!("APP_KEY_{}", of.app_name), of.app_key);
        command.env(format!("USER_PASSWORD_{}", of.app_name), of.user_password);
    }
    command
}

pub fn write_configuration(world: &World) -> PathBuf {
    let file = world.folder.path().join("membergate.toml");
    std::fs::write(&file, world.configuration()).unwrap();
    std::fs::write(world.folder.path().join("rules.toml"), &world.plan.rules).unwrap();
    file
}

fn check(file: &Path) -> Output {
    asked(&["check"], file)
}

/// Runs a command that comes to its end by itself.
pub fn asked(command: &[&str], file: &Path) -> Output {
    program().args(command).arg("--config").arg(file).output().unwrap()
}

impl Gateway {
    pub fn start(world: &World) -> Gateway {
        Gateway::start_as(&write_configuration(world), &world.plan.variables)
    }

    /// With a configuration that is written already.
    pub fn start_with(configuration: &Path) -> Gateway {
        Gateway::start_as(configuration, &[])
    }

    fn start_as(configuration: &Path, variables: &[(&'static str, &'static str)]) -> Gateway {
        let mut command = program();
        command.args(["serve", "--log-format", "json", "--config"]).arg(configuration);
        command.envs(variables.iter().copied());
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut gateway = Gateway { process, log, configuration: configuration.to_owned() };
        gateway.wait_for("Ready");
        gateway
    }

    /// Reads the log up to a line with this text, and gives what was read.
    fn wait_for(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log ended without `{text}`:\n{read}");
            read.push_str(&line);
            if line.contains(text) {
                return read;
            }
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to end, and gives the rest of the log.
    pub fn end(mut self) -> String {
        self.signal("TERM");
        assert!(self.process.wait().unwrap().success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_reloads_what_is_good_refuses_what_is_bad_and_drains() {
    let mut world = World::start().await;
    world.close_gate().await;
    let mut gateway = Gateway::start(&world);
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);

    // A broken mapping changes nothing, and the log says where it is broken.
    let rules = world.folder.path().join("rules.toml");
    std::fs::write(&rules, "time_zone = \"Amerika/New_York\"\n").unwrap();
    gateway.signal("HUP");
    let said = gateway.wait_for("the old one stays in force");
    assert!(said.contains("rules.toml:1:"), "{said}");
    jane.get(world.url("/education")).await.expect(200);

    // A good one counts at once.
    std::fs::write(&rules, world.plan.rules.replace("\"CHAIR\"", "\"SECRETARY\"")).unwrap();
    gateway.signal("HUP");
    gateway.wait_for("read again");
    jane.get(world.url("/education")).await.expect(403);

    // Some keys cannot change while it runs. Each is named; what it says is not.
    for (from, to, key) in [
        ("gate.sqlite", "other.sqlite", "store.path"),
        ("gateway_integration@", "changed@", "ams.production.user_email"),
        ("workers = 2", "workers = 3", "listen.workers"),
    ] {
        std::fs::write(&gateway.configuration, world.configuration().replacen(from, to, 1)).unwrap();
        gateway.signal("HUP");
        let said = gateway.wait_for("only a restart");
        assert!(said.contains(&format!("only a restart can change {key}\"")), "{said}");
        assert!(!said.contains(to), "{said}");
    }

    // An answer under way is finished before the end.
    let mut download = TcpStream::connect(world.address()).await.unwrap();
    download.write_all(b"GET /big?bytes=30000000 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    download.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let ending = tokio::task::spawn_blocking(move || gateway.end());
    let rest = tokio::io::copy(&mut download, &mut tokio::io::sink()).await.unwrap();
    assert!(rest > 30_000_000, "{rest}");
    let log = ending.await.unwrap();
    assert!(log.contains("Draining") && log.contains("Ended"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_is_switched_in_the_browser_is_live_after_a_start_of_its_own() {
    const STAFF: &str = "sam.osei@acme.example";
    let more = "[admin]\nroles = [\"staff\"]\n".to_owned();
    let mut world = World::planned(Plan { more, ..Plan::default() }).await;
    world.close_gate().await;
    let mut gateway = Gateway::start(&world);
    let mut sam = world.visitor();
    let page = sam.sign_in(STAFF, world.url("/_gate/admin/status")).await.expect(200);
    let token = page.attribute("name=\"token\"", "value").unwrap();
    let fields = [("token", &*token), ("to", "staging"), ("confirmed", "yes")];
    sam.post(world.url("/_gate/admin/status/environment"), &fields).await.expect(202);
    let mut gateway = tokio::task::spawn_blocking(move || {
        gateway.wait_for("Ready again");
        gateway
    })
    .await
    .unwrap();
    sam.get(world.url("/_gate/me")).await.expect(401);
    let landed = sam.sign_in(STAFF, world.url("/_gate/admin/status")).await.expect(200);
    assert!(landed.trail.iter().any(|url| url.path().starts_with("/staging/")), "{:?}", landed.trail);
    assert!(landed.text.contains("Switch to production"), "{}", landed.text);

    // SIGHUP does not undo it.
    gateway.signal("HUP");
    gateway.wait_for("read again");
    sam.get(world.url("/_gate/admin/status")).await.expect(200);
    tokio::task::spawn_blocking(move || gateway.end()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_visitor_or_of_ours_is_in_the_log() {
    let mut world = World::start().await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    let mut jane = world.visitor();
    let form = jane.open(world.url("/members?private=query")).await;
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    let mut thief = world.visitor();
    thief.open(&landed).await.expect(400);
    jane.open(&landed).await.expect(200);
    let cookie = jane.cookie("localhost", "membergate").unwrap().clone();
    jane.open(&landed).await;
    jane.get(world.url("/education?also=private")).await;
    jane.get(world.url("/_gate/slo")).await;
    let sso = world.people().logins().first().unwrap().sso.clone();
    let log = gateway.end();
    assert!(log.contains("not_started_here"), "something was logged: {log}");
    let state = landed.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let credentials = Credentials::demo(Environment::Production);
    for secret in [
        &*cookie,
        &*sso,
        state,
        CHAIR,
        "private",
        &credentials.app_key,
        &credentials.user_password,
        SECRET_KEY,
    ] {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_on_the_same_store_does_not_start_and_tools_do() {
    let more = "[admin]\nroles = [\"staff\"]\n".to_owned();
    let mut world = World::planned(Plan { more, ..Plan::default() }).await;
    world.close_gate().await;
    let mut first = Gateway::start(&world);
    // It would get as far as its own addresses, if the store did not stop it.
    let elsewhere = world.folder.path().join("elsewhere.toml");
    let address = format!("127.0.0.1:{}", world.address().port());
    let other = world.configuration().replace(&address, &free_address().to_string());
    std::fs::write(&elsewhere, other).unwrap();
    let mut second = program();
    second.args(["serve", "--config"]).arg(&elsewhere).stderr(Stdio::piped());
    let mut second = second.spawn().unwrap();
    let (mut log, mut said) = (BufReader::new(second.stderr.take().unwrap()), String::new());
    while log.read_line(&mut said).unwrap() > 0 {
        if said.contains("Ready") {
            second.kill().unwrap();
        }
    }
    assert_eq!(second.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("another gateway runs on the store"), "{said}");
    assert!(said.contains("gate.sqlite; stop that one first, or give this one a store of its own"), "{said}");
    for tool in [&["check"][..], &["keys", "show"], &["keys", "rotate"], &["admin-link"]] {
        let ended = asked(tool, &first.configuration);
        assert!(ended.status.success(), "{tool:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }

    // A gateway that was killed leaves nothing that stands in the way of the next.
    first.signal("KILL");
    first.process.wait().unwrap();
    Gateway::start(&world).end();
}

/// The lines of a log, which is written as JSON, with this text.
pub fn lines(log: &str, text: &str) -> Vec<serde_json::Value> {
    let with = log.lines().filter(|line| line.contains(text));
    with.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_is_found_in_the_log_by_what_its_page_says() {
    let upstream = Some("http://127.0.0.1:1".to_owned());
    let mut world = World::planned(Plan { upstream, ..Plan::default() }).await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    let page = world.visitor().get(world.url("/")).await.expect(502);
    let reference = page.header("x-request-id").unwrap();
    assert!(page.text.contains(reference), "{}", page.text);
    let log = gateway.end();
    let told = lines(&log, "\"site_down\"");
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!(told[0]["fields"]["request_id"], reference);
    assert!(!log.contains("request.id"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_refused_is_found_in_the_log_by_what_its_page_says() {
    let mut world = World::planned(Plan::default()).await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    let page = world.visitor().get(world.url("/secret-place/%c0%af")).await.expect(400);
    world.visitor().get(world.url("/secret-place%2f..%2fmembers")).await;
    let log = gateway.end();
    let told = lines(&log, "path_overlong_utf8");
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!(told[0]["fields"]["request_id"], page.header("x-request-id").unwrap(), "{log}");
    let told = lines(&log, "path_another_reading");
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].to_string().contains("access rule `/members`"), "{log}");
    assert!(!log.contains("secret-place"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_refused_is_named_in_the_log_and_its_secret_is_not() {
    let more = r#"
[oidc]
[[oidc.client]]
id = "forum"
redirect_uris = ["https://forum.acme.example/cb"]
secret = { env = "FORUM_SECRET" }
"#;
    let variables = vec![("FORUM_SECRET", "forum-secret-forum-secret-forum-secret")];
    let mut world = World::planned(Plan { more: more.to_owned(), variables, ..Plan::default() }).await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    let mut forum = world.visitor();
    let old = [("client_id", "forum"), ("client_secret", "an-old-secret"), ("grant_type", "refresh_token")];
    let refused = forum.post(world.url("/_gate/oidc/token"), &old).await.expect(401);
    let turned_away = "/_gate/oidc/authorize?client_id=forum&redirect_uri=https://elsewhere.example/";
    let on_our_page = forum.get(world.url(turned_away)).await.expect(400);
    let at_the_client = "/_gate/oidc/authorize?client_id=forum&redirect_uri=https://forum.acme.example/cb&response_type=token";
    let told_the_client = forum.fetch(world.url(at_the_client)).await.expect(303);
    let log = gateway.end();
    for (page, text) in [
        (refused, "\"openid_call\""),
        (on_our_page, "OpenID request: the redirect address"),
        (told_the_client, "\"openid_request\""),
    ] {
        let told = lines(&log, text);
        assert_eq!(told.len(), 1, "{text}: {log}");
        assert_eq!(told[0]["fields"]["client"], "forum", "{log}");
        assert_eq!(told[0]["fields"]["request_id"], page.header("x-request-id").unwrap(), "{log}");
    }
    assert!(!log.contains("an-old-secret"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_all_that_is_wrong_and_tries_every_connection() {
    let mut world = World::start().await;
    world.close_gate().await;
    let file = write_configuration(&world);
    let good = check(&file);
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert_eq!(good.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&good.stderr));
    for part in ["ams.production", "ams.staging", "store", "library"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let broken = world
        .configuration()
        .replace("live = \"production\"", "live = \"prod\"")
        .replace("[session]", "[sesion]");
    std::fs::write(&file, broken).unwrap();
    let bad = check(&file);
    let said = String::from_utf8_lossy(&bad.stderr).into_owned() + &String::from_utf8_lossy(&bad.stdout);
    assert_eq!(bad.status.code(), Some(1));
    assert!(said.contains("prod") && said.contains("sesion"), "both at once: {said}");

    std::fs::write(&file, world.configuration().replace(&world.site.base_url(), "http://127.0.0.1:9"))
        .unwrap();
    let down = check(&file);
    assert_eq!(down.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&down.stdout).contains("failed"),
        "{}",
        String::from_utf8_lossy(&down.stdout)
    );
}
