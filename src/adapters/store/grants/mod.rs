//! What the OpenID Provider keeps: grants, the tokens that prove a right to them, and messages to clients.
//!
//! A grant rests on a session and goes with it, in the store itself: a trigger in `sql/2.sql` ends the grants and leaves the
//! messages, so no way of ending a session can forget them. Tokens are known by their digests alone.

mod sqlite;
mod tokens;

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::client::Scopes;
use crate::domain::grant::Grant;
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// Names a grant; nobody but us ever sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GrantId(pub [u8; 32]);

/// The SHA-256 of a code or token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenKey(pub [u8; 32]);

/// What a code or token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// To be exchanged for tokens, once.
    Code,
    /// To ask about the person, often.
    Access,
    /// To be exchanged for new tokens.
    Refresh,
}

/// A code or token to be kept.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Found by.
    pub key: TokenKey,
    /// Good for.
    pub kind: TokenKind,
    /// Worth nothing from then on.
    pub ends: Timestamp,
    /// What an access token is good for; nothing for the others.
    pub scopes: Scopes,
}

/// A grant as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// Its name.
    pub id: GrantId,
    /// The session on which it rests.
    pub session: SessionKey,
    /// The client to which it was given.
    pub client: String,
    /// The last instant at which the session may still live.
    pub ends: Timestamp,
    /// What was granted.
    pub grant: Grant,
}

/// What became of the use of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// The first use; there will be no other.
    First(Box<StoredGrant>),
    /// It was used before: somebody has a copy. The grant is ended, with everything that came of it.
    Again,
    /// Not one of ours, too old, or its grant is over.
    Unknown,
}

/// A refresh token is used.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The refresh token.
    pub key: TokenKey,
    /// The token that takes its place, or took it earlier.
    pub successor: TokenKey,
    /// The successor takes its place now. `false`: it stays good, unless it was replaced earlier.
    pub rotates: bool,
    /// The access token that the client gets.
    pub access: NewToken,
}

/// What became of the use of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// The access token is kept, and the refresh token stays good.
    Kept,
    /// The access token is kept, and the refresh token has its successor. It may be the first use or one at the same time.
    Replaced,
    /// It has a successor that was made for another scope. Nothing has changed.
    OtherScope,
    /// Its successor is in use, or the time for uses at the same time is over: somebody has a copy. The grant is ended, with
    /// everything that came of it.
    Again,
    /// As in [`Use::Unknown`].
    Unknown,
}

/// A message to a client: a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub client: String,
    /// Which session.
    pub sid: String,
    /// Whose.
    pub individual: IndividualId,
    /// How often it has been sent, this time included.
    pub attempts: u32,
}

/// How many messages are wanted, so that no client holds up the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub most: u16,
    /// For one client.
    pub each: u16,
    /// Clients that have enough to hear already.
    pub busy: Vec<String>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The client has taken it.
    Delivered,
    /// It is to be sent again.
    Again {
        /// Not before.
        at: Timestamp,
        /// What went wrong. It holds no token and no address.
        error: String,
    },
    /// It is given up.
    Failed {
        /// What went wrong.
        error: String,
    },
}

/// The state of a message, for the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// To whom.
    pub client: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// How often it has been sent.
    pub attempts: u32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When that was. `None`: nobody has looked at it yet.
    pub changed: Option<Timestamp>,
}

/// How many messages no client has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// They are sent again.
    pub pending: u64,
    /// Given up, within the time for which that is kept.
    pub given_up: u64,
}

/// What the OpenID Provider keeps.
pub trait Grants: Send + Sync + 'static {
    /// Keeps a grant with its code. `tell`: the client wants to hear when the session is over. `false`: it is over already.
    fn put_grant<'a>(
        &'a self,
        grant: &'a StoredGrant,
        code: NewToken,
        tell: bool,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Uses a code, once.
    fn use_code(&self, key: TokenKey, now: Timestamp) -> BoxFuture<'_, Result<Use, StoreError>>;

    /// The grant of a refresh token, used or not. Nothing changes.
    fn of_refresh_token(
        &self,
        key: TokenKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<StoredGrant>, StoreError>>;

    /// Uses a refresh token and keeps the access token that comes of it, both or neither.
    fn renew(&self, renewal: Renewal, now: Timestamp) -> BoxFuture<'_, Result<Renewed, StoreError>>;

    /// Keeps tokens of a grant. `false`: the grant is over.
    fn put_tokens(&self, grant: GrantId, tokens: Vec<NewToken>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// The grant of an access token, and what the token is good for.
    fn access(
        &self,
        key: TokenKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<(StoredGrant, Scopes)>, StoreError>>;

    /// Ends a grant with everything that came of it.
    fn end_grant(&self, grant: GrantId) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes back a token of a client: an access token alone, a refresh token with its grant. Others stay.
    fn revoke<'a>(&'a self, key: TokenKey, client: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Takes messages that are due, as far as there is room. Nobody else gets them before `until`.
    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        room: Room,
    ) -> BoxFuture<'_, Result<Vec<Message>, StoreError>>;

    /// Notes what became of a message.
    fn settle(&self, id: i64, fate: Fate, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The latest messages and their state, newest first.
    fn told(&self, most: u16) -> BoxFuture<'_, Result<Vec<Told>, StoreError>>;

    /// How many messages are not delivered.
    fn unsettled(&self) -> BoxFuture<'_, Result<Unsettled, StoreError>>;

    /// Forgets what is over.
    fn sweep_grants(&self, now: Timestamp) -> BoxFuture<'_, Result<(), StoreError>>;
}
