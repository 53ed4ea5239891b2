//! A WordPress that is told of people, by the protocol and with faults. It shares no type with ours, and reads signatures with another library.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

/// What becomes of the next request.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Nothing is done.
    Status(u16),
    /// All is done, and the answer is lost.
    Lost,
    /// All is done, and the answer is no JSON.
    Garbage,
    /// Half of it is done, and the answer is an error.
    Half,
    /// It takes so long.
    Slow(Duration),
}

/// A user there.
#[derive(Debug, Clone)]
pub struct User {
    pub version: u64,
    pub state: String,
    pub name: String,
    pub roles: Vec<String>,
}

#[derive(Default)]
struct Site {
    users: BTreeMap<String, User>,
    /// Each version that was news, by person, in order.
    news: Vec<(String, u64)>,
    troubles: VecDeque<Trouble>,
    /// Every request takes so long.
    pace: Duration,
    refused: BTreeSet<String>,
    jwks: Option<String>,
    keys: Option<JwkSet>,
    requests: usize,
    seen_tokens: BTreeSet<String>,
}

#[derive(Clone, Default)]
pub struct Receiver {
    site: Arc<Mutex<Site>>,
    address: Option<SocketAddr>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().ok();
        let receiver = Receiver { address, ..Receiver::default() };
        let router = Router::new().route("/people", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}/people", self.address.unwrap())
    }

    /// Where the gateway's keys are.
    pub fn trust(&self, jwks: String) {
        self.site.lock().unwrap().jwks = Some(jwks);
    }

    pub fn trouble(&self, troubles: &[Trouble]) {
        self.site.lock().unwrap().troubles.extend(troubles.iter().cloned());
    }

    pub fn set_pace(&self, pace: Duration) {
        self.site.lock().unwrap().pace = pace;
    }

    pub fn refuse(&self, sub: &str, refused: bool) {
        let mut site = self.site.lock().unwrap();
        if refused {
            site.refused.insert(sub.to_owned())
        } else {
            site.refused.remove(sub)
        };
    }

    pub fn user(&self, sub: &str) -> Option<User> {
        self.site.lock().unwrap().users.get(sub).cloned()
    }

    pub fn has_role(&self, sub: &str, role: &str) -> bool {
        self.user(sub).is_some_and(|user| user.roles.iter().any(|held| held == role))
    }

    pub fn users(&self) -> BTreeMap<String, User> {
        self.site.lock().unwrap().users.clone()
    }

    pub fn requests(&self) -> usize {
        self.site.lock().unwrap().requests
    }

    /// No version was news twice, and each was greater than the one before.
    pub fn assert_in_order(&self) {
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (sub, version) in &self.site.lock().unwrap().news {
            assert!(last.insert(sub.clone(), *version).is_none_or(|before| before < *version), "{sub}");
        }
    }

    async fn keys(&self) -> Option<JwkSet> {
        let (keys, address) = {
            let site = self.site.lock().unwrap();
            (site.keys.clone(), site.jwks.clone()?)
        };
        if keys.is_some() {
            return keys;
        }
        let fetched: JwkSet = reqwest::get(address).await.ok()?.json().await.ok()?;
        self.site.lock().unwrap().keys = Some(fetched.clone());
        Some(fetched)
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let (trouble, pace) = {
        let mut site = receiver.site.lock().unwrap();
        site.requests += 1;
        (site.troubles.pop_front(), site.pace)
    };
    assert!(headers.get("cookie").is_none() && headers.get("authorization").is_none());
    assert_eq!(headers["content-type"], "application/json");
    assert!(body.len() <= 1024 * 1024);
    tokio::time::sleep(pace).await;
    match &trouble {
        Some(Trouble::Status(status)) => return StatusCode::from_u16(*status).unwrap().into_response(),
        Some(Trouble::Slow(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let request: Value = serde_json::from_slice(&body).unwrap();
    let statements = request["statements"].as_array().unwrap();
    assert!((1..=100).contains(&statements.len()), "{}", statements.len());
    let Some(keys) = receiver.keys().await else {
        let results = vec![json!({ "outcome": "refused", "reason": "keys_unreachable" }); statements.len()];
        return axum::Json(json!({ "results": results })).into_response();
    };
    let count = if matches!(trouble, Some(Trouble::Half)) { statements.len() / 2 } else { statements.len() };
    let results: Vec<Value> = statements
        .iter()
        .take(count)
        .map(|statement| receiver.site.lock().unwrap().apply(statement.as_str().unwrap(), &keys))
        .collect();
    match trouble {
        Some(Trouble::Lost | Trouble::Half) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Trouble::Garbage) => "<html>".into_response(),
        _ => axum::Json(json!({ "results": results })).into_response(),
    }
}

impl Site {
    fn apply(&mut self, statement: &str, keys: &JwkSet) -> Value {
        let header = decode_header(statement).unwrap();
        assert_eq!(header.typ.as_deref(), Some("membergate-person+jwt"), "an assertion is no statement");
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.set_audience(&["library"]);
        let claims = decode::<Value>(statement, &key, &validation).unwrap().claims;
        let sub = claims["sub"].as_str().unwrap().to_owned();
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
        assert!(self.seen_tokens.insert(claims["jti"].as_str().unwrap().to_owned()), "a jti is used once");
        assert!(claims["managed_roles"].as_array().is_some_and(|roles| !roles.is_empty()), "{claims}");
        if self.refused.contains(&sub) {
            return json!({ "sub": sub, "outcome": "refused", "reason": "email_taken" });
        }
        let version = claims["version"].as_u64().unwrap();
        let known = self.users.get(&sub).map_or(0, |user| user.version);
        if known > version {
            return json!({ "sub": sub, "outcome": "superseded", "version": known });
        }
        if known < version {
            let roles = claims["roles"].as_array().unwrap().iter();
            let user = User {
                version,
                state: claims["state"].as_str().unwrap().to_owned(),
                name: claims["name"].as_str().unwrap_or_default().to_owned(),
                roles: roles.map(|role| role.as_str().unwrap().to_owned()).collect(),
            };
            self.users.insert(sub.clone(), user);
            self.news.push((sub.clone(), version));
        }
        json!({ "sub": sub, "outcome": "applied", "version": version, "changed": known < version })
    }
}
