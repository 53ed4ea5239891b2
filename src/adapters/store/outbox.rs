//! The port for messages to OpenID clients: a session is over, for all clients or for one. They are left by whatever ends it.

use jiff::SignedDuration;

use super::error::StoreFuture;
use crate::domain::time::Timestamp;

/// How long a message is kept after it was delivered or given up.
pub(super) const SETTLED_IS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A message to a client: a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// The client to tell.
    pub client: String,
    /// Which session.
    pub sid: String,
    /// Whose, as the client was told it (`sub`).
    pub subject: String,
    /// How often it has been sent, this time included.
    pub attempts: u32,
}

/// How many messages are wanted, so that no client holds up the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageLimits {
    /// In all.
    pub most: u16,
    /// For one client.
    pub each: u16,
    /// Clients that have enough to hear already.
    pub busy: Vec<String>,
}

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
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

/// How far a message has come, for the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// The client to tell.
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
pub struct Undelivered {
    /// They are sent again.
    pub pending: u64,
    /// Given up, within the time for which that is kept.
    pub given_up: u64,
}

/// Messages that wait, and what became of those that were sent.
pub trait Outbox: Send + Sync + 'static {
    /// Takes messages that are due, within these limits. Nobody else gets them before `until`.
    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limits: MessageLimits,
    ) -> StoreFuture<'_, Vec<Message>>;

    /// Notes what came of sending a message.
    fn settle(&self, id: i64, outcome: DeliveryOutcome, now: Timestamp) -> StoreFuture<'_, ()>;

    /// The latest messages, newest first.
    fn deliveries(&self, most: u16) -> StoreFuture<'_, Vec<DeliveryStatus>>;

    /// How many messages are not delivered.
    fn undelivered(&self) -> StoreFuture<'_, Undelivered>;
}
