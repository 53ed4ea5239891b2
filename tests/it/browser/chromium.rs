//! Chromium over WebDriver, by way of chromedriver.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Group, PATIENCE, Refused};

const PROGRAM: &str = "/usr/bin/chromium";
/// WebDriver's name for the key under which it hands out an element (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub(super) struct Chromium {
    client: reqwest::Client,
    pub(super) session: String,
    pub(super) driver: Driver,
}

impl Chromium {
    pub(super) async fn start() -> Self {
        let (driver, port) = Driver::start().await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(6 * PATIENCE)
            .build()
            .expect("a client can be built");
        let address = format!("http://127.0.0.1:{port}/session");
        let mut chromium = Self { client, session: address, driver };
        let started = chromium.command("", capabilities(chromium.driver.profile.path())).await;
        let started = started.unwrap_or_else(|refused| panic!("Chromium did not start: {}", refused.message));
        let id = started["sessionId"].as_str().expect("a session has an id");
        chromium.session = format!("{}/{id}", chromium.session);
        chromium
    }

    pub(super) fn id(&self) -> &str {
        self.session.rsplit('/').next().unwrap_or_default()
    }

    pub(super) async fn open(&self, url: &str) -> Result<Value, Refused> {
        self.command("/url", json!({ "url": url })).await
    }

    pub(super) async fn url(&self) -> Result<String, Refused> {
        Ok(self.execute("return location.href").await?.as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn displayed(&self, css: &str) -> Result<Value, Refused> {
        self.query(&format!("/element/{}/displayed", self.element(css).await?)).await
    }

    pub(super) async fn text(&self, css: &str) -> Result<Value, Refused> {
        self.query(&format!("/element/{}/text", self.element(css).await?)).await
    }

    pub(super) async fn click(&self, css: &str) -> Result<Value, Refused> {
        self.command(&format!("/element/{}/click", self.element(css).await?), json!({})).await
    }

    pub(super) async fn type_into(&self, css: &str, text: &str) -> Result<Value, Refused> {
        let element = self.element(css).await?;
        self.command(&format!("/element/{element}/clear"), json!({})).await?;
        self.command(&format!("/element/{element}/value"), json!({ "text": text })).await
    }

    pub(super) async fn execute(&self, body: &str) -> Result<Value, Refused> {
        self.command("/execute/sync", json!({ "script": body, "args": [] })).await
    }

    pub(super) async fn cookies(&self) -> Result<Vec<Value>, Refused> {
        Ok(self.query("/cookie").await?.as_array().cloned().unwrap_or_default())
    }

    /// In base64.
    pub(super) async fn picture(&self) -> Result<String, Refused> {
        Ok(self.query("/screenshot").await?.as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn new_tab(&self) {
        let tab = self.command("/window/new", json!({ "type": "tab" })).await.expect("a tab opens");
        let there = self.command("/window", json!({ "handle": tab["handle"] })).await;
        there.expect("the tab is there");
    }

    pub(super) async fn complaints(&self) -> Vec<String> {
        let entries =
            self.command("/se/log", json!({ "type": "browser" })).await.expect("the browser keeps a log");
        let severe = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        severe.filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    /// By the Chrome DevTools Protocol, domain Emulation.
    pub(super) async fn look(&self, width: u32, height: u32, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        for (cmd, params) in
            [("Emulation.setDeviceMetricsOverride", screen), ("Emulation.setEmulatedMedia", media)]
        {
            let sent = self.command("/goog/cdp/execute", json!({ "cmd": cmd, "params": params })).await;
            sent.unwrap_or_else(|refused| panic!("{cmd}: {}", refused.message));
        }
    }

    pub(super) async fn element(&self, css: &str) -> Result<String, Refused> {
        let found = self.command("/element", json!({ "using": "css selector", "value": css })).await?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    async fn command(&self, path: &str, body: Value) -> Result<Value, Refused> {
        answer(self.client.post(format!("{}{path}", self.session)).json(&body)).await
    }

    async fn query(&self, path: &str) -> Result<Value, Refused> {
        answer(self.client.get(format!("{}{path}", self.session))).await
    }
}

/// What WebDriver answered: a value, or a refusal by name.
async fn answer(request: reqwest::RequestBuilder) -> Result<Value, Refused> {
    let response = request.send().await.expect("chromedriver answers");
    let failed = !response.status().is_success();
    let mut answer: Value = response.json().await.expect("chromedriver answers in JSON");
    let value = answer["value"].take();
    let text =
        |key: &str| value[key].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    if failed { Err(Refused { error: text("error"), message: text("message") }) } else { Ok(value) }
}

fn capabilities(profile: &Path) -> Value {
    let arguments = [
        "--headless",
        // The sandbox needs rights that root in a container lacks; all pages are our own.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-breakpad",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1000,800",
        "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
        &format!("--user-data-dir={}", profile.display()),
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "acceptInsecureCerts": true,
        "goog:chromeOptions": { "binary": PROGRAM, "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    } } })
}

/// The process that speaks WebDriver. It leads the process group in which Chromium runs too.
pub(super) struct Driver {
    _process: Group,
    pub(super) profile: TempDir,
}

impl Driver {
    /// Starts it on a free port of its own choice; gives that port.
    async fn start() -> (Self, u16) {
        const MISSING: &str = "this test needs Chromium and its driver (packages chromium and chromium-driver): run ./test, which installs them";
        assert!(Path::new(PROGRAM).exists(), "{MISSING}");
        let profile = TempDir::new().expect("a folder for the profile can be made");
        let mut command = Command::new("chromedriver");
        // Chromium writes to its home, and to the folder for temporary files, what it does not put into its profile.
        command.args(["--port=0", "--allowed-ips=127.0.0.1"]);
        command.env("HOME", profile.path()).env("TMPDIR", profile.path());
        let port =
            |line: &str| line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok();
        let (process, port) =
            Group::start(command, port).await.unwrap_or_else(|why| panic!("{why}; {MISSING}"));
        (Self { _process: process, profile }, port)
    }
}
