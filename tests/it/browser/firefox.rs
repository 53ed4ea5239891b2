//! Firefox over WebDriver BiDi: commands and events as JSON over one WebSocket, which Firefox serves itself.

use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Group, PATIENCE, Refused};

/// What Firefox must not do by itself: ask its maker for news, show pages of its own, or complain about a certificate's age.
const PREFERENCES: [(&str, &str); 12] = [
    ("app.normandy.enabled", "false"),
    ("app.update.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.safebrowsing.downloads.remote.enabled", "false"),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.update.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("toolkit.telemetry.enabled", "false"),
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct Firefox {
    connection: Mutex<Connection>,
    /// The browsing context that is our one page.
    page: String,
    port: u16,
    _process: Group,
    _profile: TempDir,
}

struct Connection {
    socket: Socket,
    commands: u64,
}

impl Connection {
    /// Sends a command and waits for its answer; events that come between are not listened to.
    async fn command(&mut self, method: &str, params: Value) -> Result<Value, Refused> {
        self.commands += 1;
        let number = self.commands;
        let command = json!({ "id": number, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).await.expect("Firefox listens");
        loop {
            let message = self.socket.next().await.expect("Firefox lives").expect("Firefox answers");
            let Message::Text(text) = message else { continue };
            let mut answer: Value = serde_json::from_str(&text).expect("Firefox answers in JSON");
            if answer["id"] != number {
                continue;
            }
            if answer["type"] == "success" {
                return Ok(answer["result"].take());
            }
            let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
            return Err(Refused { error: text("error"), message: text("message") });
        }
    }
}

impl Firefox {
    pub(super) async fn start() -> Self {
        const MISSING: &str = "this test needs Firefox (package firefox-esr): run ./test, which installs it";
        let profile = TempDir::new().expect("a folder for the profile can be made");
        let preferences: String =
            PREFERENCES.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect();
        std::fs::write(profile.path().join("user.js"), preferences).expect("preferences can be written");
        let mut command = Command::new("firefox-esr");
        command.args(["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile"]);
        // Its home and its caches go with the profile.
        command.arg(profile.path()).arg("about:blank").env("HOME", profile.path());
        let port = |line: &str| {
            line.rsplit_once("BiDi listening on ws://")?.1.rsplit_once(':')?.1.trim().parse().ok()
        };
        let (process, port) =
            Group::start(command, port).await.unwrap_or_else(|why| panic!("{why}; {MISSING}"));
        let (socket, _) =
            connect_async(format!("ws://127.0.0.1:{port}/session")).await.expect("Firefox listens");
        let mut connection = Connection { socket, commands: 0 };
        let session = json!({ "capabilities": { "alwaysMatch": { "acceptInsecureCerts": true } } });
        connection.command("session.new", session).await.expect("Firefox gives a session");
        let tree =
            connection.command("browsingContext.getTree", json!({})).await.expect("Firefox has a page");
        let page = tree["contexts"][0]["context"].as_str().expect("a page has a name").to_owned();
        let screen = json!({ "context": page, "viewport": { "width": 1000, "height": 800 } });
        connection.command("browsingContext.setViewport", screen).await.expect("the page takes a size");
        Self { connection: Mutex::new(connection), page, port, _process: process, _profile: profile }
    }

    pub(super) fn id(&self) -> u16 {
        self.port
    }

    pub(super) async fn open(&self, url: &str) -> Result<Value, Refused> {
        self.command("browsingContext.navigate", json!({ "url": url, "wait": "complete" })).await
    }

    pub(super) async fn url(&self) -> Result<String, Refused> {
        let mut connection = self.connection.lock().await;
        let tree = connection.command("browsingContext.getTree", json!({ "root": self.page })).await?;
        Ok(tree["contexts"][0]["url"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn displayed(&self, css: &str) -> Result<Value, Refused> {
        let element = self.element(css).await?;
        match self.of_element(&element, "element => element.checkVisibility()").await? {
            Value::Bool(true) => Ok(Value::Bool(true)),
            _ => Err(Refused { error: "hidden".into(), message: String::new() }),
        }
    }

    pub(super) async fn text(&self, css: &str) -> Result<Value, Refused> {
        let element = self.element(css).await?;
        self.of_element(&element, "element => element.innerText").await
    }

    /// With the pointer, as a person does: what covers the element gets the click.
    pub(super) async fn click(&self, css: &str) -> Result<Value, Refused> {
        let element = self.element(css).await?;
        self.of_element(&element, "element => element.scrollIntoView({ block: 'center' })").await?;
        let origin = json!({ "type": "element", "element": { "sharedId": element } });
        let pointer = json!({ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "x": 0, "y": 0, "origin": origin },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ] });
        self.command("input.performActions", json!({ "actions": [pointer] })).await?;
        // A navigation that the click starts has begun by then; waiting for the next page is the story's affair.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(Value::Null)
    }

    pub(super) async fn type_into(&self, css: &str, text: &str) -> Result<Value, Refused> {
        let element = self.element(css).await?;
        self.of_element(&element, "element => { element.focus(); element.value = '' }").await?;
        let strokes: Vec<Value> = text
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        let keys = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.command("input.performActions", json!({ "actions": [keys] })).await
    }

    pub(super) async fn execute(&self, body: &str) -> Result<Value, Refused> {
        self.call(&format!("async () => {{ {body} }}"), json!([])).await
    }

    pub(super) async fn cookies(&self) -> Result<Vec<Value>, Refused> {
        let partition = json!({ "type": "context", "context": self.page });
        let mut connection = self.connection.lock().await;
        let mut got = connection.command("storage.getCookies", json!({ "partition": partition })).await?;
        let mut cookies = got["cookies"].as_array_mut().map(std::mem::take).unwrap_or_default();
        for cookie in &mut cookies {
            // As WebDriver and the header spell it.
            let spelled = match cookie["sameSite"].as_str() {
                Some("lax") => "Lax",
                Some("strict") => "Strict",
                _ => "None",
            };
            cookie["sameSite"] = json!(spelled);
        }
        Ok(cookies)
    }

    /// In base64.
    pub(super) async fn picture(&self) -> Result<String, Refused> {
        let got = self.command("browsingContext.captureScreenshot", json!({})).await?;
        Ok(got["data"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn element(&self, css: &str) -> Result<String, Refused> {
        let locator = json!({ "type": "css", "value": css });
        let found = self
            .command("browsingContext.locateNodes", json!({ "locator": locator, "maxNodeCount": 1 }))
            .await?;
        match found["nodes"][0]["sharedId"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(Refused { error: "no such element".into(), message: css.to_owned() }),
        }
    }

    async fn of_element(&self, element: &str, function: &str) -> Result<Value, Refused> {
        self.call(function, json!([{ "sharedId": element }])).await
    }

    async fn call(&self, function: &str, arguments: Value) -> Result<Value, Refused> {
        // JSON on the way out, so that nothing of BiDi's own notation has to be read.
        let json = format!("async (...given) => JSON.stringify(await ({function})(...given)) ?? 'null'");
        let call = json!({
            "functionDeclaration": json,
            "arguments": arguments,
            "awaitPromise": true,
            "target": { "context": self.page },
        });
        let mut connection = self.connection.lock().await;
        let called = connection.command("script.callFunction", call).await?;
        match called["result"]["value"].as_str() {
            Some(text) => Ok(serde_json::from_str(text).expect("a script gives JSON")),
            None => {
                let message = called["exceptionDetails"]["text"].as_str().unwrap_or_default().to_owned();
                Err(Refused { error: "script error".into(), message })
            }
        }
    }

    /// A command about our page.
    async fn command(&self, method: &str, mut params: Value) -> Result<Value, Refused> {
        params["context"] = json!(self.page);
        let mut connection = self.connection.lock().await;
        tokio::time::timeout(3 * PATIENCE, connection.command(method, params))
            .await
            .expect("Firefox answers in time")
    }
}
