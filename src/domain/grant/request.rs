//! A client's request to sign a person in, checked step by step (OpenID Connect Core §3.1.2.2).
//!
//! Before client and redirect address are known to belong together, a refusal is shown on our own page; after that it travels to
//! the client. Without `openid` in the scope it is a request of plain OAuth 2.0 (RFC 6749), and there will be no ID token. Ignored, as
//! the specifications allow: `display`, `ui_locales`, `claims_locales`, `acr_values`, `claims`, `login_hint` (the AMS's login page
//! takes none) and every parameter that we do not know.

use std::sync::Arc;

use jiff::SignedDuration;

pub use super::parameters::{Parameters, Repeated};
use super::proof_key::Challenge;
use crate::domain::client::{Client, ClientAddress, Clients, RefusedAt, Scope, Scopes, scopes_in};
use crate::domain::record::IndividualId;
use crate::domain::return_to;
use crate::domain::time::Timestamp;

/// Longest `state`, `nonce` and redirect address that is taken, in bytes.
const LONGEST: usize = return_to::LONGEST;

/// How the answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseMode {
    /// In the query of the redirect address.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// Where and how the client is answered. Only a checked redirect address gets here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The redirect address.
    pub address: ClientAddress,
    /// Given back as it came.
    pub state: Option<String>,
    /// How.
    pub mode: ResponseMode,
}

/// What a client is told instead of a code (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizationError {
    InvalidRequest,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    LoginRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    ServerError,
}

impl AuthorizationError {
    /// As it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthorizationError::InvalidRequest => "invalid_request",
            AuthorizationError::UnsupportedResponseType => "unsupported_response_type",
            AuthorizationError::InvalidScope => "invalid_scope",
            AuthorizationError::AccessDenied => "access_denied",
            AuthorizationError::LoginRequired => "login_required",
            AuthorizationError::RequestNotSupported => "request_not_supported",
            AuthorizationError::RequestUriNotSupported => "request_uri_not_supported",
            AuthorizationError::RegistrationNotSupported => "registration_not_supported",
            AuthorizationError::ServerError => "server_error",
        }
    }
}

/// Why a request is not answered with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody may be sent anywhere: the person sees a page of ours, the reason is in our log.
    OnOurPage(&'static str),
    /// The client is told.
    AtTheClient(Box<ReplyTo>, AuthorizationError, &'static str),
}

/// What `prompt` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prompt {
    /// Nothing: sign in where needed. `consent` is the same, since the association consents for its members; we do not say that we
    /// know it.
    #[default]
    WhereNeeded,
    /// `none`: no page at all.
    Never,
    /// `login` or `select_account`: sign in again.
    Login,
}

/// A request that is in order.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer goes.
    pub reply_to: ReplyTo,
    /// What is asked for, of what the client may ask for.
    pub scopes: Scopes,
    /// Given back in the ID token.
    pub nonce: Option<String>,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// Whether the person may or must see a page.
    pub prompt: Prompt,
    /// How long ago the sign-in may be.
    pub max_age: Option<SignedDuration>,
}

/// Checks a request. The numbers are those of the comments within.
pub fn check(clients: &Clients, parameters: &Parameters) -> Result<Authorization, Refusal> {
    // (1) The client is known.
    let on_our_page = |_| Refusal::OnOurPage("a parameter is repeated");
    let id = parameters.one("client_id").map_err(on_our_page)?;
    let client = id.and_then(|id| clients.find(id)).ok_or(Refusal::OnOurPage("the client is not known"))?;
    // (2) The redirect address is one of its own, character by character (but for the port of an app's loopback address). From here on a refusal travels there.
    let uri = parameters.one("redirect_uri").map_err(on_our_page)?;
    let address = uri
        .and_then(|uri| client.redirect_uri(uri))
        .ok_or(Refusal::OnOurPage("the redirect address is not one of the client's"))?;
    let mut reply_to = ReplyTo { address: address.into_owned(), state: None, mode: ResponseMode::Query };
    let asked = RequestTexts::read(parameters, &mut reply_to).and_then(|asked| asked.check(client));
    let refuse = |(error, why)| Refusal::AtTheClient(Box::new(reply_to.clone()), error, why);
    let asked = asked.map_err(refuse)?;
    Ok(Authorization {
        client: Arc::clone(client),
        scopes: asked.scopes,
        nonce: asked.nonce,
        challenge: asked.challenge,
        prompt: asked.prompt,
        max_age: asked.max_age,
        reply_to,
    })
}

