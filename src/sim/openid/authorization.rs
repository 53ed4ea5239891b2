//! An authorization request (RFC 6749, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1).

use http::StatusCode;
use url::Url;

use super::client::Client;
use super::grants::Purpose;
use super::pkce::{Challenge, Pkce};
use crate::sim::serving::Call;

/// A request that may be answered at the client's address.
#[derive(Debug)]
pub struct Authorization {
    /// What the login is for.
    pub purpose: Purpose,
    /// How the client wants its answer (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1).
    pub response_mode: Option<String>,
    redirect: Url,
    state: Option<String>,
}

/// Why there is no login.
#[derive(Debug)]
pub enum Rejected {
    /// The client or its address is wrong, so nobody is sent there: status, and what to say.
    Here(StatusCode, &'static str),
    /// The client is told of this error.
    There(Box<Authorization>, &'static str),
}

impl Authorization {
    /// Reads a request.
    pub fn read(call: &Call, client: &Client, pkce: Pkce) -> Result<Authorization, Rejected> {
        let text = |name: &str| call.query(name).unwrap_or_default();
        let here = |what| Rejected::Here(StatusCode::BAD_REQUEST, what);
        let asking = text("client_id");
        if asking != client.id && client.other_id.as_deref() != Some(asking) {
            return Err(here("The client is not known."));
        }
        let redirect = client.redirect(text("redirect_uri"));
        let redirect = redirect.ok_or_else(|| here("The redirect address is not one of this client."))?;
        let challenge = call.query("code_challenge");
        let asked = Authorization {
            purpose: Purpose {
                client: asking.to_owned(),
                redirect_uri: text("redirect_uri").to_owned(),
                scope: text("scope").to_owned(),
                nonce: call.query("nonce").map(str::to_owned),
                challenge: challenge
                    .filter(|_| pkce != Pkce::Ignored)
                    .and_then(|value| Challenge::read(value, call.query("code_challenge_method"))),
            },
            response_mode: call.query("response_mode").map(str::to_owned),
            redirect,
            state: call.query("state").map(str::to_owned),
        };
        if text("response_type") != "code" {
            return Err(asked.error("unsupported_response_type"));
        }
        let unread = challenge.is_some() && pkce != Pkce::Ignored && asked.purpose.challenge.is_none();
        if unread || (pkce == Pkce::Required && challenge.is_none()) {
            return Err(asked.error("invalid_request"));
        }
        Ok(asked)
    }

    /// The client is to be told of an error.
    pub fn error(self, error: &'static str) -> Rejected {
        Rejected::There(Box::new(self), error)
    }

    /// The client's address with one parameter more, and the state of the request.
    pub fn back(&self, name: &str, value: &str) -> String {
        let mut address = self.redirect.clone();
        address.query_pairs_mut().extend_pairs(self.fields(name, value));
        address.into()
    }

    /// The client's address as it is.
    pub fn address(&self) -> &str {
        self.redirect.as_str()
    }

    /// One parameter, and the state of the request.
    pub fn fields(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let state = self.state.iter().map(|state| ("state".to_owned(), state.clone()));
        std::iter::once((name.to_owned(), value.to_owned())).chain(state).collect()
    }

    /// A scope that was asked for and is none of these.
    pub fn has_other_scope_than(&self, known: &[&str]) -> bool {
        self.purpose.scope.split_whitespace().any(|it| !known.contains(&it))
    }
}
