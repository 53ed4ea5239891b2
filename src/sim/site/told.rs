//! People the site was told about: what takes statements, and the page that lists them.
//!
//! The list changes when the gateway says so, whether or not somebody visits. Nothing but a verified statement changes it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};

use super::live::{now, time_of_day};
use super::pages::{Visitor, page};
use super::statement::{self, Keys, Statement, Teller};

/// Where statements are taken.
pub(super) const ENDPOINT: &str = "/people/statements";

const MOST_STATEMENTS: usize = 100;
const MOST_BYTES: usize = 1024 * 1024;

/// The gateway's keys are on this machine or near.
const PATIENCE: Duration = Duration::from_secs(5);

/// All that the site was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Whose statements count. `None`: nobody's.
    teller: Option<Arc<Teller>>,
    client: Client,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Keys,
    people: BTreeMap<String, Person>,
}

#[derive(Clone, Debug)]
struct Person {
    version: u64,
    is_removed: bool,
    name: String,
    roles: Vec<String>,
    /// In seconds since 1970.
    told: u64,
}

#[derive(Deserialize)]
struct Request {
    statements: Vec<String>,
}

impl Told {
    pub(super) fn by(teller: Option<Teller>) -> io::Result<Told> {
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy().build();
        let client = client.map_err(io::Error::other)?;
        Ok(Told { teller: teller.map(Arc::new), client, known: Arc::default() })
    }

    pub(super) fn routes(self) -> Router {
        Router::new()
            .route("/people", get(people))
            .route(ENDPOINT, post(take))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys by which these are signed. `None`: they could not be asked for.
    async fn keys(&self, teller: &Teller, statements: &[String]) -> Option<Keys> {
        let keys = self.lock().keys.clone();
        let names = statements.iter().filter_map(|token| statement::key_name(token));
        if names.into_iter().all(|name| keys.contains_key(&name)) {
            return Some(keys);
        }
        let answer = self.client.get(&teller.jwks).send().await.ok()?;
        let set: Value = answer.error_for_status().ok()?.json().await.ok()?;
        let keys = statement::keys(&set);
        self.lock().keys.clone_from(&keys);
        Some(keys)
    }

    async fn results(&self, statements: &[String]) -> Vec<Value> {
        let refused = |reason: &str| json!({ "outcome": "refused", "reason": reason });
        let Some(teller) = &self.teller else {
            return vec![refused("not_configured"); statements.len()];
        };
        let Some(keys) = self.keys(teller, statements).await else {
            return vec![refused("keys_unreachable"); statements.len()];
        };
        let (now, mut known) = (now(), self.lock());
        let result = |token: &String| match statement::read(token, &keys, teller, now) {
            Ok(statement) => known.apply(statement, now),
            Err(reason) => refused(reason),
        };
        statements.iter().map(result).collect()
    }
}

impl Known {
    /// A greater version is news; the same one was heard before.
    fn apply(&mut self, said: Statement, now: u64) -> Value {
        let Statement { sub, version, is_removed, name, roles } = said;
        let before = self.people.get(&sub);
        if let Some(theirs) = before.map(|person| person.version).filter(|theirs| *theirs > version) {
            return json!({ "sub": sub, "outcome": "superseded", "version": theirs });
        }
        let is_news = before.is_none_or(|person| person.version < version);
        if is_news {
            // Of somebody who is removed no name is said; what the site has of its own stays.
            let known_name = before.filter(|_| is_removed).map(|person| person.name.clone());
            let name = known_name.unwrap_or(name);
            let person = Person { version, is_removed, name, roles, told: now };
            self.people.insert(sub.clone(), person);
        }
        json!({ "sub": sub, "outcome": "applied", "version": version, "changed": is_news })
    }
}

async fn take(State(told): State<Told>, body: Bytes) -> Response {
    match serde_json::from_slice::<Request>(&body) {
        Ok(Request { statements }) if (1..=MOST_STATEMENTS).contains(&statements.len()) => {
            Json(json!({ "results": told.results(&statements).await })).into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[derive(Template)]
#[template(path = "sample_site/people.html")]
struct People {
    visitor: Option<Visitor>,
    people: Vec<Row>,
}

struct Row {
    id: String,
    version: u64,
    name: String,
    is_removed: bool,
    roles: Vec<String>,
    told: String,
}

/// Who was told of, the latest first.
async fn people(State(told): State<Told>, headers: HeaderMap) -> Response {
    let mut people: Vec<(String, Person)> =
        told.lock().people.iter().map(|(id, person)| (id.clone(), person.clone())).collect();
    people.sort_by_cached_key(|(_, person)| (Reverse(person.told), person.name.clone()));
    let row = |(id, person): (String, Person)| {
        let Person { version, is_removed, name, roles, told } = person;
        Row { id, version, name, is_removed, roles, told: time_of_day(told) }
    };
    let people = people.into_iter().map(row).collect();
    page(StatusCode::OK, &People { visitor: Visitor::from(&headers), people })
}
