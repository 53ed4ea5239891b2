//! One browser signed in at one host.

use jiff::SignedDuration;

use super::record::IndividualId;
use super::time::Timestamp;

/// What a session is stored and found by: the SHA-256 of the random id that only the browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey(pub [u8; 32]);

/// A session as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Found by.
    pub key: SessionKey,
    /// Who signed in.
    pub individual: IndividualId,
    /// Which AMS environment said so; a session of staging is worth nothing once production is live.
    pub environment: String,
    /// The host at which the browser signed in; the session is worth nothing at any other.
    pub host: String,
    /// When it began.
    pub created: Timestamp,
    /// The latest request that was seen (kept to within a minute).
    pub last_seen: Timestamp,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a request.
    pub idle: SignedDuration,
    /// In any case.
    pub absolute: SignedDuration,
}

impl Session {
    /// Whether the session is over at `now`, by age alone.
    pub fn is_over(&self, limits: &Limits, now: Timestamp) -> bool {
        now.duration_since(self.last_seen) >= limits.idle
            || now.duration_since(self.created) >= limits.absolute
    }
}
