//! What a client was given for a person: by which request, for how long, and what proves a right to it.
//!
//! `request` checks what a client asks for, `proof_key` is PKCE. Nothing here draws randomness or computes a digest.

pub mod proof_key;
pub mod request;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::client::{Scope, Scopes};
use super::record::IndividualId;
use super::session::Limits;
use super::time::Timestamp;
use proof_key::Challenge;

/// How long a code lives. The client exchanges it at once; RFC 6749 §4.1.2 allows ten minutes.
pub const CODE_LIVES: SignedDuration = SignedDuration::from_secs(60);

/// How long an access token and an ID token live at most.
pub const TOKEN_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// What a person's sign-in at a client rests on. Kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who signed in.
    pub individual: IndividualId,
    /// What the client may know or do, by name.
    pub scopes: Vec<String>,
    /// The redirect address of the request, to be repeated with the code.
    pub redirect_uri: String,
    /// Given back in the ID token.
    pub nonce: Option<String>,
    /// What the client's verifier must fit to.
    pub challenge: Option<Challenge>,
    /// When the AMS vouched for the person: when the session began.
    pub auth_time: Timestamp,
    /// Names the session to the client.
    pub sid: String,
}

impl Grant {
    /// What the client may know or do.
    pub fn scopes(&self) -> Scopes {
        self.scopes.iter().filter_map(|name| Scope::parse(name)).collect()
    }
}

/// Until when a token holds that is issued at `now`: never beyond the session, nor beyond the roles in it.
pub fn token_ends(
    now: Timestamp,
    session_began: Timestamp,
    limits: &Limits,
    holds_until: Option<Timestamp>,
) -> Timestamp {
    let session_ends = session_began + limits.absolute;
    (now + TOKEN_LIVES).min(session_ends).min(holds_until.unwrap_or(Timestamp::MAX))
}

/// The whole seconds from `now` to `ends`, rounded down: a client must not believe a token for longer.
pub fn seconds_until(now: Timestamp, ends: Timestamp) -> i64 {
    ends.as_second()
        .saturating_sub(now.as_second().saturating_add(i64::from(now.subsec_nanosecond() > 0)))
        .max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().unwrap()
    }

    #[test]
    fn a_token_ends_with_whatever_ends_first() {
        let limits = Limits {
            idle: SignedDuration::from_hours(2),
            absolute: SignedDuration::from_hours(10),
            refresh_after: SignedDuration::from_mins(15),
            stale_limit: SignedDuration::from_hours(24),
        };
        for (now, holds_until, ends) in [
            ("09:00:00", None, "09:10:00"),
            ("09:00:00", Some("12:00:00"), "09:10:00"),
            ("09:00:00", Some("09:03:00"), "09:03:00"),
            ("09:55:00", None, "10:00:00"),
            ("09:55:00", Some("09:55:01"), "09:55:01"),
        ] {
            assert_eq!(token_ends(at(now), at("00:00:00"), &limits, holds_until.map(at)), at(ends), "{now}");
        }
    }

    #[test]
    fn remaining_seconds_are_never_too_many() {
        for (now, ends, seconds) in [
            ("09:00:00", "09:00:10", 10),
            ("09:00:00.5", "09:00:10", 9),
            ("09:00:00", "09:00:10.9", 10),
            ("09:00:00.9", "09:00:01.1", 0),
            ("09:00:01", "09:00:00", 0),
        ] {
            assert_eq!(seconds_until(at(now), at(ends)), seconds, "{now} {ends}");
        }
    }
}