/// Why a request is refused: the code for the client, and the reason for its developer.
pub type AuthorizationRefusal = (AuthorizationError, &'static str);

fn invalid(why: &'static str) -> AuthorizationRefusal {
    (AuthorizationError::InvalidRequest, why)
}

/// The texts of a request, each known to stand once.
struct RequestTexts<'a> {
    response_type: Option<&'a str>,
    scope: Option<&'a str>,
    has_state: bool,
    nonce: Option<&'a str>,
    challenge: Option<&'a str>,
    challenge_method: Option<&'a str>,
    prompt: &'a str,
    max_age: Option<&'a str>,
}

struct Checked {
    scopes: Scopes,
    nonce: Option<String>,
    challenge: Option<Challenge>,
    prompt: Prompt,
    max_age: Option<SignedDuration>,
}

impl<'a> RequestTexts<'a> {
    fn read(
        parameters: &'a Parameters,
        reply_to: &mut ReplyTo,
    ) -> Result<RequestTexts<'a>, AuthorizationRefusal> {
        let one = |name| parameters.one(name).map_err(|Repeated(_)| invalid("a parameter is repeated"));
        // (3) How to answer; first of all, so that what follows is answered so.
        let state = one("state")?;
        if state.is_some_and(|state| state.len() > LONGEST) {
            return Err(invalid("state is too long"));
        }
        reply_to.state = state.map(str::to_owned);
        reply_to.mode = match one("response_mode")? {
            None | Some("query") => ResponseMode::Query,
            Some("form_post") => ResponseMode::FormPost,
            Some(_) => return Err(invalid("response_mode must be query or form_post")),
        };
        if reply_to.mode == ResponseMode::FormPost && reply_to.address.is_private_scheme() {
            reply_to.mode = ResponseMode::Query;
            return Err(invalid("no form can be posted to an app; response_mode must be query"));
        }
        // (4) Requests by value or reference, and clients that nobody registered, are not for us (Core §6 and §7.2.1).
        for (name, error) in [
            ("request", AuthorizationError::RequestNotSupported),
            ("request_uri", AuthorizationError::RequestUriNotSupported),
            ("registration", AuthorizationError::RegistrationNotSupported),
        ] {
            if one(name)?.is_some() {
                return Err((error, "this parameter is not supported"));
            }
        }
        Ok(RequestTexts {
            response_type: one("response_type")?,
            scope: one("scope")?,
            has_state: state.is_some(),
            nonce: one("nonce")?,
            challenge: one("code_challenge")?,
            challenge_method: one("code_challenge_method")?,
            prompt: one("prompt")?.unwrap_or_default(),
            max_age: one("max_age")?,
        })
    }

    fn check(self, client: &Client) -> Result<Checked, AuthorizationRefusal> {
        // (5) The code flow, and no other.
        match self.response_type {
            Some("code") => {}
            None => return Err(invalid("response_type is missing")),
            Some(_) => {
                return Err((AuthorizationError::UnsupportedResponseType, "response_type must be code"));
            }
        }
        // (6) What is asked for, or else what the client gets that asks for nothing (RFC 6749 §3.3). What we do not know, or the
        // client may not have, is left out (Core §3.1.2.1), but something must remain.
        let scopes = match self.scope {
            None => client.default_scopes.intersection(&client.scopes).copied().collect(),
            Some(text) => {
                let scopes: Scopes = scopes_in(text).intersection(&client.scopes).copied().collect();
                if scopes.is_empty() {
                    let why = "scope must name, with spaces between, something that this client may ask for";
                    return Err((AuthorizationError::InvalidScope, why));
                }
                scopes
            }
        };
        // Without an ID token nothing but the state ties the answer to the browser that asked (RFC 6749 §10.12).
        if !scopes.contains(&Scope::OpenId) && !self.has_state {
            return Err(invalid("state is missing; a request without the scope openid needs it"));
        }
        // (7) PKCE: a must for those without a secret, honoured for all, and S256 alone (RFC 9700 §2.1.1).
        let challenge = match (self.challenge, self.challenge_method) {
            (Some(text), Some("S256")) => Some(
                Challenge::parse(text)
                    .ok_or(invalid("code_challenge must have 43 characters of base64url"))?,
            ),
            (Some(_), _) => return Err(invalid("code_challenge_method must be S256")),
            (None, Some(_)) => return Err(invalid("code_challenge is missing")),
            (None, None) if client.is_public() => {
                return Err(invalid("this client must send a code_challenge"));
            }
            (None, None) => None,
        };
        // (8) What the person may or must see.
        let prompt = prompt(self.prompt)?;
        let max_age = self.max_age.map(seconds).transpose()?;
        // (9) The nonce has a sane length.
        if self.nonce.is_some_and(|nonce| nonce.len() > LONGEST) {
            return Err(invalid("nonce is too long"));
        }
        Ok(Checked { scopes, nonce: self.nonce.map(str::to_owned), challenge, prompt, max_age })
    }
}

