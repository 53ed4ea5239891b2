//! PHP behind nginx and Caddy by FastCGI, where header names become variables and many spellings become one (S-11 to S-14, S-22).

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::behind;
use super::question::request;
use super::servers::{WebServer, end};
use crate::proxy::plane::Plane;

/// PHP's own FastCGI server, with one page that says what it was told.
struct Php {
    server: Child,
    folder: tempfile::TempDir,
}

impl Php {
    fn start() -> Php {
        let folder = tempfile::tempdir().unwrap();
        let page = "<?php header('Content-Type: application/json'); echo json_encode((object) array_filter($_SERVER, \
                    fn ($name) => preg_match('/MEMBERGATE|^HTTP_(COOKIE|PROXY)$/i', $name), ARRAY_FILTER_USE_KEY));";
        std::fs::write(folder.path().join("index.php"), page).unwrap();
        std::fs::create_dir(folder.path().join("members")).unwrap();
        std::fs::write(folder.path().join("members/index.php"), page).unwrap();
        let place = folder.path().display();
        let settings = format!(
            "[global]\ndaemonize = no\nerror_log = {place}/log\n[site]\nuser = root\nlisten = {place}/socket\n\
             pm = static\npm.max_children = 1\n"
        );
        std::fs::write(folder.path().join("fpm.conf"), settings).unwrap();
        let mut command = Command::new(program());
        command.args(["-n", "-F", "-R", "-y"]).arg(folder.path().join("fpm.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.process_group(0).spawn().unwrap();
        let php = Php { server, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::os::unix::net::UnixStream::connect(php.socket()).is_err() {
            assert!(Instant::now() < deadline, "PHP does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        php
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for Php {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

/// Debian has the version in the name.
fn program() -> PathBuf {
    let all = std::fs::read_dir("/usr/sbin").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let found = all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("php-fpm")).max();
    found.expect("there is no php-fpm in /usr/sbin: run scripts/install-web-servers.sh, as `./test` does")
}

/// What PHP was told, without what is empty.
async fn told(web_server: &WebServer, target: &str, fields: &str) -> Vec<(String, String)> {
    let asked = request("GET", target, &format!("{fields}|Connection: close"));
    let answer = plain(web_server, &asked).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{}: {asked}{answer}\n{}", web_server.name, web_server.log());
    let json = &answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()];
    let Value::Object(variables) = serde_json::from_str(json).unwrap() else { panic!("{json}") };
    let text = |value: Value| value.as_str().unwrap().to_owned();
    let said = variables.into_iter().map(|(name, value)| (name, text(value)));
    said.filter(|(_, value)| !value.is_empty()).collect()
}

/// The whole answer.
async fn plain(web_server: &WebServer, asked: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(web_server.address).await.unwrap();
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("an answer in time").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn php_is_told_by_us_alone_who_is_asking() {
    let (plane, php) = (Plane::behind_web_servers().await, Php::start());
    let behind = || behind(&plane);
    let servers = [
        WebServer::nginx_with_php(behind(), &php.socket(), php.folder.path()),
        WebServer::caddy_with_php(behind(), &php.socket(), php.folder.path()),
    ];
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim();
    for web_server in &servers {
        let forged = ["-", "_", ".", "~", "!"].map(|between| {
            ["Id", "Roles", "ASSERTION", "member", "Name", "email", "View-As"]
                .map(|name| format!("Membergate{between}{name}: evil"))
                .join("|")
                + "|Proxy: http://evil.example"
        });
        for forged in forged {
            let stranger = told(web_server, "/index.php", &forged).await;
            assert_eq!(stranger, [], "{}: {forged}", web_server.name);
            let known =
                told(web_server, "/members/index.php", &format!("{forged}|{member}; theme=dark")).await;
            let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(known.len(), 7, "{}: {known:?}", web_server.name);
            for name in ["ASSERTION", "ID", "NAME", "EMAIL", "ROLES", "MEMBER"] {
                assert!(
                    names.contains(&format!("HTTP_MEMBERGATE_{name}").as_str()),
                    "{}: {known:?}",
                    web_server.name
                );
            }
            assert!(known.iter().all(|(_, value)| value != "evil"), "{}: {known:?}", web_server.name);
            assert!(known.contains(&("HTTP_COOKIE".to_owned(), "theme=dark".to_owned())), "{known:?}");
        }
    }
}
