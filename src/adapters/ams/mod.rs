//! The association management system, as the flows see it.
//!
//! The port speaks in `domain` words, so that an AMS with another login and another API fits without touching a flow.

pub mod re_members;
pub mod wire;

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::BoxFuture;
use crate::domain::record::{IndividualId, Parts, Record};

/// What came back with a browser from the AMS's login.
#[derive(Debug)]
pub struct Arrival {
    /// The one-time proof that the AMS gave the browser (re:Members: `sso`).
    pub token: SecretString,
    /// Who the address says it is (re:Members: `UserId`). Never believed alone: it must equal what the token proves.
    pub claimed: IndividualId,
}

/// The browser came back with something that this AMS never sends. The visitor's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalFault {
    /// Nothing that identifies anybody.
    #[error("the return from the login carries no token")]
    Missing,
    /// A parameter is there twice.
    #[error("the return from the login carries a parameter twice")]
    Doubled,
    /// A parameter has a shape that the AMS never gives it.
    #[error("the return from the login carries a malformed parameter")]
    Malformed,
}

/// Why the AMS gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmsError {
    /// The visitor's token is unknown, expired or spent. The visitor's fault.
    #[error("the AMS does not accept the visitor's token")]
    TokenRefused,
    /// The token proves another person than the address names. A forgery, or upstream's fault.
    #[error("the token proves another person than the address names")]
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

/// Who goes first when the budget of calls is short (design §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A visitor is waiting.
    SignIn,
    /// A person with a live session.
    Refresh,
    /// Everything else.
    Sweep,
}

/// An association management system.
pub trait Ams: Send + Sync + 'static {
    /// Name of the live environment (`production`, `staging`); nothing cached crosses over.
    fn environment(&self) -> &str;

    /// Where a browser goes to sign in. `callback` is ours and carries our state; it comes back with the browser.
    fn login_url(&self, callback: &Url) -> Url;

    /// Where a browser goes to end the AMS's own session.
    fn logout_url(&self) -> Url;

    /// Reads the query with which a browser came back. Looks at its shape only; asks nobody.
    fn arrival(&self, query: &str) -> Result<Arrival, ArrivalFault>;

    /// Exchanges an arrival for the record that its token proves, with these parts. The record's id equals
    /// [`Arrival::claimed`], or it is an error.
    fn redeem<'a>(&'a self, arrival: &'a Arrival, parts: Parts) -> BoxFuture<'a, Result<Record, AmsError>>;

    /// Reads a record anew. `None`: the AMS has nobody by that id any more.
    fn read<'a>(
        &'a self,
        id: &'a IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>>;
}
