//! The port for what administrators do besides the mapping: the audit log, emergency access, OpenID clients, the environment.
//!
//! Every change is written together with its audit entry, both or neither.

use super::error::StoreFuture;
use super::sessions::Once;
use crate::domain::audit::{Entry, Kept};
use crate::domain::client::{Client, ClientId};
use crate::domain::mapping::Edit;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// What opening an emergency link came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The session is kept; the link is worth nothing now.
    Opened,
    /// The link was opened before.
    Used,
    /// The link is too old.
    Expired,
    /// There is no such link.
    Unknown,
}

/// Which AMS environment was chosen, and in place of which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentChoice {
    /// What the configuration said then. Once it says something else, the choice is void.
    pub configured: String,
    /// What was chosen.
    pub chosen: String,
}

/// An OpenID client as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Names this state of it. No two states of all clients have the same, so a form that is made from an old one is found out.
    pub revision: u64,
    /// The latest change.
    pub last: Edit,
}

/// What administrators do.
pub trait Administration: Send + Sync + 'static {
    /// Adds an audit entry. Entries are numbered from 1 without a gap, and neither changed nor removed.
    fn append<'a>(&'a self, entry: &'a Entry) -> StoreFuture<'a, ()>;

    /// The newest audit entries with a number below `before`, newest first, at most `count`.
    fn entries(&self, before: u64, count: u16) -> StoreFuture<'_, Vec<Kept>>;

    /// Keeps an emergency link until `until`.
    fn put_link<'a>(&'a self, link: &'a Once, until: Timestamp, entry: &'a Entry) -> StoreFuture<'a, ()>;

    /// Turns a link into a session of administration that lasts until `until`: all or nothing. The entry says when.
    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> StoreFuture<'a, Opening>;

    /// Until when an emergency session lasts. `None`: unknown or ended.
    fn emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, Option<Timestamp>>;

    /// Ends an emergency session. `true`: there was one.
    fn end_emergency_session<'a>(&'a self, session: &'a SessionKey) -> StoreFuture<'a, bool>;

    /// The OpenID clients that administrators registered, by id.
    fn clients(&self) -> StoreFuture<'_, Vec<Registered>>;

    /// Writes a client over the revision that was seen; `None`: there was none. `false`: something else is there, and nothing is
    /// written.
    fn put_client<'a>(
        &'a self,
        seen: Option<u64>,
        client: &'a Client,
        entry: &'a Entry,
    ) -> StoreFuture<'a, bool>;

    /// Removes a client with all grants that were given to it, and the messages that wait for it. `false`: as above.
    fn remove_client<'a>(&'a self, seen: u64, id: &'a ClientId, entry: &'a Entry) -> StoreFuture<'a, bool>;

    /// The AMS environment that was chosen, if any was.
    fn environment_choice(&self) -> StoreFuture<'_, Option<EnvironmentChoice>>;

    /// Keeps the choice of an AMS environment.
    fn choose_environment<'a>(
        &'a self,
        choice: &'a EnvironmentChoice,
        entry: &'a Entry,
    ) -> StoreFuture<'a, ()>;
}
