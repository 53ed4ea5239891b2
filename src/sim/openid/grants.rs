//! Everything that a provider handed out: browsers that it knows, codes, access and refresh tokens.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::keys::unguessable;
use super::pkce::Challenge;
use crate::sim::control::kinds_called;

/// More are never kept: the oldest goes first, so that a long load test does not fill the memory.
const MOST: usize = 100_000;

/// What a control calls the kinds of grants.
const CALLED: &[(&str, &[Kind])] =
    &[("codes", &[Kind::Code]), ("access", &[Kind::Access, Kind::Refresh]), ("browsers", &[Kind::Browser])];

/// The names of [`Grants::end_called`].
pub const GRANT_NAMES: &[&str] = &["codes", "access", "browsers"];

/// What a secret text is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The provider's cookie in a browser.
    Browser,
    /// A code, good once for tokens.
    Code,
    /// Reads userinfo.
    Access,
    /// Good for new tokens.
    Refresh,
}

/// How long each kind lasts.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A browser.
    pub browser: SignedDuration,
    /// A code.
    pub code: SignedDuration,
    /// An access token.
    pub access: SignedDuration,
    /// A refresh token.
    pub refresh: SignedDuration,
}

impl Lifetimes {
    /// Those of switches. Refresh tokens last for ever.
    pub fn new(browser: Duration, code: Duration, access: Duration) -> Lifetimes {
        let signed = |lifetime| SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        Lifetimes {
            browser: signed(browser),
            code: signed(code),
            access: signed(access),
            refresh: SignedDuration::MAX,
        }
    }

    fn of(self, kind: Kind) -> SignedDuration {
        match kind {
            Kind::Browser => self.browser,
            Kind::Code => self.code,
            Kind::Access => self.access,
            Kind::Refresh => self.refresh,
        }
    }
}

/// What the login was for.
#[derive(Clone, Debug, Default)]
pub struct Purpose {
    /// The id of the client that asked.
    pub client: String,
    /// The redirect address of the request.
    pub redirect_uri: String,
    /// What was asked for.
    pub scope: String,
    /// The nonce of the request.
    pub nonce: Option<String>,
    /// The challenge of the request, if anybody looks at it.
    pub challenge: Option<Challenge>,
}

/// What is behind a secret text.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What it is good for.
    pub kind: Kind,
    /// The key of the person.
    pub holder: String,
    /// What the login was for; empty for a browser.
    pub purpose: Purpose,
    issued: Timestamp,
}

/// All grants of one provider.
#[derive(Debug, Default)]
pub struct Grants {
    grants: HashMap<String, Grant>,
    oldest_first: VecDeque<String>,
}

impl Grants {
    /// Hands out a secret text.
    pub fn issue(&mut self, kind: Kind, holder: &str, purpose: Purpose, now: Timestamp) -> String {
        if self.oldest_first.len() == MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.grants.remove(&oldest);
        }
        let text = unguessable();
        self.oldest_first.push_back(text.clone());
        self.grants.insert(text.clone(), Grant { kind, holder: holder.to_owned(), purpose, issued: now });
        text
    }

    /// What is behind a text of this kind that is still good.
    pub fn find(&self, kind: Kind, text: &str, now: Timestamp, lifetimes: Lifetimes) -> Option<&Grant> {
        let grant = self.grants.get(text).filter(|grant| grant.kind == kind)?;
        (now.duration_since(grant.issued) < lifetimes.of(kind)).then_some(grant)
    }

    /// The same, for the last time.
    pub fn take(&mut self, kind: Kind, text: &str, now: Timestamp, lifetimes: Lifetimes) -> Option<Grant> {
        self.find(kind, text, now, lifetimes)?;
        self.grants.remove(text)
    }

    /// Ends grants, and tells how many.
    pub fn end_where(&mut self, ends: impl Fn(&Grant) -> bool) -> usize {
        let before = self.grants.len();
        self.grants.retain(|_, grant| !ends(grant));
        before - self.grants.len()
    }

    /// Ends those that a control calls by this name, or all, and tells how many.
    pub fn end_called(&mut self, name: Option<&str>) -> usize {
        let kinds = kinds_called(CALLED, name);
        self.end_where(|grant| kinds.contains(&grant.kind))
    }

    /// Ends one.
    pub fn end(&mut self, text: &str) {
        self.grants.remove(text);
    }
}