fn prompt(text: &str) -> Result<Prompt, AuthorizationRefusal> {
    let mut prompt = Prompt::WhereNeeded;
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    for word in &words {
        match *word {
            "none" if words.len() == 1 => prompt = Prompt::Never,
            "none" => return Err(invalid("prompt=none stands alone")),
            "login" | "select_account" => prompt = Prompt::Login,
            "consent" => {}
            _ => return Err(invalid("prompt is not known")),
        }
    }
    Ok(prompt)
}

fn seconds(text: &str) -> Result<SignedDuration, AuthorizationRefusal> {
    let digits = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    seconds.map(SignedDuration::from_secs).ok_or(invalid("max_age must be a number of seconds"))
}

/// Who is signed in at this browser.
#[derive(Debug, Clone, Copy)]
pub struct SignInState<'a> {
    /// The person.
    pub individual: &'a IndividualId,
    /// When the session began.
    pub began: Timestamp,
}

/// What has to happen to a request that is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The person is there, and recently enough.
    Decide,
    /// The person has to sign in first.
    SignIn,
    /// The person has to show the password again, whoever is signed in here or at the AMS.
    SignInAgain,
    /// The client asked that nobody be asked, or got somebody else than it expects.
    LoginRequired,
}

impl Authorization {
    /// Whether a person who lacks the client's roles reads so on a page of ours.
    pub fn refuses_on_our_page(&self) -> bool {
        self.client.refusal == RefusedAt::OurPage && self.prompt != Prompt::Never
    }

    /// What has to happen. `expected`: the person whom the client expects. `resumed`: when this request was first made, if the
    /// person has been sent to sign in for it; a session that began since is new enough for anything.
    pub fn next(
        &self,
        signed_in: Option<SignInState<'_>>,
        expected: Option<&IndividualId>,
        resumed: Option<Timestamp>,
        now: Timestamp,
    ) -> Next {
        let may_ask = self.prompt != Prompt::Never;
        let Some(SignInState { individual, began }) = signed_in else {
            return match () {
                () if !may_ask => Next::LoginRequired,
                // Our session is over, and the AMS's may be days old: it would let the browser straight through.
                () if resumed.is_none() && (self.prompt == Prompt::Login || self.max_age.is_some()) => {
                    Next::SignInAgain
                }
                () => Next::SignIn,
            };
        };
        let for_this = resumed.is_some_and(|asked| began >= asked);
        let too_old = self.max_age.is_some_and(|most| now.duration_since(began) > most);
        let is_other = expected.is_some_and(|expected| expected != individual);
        match () {
            () if is_other && (for_this || !may_ask) => Next::LoginRequired,
            () if for_this => Next::Decide,
            () if too_old && !may_ask => Next::LoginRequired,
            () if is_other || too_old || self.prompt == Prompt::Login => Next::SignInAgain,
            () => Next::Decide,
        }
    }
}

#[cfg(test)]
mod tests;
