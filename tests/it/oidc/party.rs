//! A world with OpenID clients, and a client that keeps what it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method as HttpMethod, StatusCode, Uri};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Notify;
use url::Url;

use crate::world::{Page, Plan, Visitor, World};

pub const SECRET: &str = "wiki-secret-wiki-secret-wiki-secret-0";
pub const SHOP_SECRET: &str = "shop-secret~shop.secret_shop-secret-0";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What a client's server was sent.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: HttpMethod,
    pub uri: Uri,
    pub body: String,
}

/// A client's server: it takes everything, and answers what it is told to answer.
pub struct Party {
    pub base: String,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Received>>,
    answers: Mutex<Vec<u16>>,
    came: Notify,
}

impl Party {
    pub async fn start() -> Party {
        let inbox = Arc::new(Inbox::default());
        let take = |State(inbox): State<Arc<Inbox>>, method: HttpMethod, uri: Uri, body: Bytes| async move {
            let body = String::from_utf8_lossy(&body).into_owned();
            inbox.received.lock().unwrap().push(Received { method, uri, body });
            inbox.came.notify_waiters();
            let answer = inbox.answers.lock().unwrap().pop().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap()
        };
        let router = Router::new().fallback(take).with_state(Arc::clone(&inbox));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Party { base, inbox }
    }

    /// What the next calls are answered with, the last first.
    pub fn answer_with(&self, answers: &[u16]) {
        *self.inbox.answers.lock().unwrap() = answers.to_vec();
    }

    pub fn logout_tokens(&self) -> Vec<String> {
        let received = self.inbox.received.lock().unwrap();
        let sent = received.iter().filter(|received| received.uri.path() == "/backchannel");
        sent.map(|received| {
            assert_eq!(received.method, HttpMethod::POST);
            let fields: BTreeMap<String, String> =
                url::form_urlencoded::parse(received.body.as_bytes()).into_owned().collect();
            assert_eq!(fields.len(), 1, "{fields:?}");
            fields["logout_token"].clone()
        })
        .collect()
    }

    /// Waits for so many logout tokens in all.
    pub async fn told(&self, count: usize) -> Vec<String> {
        let all = async {
            loop {
                let came = self.inbox.came.notified();
                let tokens = self.logout_tokens();
                if tokens.len() >= count {
                    return tokens;
                }
                came.await;
            }
        };
        let limit = std::time::Duration::from_secs(5);
        tokio::time::timeout(limit, all)
            .await
            .unwrap_or_else(|_| panic!("told {} times", self.logout_tokens().len()))
    }
}

/// A world with clients.
pub struct OpenIdWorld {
    pub world: World,
    pub party: Party,
}

impl OpenIdWorld {
    pub async fn start() -> OpenIdWorld {
        OpenIdWorld::planned(Plan::default(), "").await
    }

    /// `more`: added to `[oidc]`, or more clients. `{base}` in it is the address of the party.
    pub async fn planned(plan: Plan, more: &str) -> OpenIdWorld {
        let party = Party::start().await;
        let base = &party.base;
        let more = more.replace("{base}", base);
        let clients = format!(
            r#"
[[site]]
name = "other"
url = "http://other.localhost:{{port}}"
upstream = "http://127.0.0.1:1"

[oidc]
{more}

[[oidc.client]]
id = "wiki"
name = "Harbour Wiki"
redirect_uris = ["{base}/cb?x=1", "{base}/second"]
post_logout_redirect_uris = ["{base}/out?y=2"]
back_channel_logout_uri = "{base}/backchannel"
secret = {{ env = "WIKI_SECRET" }}
scopes = ["openid", "profile", "email", "roles", "membership", "offline_access"]

[[oidc.client]]
id = "shop"
redirect_uris = ["{base}/cb?x=1"]
secret = {{ env = "SHOP_SECRET" }}
id_token_algorithm = "ES256"
any_of = ["member"]

[[oidc.client]]
id = "app"
redirect_uris = ["{base}/cb?x=1"]
public = true
scopes = ["openid", "profile", "email", "roles", "membership", "offline_access"]
id_token_algorithm = "EdDSA"
"#
        );
        let more = format!("{}\n{clients}", plan.more);
        let variables = vec![("WIKI_SECRET", SECRET), ("SHOP_SECRET", SHOP_SECRET)];
        let world = World::planned(Plan { more, variables, ..plan }).await;
        OpenIdWorld { world, party }
    }

    pub fn issuer(&self) -> String {
        self.world.url("")
    }

    pub fn visitor(&self) -> Visitor {
        let address = self.world.address();
        Visitor::new(&[("localhost", address), ("other.localhost", address)])
    }

