//! The association management system (AMS), as the flows see it.
//!
//! The port speaks in `domain` words, so that an AMS with another login and another API fits without touching a flow.
//! `kinds` lists the systems that are known; each has a folder of its own.

pub mod allowed_hosts;
mod cancelled;
pub mod catalogue;
mod contact;
pub mod contact_wanted;
mod dates;
pub mod growthzone;
mod history;
mod hook_address;
mod hook_body;
mod json;
pub mod kinds;
pub mod novi;
pub mod openid;
mod paging;
mod profile;
pub mod re_members;
pub mod reading;
mod transport;
mod warnings;
mod windows_zones;

pub use crate::domain::guid::is_guid;

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::BoxFuture;
use super::budget::Priority;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::LogoutHint;

/// Where a browser goes to sign in.
#[derive(Debug)]
pub struct LoginStart {
    /// The AMS's login.
    pub location: Url,
    /// What stays with the browser meanwhile, and must be shown again with its return.
    pub keep: Keep,
}

/// What stays with a browser while its person is at the AMS's login: to which login it was sent, and what that login
/// needs again.
///
/// The secrets open only to the kind and environment that wrote them. So an answer of one AMS is never taken for
/// another's ("mix-up", RFC 9700 §4.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Keep(String);

impl Keep {
    /// For the login of this kind of AMS and environment. Neither name has a `/`.
    pub fn new(kind: &str, environment: &str, secrets: &str) -> Keep {
        Keep(format!("{kind}/{environment}/{secrets}"))
    }

    /// The secrets, if this very login wrote them.
    pub fn secrets(&self, kind: &str, environment: &str) -> Result<&str, ArrivalFault> {
        let rest = self.0.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.and_then(|rest| rest.strip_prefix(environment)?.strip_prefix('/'));
        rest.ok_or(ArrivalFault::MixedUp)
    }

    /// As [`Keep::from_text`] reads it. Not for anybody's eyes but ours: seal it.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// Reads [`Keep::as_text`].
    pub fn from_text(text: &str) -> Keep {
        Keep(text.to_owned())
    }
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").finish_non_exhaustive()
    }
}

/// What came back with a browser from the AMS's login.
#[derive(Debug)]
pub struct Arrival {
    /// What the AMS gave the browser to prove who signed in; it works once.
    pub proof: SecretString,
    /// What the browser kept of the login, as far as the proof is good only together with it. It does not wait.
    pub kept: SecretString,
    /// Who the address says it is, if it does. Never believed alone: it must equal what the proof shows.
    pub claimed: Option<IndividualId>,
    /// What the AMS wants to see at the logout of [`Arrival::claimed`], where it has vouched for it already.
    pub logout_hint: Option<LogoutHint>,
    /// The AMS has vouched for [`Arrival::claimed`] already, in [`Ams::before_wait`]; the proof is spent. Never set by
    /// [`Ams::arrival`].
    pub is_verified: bool,
}

/// What an arrival was exchanged for.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvenPerson {
    /// Of the person that it proves.
    pub record: Record,
    /// What the AMS wants to see when this person signs out, if it gave anything.
    pub logout_hint: Option<LogoutHint>,
}

/// The browser came back with something that this AMS never sends. The visitor's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalFault {
    /// Nothing that identifies anybody.
    #[error("the return from the login carries no proof of who signed in")]
    Missing,
    /// A parameter is there twice.
    #[error("the return from the login carries a parameter twice")]
    Doubled,
    /// A parameter has a shape that the AMS never gives it.
    #[error("the return from the login carries a malformed parameter")]
    Malformed,
    /// The browser was sent to the login of another AMS, or of another environment.
    #[error("the browser was sent to another login than the one that is live")]
    MixedUp,
    /// The AMS does not let this account sign in here.
    #[error("the AMS does not let this account sign in here")]
    NotPermitted,
    /// The AMS's login failed, and says so. Upstream's fault.
    #[error("the AMS's login failed")]
    LoginFailed,
}

