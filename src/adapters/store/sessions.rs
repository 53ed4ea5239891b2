//! The port for visitors: sessions, what was used once, and long addresses that wait for a sign-in.

use std::net::IpAddr;

use super::error::StoreFuture;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

/// Most long addresses of one network; its oldest makes room.
pub(super) const MOST_ADDRESSES_OF_A_NETWORK: u32 = 50;

/// Most long addresses in all; the oldest of the network that has most makes room.
pub(super) const MOST_ADDRESSES: u32 = 10_000;

/// What a one-time use is remembered by: a digest of the token or state that must not come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Once(pub [u8; 32]);

/// Finds a long address: a digest of what the browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongAddressKey(pub [u8; 32]);

/// Which sessions of one environment are listed.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Of this person only.
    pub of: Option<IndividualId>,
    /// Beyond this one: the last of the page before.
    pub after: Option<(Timestamp, SessionKey)>,
}

/// Sessions, and what else visitors leave.
///
/// However a session ends, its grants end with it, and each client that wants to hear of it has a message in the
/// outbox, in the same transaction.
pub trait Sessions: Send + Sync + 'static {
    /// Writes a new session together with the record it rests on: both or neither. The record is joined with the one that is there,
    /// as `Directory::put_record` does, and given back. The session begins now.
    fn begin_session<'a>(&'a self, session: &'a Session, record: &'a Record) -> StoreFuture<'a, Record>;

    /// A session with the latest record of its person in the same environment. `None`: unknown or ended.
    fn session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<(Session, Record)>>;

    /// At most `limit` sessions of an environment, latest first. Those that are over by age may still be among them.
    fn list_sessions<'a>(
        &'a self,
        environment: &'a str,
        filter: &'a SessionFilter,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Session>>;

    /// Moves `last_seen` forward for these sessions; unknown ones are skipped.
    fn touch<'a>(&'a self, seen: &'a [(SessionKey, Timestamp)]) -> StoreFuture<'a, ()>;

    /// Ends a session. Ending one that is over is done already.
    fn end_session<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()>;

    /// Ends every session of a person; tells which.
    fn end_sessions_of<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> StoreFuture<'a, Vec<SessionKey>>;

    /// Remembers a one-time use until `until`. `false`: it was used before.
    fn use_once<'a>(&'a self, once: &'a Once, until: Timestamp) -> StoreFuture<'a, bool>;

    /// Keeps a long address until `until`, for a visitor of this network. Strangers write here, so there is room for so many of
    /// a network and for so many in all.
    fn keep_address<'a>(
        &'a self,
        key: LongAddressKey,
        network: IpAddr,
        address: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// The long address, if it is still kept.
    fn kept_address(&self, key: LongAddressKey, now: Timestamp) -> StoreFuture<'_, Option<String>>;
}
