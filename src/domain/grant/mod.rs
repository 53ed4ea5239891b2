//! What a client was given for a person: by which request, for how long, and what proves a right to it.
//!
//! `request` checks what a client asks for, `proof_key` is PKCE. Nothing here draws randomness or computes a digest.

mod parameters;
pub(crate) mod proof_key;
pub(crate) mod request;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::client::{Scope, Scopes};
use super::record::IndividualId;
use super::session::SessionLimits;
use super::time::Timestamp;
use proof_key::Challenge;

/// How long a code lives. The client exchanges it at once; RFC 6749 §4.1.2 allows ten minutes.
pub const CODE_LIVES: SignedDuration = SignedDuration::from_secs(60);

/// How long after its first use a replaced refresh token is taken again, with the same outcome: two tabs or twelve requests of one
/// client may renew at the same time, and nobody has a copy.
pub const SAME_TIME: SignedDuration = SignedDuration::from_secs(10);

/// How long an access token and an ID token live at most.
pub const TOKEN_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// What a person's sign-in at a client rests on. Kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who signed in.
    pub individual: IndividualId,
    /// `sub` as the client is told it, where that is not the id.
    #[serde(default)]
    pub subject: Option<String>,
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
    /// `sub` as the client is told it, in its logout tokens too.
    pub fn subject(&self) -> &str {
        self.subject.as_deref().unwrap_or(self.individual.as_str())
    }

    /// What the client may know or do.
    pub fn scopes(&self) -> Scopes {
        self.scopes.iter().filter_map(|name| Scope::parse(name)).collect()
    }

    /// The scopes that a client names when it renews its tokens. `None`: it was not granted each of them (RFC 6749 §6), or the text
    /// is not a list of scopes.
    pub fn narrowed(&self, text: &str) -> Option<Scopes> {
        let granted = self.scopes();
        text.split(' ').map(|name| Scope::parse(name).filter(|scope| granted.contains(scope))).collect()
    }
}

/// Until when a token holds that is issued at `now`: never beyond the session, nor beyond the roles in it.
pub fn token_ends(
    now: Timestamp,
    session_began: Timestamp,
    limits: &SessionLimits,
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

    /// RFC 6749 §6.
    #[test]
    fn a_renewal_may_narrow_the_scope_and_never_widen_it() {
        let grant = Grant {
            individual: IndividualId::parse("jane").unwrap(),
            subject: None,
            scopes: ["openid", "profile", "offline_access"].map(str::to_owned).into(),
            redirect_uri: String::new(),
            nonce: None,
            challenge: None,
            auth_time: Timestamp::UNIX_EPOCH,
            sid: String::new(),
        };
        for (text, narrowed) in [
            ("openid", Some(Scopes::from([Scope::OpenId]))),
            ("profile openid", Some(Scopes::from([Scope::OpenId, Scope::Profile]))),
            ("openid openid", Some(Scopes::from([Scope::OpenId]))),
            ("openid profile offline_access", Some(grant.scopes())),
            ("openid email", None),
            ("openid address", None),
            ("openid,profile", None),
            ("openid  profile", None),
            (" openid", None),
            ("openid\tprofile", None),
            ("OPENID", None),
            (" ", None),
            ("openid\u{e9}", None),
        ] {
            assert_eq!(grant.narrowed(text), narrowed, "{text}");
        }
    }

    #[test]
    fn a_token_ends_with_whatever_ends_first() {
        let limits = SessionLimits {
            idle: SignedDuration::from_hours(2),
            absolute: SignedDuration::from_hours(10),
            refresh_after: SignedDuration::from_mins(15),
            stale_limit: SignedDuration::from_hours(24),
            store_gone: SignedDuration::from_secs(60),
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
