//! Stories over real HTTP: a client and a browser without a screen against a running simulator.

mod control;
mod groups;
mod limits;
mod pages;
mod push_v1;
mod push_v2;
mod queue;
mod rest;
mod sign_in;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Control, Credentials, Endpoint, Membership, Scope, Settings, Simulator, Switches};
use crate::sim::tests::switches::moved;
use crate::sim::tests::{TODAY, body_of, client, cookie, location, open, text};

const CONTACT_INFO: &str = "/v2/contactinfo";
const MEMBERS: &str = "/push/v1/members";

/// A simulator, and whoever calls it.
struct World {
    simulator: Simulator,
    http: reqwest::Client,
}

impl World {
    async fn with(assignments: &[&str]) -> World {
        let switches = Switches::parse(assignments.iter().copied()).unwrap();
        let settings = Settings { switches, ..Settings::demo_on(Some(TODAY)) };
        World { simulator: Simulator::start(settings).await.unwrap(), http: client() }
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

    /// A push with the keys of both versions.
    fn request(&self, path: &str, body: &Value) -> RequestBuilder {
        let own = Credentials::demo();
        let request = self.http.post(self.url(path)).header("content-type", "application/json");
        request.header("ApiKey", own.api_key).header("x-api-key", own.gateway_key).body(body.to_string())
    }

    async fn push(&self, path: &str, body: Value) -> (u16, Value) {
        body_of(self.request(path, &body).send().await.unwrap()).await
    }

    /// Pushes contacts by version 2.
    async fn pushed(&self, contacts: &[Value]) {
        let (status, body) = self.push(CONTACT_INFO, contacts.into()).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A call of the read side.
    fn reading(&self, method: &str, path: &str) -> RequestBuilder {
        let own = Credentials::demo();
        let request = self.http.request(method.parse().unwrap(), self.url(&format!("/api/v2.0/{path}")));
        request.header("HLIAMKey", own.iam_key).header("HLPassword", own.password)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        body_of(self.reading("GET", path).send().await.unwrap()).await
    }

    async fn ask(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.reading("POST", path).header("content-type", "application/json");
        body_of(request.body(body.to_string()).send().await.unwrap()).await
    }

    async fn contact(&self, id: &str) -> Value {
        let (status, body) = self.get(&format!("Contacts/GetContact?legacyContactKey={id}")).await;
        assert_eq!(status, 200, "{id}: {body}");
        body
    }

    async fn open(&self, path: &str, cookie: Option<&str>) -> Response {
        open(&self.http, self.url(path), cookie).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.open(path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// The notes of the latest push.
    fn notes(&self) -> String {
        self.control().intake().pop().unwrap().notes.join("\n")
    }

    /// The groups that count for somebody now, as `KEY` or `KEY as ROLE`.
    fn groups(&self, id: &str) -> Vec<String> {
        let said = |(group, role): (String, String)| {
            if role.is_empty() { group } else { format!("{group} as {role}") }
        };
        self.control().active_groups(id).into_iter().map(said).collect()
    }
}

/// A person with lines in groups, as version 2 has them.
fn person(id: &str, lines: Value) -> Value {
    json!({
        "ContactDetails": {
            "ContactId": id, "FirstName": "Ada", "LastName": format!("Okafor {id}"),
            "PrimaryEmailAddress": format!("{id}@example.org"), "OrganizationName": "Northwind Clinics",
            "Title": "Director", "IsMember": false,
        },
        "Groups": lines,
    })
}

fn line(group: &str, group_type: &str) -> Value {
    json!({ "GroupId": group, "GroupName": format!("The {group}"), "GroupType": group_type })
}

/// A member as version 1 has it.
fn member(id: &str) -> Value {
    json!({ "MemberDetails": { "LegacyContactKey": id, "FirstName": "Ada", "LastName": "Okafor" } })
}

fn envelope(items: &[Value]) -> Value {
    json!({ "TenantCode": Credentials::demo().tenant_code, "Items": items })
}

#[test]
fn every_switch_is_moved_by_a_story() {
    let stories = [
        include_str!("control.rs"),
        include_str!("groups.rs"),
        include_str!("limits.rs"),
        include_str!("pages.rs"),
        include_str!("push_v1.rs"),
        include_str!("push_v2.rs"),
        include_str!("queue.rs"),
        include_str!("rest.rs"),
        include_str!("sign_in.rs"),
    ];
    moved(&Switches::default().lines(), &stories);
}
