//! What moves and reads a simulator while it runs, the same from a test in this process and over HTTP (docs/simulator.md).
//!
//! Each simulator keeps its state behind one lock, has the [`Common`] parts in it, and says by [`Simulated`] what it has on file.
//! [`Control`] is the handle on that; [`ControlListener`] serves it over HTTP, as JSON and as one page for people.

mod calls;
mod clock;
mod edits;
mod faults;
mod listener;
mod page;
mod routes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::switches::{Fault, Setting, SwitchError, SwitchLine};

pub use calls::{CallCount, CallLine, CallLog, CallReport};
pub use clock::{Clock, today};
pub use faults::{FaultLine, FaultPlan, PlannedFaults};
pub use listener::ControlListener;

/// What every simulator has.
#[derive(Debug)]
pub struct Common<S> {
    /// Its time.
    pub clock: Clock,
    /// The faults that were planned.
    pub faults: PlannedFaults<S>,
    /// The calls that it got.
    pub calls: CallLog,
}

impl<S: Setting> Common<S> {
    /// Nothing has happened yet.
    pub fn new(clock: Clock) -> Common<S> {
        let calls = CallLog::new(clock.now());
        Common { clock, faults: PlannedFaults::default(), calls }
    }
}

/// Something that can be done to an entry of a collection, beside changing its members.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// Its name, in addresses.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
}

/// A kind of entries on file, such as people.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// Its name, in addresses.
    pub name: &'static str,
    /// By what an entry is found.
    pub key: &'static str,
    /// What can be done to an entry.
    pub actions: &'static [Action],
}

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("there is no {0}")]
    Unknown(String),
    /// It was not understood, or does not fit what is on file.
    #[error("{0}")]
    Wrong(String),
}

impl From<SwitchError> for Refusal {
    fn from(error: SwitchError) -> Refusal {
        Refusal::Wrong(error.to_string())
    }
}

/// The state of a simulator, as [`Control`] moves and reads it. Entries are JSON, in the shape of the simulator's own file.
pub trait Simulated: Send + 'static {
    /// Where a fault can be aimed at.
    type Scope: Setting + Copy + Send;

    /// What it simulates, for people.
    fn title(&self) -> String;
    /// Where it answers, by name.
    fn addresses(&self) -> Vec<(&'static str, String)>;
    /// What every simulator has.
    fn common(&self) -> &Common<Self::Scope>;
    /// The same, to change it.
    fn common_mut(&mut self) -> &mut Common<Self::Scope>;
    /// Its switches.
    fn switch_lines(&self) -> Vec<SwitchLine>;
    /// Sets one switch, written `name=value`.
    fn set_switch(&mut self, assignment: &str) -> Result<(), SwitchError>;
    /// What is on file. People come first.
    fn collections(&self) -> &'static [Collection];
    /// The entries of a collection in which the text occurs; all for an empty text.
    fn entries(&self, collection: &str, text: &str) -> Vec<Value>;
    /// One entry.
    fn entry(&self, collection: &str, key: &str) -> Option<Value>;
    /// Puts an entry on file, in place of the one with this key if there is one. True: it is new.
    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal>;
    /// Takes an entry off the file. False: there was none.
    fn remove(&mut self, collection: &str, key: &str) -> bool;
    /// Does an action to an entry, and says what came of it.
    fn act(&mut self, key: &str, action: &str, arguments: &Map<String, Value>) -> Result<Value, Refusal>;
    /// The kinds of tokens that can be ended.
    fn token_kinds(&self) -> &'static [&'static str];
    /// Ends every token of a kind, or of all kinds, and tells how many those were.
    fn expire_tokens(&mut self, kind: Option<&str>) -> usize;
}

/// A handle on a running simulator; clones move the same one.
#[derive(Debug)]
pub struct Control<S>(pub(super) Arc<Mutex<S>>);

impl<S> Clone for Control<S> {
    fn clone(&self) -> Control<S> {
        Control(Arc::clone(&self.0))
    }
}

impl<S: Simulated> Control<S> {
    pub(super) fn new(state: S) -> Control<S> {
        Control(Arc::new(Mutex::new(state)))
    }

    /// The state; a handler that panicked in a test does not take the others with it.
    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The simulator's time.
    pub fn now(&self) -> Timestamp {
        self.lock().common().clock.now()
    }

    /// Moves the clock; backwards with a negative duration.
    pub fn advance(&self, by: SignedDuration) {
        self.lock().common_mut().clock.advance(by);
    }

    /// Sets one switch, written `name=value`.
    pub fn set_switch(&self, assignment: &str) -> Result<(), SwitchError> {
        self.lock().set_switch(assignment)
    }

    /// The next `times` answers within `scope` go wrong in this way. Planned faults come before the `fault` switch.
    pub fn fail_next(&self, scope: S::Scope, fault: Fault, times: u32) {
        self.plan_fault(FaultPlan { scope, fault, times: Some(times), lasting: None, every: 1 });
    }

    /// Plans a fault, and gives its number.
    pub fn plan_fault(&self, plan: FaultPlan<S::Scope>) -> u64 {
        let mut state = self.lock();
        let now = state.common().clock.now();
        state.common_mut().faults.plan(plan, now)
    }

    /// Takes back every planned fault.
    pub fn clear_faults(&self) {
        self.lock().common_mut().faults.clear(None);
    }

    /// The counts of calls, and the latest `most` of them.
    pub fn call_report(&self, most: usize) -> CallReport {
        let state = self.lock();
        state.common().calls.report(state.common().clock.now(), None, 0, most)
    }

    /// How often the interface was called, refused and failed calls too.
    pub fn api_calls(&self) -> u64 {
        self.lock().common().calls.of_interface().calls
    }

    /// How many calls the rate limit refused.
    pub fn rate_limited(&self) -> u64 {
        self.lock().common().calls.of_interface().refused
    }

    /// Serves this over HTTP at the address. No one is asked who they are, so it belongs on loopback.
    pub async fn listen(&self, address: std::net::SocketAddr) -> std::io::Result<ControlListener> {
        ControlListener::start(address, self.clone()).await
    }
}
