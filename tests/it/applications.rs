//! Real applications behind the proxy, with the addresses that they make themselves.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::browser::Browser;
use crate::world::{CHAIR, Plan, World, eventually};

/// Titles that are legal in a wiki, and awkward in an address.
const TITLES: [&str; 6] = ["Steins;Gate", "AC/DC", "A//B", "100% done", "Café", r"Back\slash"];

/// A MediaWiki of Debian's package, on SQLite and PHP's own server.
struct Wiki {
    folder: TempDir,
    server: Option<Child>,
}

impl Wiki {
    fn new() -> Wiki {
        const PACKAGE: &str = "/usr/share/mediawiki";
        const MISSING: &str = "this test needs a wiki (packages mediawiki, php-cli and php-sqlite3): run ./test, which installs them";
        assert!(Path::new(PACKAGE).join("index.php").exists(), "{MISSING}");
        let folder = TempDir::new().unwrap();
        let wiki = Wiki { folder, server: None };
        // The package is made of links into places that belong to the machine's own wiki. What cannot be followed is not needed.
        let _ = Command::new("cp")
            .arg("-rL")
            .args([&format!("{PACKAGE}/."), wiki.root().to_str().unwrap()])
            .output();
        let _ = std::fs::remove_file(wiki.root().join("LocalSettings.php"));
        wiki
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Installs the wiki for a public address, writes the pages, and serves it at `port`.
    fn serve(&mut self, origin: &str, port: u16) {
        let data = self.folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let data = data.display().to_string();
        let place = ["--dbtype", "sqlite", "--dbname", "wiki", "--dbpath", &data];
        let address = ["--server", origin, "--scriptpath", "", "--pass", "administrator-1", "Wiki", "Admin"];
        self.maintain("install.php", &[&place[..], &address[..]].concat(), "");
        for title in TITLES {
            self.maintain("edit.php", &["--user", "Admin", title], &format!("This is the page of {title}."));
        }
        let links: String = TITLES.iter().map(|title| format!("* [[{title}]]\n")).collect();
        self.maintain("edit.php", &["--user", "Admin", "Index"], &links);
        let server = Command::new("php")
            .args(["-S", &format!("127.0.0.1:{port}")])
            .current_dir(self.root())
            .env("PHP_CLI_SERVER_WORKERS", "3")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        self.server = Some(server.unwrap());
    }

    fn maintain(&self, script: &str, arguments: &[&str], input: &str) -> Output {
        let file = self.folder.path().join("input");
        std::fs::write(&file, input).unwrap();
        let output = Command::new("php")
            .arg(self.root().join("maintenance").join(script))
            .args(arguments)
            .stdin(std::fs::File::open(&file).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{script} {arguments:?}: {output:?}");
        output
    }
}

impl Drop for Wiki {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // PHP's workers are processes of their own.
            let group = format!("kill -s KILL -- -{}", server.id());
            let _ = Command::new("sh").args(["-c", &group]).status();
            let _ = server.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiki_for_members_is_read_and_written_under_its_awkward_titles() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::planned(Plan {
        access: "[[site.access]]\npath = \"/\"\nany_of = [\"member\"]\n".to_owned(),
        upstream: Some(format!("http://127.0.0.1:{port}")),
        ..Plan::default()
    })
    .await;
    let mut wiki = Wiki::new();
    let origin = world.url("").trim_end_matches('/').to_owned();
    tokio::task::block_in_place(|| wiki.serve(&origin, port));
    eventually("PHP serves the wiki", async || TcpStream::connect(("127.0.0.1", port)).ok()).await;

    // A member follows a link from elsewhere to one of those pages, signs in, and comes back to it.
    let browser = Browser::start().await;
    browser.open(&world.url("/index.php/Steins;Gate?uselang=en#Plot")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", CHAIR).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
    let back = browser.wait_for_url("/index.php/").await;
    assert_eq!(back, world.url("/index.php/Steins;Gate?uselang=en#Plot"));
    assert!(browser.text("#mw-content-text").await.contains("the page of Steins;Gate"));

    // The wiki's own links lead to each of them.
    for (index, title) in TITLES.iter().enumerate() {
        browser.open(&world.url("/index.php/Index")).await;
        browser.click(&format!("#mw-content-text li:nth-of-type({}) a", index + 1)).await;
        let expect = format!("This is the page of {title}.");
        browser.wait_for(".mw-parser-output p").await;
        let text = browser.text("#mw-content-text").await;
        assert!(text.contains(&expect), "{title}: {text} at {}", browser.url().await);
    }
    // A browser writes a slash within a name like this when a program encodes the name.
    browser.open(&world.url("/index.php/AC%2FDC")).await;
    assert!(browser.text("#mw-content-text").await.contains("the page of AC/DC"));

    // And a new page is written.
    browser.open(&world.url("/index.php?title=Notes;2026%2F11%20%5C%20100%25&action=edit")).await;
    browser.type_into("#wpTextbox1", "Kept by a member.").await;
    browser.click("#wpSave").await;
    browser.wait_for_url("/index.php/Notes;2026/11_%5C_100%25").await;
    assert!(browser.text("#mw-content-text").await.contains("Kept by a member."));
    browser.screenshot("application-wiki").await;
}
