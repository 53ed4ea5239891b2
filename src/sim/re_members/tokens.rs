//! Every token that was handed out: whose it is, where it counts, and until when.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::switches::Switches;
use crate::sim::guid;
use crate::sim::people::Environment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of step 1, good for step 2.
    Access,
    /// Of step 2: which application.
    App,
    /// Of step 2: which person.
    User,
    /// Of step 2 or of the login page: good for a lookup, as a `UserToken`, and for the portal.
    Sso,
    /// The portal's cookie.
    Session,
}

#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) kind: Kind,
    pub(super) environment: Environment,
    /// Id of the person, empty for an access token.
    pub(super) holder: String,
    issued: Timestamp,
    used_up: bool,
}

/// More are never kept: the oldest goes first, so that a long load test does not fill the memory.
const MOST_TOKENS: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Tokens {
    grants: HashMap<String, Grant>,
    oldest_first: VecDeque<String>,
}

impl Tokens {
    pub(super) fn issue(
        &mut self,
        kind: Kind,
        environment: Environment,
        holder: &str,
        now: Timestamp,
    ) -> String {
        let token = guid::random();
        let grant = Grant { kind, environment, holder: holder.to_owned(), issued: now, used_up: false };
        if self.oldest_first.len() == MOST_TOKENS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.grants.remove(&oldest);
        }
        self.oldest_first.push_back(token.clone());
        self.grants.insert(token.clone(), grant);
        token
    }

    /// The grant behind a token, if it is of one of these kinds, of this environment, and still good.
    pub(super) fn find(
        &self,
        token: &str,
        kinds: &[Kind],
        environment: Environment,
        now: Timestamp,
        switches: &Switches,
    ) -> Option<&Grant> {
        let grant = self.grants.get(token)?;
        let lifetime = match grant.kind {
            Kind::Access | Kind::App | Kind::User => switches.app_token_ttl,
            Kind::Sso => switches.sso_ttl,
            Kind::Session => switches.session_ttl,
        };
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let good = kinds.contains(&grant.kind)
            && grant.environment == environment
            && !grant.used_up
            && now.duration_since(grant.issued) < lifetime;
        good.then_some(grant)
    }

    pub(super) fn use_up(&mut self, token: &str) {
        if let Some(grant) = self.grants.get_mut(token) {
            grant.used_up = true;
        }
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.grants.remove(token);
    }

    /// Ends tokens, and tells how many.
    pub(super) fn revoke_where(&mut self, gone: impl Fn(&Grant) -> bool) -> usize {
        let before = self.grants.len();
        self.grants.retain(|_, grant| !gone(grant));
        before - self.grants.len()
    }
}
