//! Sign-in as a client of an authorization server: the code flow of OAuth 2.0 (RFC 6749), without PKCE and without a nonce.

use std::time::Duration;

use http::{StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use url::Url;

use super::control::Control;
use super::pages::Message;
use super::sessions::COOKIE;
use super::state::State;
use super::switches::{ClientProof, Switches};
use crate::sim::serving::{Answer, Call, Handled};

/// Where the authorization server sends browsers back.
pub const PATH: &str = "/HigherLogic/Security/OAuth/Authentication.aspx";
const ATTEMPT_COOKIE: &str = "SimulatedHigherLogicAttempt";
/// How long the authorization server may take.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 256 * 1024;

/// What has to be asked of the authorization server before this may be answered.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    switches: Box<Switches>,
    redirect_uri: String,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    /// Send the browser there, with this state.
    Begin { state: String },
    /// Exchange the code, and go on to the page.
    Exchange { code: String, return_path: String },
}

/// The client that speaks to the authorization server.
pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy().build()
}

/// Begins a sign-in, or takes in what comes back from one.
pub(super) fn authentication(state: &mut State, call: &Call) -> Handled {
    let step = match (call.query("code"), call.query("error")) {
        (_, Some(error)) => {
            let text = format!("The authorization server says {error}.");
            return Err(refusal(StatusCode::BAD_REQUEST, &text));
        }
        (Some(code), None) => {
            let own = call.query("state").filter(|state| call.cookie(ATTEMPT_COOKIE) == Some(*state));
            let return_path = own.and_then(|own| state.sessions.arrive(own));
            let Some(return_path) = return_path else {
                return Err(refusal(StatusCode::BAD_REQUEST, "This sign-in did not begin in this browser."));
            };
            Step::Exchange { code: code.to_owned(), return_path }
        }
        (None, None) => {
            let path = call.query("ReturnUrl").filter(|it| it.starts_with('/') && !it.starts_with("//"));
            Step::Begin { state: state.sessions.begin(path.unwrap_or("/").to_owned()) }
        }
    };
    let mut answer = Answer::nothing(StatusCode::FOUND);
    answer.extensions.insert(Errand {
        switches: Box::new(state.switches.clone()),
        redirect_uri: format!("{}{PATH}", state.base),
        step,
    });
    Ok(answer)
}

