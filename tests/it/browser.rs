//! A browser for stories: headless Chromium driven over WebDriver (W3C), in a profile that is thrown away.
//!
//! It waits for what it is asked for and stops the test, with a picture, when that does not come. It reaches this
//! machine only: `localhost`, `*.localhost` and `*.example` lead to the loopback address, every other name to nowhere.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long to wait for what a page should show.
const PATIENCE: Duration = Duration::from_secs(10);
const CHROMIUM: &str = "/usr/bin/chromium";
const POLL: Duration = Duration::from_millis(50);
/// WebDriver's name for the key under which it hands out an element (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser with one page. Dropping it ends every process that it started.
pub(crate) struct Browser {
    client: reqwest::Client,
    session: String,
    driver: Driver,
}

/// WebDriver's refusal of a command.
#[derive(Debug)]
struct Refused {
    error: String,
    message: String,
}

impl Browser {
    /// Starts a browser without cookies, cache or history.
    pub(crate) async fn start() -> Self {
        let (driver, port) = Driver::start().await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(6 * PATIENCE)
            .build()
            .expect("a client can be built");
        let address = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { client, session: address, driver };
        let started = browser.command("", capabilities(browser.driver.profile.path())).await;
        let started = started.unwrap_or_else(|refused| panic!("Chromium did not start: {}", refused.message));
        let id = started["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Opens an address and waits until the page has loaded.
    pub(crate) async fn open(&self, url: &str) {
        if let Err(refused) = self.command("/url", json!({ "url": url })).await {
            self.give_up(&format!("{url} does not open: {}", refused.message)).await;
        }
    }

    /// The address of the page, as in the address bar.
    pub(crate) async fn url(&self) -> String {
        self.execute("return location.href").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the address contains `part`; says which one it is then.
    pub(crate) async fn wait_for_url(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            let url = self.url().await;
            if url.contains(part) {
                return url;
            }
            if began.elapsed() > PATIENCE {
                self.give_up(&format!("the address never contained `{part}`")).await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the page has the element.
    pub(crate) async fn wait_for(&self, css: &str) {
        self.on_element(css, "/displayed", None).await;
    }

    /// Whether the page has the element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.element(css).await.is_ok()
    }

    /// The text of the element as a person sees it.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.on_element(css, "/text", None).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the element; a page that this opens has loaded on return, unless a script opens it.
    pub(crate) async fn click(&self, css: &str) {
        self.on_element(css, "/click", Some(json!({}))).await;
    }

    /// Empties the field and types into it.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.on_element(css, "/clear", Some(json!({}))).await;
        self.on_element(css, "/value", Some(json!({ "text": text }))).await;
    }

    /// Runs the body of a JavaScript function in the page; what it returns, or what its promise ends in.
    pub(crate) async fn execute(&self, body: &str) -> Value {
        match self.command("/execute/sync", json!({ "script": body, "args": [] })).await {
            Ok(value) => value,
            Err(refused) => self.give_up(&format!("the script `{body}` failed: {}", refused.message)).await,
        }
    }

    /// The cookies that the browser would send to the page's address, with those that no script can see.
    pub(crate) async fn cookies(&self) -> Vec<Value> {
        let cookies = self.query("/cookie").await.expect("a page has cookies");
        cookies.as_array().cloned().unwrap_or_default()
    }

    /// What the browser complained about since it was last asked: script errors, files that did not load, policies
    /// that were broken.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries =
            self.command("/se/log", json!({ "type": "browser" })).await.expect("the browser keeps a log");
        let severe = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        severe.filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    /// Keeps a picture of the page as `target/screenshots/NAME.png`.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        self.picture(name)
            .await
            .unwrap_or_else(|refused| panic!("no picture of the page: {}", refused.message))
    }

    async fn picture(&self, name: &str) -> Result<PathBuf, Refused> {
        let picture = self.query("/screenshot").await?;
        let bytes = BASE64.decode(picture.as_str().unwrap_or_default()).expect("a picture is base64 text");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        fs::create_dir_all(&folder).expect("the folder of pictures can be made");
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, bytes).expect("the picture can be written");
        Ok(path)
    }

    /// Asks or does something on an element, from anew as long as it is absent, hidden, covered or just replaced.
    async fn on_element(&self, css: &str, action: &str, body: Option<Value>) -> Value {
        let began = Instant::now();
        loop {
            let refused = match self.try_on_element(css, action, body.clone()).await {
                Ok(value) => return value,
                Err(refused) => refused,
            };
            if began.elapsed() > PATIENCE {
                self.give_up(&format!("`{css}`{action}: {} ({})", refused.error, refused.message)).await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn try_on_element(&self, css: &str, action: &str, body: Option<Value>) -> Result<Value, Refused> {
        let path = format!("/element/{}{action}", self.element(css).await?);
        match body {
            Some(body) => self.command(&path, body).await,
            None => self.query(&path).await,
        }
    }

    async fn element(&self, css: &str) -> Result<String, Refused> {
        let found = self.command("/element", json!({ "using": "css selector", "value": css })).await?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    async fn command(&self, path: &str, body: Value) -> Result<Value, Refused> {
        answer(self.client.post(format!("{}{path}", self.session)).json(&body)).await
    }

    async fn query(&self, path: &str) -> Result<Value, Refused> {
        answer(self.client.get(format!("{}{path}", self.session))).await
    }

    /// Stops the test and shows what the page was like.
    async fn give_up(&self, reason: &str) -> ! {
        let show = json!({ "script": "return location.href + '\\n' + document.body?.innerText", "args": [] });
        let page = self.command("/execute/sync", show).await.unwrap_or_default();
        let name = format!("failed-{}", self.session.rsplit('/').next().unwrap_or_default());
        let picture = self.picture(&name).await.unwrap_or_default();
        panic!(
            "{reason}\nThe page was {}\nIts picture is {}",
            page.as_str().unwrap_or("unreadable"),
            picture.display()
        );
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
        "goog:chromeOptions": { "binary": CHROMIUM, "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    } } })
}

/// The process that speaks WebDriver. It leads the process group in which Chromium runs too.
struct Driver {
    process: Child,
    profile: TempDir,
}

impl Driver {
    /// Starts it on a free port of its own choice; gives that port.
    async fn start() -> (Self, u16) {
        const MISSING: &str = "this test needs Chromium and its driver (packages chromium and chromium-driver): run ./test, which installs them";
        assert!(Path::new(CHROMIUM).exists(), "{MISSING}");
        let profile = TempDir::new().expect("a folder for the profile can be made");
        let mut process = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Chromium writes here what it does not put into its profile.
            .env("HOME", profile.path())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; {MISSING}"));
        let output = BufReader::new(process.stdout.take().expect("standard output is piped"));
        let driver = Self { process, profile };
        let (tell, told) = tokio::sync::oneshot::channel();
        // Reads to the end, since a full pipe would stop the driver; the end comes with the process.
        std::thread::spawn(move || {
            let mut lines = output.lines().map_while(Result::ok);
            let port = lines.find_map(|line| {
                line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
            });
            if let Some(port) = port {
                let _ = tell.send(port);
            }
            lines.for_each(drop);
        });
        let port = tokio::time::timeout(PATIENCE, told).await.expect("chromedriver starts in time");
        (driver, port.expect("chromedriver tells its port"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The standard library cannot signal a group; the shell can.
        let group = format!("kill -s KILL -- -{}", self.process.id());
        let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
        // Should the shell have failed, waiting for a process that lives on would hang the test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_browser_reads_fills_and_pictures_a_page_of_this_machine_only() {
    use axum::{Router, http::header::SET_COOKIE, response::Html, routing::get};
    const FORM: &str = "<h1>Form</h1><form action=/hello><input id=who name=who value=x><button>Go</button></form>
        <script>setTimeout(() => { document.body.insertAdjacentHTML('beforeend', '<p id=late>Late</p>') }, 200)</script>
        <img src=http://elsewhere.test/picture.png>";
    let hello = |uri: axum::http::Uri| async move {
        Html(format!("<p>Hello {}</p>", uri.query().unwrap_or_default()))
    };
    let form = get(|| async { ([(SET_COOKIE, "secret=1; HttpOnly")], Html(FORM)) });
    let router =
        Router::new().route("/", form).route("/hello", get(hello)).route("/favicon.ico", get(|| async {}));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("a listener has an address").port();
    let server = tokio::spawn(async { axum::serve(listener, router).await });

    let browser = Browser::start().await;
    browser.open(&format!("http://site.example:{port}/")).await;
    assert_eq!(browser.text("h1").await, "Form");
    browser.wait_for("#late").await;
    assert!(browser.has("#late").await && !browser.has("#never").await);
    assert_eq!(browser.execute("return document.cookie").await, "", "a script sees no HttpOnly cookie");
    let cookies = browser.cookies().await;
    assert!(
        cookies.len() == 1 && cookies[0]["name"] == "secret" && cookies[0]["httpOnly"] == true,
        "{cookies:?}"
    );
    let complaints = browser.complaints().await;
    assert!(complaints.len() == 1 && complaints[0].contains("elsewhere.test"), "{complaints:?}");

    browser.type_into("#who", "Ada").await;
    browser.click("button").await;
    assert_eq!(browser.wait_for_url("/hello").await, format!("http://site.example:{port}/hello?who=Ada"));
    assert_eq!(browser.text("p").await, "Hello who=Ada");
    let picture = fs::read(browser.screenshot("browser-self-test").await).expect("the picture was kept");
    assert!(picture.starts_with(b"\x89PNG"));

    let (profile, session) = (browser.driver.profile.path().to_owned(), browser.session.clone());
    drop(browser);
    assert!(!profile.exists(), "the profile is thrown away");
    assert!(reqwest::get(session).await.is_err_and(|error| error.is_connect()), "the driver has ended");
    server.abort();
}
