//! Browsers for stories: headless Chromium over WebDriver, headless Firefox over WebDriver BiDi (both W3C), each in a profile
//! that is thrown away.
//!
//! A browser waits for what it is asked for and stops the test, with a picture, when that does not come. It reaches this
//! machine only: in Chromium `localhost`, `*.localhost` and `*.example` lead to the loopback address and every other name to
//! nowhere; Firefox knows `localhost` and `*.localhost`.

mod chromium;
mod firefox;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;

use chromium::Chromium;
use firefox::Firefox;

/// How long to wait for what a page should show, on a machine that does something else as well.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// One browser with one page. Dropping it ends every process that it started.
pub(crate) struct Browser {
    engine: Engine,
    name: String,
}

enum Engine {
    Chromium(Chromium),
    Firefox(Box<Firefox>),
}

/// A browser's refusal of a command.
#[derive(Debug)]
struct Refused {
    error: String,
    message: String,
}

/// Passes a command on to whichever browser it is.
macro_rules! of_engine {
    ($browser:expr, $engine:ident => $call:expr) => {
        match &$browser.engine {
            Engine::Chromium($engine) => $call,
            Engine::Firefox($engine) => $call,
        }
    };
}

impl Browser {
    /// Starts Chromium without cookies, cache or history.
    pub(crate) async fn start() -> Self {
        let chromium = Chromium::start().await;
        let name = format!("chromium-{}", chromium.id());
        Self { engine: Engine::Chromium(chromium), name }
    }

    /// Starts Firefox without cookies, cache or history.
    pub(crate) async fn start_firefox() -> Self {
        let firefox = Firefox::start().await;
        let name = format!("firefox-{}", firefox.id());
        Self { engine: Engine::Firefox(Box::new(firefox)), name }
    }

    /// Opens an address and waits until the page has loaded.
    pub(crate) async fn open(&self, url: &str) {
        if let Err(refused) = of_engine!(self, engine => engine.open(url).await) {
            self.give_up(&format!("{url} does not open: {}", refused.message)).await;
        }
    }

    /// The address of the page, as in the address bar.
    pub(crate) async fn url(&self) -> String {
        match of_engine!(self, engine => engine.url().await) {
            Ok(url) => url,
            Err(refused) => self.give_up(&format!("there is no address: {}", refused.message)).await,
        }
    }

    /// Waits until the address contains `part` and its page has loaded; says which address it is then.
    pub(crate) async fn wait_for_url(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            let url = of_engine!(self, engine => engine.url().await).unwrap_or_default();
            if url.contains(part) && self.has_loaded().await {
                return url;
            }
            if began.elapsed() > PATIENCE {
                self.give_up(&format!("the address never contained `{part}`")).await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn has_loaded(&self) -> bool {
        let state = of_engine!(self, engine => engine.execute("return document.readyState").await);
        state.is_ok_and(|state| state == "complete")
    }

    /// Waits until the page shows the element.
    pub(crate) async fn wait_for(&self, css: &str) {
        self.retry(css, "is shown", async || of_engine!(self, engine => engine.displayed(css).await)).await;
    }

    /// Whether the page has the element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        of_engine!(self, engine => engine.element(css).await).is_ok()
    }

    /// The text of the element as a person sees it.
    pub(crate) async fn text(&self, css: &str) -> String {
        let text =
            self.retry(css, "has text", async || of_engine!(self, engine => engine.text(css).await)).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the element; a page that this opens has loaded on return, unless a script opens it.
    pub(crate) async fn click(&self, css: &str) {
        self.retry(css, "can be clicked", async || of_engine!(self, engine => engine.click(css).await)).await;
    }

    /// Empties the field and types into it.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let typed = async || of_engine!(self, engine => engine.type_into(css, text).await);
        self.retry(css, "can be typed into", typed).await;
    }

    /// Runs the body of a JavaScript function in the page; what it returns, or what its promise ends in.
    pub(crate) async fn execute(&self, body: &str) -> Value {
        match of_engine!(self, engine => engine.execute(body).await) {
            Ok(value) => value,
            Err(refused) => self.give_up(&format!("the script `{body}` failed: {}", refused.message)).await,
        }
    }

    /// The cookies that the browser would send to the page's address, with those that no script can see.
    pub(crate) async fn cookies(&self) -> Vec<Value> {
        of_engine!(self, engine => engine.cookies().await).expect("a page has cookies")
    }

    /// What Chromium complained about since it was last asked: script errors, files that did not load, policies that were
    /// broken.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        self.chromium().complaints().await
    }

    /// Opens one more tab beside Chromium's others, and goes on there.
    pub(crate) async fn new_tab(&self) {
        self.chromium().new_tab().await;
    }

    /// Has Chromium show pages as a screen of this size does, by day or by night.
    pub(crate) async fn look(&self, width: u32, height: u32, dark: bool) {
        self.chromium().look(width, height, dark).await;
    }

    fn chromium(&self) -> &Chromium {
        match &self.engine {
            Engine::Chromium(chromium) => chromium,
            Engine::Firefox(_) => panic!("this can be asked of Chromium only"),
        }
    }