/// Forgets the browser.
pub(super) fn log_out(state: &mut State, call: &Call) -> Handled {
    call.cookie(COOKIE).into_iter().for_each(|cookie| state.sessions.sign_out(cookie));
    let answer = match &state.switches.op_logout {
        Some(to) => Answer::redirect(to.clone()),
        None => {
            let message = Message::new("You are signed out", "The community has forgotten this browser.");
            Answer::page_of(StatusCode::OK, &message)
        }
    };
    Ok(answer.with(header::SET_COOKIE, format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")))
}

/// Asks the authorization server, and answers.
pub(super) async fn run(errand: Errand, control: &Control, client: &Client) -> Answer {
    let Errand { switches, redirect_uri, step } = errand;
    let asking = Asking { switches: &switches, client };
    let done = match step {
        Step::Begin { state } => asking.address_of_login(&redirect_uri, &state).await.map(|login| {
            let cookie = format!("{ATTEMPT_COOKIE}={state}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600");
            Answer::redirect(login).with(header::SET_COOKIE, cookie)
        }),
        Step::Exchange { code, return_path } => {
            asking.person(&code, &redirect_uri).await.map(|id| arrived(&mut control.lock(), &id, return_path))
        }
    };
    done.unwrap_or_else(|why| refusal(StatusCode::BAD_GATEWAY, &why))
}

/// Signs the browser in, if there is a record of exactly this key.
fn arrived(state: &mut State, id: &str, return_path: String) -> Answer {
    match state.directory.contacts.get(id) {
        None => refusal(
            StatusCode::FORBIDDEN,
            &format!("There is no matching record: nobody here has the key {id}."),
        ),
        Some(contact) if contact.status() != "Active" => {
            refusal(StatusCode::FORBIDDEN, &format!("The record with the key {id} is {}.", contact.status()))
        }
        Some(_) => {
            let cookie = state.sessions.sign_in(id.to_owned());
            let cookie = format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax");
            Answer::redirect(return_path).with(header::SET_COOKIE, cookie)
        }
    }
}

fn refusal(status: StatusCode, text: &str) -> Answer {
    Answer::page_of(status, &Message::refusing("Cannot sign in", text))
}

/// One conversation with the authorization server. Errors are for the page.
struct Asking<'a> {
    switches: &'a Switches,
    client: &'a Client,
}

impl Asking<'_> {
    /// An endpoint: the one of the switch, else the one of the metadata.
    async fn endpoint(&self, own: Option<&String>, name: &str) -> Result<Url, String> {
        let text = match (own, &self.switches.op_discovery) {
            (Some(own), _) => own.clone(),
            (None, Some(discovery)) => {
                let metadata = json_of("the metadata", self.client.get(discovery)).await?;
                let text = metadata.get(name).and_then(Value::as_str).map(str::to_owned);
                text.ok_or_else(|| format!("The metadata of the authorization server has no {name}."))?
            }
            (None, None) => {
                return Err("No authorization server is set: op_discovery, or op_authorize, op_token and \
                            op_userinfo."
                    .to_owned());
            }
        };
        Url::parse(&text).map_err(|why| format!("The address {text:?} of {name}: {why}."))
    }

    async fn address_of_login(&self, redirect_uri: &str, state: &str) -> Result<String, String> {
        let mut url = self.endpoint(self.switches.op_authorize.as_ref(), "authorization_endpoint").await?;
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", self.client_id()).append_pair("response_type", "code");
        if let Some(scope) = &self.switches.scope {
            query.append_pair("scope", scope);
        }
        query.append_pair("redirect_uri", redirect_uri).append_pair("state", state);
        drop(query);
        Ok(url.into())
    }

    /// Exchanges the code, and reads who it is from userinfo.
    async fn person(&self, code: &str, redirect_uri: &str) -> Result<String, String> {
        let token = self.endpoint(self.switches.op_token.as_ref(), "token_endpoint").await?;
        let userinfo = self.endpoint(self.switches.op_userinfo.as_ref(), "userinfo_endpoint").await?;
        let secret = self.switches.client_secret.as_deref().unwrap_or_default();
        let mut form =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        let request = self.client.post(token).header("content-type", "application/x-www-form-urlencoded");
        let request = match self.switches.client_proof {
            ClientProof::Basic => request.basic_auth(encoded(self.client_id()), Some(encoded(secret))),
            ClientProof::Post => {
                form.extend([("client_id", self.client_id()), ("client_secret", secret)]);
                request
            }
        };
        let tokens = json_of("the token endpoint", request.body(form_of(&form))).await?;
        let access_token = tokens.get("access_token").and_then(Value::as_str);
        let access_token =
            access_token.ok_or_else(|| "The token endpoint gave no access token.".to_owned())?;
        let person = json_of("userinfo", self.client.get(userinfo).bearer_auth(access_token)).await?;
        let claim = self.switches.id_claim.as_deref().unwrap_or("sub");
        let id = person.get(claim).and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| format!("userinfo has no claim {claim}."))
    }

    fn client_id(&self) -> &str {
        self.switches.client_id.as_deref().unwrap_or_default()
    }
}

fn form_of(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// As a client id or secret is written before it goes into HTTP Basic (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The JSON of an answer with status 200.
async fn json_of(what: &str, request: RequestBuilder) -> Result<Value, String> {
    let unreached = |why: reqwest::Error| format!("{what} could not be asked: {}.", why.without_url());
    let mut answer = request.send().await.map_err(unreached)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreached)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(format!("{what} answered with too much."));
        }
    }
    if status != StatusCode::OK {
        return Err(format!("{what} answered with {status}."));
    }
    serde_json::from_slice(&body).map_err(|_| format!("{what} did not answer with JSON."))
}