    /// A request of `client`, changed: `name=value` sets, `name` takes away, `+name=value` adds.
    pub fn request(&self, client: &str, changes: &[&str]) -> String {
        let redirect_uri = format!("{}/cb?x=1", self.party.base);
        let mut pairs: Vec<(String, String)> = [
            ("client_id", client),
            ("redirect_uri", &redirect_uri),
            ("response_type", "code"),
            ("scope", "openid profile email roles membership"),
            ("state", "st ate&1"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        for change in changes {
            let (name, value) = change.split_once('=').map_or((*change, None), |(n, v)| (n, Some(v)));
            let adds = name.strip_prefix('+');
            if adds.is_none() {
                pairs.retain(|(other, _)| other != name);
            }
            pairs.extend(value.map(|value| (adds.unwrap_or(name).to_owned(), value.to_owned())));
        }
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The address of such a request.
    pub fn ask(&self, client: &str, changes: &[&str]) -> String {
        self.world.url(&format!("/_gate/oidc/authorize?{}", self.request(client, changes)))
    }

    /// Signs `email` in to a client; gives the browser and the code.
    pub async fn code(&self, email: &str, client: &str, changes: &[&str]) -> (Visitor, String) {
        let mut visitor = self.visitor();
        let page = visitor.sign_in(email, self.ask(client, changes)).await;
        (visitor, answer(&page)["code"].clone())
    }

    /// A call of a client's server to one of our addresses.
    pub async fn call(&self, path: &str, authorization: Option<&str>, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        self.visitor().request(Method::POST, &self.world.url(path), &headers, Some(body)).await
    }

    /// Exchanges a code of the wiki, changed as in [`OpenIdWorld::request`].
    pub async fn exchange(&self, code: &str, changes: &[(&str, Option<&str>)]) -> Page {
        let redirect_uri = format!("{}/cb?x=1", self.party.base);
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            fields.retain(|(other, _)| other != name);
            fields.extend(value.map(|value| (*name, value)));
        }
        self.call("/_gate/oidc/token", Some(&basic("wiki", SECRET)), &fields).await
    }

    /// Signs in to the wiki and exchanges the code.
    pub async fn tokens(&self, email: &str, changes: &[&str]) -> (Visitor, Value) {
        let (visitor, code) = self.code(email, "wiki", changes).await;
        (visitor, self.exchange(&code, &[]).await.expect(200).json())
    }

    pub async fn refresh(&self, token: &Value) -> Page {
        self.refresh_with(token, &[]).await
    }

    pub async fn refresh_with(&self, token: &Value, more: &[(&str, &str)]) -> Page {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
        self.call("/_gate/oidc/token", Some(&basic("wiki", SECRET)), &fields).await
    }

    /// A call of the app to the token endpoint. It has no secret.
    pub async fn app_token(&self, fields: &[(&str, &str)]) -> Page {
        let fields: Vec<_> = [("client_id", "app")].into_iter().chain(fields.iter().copied()).collect();
        self.call("/_gate/oidc/token", None, &fields).await
    }

    /// Signs in to the app and exchanges the code.
    pub async fn app_tokens(&self, email: &str, changes: &[&str]) -> (Visitor, Value) {
        let (visitor, code) = self.code(email, "app", changes).await;
        let redirect_uri = format!("{}/cb?x=1", self.party.base);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        (visitor, self.app_token(&fields).await.expect(200).json())
    }

    pub async fn userinfo(&self, token: &Value) -> Page {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let url = self.world.url("/_gate/oidc/userinfo");
        self.visitor().request(Method::GET, &url, &[("authorization", &bearer)], None).await
    }

    /// Checks signature, issuer, audience and expiry as a client does; gives header and claims.
    pub async fn verify(&self, jwt: &str, client: &str) -> (jsonwebtoken::Header, Value) {
        let jwks = self.visitor().get(self.world.url("/_gate/oidc/jwks")).await.expect(200).json();
        let set: JwkSet = serde_json::from_value(jwks).unwrap();
        let header = decode_header(jwt).unwrap();
        let key = DecodingKey::from_jwk(set.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[client]);
        validation.set_issuer(&[self.issuer()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The world's clock may be ahead of the machine's.
        validation.validate_exp = false;
        (header, decode::<Value>(jwt, &key, &validation).unwrap().claims)
    }
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

/// The parameters of the address at which a browser came back to the client.
pub fn answer(page: &Page) -> BTreeMap<String, String> {
    parameters(&page.url)
}

pub fn parameters(url: &Url) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs().into_owned() {
        assert!(parameters.insert(name.clone(), value).is_none(), "{name} is repeated");
    }
    parameters
}

/// The claims of a token, unverified.
pub fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
