//! Stories over real HTTP: a client and a browser without a screen against a running simulator.

mod control;
mod hooks;
mod id_tokens;
mod limits;
mod lists;
mod login;
mod members;
mod portal;

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Control, Credentials, Endpoint, Settings, Simulator, Switches};
use crate::sim::people::{Environment, PASSWORD};
use crate::sim::tests::switches::moved;
use crate::sim::tests::{
    CALLBACK, TODAY, VERIFIER, authorize_path, body_of, came_back, claims, client, cookie, form, location,
    open, post, redemption, text,
};

const DANA: &str = "6a6f5f2e-0001-4222-8333-444455550001";
const MAREK: &str = "6a6f5f2e-0002-4222-8333-444455550002";
const GRETA: &str = "6a6f5f2e-0003-4222-8333-444455550003";
const DORA: &str = "6a6f5f2e-0012-4222-8333-444455550012";
const NILS: &str = "6a6f5f2e-0014-4222-8333-444455550014";
const ACME: &str = "c0a1c0de-0001-4222-8333-444455550001";
const DANAS_EMAIL: &str = "dana.ruiz@people.example";

/// A simulator, and whoever calls it.
struct World {
    simulator: Simulator,
    http: reqwest::Client,
    environment: Environment,
}

impl World {
    /// Without a rate limit, unless a story sets it again.
    async fn with(assignments: &[&str]) -> World {
        World::with_settings(assignments, |_| {}).await
    }

    async fn with_settings(assignments: &[&str], change: impl FnOnce(&mut Settings)) -> World {
        let assignments = ["rate_limit=off"].into_iter().chain(assignments.iter().copied());
        let switches = Switches::parse(assignments).unwrap();
        let mut settings = Settings { switches, ..Settings::demo_on(Some(TODAY)) };
        change(&mut settings);
        let http = client();
        let simulator = Simulator::start(settings).await.unwrap();
        World { simulator, http, environment: Environment::Production }
    }

    /// The same world, seen from the staging site.
    fn at_staging(self) -> World {
        World { environment: Environment::Staging, ..self }
    }

    fn control(&self) -> &Control {
        self.simulator.control()
    }

    fn set(&self, assignment: &str) {
        self.control().set_switch(assignment).unwrap();
    }

    fn credentials(&self) -> Credentials {
        Credentials::demo(self.environment)
    }

    fn base(&self) -> String {
        match self.environment {
            Environment::Production => self.simulator.base_url(),
            Environment::Staging => self.simulator.staging_url(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("authorization", format!("Basic {}", self.credentials().api_key))
    }

    /// A call of the interface.
    async fn call(&self, path: &str) -> Response {
        self.keyed(self.http.get(self.url(path))).send().await.unwrap()
    }

    /// Status and body of a call; an empty body is null.
    async fn get(&self, path: &str) -> (u16, Value) {
        body_of(self.call(path).await).await
    }

    async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn member(&self, id: &str) -> Value {
        self.ok(&format!("/api/members/{id}")).await
    }

    /// The rows of a list that fits on one page.
    async fn rows(&self, path: &str) -> Vec<Value> {
        let list = self.ok(path).await;
        let rows = list["Results"].as_array().unwrap_or_else(|| panic!("{path}: {list}")).clone();
        assert_eq!(list["TotalCount"], rows.len(), "{path}");
        rows
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.request(method.parse().unwrap(), self.url(path)).json(&body);
        body_of(self.keyed(request).send().await.unwrap()).await
    }

    async fn open(&self, path: &str, cookie: Option<&str>) -> Response {
        open(&self.http, self.url(path), cookie).await
    }

    async fn fill_in(&self, path: &str, email: &str, password: &str) -> Response {
        post(&self.http, self.url(path), None, &[("email", email), ("password", password)]).await
    }

    /// Signs a browser in at the site.
    async fn browser(&self, email: &str) -> String {
        let response = self.fill_in("/login", email, PASSWORD).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{email}");
        cookie(&response)
    }

    fn authorize_path(&self, scope: &str) -> String {
        authorize_path(&self.credentials().client_id, scope)
    }

    /// Where a browser that is signed in comes back, as the parameters of the callback.
    async fn come_back(&self, path: &str, cookie: &str) -> Vec<(String, String)> {
        came_back(&self.open(path, Some(cookie)).await)
    }

    async fn code(&self, email: &str, scope: &str) -> String {
        let browser = self.browser(email).await;
        let back = self.come_back(&self.authorize_path(scope), &browser).await;
        assert_eq!(back[1], ("state".to_owned(), "the-state".to_owned()));
        assert_eq!(back[0].0, "code", "{back:?}");
        back[0].1.clone()
    }

    /// Exchanges a code; the secret is in the header.
    async fn redeem(&self, code: &str, verifier: &str) -> (u16, Value) {
        self.redeem_with(&redemption(code, verifier)).await
    }

    async fn redeem_with(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let Credentials { client_id, client_secret, .. } = self.credentials();
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .http
            .post(self.url("/oauth/token"))
            .header("content-type", "application/x-www-form-urlencoded");
        let request = request.basic_auth(encoded(&client_id), Some(encoded(&client_secret)));
        body_of(request.body(form(fields)).send().await.unwrap()).await
    }

    /// The whole of a sign-in: the answer of the token endpoint.
    async fn tokens(&self, email: &str, scope: &str) -> Value {
        let code = self.code(email, scope).await;
        let (status, tokens) = self.redeem(&code, VERIFIER).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn userinfo(&self, tokens: &Value) -> (u16, Value) {
        let request = self.http.get(self.url("/oauth/userinfo")).bearer_auth(text(&tokens["access_token"]));
        body_of(request.send().await.unwrap()).await
    }
}

#[test]
fn every_switch_is_moved_by_a_story() {
    let stories = [
        include_str!("control.rs"),
        include_str!("hooks.rs"),
        include_str!("id_tokens.rs"),
        include_str!("limits.rs"),
        include_str!("lists.rs"),
        include_str!("login.rs"),
        include_str!("members.rs"),
        include_str!("portal.rs"),
    ];
    moved(&Switches::default().lines(), &stories);
}