    /// Keeps a picture of the page as `target/screenshots/NAME.png`. On a busy machine Firefox now and then cannot take one at once.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        let mut tries = 1;
        loop {
            match self.picture(name).await {
                Ok(path) => return path,
                Err(refused) if tries == 5 => panic!("no picture of the page: {}", refused.message),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn picture(&self, name: &str) -> Result<PathBuf, Refused> {
        let picture = of_engine!(self, engine => engine.picture().await)?;
        let bytes = BASE64.decode(picture).expect("a picture is base64 text");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        fs::create_dir_all(&folder).expect("the folder of pictures can be made");
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, bytes).expect("the picture can be written");
        Ok(path)
    }

    /// Asks or does something on an element, again as long as it is absent, hidden, covered or just replaced.
    async fn retry(&self, css: &str, what: &str, act: impl AsyncFn() -> Result<Value, Refused>) -> Value {
        let began = Instant::now();
        loop {
            let refused = match act().await {
                Ok(value) => return value,
                Err(refused) => refused,
            };
            if began.elapsed() > PATIENCE {
                self.give_up(&format!("never: `{css}` {what}: {} ({})", refused.error, refused.message))
                    .await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops the test and shows what the page was like.
    async fn give_up(&self, reason: &str) -> ! {
        let show = "return location.href + '\\n' + document.body?.innerText";
        let page = of_engine!(self, engine => engine.execute(show).await).unwrap_or_default();
        let picture = self.picture(&format!("failed-{}", self.name)).await.unwrap_or_default();
        panic!(
            "{reason}\nThe page was {}\nIts picture is {}",
            page.as_str().unwrap_or("unreadable"),
            picture.display()
        );
    }
}

/// A program that leads a process group of its own, which ends as a whole.
struct Group(Child);

impl Group {
    /// Starts a program that says on one of its outputs where it listens, and waits for that.
    async fn start(
        mut command: Command,
        port: impl Fn(&str) -> Option<u16> + Send + 'static,
    ) -> Result<(Group, u16), String> {
        let (output, input) = std::io::pipe().map_err(|error| error.to_string())?;
        let both = input.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(input).stderr(both).process_group(0);
        let name = command.get_program().display().to_string();
        let group = command.spawn().map(Group).map_err(|error| format!("{name}: {error}"))?;
        // The program alone keeps the pipe open now, so that its end is seen.
        drop(command);
        let (tell, told) = tokio::sync::oneshot::channel();
        // Reads to the end, since a full pipe would stop the program.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            if let Some(port) = lines.find_map(|line| port(&line)) {
                let _ = tell.send(port);
            }
            lines.for_each(drop);
        });
        match tokio::time::timeout(3 * PATIENCE, told).await {
            Ok(Ok(port)) => Ok((group, port)),
            Ok(Err(_)) => Err(format!("{name} ended before it listened")),
            Err(_) => Err(format!("{name} did not listen in time")),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The standard library cannot signal a group; the shell can.
        let group = format!("kill -s KILL -- -{}", self.0.id());
        let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
        // Should the shell have failed, waiting for a process that lives on would hang the test.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn chromium_reads_fills_and_pictures_a_page_of_this_machine_only() {
    let (port, server) = a_form().await;
    let browser = Browser::start().await;
    browser.open(&format!("http://site.example:{port}/")).await;
    fills_and_pictures(&browser, &format!("http://site.example:{port}")).await;
    let complaints = browser.complaints().await;
    assert!(complaints.len() == 1 && complaints[0].contains("elsewhere.test"), "{complaints:?}");

    let (profile, session) =
        (browser.chromium().driver.profile.path().to_owned(), browser.chromium().session.clone());
    drop(browser);
    assert!(!profile.exists(), "the profile is thrown away");
    assert!(reqwest::get(session).await.is_err_and(|error| error.is_connect()), "the driver has ended");
    server.abort();
}

#[tokio::test]
async fn firefox_reads_fills_and_pictures_a_page() {
    let (port, server) = a_form().await;
    let browser = Browser::start_firefox().await;
    browser.open(&format!("http://site.localhost:{port}/")).await;
    fills_and_pictures(&browser, &format!("http://site.localhost:{port}")).await;
    server.abort();
}

async fn a_form() -> (u16, tokio::task::JoinHandle<()>) {
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
    let server = tokio::spawn(async { axum::serve(listener, router).await.expect("the page is served") });
    (port, server)
}

async fn fills_and_pictures(browser: &Browser, origin: &str) {
    assert_eq!(browser.text("h1").await, "Form");
    browser.wait_for("#late").await;
    assert!(browser.has("#late").await && !browser.has("#never").await);
    assert_eq!(browser.execute("return document.cookie").await, "", "a script sees no HttpOnly cookie");
    let cookies = browser.cookies().await;
    assert!(
        cookies.len() == 1 && cookies[0]["name"] == "secret" && cookies[0]["httpOnly"] == true,
        "{cookies:?}"
    );
    browser.type_into("#who", "Ada").await;
    browser.click("button").await;
    assert_eq!(browser.wait_for_url("/hello").await, format!("{origin}/hello?who=Ada"));
    assert_eq!(browser.text("p").await, "Hello who=Ada");
    let picture = fs::read(browser.screenshot("browser-self-test").await).expect("the picture was kept");
    assert!(picture.starts_with(b"\x89PNG"));
}
