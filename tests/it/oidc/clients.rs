//! Clients that other people wrote. `scripts/oidc-clients` installs them; `tests/clients` has their few lines of glue.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;
use url::Url;

use super::OpenIdWorld;
use super::party::SECRET;
use crate::world::{CHAIR, Plan, eventually};

/// Where `scripts/oidc-clients` puts them.
pub fn installed() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"))).unwrap();
    let folder = cache.join("membergate/oidc-clients");
    assert!(folder.is_dir(), "there are no clients in {}; run scripts/oidc-clients", folder.display());
    folder
}

/// A client at work: it tells one line, is told one, and tells another. Dropping it ends it.
pub struct Client {
    child: Child,
    lines: Receiver<String>,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Client {
    fn start(provider: &OpenIdWorld, program: PathBuf, script: Option<&str>) -> Client {
        let base = &provider.party.base;
        Client::start_as(
            provider,
            "wiki",
            program,
            script,
            &[&format!("{base}/second"), &format!("{base}/out?y=2")],
        )
    }

    /// `more`: what the script is told besides folder, issuer, client and secret.
    pub fn start_as(
        provider: &OpenIdWorld,
        client: &str,
        program: PathBuf,
        script: Option<&str>,
        more: &[&str],
    ) -> Client {
        let glue = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let mut child = Command::new(program)
            .args(script.map(|script| glue.join(script)))
            .arg(installed())
            .args([&provider.issuer(), client, SECRET])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (line, lines) = channel();
        // It ends with the client's output.
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        Client { child, lines }
    }

    pub fn tells(&mut self) -> Value {
        let line = block_in_place(|| self.lines.recv_timeout(Duration::from_secs(30)));
        serde_json::from_str(&line.expect("the client ended early; what it said is above")).unwrap()
    }

    fn is_told(&mut self, url: &Url) {
        let line = format!("{url}\n");
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

async fn signs_in_and_out(program: PathBuf, script: Option<&str>) {
    let provider = OpenIdWorld::start().await;
    let mut client = Client::start(&provider, program, script);
    let go = client.tells()["go"].as_str().unwrap().to_owned();
    let mut jane = provider.visitor();
    let landed = jane.sign_in(CHAIR, &go).await.expect(200).url;
    client.is_told(&landed);
    let learnt = client.tells();
    let id = provider.world.people().person(CHAIR).unwrap().id.to_string();
    assert_eq!((&learnt["claims"]["sub"], &learnt["userinfo"]["sub"]), (&json!(id), &json!(id)));
    assert_eq!(learnt["userinfo"]["name"], "Jane Marlowe");
    assert_eq!(learnt["claims"]["roles"], json!(["education_chair", "member", "subscriber"]));
    assert_eq!(learnt["rotated"], false, "a client with a secret keeps its refresh token");
    assert_ne!(learnt["revoked"], false);
    let out = jane.open(learnt["logout"].as_str().unwrap()).await.expect(200).url;
    assert_eq!(out.as_str(), format!("{}/out?y=2&state=bye", provider.party.base));
    provider.party.told(1).await;
    jane.get(provider.world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_npm_signs_in_and_out() {
    signs_in_and_out("node".into(), Some("openid_client.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_pypi_signs_in_and_out() {
    signs_in_and_out(installed().join("venv/bin/python"), Some("authlib_client.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_openidconnect_signs_in_and_out() {
    signs_in_and_out(installed().join("target/debug/openidconnect-client"), None).await;
}

/// What a community or a learning platform does that knows OAuth 2.0 and no OpenID Connect.
#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_pypi_signs_in_by_plain_oauth() {
    let provider = OpenIdWorld::start().await;
    let mut client = Client::start(&provider, installed().join("venv/bin/python"), Some("authlib_plain.py"));
    let go = client.tells()["go"].as_str().unwrap().to_owned();
    let landed = provider.visitor().sign_in(CHAIR, &go).await.expect(200).url;
    client.is_told(&landed);
    let learnt = client.tells();
    let id = provider.world.people().person(CHAIR).unwrap().id.to_string();
    assert_eq!(learnt["userinfo"]["sub"], id);
    assert_eq!(
        (&learnt["userinfo"]["name"], &learnt["tokens"]["scope"]),
        (&json!("Jane Marlowe"), &json!("profile"))
    );
    assert!(learnt["tokens"].get("id_token").is_none());
}

/// An Apache in one process. Dropping it ends it.
struct Apache {
    process: Child,
    _folder: TempDir,
    base: String,
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Apache {
    fn start(port: u16, issuer: &str) -> Apache {
        let folder = tempfile::tempdir().unwrap();
        for page in ["members", "education", "staff"] {
            let at = folder.path().join("site").join(page);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("index.html"), format!("the page of {page}")).unwrap();
        }
        // Apache gives up the rights of root, and its site has to be readable then.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let define = |name: &str, value: &str| format!("Define {name} {value}");
        let process = Command::new("/usr/sbin/apache2")
            .args(["-X", "-f"])
            .arg(here.join("tests/clients/apache.conf"))
            .args(["-C", &define("FOLDER", folder.path().to_str().unwrap())])
            .args(["-C", &define("PORT", &port.to_string())])
            .args(["-C", &define("ISSUER", issuer)])
            .args([
                "-C",
                &define("DEPLOY", here.join("deploy/apache/mod_auth_openidc.conf").to_str().unwrap()),
            ])
            .env("MEMBERGATE_APACHE_SECRET", SECRET)
            .spawn()
            .unwrap();
        Apache { process, _folder: folder, base: format!("http://127.0.0.1:{port}") }
    }
}

/// Runs `deploy/apache/mod_auth_openidc.conf` as it is.
#[tokio::test(flavor = "multi_thread")]
async fn apache_lets_people_in_by_their_roles_and_hears_when_they_leave() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let base = format!("http://127.0.0.1:{port}");
    let client = format!(
        r#"
[[oidc.client]]
id = "apache"
redirect_uris = ["{base}/oidc/redirect"]
back_channel_logout_uri = "{base}/oidc/redirect?logout=backchannel"
secret = {{ env = "WIKI_SECRET" }}
"#
    );
    let provider = OpenIdWorld::planned(Plan::default(), &client).await;
    let apache = Apache::start(port, &provider.issuer());
    eventually("Apache listens", async || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
    let mut jane = provider.visitor();
    let page = jane.sign_in(CHAIR, format!("{}/members/", apache.base)).await.expect(200);
    assert_eq!(page.text, "the page of members");
    assert_eq!(
        jane.open(format!("{}/education/", apache.base)).await.expect(200).text,
        "the page of education"
    );
    let refused = jane.open(format!("{}/staff/", apache.base)).await;
    assert!([401, 403].contains(&refused.status.as_u16()), "{}", refused.status);
    jane.get(provider.world.url("/_gate/logout")).await.expect(303);
    eventually("Apache has heard of the logout", async || {
        let page = jane.get(format!("{}/members/", apache.base)).await;
        page.location().filter(|location| location.path() == "/_gate/oidc/authorize")
    })
    .await;
}
