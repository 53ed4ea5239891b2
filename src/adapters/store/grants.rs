//! The port for the OpenID Provider: grants, and the tokens that prove a right to them.
//!
//! A grant rests on a session and goes with it. Tokens are known by their digests alone; a used one stays as long as its grant, so
//! that a second use is seen.

use super::error::StoreFuture;
use crate::domain::client::Scopes;
use crate::domain::grant::Grant;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// Codes of one session for one client that may wait to be exchanged. A browser has a few tabs; whoever asks for more loses the
/// oldest, and cannot fill the store.
pub(super) const WAITING_CODES: u16 = 16;

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

/// Grants and their tokens.
pub trait Grants: Send + Sync + 'static {
    /// Keeps a grant with its code. `tell`: the client wants to hear when the session is over. `false`: it is over already.
    fn put_grant<'a>(&'a self, grant: &'a StoredGrant, code: NewToken, tell: bool) -> StoreFuture<'a, bool>;

    /// Uses a code, once.
    fn use_code(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Use>;

    /// The grant of a refresh token, used or not. Nothing changes.
    fn of_refresh_token(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Option<StoredGrant>>;

    /// Uses a refresh token and keeps the access token that comes of it, both or neither.
    fn renew(&self, renewal: Renewal, now: Timestamp) -> StoreFuture<'_, Renewed>;

    /// Keeps tokens of a grant. `false`: the grant is over.
    fn put_tokens(&self, grant: GrantId, tokens: Vec<NewToken>) -> StoreFuture<'_, bool>;

    /// The grant of an access token, and what the token is good for.
    fn access(&self, key: TokenKey, now: Timestamp) -> StoreFuture<'_, Option<(StoredGrant, Scopes)>>;

    /// Ends a grant with everything that came of it.
    fn end_grant(&self, grant: GrantId) -> StoreFuture<'_, ()>;

    /// At most `limit` sessions that have a grant for this client, by their keys, beyond `after`.
    fn sessions_with_grants<'a>(
        &'a self,
        client: &'a str,
        after: Option<SessionKey>,
        limit: u16,
    ) -> StoreFuture<'a, Vec<SessionKey>>;

    /// Ends the grants of one client in these sessions with everything that came of them, and leaves it a message for each, if it wants to
    /// hear: in one transaction. The sessions go on, and other clients keep theirs. Where there is no grant, nothing is left.
    fn end_grants_of<'a>(&'a self, client: &'a str, sessions: Vec<SessionKey>) -> StoreFuture<'a, ()>;

    /// Takes back a token of a client: an access token alone, a refresh token with its grant. Others stay.
    fn revoke<'a>(&'a self, key: TokenKey, client: &'a str) -> StoreFuture<'a, ()>;
}
