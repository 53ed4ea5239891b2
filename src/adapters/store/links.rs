//! Emergency access at rest: links and the sessions that they open, found by digest alone.

use super::{Once, StoreError};
use crate::adapters::BoxFuture;
use crate::domain::audit::Entry;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// What opening a link came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The session is kept; the link is worth nothing any more.
    Opened,
    /// The link was opened before.
    Used,
    /// The link is too old.
    Expired,
    /// There is no such link.
    Unknown,
}

/// Links for operators, and the administration sessions that rest on them.
pub trait EmergencyDoor: Send + Sync + 'static {
    /// Keeps a link until `until`, together with the audit entry.
    fn put_link<'a>(
        &'a self,
        link: &'a Once,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Turns a link into a session that lasts until `until`, together with the audit entry: all or nothing.
    fn open_link<'a>(
        &'a self,
        link: &'a Once,
        session: &'a SessionKey,
        until: Timestamp,
        entry: &'a Entry,
    ) -> BoxFuture<'a, Result<Opening, StoreError>>;

    /// Until when a session lasts. `None`: unknown or ended.
    fn emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<Option<Timestamp>, StoreError>>;

    /// Ends a session. `true`: there was one.
    fn end_emergency_session<'a>(
        &'a self,
        session: &'a SessionKey,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}
