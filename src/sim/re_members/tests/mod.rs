//! Stories over real HTTP: a client and a browser without a screen against a running simulator.

mod bulk;
mod control;
mod faults;
mod handshake;
mod portal;
mod records;
mod webhooks;

use reqwest::header::SET_COOKIE;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Control, Credentials, Settings, Simulator, Switches};
use crate::sim::people::{Environment, PASSWORD};
use crate::sim::tests::{TODAY, body_of, client, cookie, location, open, post, text};

/// A simulator, a client of its API, and what the client has learnt.
struct World {
    simulator: Simulator,
    http: reqwest::Client,
}

/// What a handshake gave.
#[derive(Clone, Debug)]
struct Tokens {
    base: String,
    app: String,
    user: String,
    answer: Value,
}

impl World {
    /// Without a rate limit, unless a story sets it again.
    async fn with(assignments: &[&str]) -> World {
        World::with_settings(assignments, |_| {}).await
    }

    async fn with_settings(assignments: &[&str], change: impl FnOnce(&mut Settings)) -> World {
        let assignments = ["rate_limit=off"].into_iter().chain(assignments.iter().copied());
        let mut settings =
            Settings { switches: Switches::parse(assignments).unwrap(), ..Settings::demo_on(Some(TODAY)) };
        change(&mut settings);
        let http = client();
        World { simulator: Simulator::start(settings).await.unwrap(), http }
    }

    fn control(&self) -> &Control {
        self.simulator.control()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.simulator.address())
    }

    async fn step_1(&self, credentials: &Credentials) -> Response {
        let body = json!({ "AppName": credentials.app_name, "AppKey": credentials.app_key });
        self.http.post(self.url("/Api/v1/WebApiUrl")).json(&body).send().await.unwrap()
    }

    async fn step_2(&self, uri: &str, access_token: &str, credentials: &Credentials) -> Response {
        let body = json!({
            "AppId": credentials.app_id, "AppPassword": credentials.app_password,
            "AppUserEmail": credentials.user_email, "AppUserPassword": credentials.user_password,
        });
        self.http.post(uri).header("AccessToken", access_token).json(&body).send().await.unwrap()
    }

    async fn handshake(&self, environment: Environment) -> Tokens {
        let credentials = Credentials::demo(environment);
        let first: Value = self.step_1(&credentials).await.json().await.unwrap();
        let second = self.step_2(text(&first["uri"]), text(&first["accessToken"]), &credentials).await;
        assert_eq!(second.status(), StatusCode::OK);
        let answer: Value = second.json().await.unwrap();
        Tokens {
            base: text(&answer["uri"]).trim_end_matches('/').to_owned(),
            app: text(&answer["appToken"]).to_owned(),
            user: text(&answer["userToken"]).to_owned(),
            answer,
        }
    }

    fn call(&self, tokens: &Tokens, path: &str) -> RequestBuilder {
        let request = self.http.get(format!("{}{path}", tokens.base));
        request.header("AppToken", &tokens.app).header("UserToken", &tokens.user)
    }

    /// Status and body of a call; an empty body is null.
    async fn get(&self, tokens: &Tokens, path: &str) -> (u16, Value) {
        body_of(self.call(tokens, path).send().await.unwrap()).await
    }

    /// The one item of a list of one.
    async fn only(&self, tokens: &Tokens, path: &str) -> Value {
        let (status, body) = self.get(tokens, path).await;
        assert_eq!((status, body["dataList"].as_array().map(Vec::len)), (200, Some(1)), "{path}: {body}");
        body["dataList"][0].clone()
    }

    /// All items of a list, page after page to the empty one.
    async fn everything(&self, tokens: &Tokens, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let (status, body) = self.get(tokens, &path.replace("{page}", &page.to_string())).await;
            assert_eq!(status, 200, "{body}");
            match body["dataList"].as_array() {
                Some(items) if !items.is_empty() => all.extend(items.iter().cloned()),
                _ => break,
            }
        }
        all
    }

    /// The text under `name` of each row of a list.
    async fn each(&self, tokens: &Tokens, path: &str, name: &str) -> Vec<String> {
        let rows = self.everything(tokens, path).await;
        rows.iter().map(|row| row[name].as_str().unwrap_or("none").to_owned()).collect()
    }

    async fn open(&self, path: &str, cookie: Option<&str>) -> Response {
        open(&self.http, self.url(path), cookie).await
    }

    async fn fill_in(&self, path: &str, email: &str, password: &str) -> Response {
        let fields = [
            ("__VIEWSTATE", "c2ltdWxhdGVk"),
            ("ctl00$main_content$Login$txtLoginUserName", email),
            ("ctl00$main_content$Login$txtLoginPassword", password),
        ];
        post(&self.http, self.url(path), None, &fields).await
    }

    /// Signs in by the form: the cookie of the portal, and where the browser was sent.
    async fn sign_in(&self, path: &str, email: &str) -> (String, String) {
        let response = self.fill_in(path, email, PASSWORD).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{email}");
        (cookie(&response), location(&response))
    }
}

fn sso(location: &str) -> &str {
    let (_, sso) = location.split_once("sso=").unwrap();
    sso
}
