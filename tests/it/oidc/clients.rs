//! Clients that other people wrote. `scripts/oidc-clients` installs them; `tests/clients` has their few lines of glue.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::block_in_place;
use url::Url;

use super::House;
use super::party::SECRET;
use crate::world::CHAIR;

/// Where `scripts/oidc-clients` puts them.
fn installed() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"))).unwrap();
    let folder = cache.join("membergate/oidc-clients");
    assert!(folder.is_dir(), "there are no clients in {}; run scripts/oidc-clients", folder.display());
    folder
}

/// A client at work: it tells one line, is told one, and tells another. Dropping it ends it.
struct Client {
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
    fn start(house: &House, program: PathBuf, script: &str) -> Client {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
        let base = &house.party.base;
        let mut child = Command::new(program)
            .arg(script)
            .arg(installed())
            .args([house.issuer(), "wiki".to_owned(), SECRET.to_owned()])
            .args([format!("{base}/second"), format!("{base}/out?y=2")])
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

    fn tells(&mut self) -> Value {
        let line = block_in_place(|| self.lines.recv_timeout(Duration::from_secs(30)));
        serde_json::from_str(&line.expect("the client ended early; what it said is above")).unwrap()
    }

    fn is_told(&mut self, url: &Url) {
        let line = format!("{url}\n");
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

async fn signs_in_and_out(program: PathBuf, script: &str) {
    let house = House::start().await;
    let mut client = Client::start(&house, program, script);
    let go = client.tells()["go"].as_str().unwrap().to_owned();
    let mut jane = house.visitor();
    let landed = jane.sign_in(CHAIR, &go).await.expect(200).url;
    client.is_told(&landed);
    let learnt = client.tells();
    let id = house.world.people().person(CHAIR).unwrap().id.to_string();
    assert_eq!((&learnt["claims"]["sub"], &learnt["userinfo"]["sub"]), (&json!(id), &json!(id)));
    assert_eq!(learnt["userinfo"]["name"], "Jane Marlowe");
    assert_eq!(learnt["claims"]["roles"], json!(["education_chair", "member", "subscriber"]));
    assert_eq!((&learnt["rotated"], &learnt["revoked"]), (&json!(true), &json!(true)));
    let out = jane.open(learnt["logout"].as_str().unwrap()).await.expect(200).url;
    assert_eq!(out.as_str(), format!("{}/out?y=2&state=bye", house.party.base));
    house.party.told(1).await;
    jane.get(house.world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_npm_signs_in_and_out() {
    signs_in_and_out("node".into(), "openid_client.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_pypi_signs_in_and_out() {
    signs_in_and_out(installed().join("venv/bin/python"), "authlib_client.py").await;
}
