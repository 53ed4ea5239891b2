//! Browsers that are signed in, and sign-ins that are under way.

use std::collections::VecDeque;

use crate::sim::guid;

/// The cookie of a browser that is signed in. Cookies know no port: the name must not meet that of another service on localhost.
pub(super) const COOKIE: &str = "SimulatedHigherLogic";

/// So many of each are kept; the oldest go first.
const MOST: usize = 1_000;

/// Pairs of a secret and what it stands for.
#[derive(Debug, Default)]
struct Kept(VecDeque<(String, String)>);

impl Kept {
    /// Keeps something, and gives its secret.
    fn put(&mut self, what: String) -> String {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let secret = guid::random();
        self.0.push_back((secret.clone(), what));
        secret
    }

    fn get(&self, secret: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == secret).map(|(_, what)| what.as_str())
    }

    fn take(&mut self, secret: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == secret)?;
        self.0.remove(place).map(|(_, what)| what)
    }

    fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }
}

/// The kinds of secrets, as the control calls them.
pub(super) const KINDS: &[&str] = &["attempts", "browsers"];

/// Both.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    attempts: Kept,
    browsers: Kept,
}

impl Sessions {
    /// A sign-in begins that is to come back to this path; gives its state.
    pub(super) fn begin(&mut self, return_path: String) -> String {
        self.attempts.put(return_path)
    }

    /// A sign-in comes back. Each state is good once.
    pub(super) fn arrive(&mut self, state: &str) -> Option<String> {
        self.attempts.take(state)
    }

    /// A browser is signed in as this contact; gives its cookie.
    pub(super) fn sign_in(&mut self, contact: String) -> String {
        self.browsers.put(contact)
    }

    /// The contact of a cookie.
    pub(super) fn contact(&self, cookie: &str) -> Option<&str> {
        self.browsers.get(cookie)
    }

    pub(super) fn sign_out(&mut self, cookie: &str) {
        self.browsers.take(cookie);
    }

    /// Ends all of a kind, or of both, and tells how many those were.
    pub(super) fn end(&mut self, kind: Option<&str>) -> usize {
        let is = |name: &str| kind.is_none_or(|kind| kind == name);
        let attempts = if is("attempts") { self.attempts.clear() } else { 0 };
        let browsers = if is("browsers") { self.browsers.clear() } else { 0 };
        attempts + browsers
    }
}
