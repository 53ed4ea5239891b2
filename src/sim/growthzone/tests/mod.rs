//! Stories over real HTTP: a client and a browser without a screen against a running simulator.

mod changes;
mod contacts;
mod control;
mod limits;
mod lists;
mod login;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Control, Credentials, Endpoint, Settings, Simulator, Switches};
use crate::sim::people::PASSWORD;
use crate::sim::tests::switches::moved;
use crate::sim::tests::{
    CALLBACK, TODAY, VERIFIER, authorize_path, body_of, came_back, claims, client, cookie, location, open,
    post, redemption, text,
};

const ALL: &str = "openid profile email offline_access";

const DANA: &str = "1001001";
const MAREK: &str = "1001002";
const ACME: &str = "1000042";

/// A simulator, and whoever calls it.
struct World {
    simulator: Simulator,
    http: reqwest::Client,
}

impl World {
    /// Without consent and limits, unless a story sets them again.
    async fn with(assignments: &[&str]) -> World {
        World::with_settings(assignments, |_| {}).await
    }

    async fn with_settings(assignments: &[&str], change: impl FnOnce(&mut Settings)) -> World {
        let assignments = ["rate_limit=off", "consent=off"].into_iter().chain(assignments.iter().copied());
        let switches = Switches::parse(assignments).unwrap();
        let mut settings = Settings { switches, ..Settings::demo_on(Some(TODAY)) };
        change(&mut settings);
        let http = client();
        World { simulator: Simulator::start(settings).await.unwrap(), http }
    }

    fn control(&self) -> &Control {
        self.simulator.control()
    }

    fn set(&self, assignment: &str) {
        self.control().set_switch(assignment).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.base_url())
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("authorization", format!("ApiKey {}", Credentials::demo().api_key))
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

    /// The rows of a list that fits on one page.
    async fn rows(&self, path: &str) -> Vec<Value> {
        let list = self.ok(path).await;
        let rows = list["Results"].as_array().unwrap_or_else(|| panic!("{path}: {list}")).clone();
        assert_eq!(list["TotalRecordAvailable"], rows.len(), "{path}");
        rows
    }

    async fn status_of(&self, id: &str) -> String {
        text(&self.ok(&format!("/api/contacts/person/{id}")).await["Status"]).to_owned()
    }

    async fn open(&self, path: &str, cookie: Option<&str>) -> Response {
        open(&self.http, self.url(path), cookie).await
    }

    async fn page(&self, path: &str, cookie: Option<&str>) -> String {
        self.open(path, cookie).await.text().await.unwrap()
    }

    /// Sends a form, as a browser.
    async fn post(&self, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Response {
        post(&self.http, self.url(path), cookie, fields).await
    }

    async fn sign_in(&self, path: &str, username: &str, password: &str) -> Response {
        self.post(path, None, &[("username", username), ("password", password)]).await
    }

    /// Signs a browser in at the Info Hub.
    async fn browser(&self, username: &str) -> String {
        let response = self.sign_in("/login", username, PASSWORD).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{username}");
        cookie(&response)
    }

    fn authorize_path(&self, scope: &str) -> String {
        authorize_path(&Credentials::demo().client_id, scope)
    }

    /// Where a browser that is signed in comes back, as the parameters of the callback.
    async fn come_back(&self, path: &str, cookie: &str) -> Vec<(String, String)> {
        came_back(&self.open(path, Some(cookie)).await)
    }

    async fn code(&self, username: &str, scope: &str) -> String {
        let browser = self.browser(username).await;
        let back = self.come_back(&self.authorize_path(scope), &browser).await;
        assert_eq!((back[0].0.as_str(), back[1].1.as_str()), ("code", "the-state"), "{back:?}");
        back[0].1.clone()
    }

    /// A request at the token endpoint; the secret is in the form.
    async fn redeem_with(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let Credentials { client_id, client_secret, .. } = Credentials::demo();
        let own = [("client_id", client_id.as_str()), ("client_secret", client_secret.as_str())];
        let fields: Vec<(&str, &str)> = own.iter().chain(fields).copied().collect();
        body_of(self.post("/oauth/token", None, &fields).await).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> (u16, Value) {
        self.redeem_with(&redemption(code, verifier)).await
    }

    /// The whole of a sign-in: the answer of the token endpoint.
    async fn tokens(&self, username: &str, scope: &str) -> Value {
        let code = self.code(username, scope).await;
        let (status, tokens) = self.redeem(&code, VERIFIER).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// A call with a person's token.
    async fn as_person(&self, tokens: &Value, path: &str) -> (u16, Value) {
        let request = self.http.get(self.url(path)).bearer_auth(text(&tokens["access_token"]));
        body_of(request.send().await.unwrap()).await
    }
}

#[test]
fn every_switch_is_moved_by_a_story() {
    let stories = [
        include_str!("changes.rs"),
        include_str!("contacts.rs"),
        include_str!("control.rs"),
        include_str!("limits.rs"),
        include_str!("lists.rs"),
        include_str!("login.rs"),
    ];
    moved(&Switches::default().lines(), &stories);
}
