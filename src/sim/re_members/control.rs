//! What a test moves while the simulator runs, and what it reads afterwards.

use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::endpoint::Endpoint;
use super::state::{Login, Shared, State, lock};
use super::tokens::Kind;
use crate::sim::people::{Environment, Person};
use crate::sim::switches::{Fault, Scope, SwitchError, Switches};

/// A handle on a running simulator; clones move the same one.
#[derive(Clone)]
pub struct Control(Shared);

impl Control {
    pub(super) fn new(state: State) -> Control {
        Control(Arc::new(Mutex::new(state)))
    }

    pub(super) fn shared(&self) -> Shared {
        self.0.clone()
    }

    /// The simulator's time.
    pub fn now(&self) -> Timestamp {
        lock(&self.0).now()
    }

    /// The simulator's day in the association's time zone.
    pub fn today(&self) -> Date {
        lock(&self.0).today()
    }

    /// Moves the clock; backwards with a negative duration.
    pub fn advance(&self, by: SignedDuration) {
        lock(&self.0).clock.advance(by);
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        lock(&self.0).switches.clone()
    }

    /// Sets one switch, written `name=value`.
    pub fn set_switch(&self, assignment: &str) -> Result<(), SwitchError> {
        lock(&self.0).switches.set(assignment)
    }

    /// Changes the switches in place.
    pub fn update_switches(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut lock(&self.0).switches);
    }

    /// A person of production by id, record number or e-mail.
    pub fn person(&self, key: &str) -> Option<Person> {
        lock(&self.0).directory.find(Environment::Production, key).cloned()
    }

    /// Changes a person, by id, record number or e-mail, and marks the record as changed now. False: no such person.
    pub fn edit_person(&self, key: &str, change: impl FnOnce(&mut Person)) -> bool {
        let mut state = lock(&self.0);
        let now = state.now();
        state.directory.edit(key, now, change)
    }

    /// Puts a person on file.
    pub fn add_person(&self, person: Person) {
        let mut state = lock(&self.0);
        let now = state.now();
        state.directory.add(person, now);
    }

    /// Takes a person off the file, and their tokens with them.
    pub fn remove_person(&self, id: &str) {
        let mut state = lock(&self.0);
        state.directory.remove(id);
        state.tokens.revoke_where(|grant| grant.holder.eq_ignore_ascii_case(id));
    }

    /// Merges two records: the old id is gone, the new record has changed.
    pub fn merge(&self, old_id: &str, new_id: &str) -> bool {
        self.remove_person(old_id);
        self.edit_person(new_id, |_| {})
    }

    /// The next `times` answers within `scope` go wrong in this way. Queued faults come before the `fault` switch.
    pub fn fail_next(&self, scope: Scope, fault: Fault, times: u32) {
        lock(&self.0).traffic.queue_fault(scope, fault, times);
    }

    /// How often an endpoint was called, refused and failed calls too.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        lock(&self.0).traffic.calls.get(&endpoint).copied().unwrap_or_default()
    }

    /// How often any endpoint of the API was called.
    pub fn api_calls(&self) -> u64 {
        let state = lock(&self.0);
        state.traffic.calls.iter().filter(|(endpoint, _)| !endpoint.is_portal()).map(|(_, calls)| calls).sum()
    }

    /// How many calls the rate limit refused.
    pub fn rate_limited(&self) -> u64 {
        lock(&self.0).traffic.refused
    }

    /// How many different `AppToken` values were sent, good or bad.
    pub fn app_tokens_seen(&self) -> usize {
        lock(&self.0).traffic.app_tokens.len()
    }

    /// Sets all counts to nothing.
    pub fn reset_counts(&self) {
        lock(&self.0).traffic.reset();
    }

    /// The latest logins, oldest first, with the `sso` of each.
    pub fn logins(&self) -> Vec<Login> {
        lock(&self.0).logins.iter().cloned().collect()
    }

    /// A token such as staff mail out: made without a login, good for this person.
    pub fn issue_sso(&self, environment: Environment, key: &str) -> Option<String> {
        let mut state = lock(&self.0);
        let holder = state.directory.find(environment, key)?.id.clone();
        let now = state.now();
        Some(state.tokens.issue(Kind::Sso, environment, &holder, now))
    }

    /// Ends every `AppToken` and `UserToken`, as a restart of the real service might.
    pub fn revoke_app_tokens(&self) {
        lock(&self.0).tokens.revoke_where(|grant| matches!(grant.kind, Kind::App | Kind::User));
    }

    /// Signs every browser out of the portal.
    pub fn end_portal_sessions(&self) {
        lock(&self.0).tokens.revoke_where(|grant| grant.kind == Kind::Session);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}
