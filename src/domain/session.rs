//! One browser signed in at one host.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::clock_jumps::ClockJumps;
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
    /// The browser in a few words (`domain::device`). `None`: it began before these were kept.
    pub device: Option<String>,
    /// Set when somebody views the site as this person. Such a session reads and changes nothing, at no address of ours.
    pub viewer: Option<Viewer>,
    /// What the AMS is shown when the person signs out. Only the store keeps it; a session in memory has none.
    pub logout_hint: Option<LogoutHint>,
}

/// What an AMS wants to see again when a browser signs out there, so that it knows who asks (an ID token). A secret: it goes to the AMS's
/// logout and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutHint(String);

impl LogoutHint {
    /// A longer one is not kept: it stands in an address, and browsers and servers take so much of one.
    pub const LONGEST: usize = 3_000;

    /// `None`: it is too long, or no text that can stand in an address; the AMS then asks the person.
    pub fn new(text: String) -> Option<LogoutHint> {
        let fits = (1..=LogoutHint::LONGEST).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(LogoutHint(text))
    }

    /// For the AMS's logout alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LogoutHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogoutHint")
    }
}

/// Who looks at the sites as somebody else, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The administrator who looks.
    pub by: Actor,
    /// When it ends.
    pub until: Timestamp,
}

impl Session {
    /// Whether it is over by age at `now`, when it was last seen at `last_seen`.
    pub fn is_over(
        &self,
        limits: &SessionLimits,
        jumps: &ClockJumps,
        last_seen: Timestamp,
        now: Timestamp,
    ) -> bool {
        limits.are_over(jumps.aged(self.created, now), jumps.aged(last_seen, now), now)
            || self.viewer.as_ref().is_some_and(|viewer| now >= viewer.until)
    }
}

/// How long a session and what it knows may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session ends after this long without a request.
    pub idle: SignedDuration,
    /// A session ends this long after it began, whatever happens.
    pub absolute: SignedDuration,
    /// A record older than this is read again in the background.
    pub refresh_after: SignedDuration,
    /// A record older than this is not believed any more.
    pub stale_limit: SignedDuration,
    /// Sessions are believed from memory for this long while the store gives no answer.
    pub store_gone: SignedDuration,
}

/// How far the clocks of gateways that share a store may differ.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

impl SessionLimits {
    /// Whether a session begun and last seen at these instants is over at `now`, by age alone.
    pub fn are_over(&self, created: Timestamp, last_seen: Timestamp, now: Timestamp) -> bool {
        now.duration_since(last_seen) >= self.idle || now.duration_since(created) >= self.absolute
    }

    /// How old something is that was confirmed at `at`. What was confirmed in the future was so before the clock was set back:
    /// that makes nothing stale, and it is confirmed again soon.
    pub fn freshness(&self, at: Timestamp, now: Timestamp) -> Freshness {
        let age = now.duration_since(at);
        match () {
            () if age >= self.stale_limit => Freshness::Stale,
            () if age >= self.refresh_after || age < -CLOCK_SKEW => Freshness::RefreshDue,
            () => Freshness::Fresh,
        }
    }
}

/// How old a record is, measured by the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and read it again meanwhile.
    RefreshDue,
    /// Do not use it.
    Stale,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    const LIMITS: SessionLimits = SessionLimits {
        idle: SignedDuration::from_secs(100),
        absolute: SignedDuration::from_secs(1000),
        refresh_after: SignedDuration::from_secs(10),
        stale_limit: SignedDuration::from_secs(50),
        store_gone: SignedDuration::from_secs(60),
    };

    #[test]
    fn a_hint_for_the_logout_is_short_and_shows_itself_to_nobody() {
        let of = |length: usize| LogoutHint::new("t".repeat(length));
        assert!(of(1).is_some() && of(LogoutHint::LONGEST).is_some());
        assert!(of(0).is_none() && of(LogoutHint::LONGEST + 1).is_none());
        assert!(LogoutHint::new("a b".to_owned()).is_none());
        let hint = LogoutHint::new("secret".to_owned()).unwrap();
        assert!(!format!("{hint:?}").contains("secret"));
    }

    #[test]
    fn a_session_ends_by_idleness_or_by_age() {
        for (created, last_seen, now, over) in
            [(0, 0, 99, false), (0, 0, 100, true), (0, 950, 999, false), (0, 999, 1000, true)]
        {
            assert_eq!(
                LIMITS.are_over(at(created), at(last_seen), at(now)),
                over,
                "{created} {last_seen} {now}"
            );
        }
    }

    #[test]
    fn a_record_ages_from_fresh_to_stale() {
        for (now, freshness) in [
            (-301, Freshness::RefreshDue),
            (-300, Freshness::Fresh),
            (9, Freshness::Fresh),
            (10, Freshness::RefreshDue),
            (49, Freshness::RefreshDue),
            (50, Freshness::Stale),
        ] {
            assert_eq!(LIMITS.freshness(at(0), at(now)), freshness, "{now}");
        }
    }
}