/// Why the AMS gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmsError {
    /// The proof that the visitor brought is unknown, expired or used. The visitor's fault.
    #[error("the AMS does not accept the visitor's proof of signing in")]
    ArrivalRefused,
    /// The proof shows another person than the address names. A forgery, or upstream's fault.
    #[error("the AMS names another person than the address does")]
    OtherPerson,
    /// No connection, a time limit, or a connection that broke. Upstream's fault.
    #[error("the AMS cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that is not what the AMS's interface promises. Upstream's fault.
    #[error("the AMS answered with something unreadable: {0}")]
    Unreadable(String),
    /// The AMS answered with a failure of its own. Upstream's fault.
    #[error("the AMS answered with status {0}")]
    Failed(u16),
    /// The AMS asks us to wait. Nobody's fault.
    #[error("the AMS is over its rate limit")]
    RateLimited {
        /// How long it asks us to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// Our own budget of calls is spent and the queue is full, or the wait was too long. Our fault.
    #[error("too many calls to the AMS are waiting")]
    Busy,
    /// The AMS refuses the integration's own credentials. Our fault.
    #[error("the AMS refuses the integration's credentials")]
    CredentialsRefused,
    /// The AMS sent us to an address that the configuration does not allow. Upstream's fault.
    #[error("the AMS named an address that is not allowed: {0}")]
    AddressRefused(String),
}

/// The answer is not about an individual at all. The AMS's fault, or that of whoever wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRecord {
    /// No object where the individual should be.
    #[error("there is no individual")]
    NoIndividual,
    /// The individual has no usable id.
    #[error("the individual has no valid `id`")]
    NoId,
}

/// An association management system in one environment: signing people in and reading them.
///
/// Behind `dyn`, not an enum: tests stand in for an AMS by one `impl`, a second AMS is one more `impl` instead of an arm
/// in every method, and the boxed future costs nothing beside a call over the internet.
pub trait Ams: Send + Sync + 'static {
    /// Name of the live environment (`production`, `staging`); nothing cached crosses over.
    fn environment(&self) -> &str;

    /// Starts a login. `callback` is our return address; the browser comes back there, and brings `state` as the
    /// parameter `state`.
    fn begin<'a>(&'a self, callback: &'a Url, state: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>>;

    /// Reads the parameters with which a browser came back (`application/x-www-form-urlencoded`), and what it kept.
    /// Looks at shapes only; asks nobody.
    fn arrival(&self, parameters: &str, keep: &Keep) -> Result<Arrival, ArrivalFault>;

    /// How many calls it takes to exchange an arrival for a record with these parts, at most; those for tokens of ours not counted.
    fn calls_of_sign_in(&self, parts: Parts) -> usize;

    /// Makes an arrival fit to wait for minutes. An AMS whose proof lives too short for that is shown it now: the person that it
    /// proves takes its place ([`Arrival::is_verified`]).
    fn before_wait(&self, arrival: Arrival) -> BoxFuture<'_, Result<Arrival, AmsError>> {
        Box::pin(async { Ok(arrival) })
    }

    /// Exchanges an arrival for the record of the person that it proves, with these parts. If [`Arrival::claimed`] names somebody
    /// else, it is an error.
    fn redeem<'a>(
        &'a self,
        arrival: &'a Arrival,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>>;

    /// Whether the AMS finds somebody who is there, by one cheap call; where nobody is known who stays, one of `fallback`, by up to three. As
    /// long as it does not, what else it does not find or accept says nothing.
    fn canary<'a>(&'a self, fallback: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>>;

    /// Where a browser goes to end the AMS's own session, with the hint that the AMS gave for the person. An AMS that lets us choose
    /// where the browser goes from there sends it to `return_to`.
    fn logout(&self, hint: Option<&LogoutHint>, return_to: &str) -> Url;

    /// Reads a record again. `None`: the AMS has nobody by that id.
    fn read<'a>(
        &'a self,
        id: &'a IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_keeps_opens_only_to_the_login_that_wrote_it() {
        let keep = Keep::from_text(Keep::new("one", "production", "verifier/nonce").as_text());
        assert_eq!(keep.secrets("one", "production"), Ok("verifier/nonce"));
        for (kind, environment) in
            [("two", "production"), ("one", "staging"), ("one", "prod"), ("on", "e/production"), ("", "")]
        {
            let opened = keep.secrets(kind, environment);
            assert_eq!(opened, Err(ArrivalFault::MixedUp), "{kind}, {environment}");
        }
        assert!(!format!("{keep:?}").contains("verifier"));
    }
}
