//! The handle on a running simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{CallReport, FaultPlan, Simulated};
use crate::sim::serving::{Kind, Scope};
use crate::sim::switches::{Fault, SwitchError};

/// A handle on a running simulator; clones move the same one.
#[derive(Debug)]
pub struct Control<S>(pub(in crate::sim) Arc<Mutex<S>>);

impl<S> Clone for Control<S> {
    fn clone(&self) -> Control<S> {
        Control(Arc::clone(&self.0))
    }
}

impl<S: Simulated> Control<S> {
    pub(in crate::sim) fn new(state: S) -> Control<S> {
        Control(Arc::new(Mutex::new(state)))
    }

    /// The state; a handler that panicked in a test does not take the others with it.
    pub(in crate::sim) fn lock(&self) -> MutexGuard<'_, S> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up();
        state
    }

    /// The simulator's time.
    pub fn now(&self) -> Timestamp {
        self.lock().common().clock.now()
    }

    /// The simulator's day in the association's time zone.
    pub fn today(&self) -> Date {
        self.lock().day()
    }

    /// Moves the clock; backwards with a negative duration.
    pub fn advance(&self, by: SignedDuration) {
        self.lock().common_mut().clock.advance(by);
    }

    /// Sets one switch, written `name=value`.
    pub fn set_switch(&self, assignment: &str) -> Result<(), SwitchError> {
        self.lock().set_switch(assignment)
    }

    /// The switches as they are.
    pub fn switches(&self) -> S::Switches {
        self.lock().switches().clone()
    }

    /// Changes the switches in place.
    pub fn update_switches(&self, change: impl FnOnce(&mut S::Switches)) {
        change(self.lock().switches_mut());
    }

    /// The next `times` answers within `scope` go wrong in this way. Planned faults come before the `fault` switch.
    pub fn fail_next(&self, scope: Scope<S::Endpoint>, fault: Fault, times: u32) {
        self.plan_fault(FaultPlan { scope, fault, times: Some(times), lasting: None, every: 1 });
    }

    /// Plans a fault, and gives its number.
    pub fn plan_fault(&self, plan: FaultPlan<Scope<S::Endpoint>>) -> u64 {
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

    /// How often an endpoint was called, refused and failed calls too.
    pub fn calls(&self, endpoint: S::Endpoint) -> u64 {
        self.lock().common().calls.of(endpoint.name()).calls
    }

    /// Sets all counts to nothing.
    pub fn reset_counts(&self) {
        self.lock().reset_counts();
    }

    /// How often the interface was called, refused and failed calls too.
    pub fn api_calls(&self) -> u64 {
        self.lock().common().calls.of_interface().calls
    }

    /// Ends every token of a kind.
    pub fn end_tokens(&self, kind: &str) -> usize {
        self.lock().expire_tokens(Some(kind))
    }

    /// How many calls the rate limit refused.
    pub fn rate_limited(&self) -> u64 {
        self.lock().common().calls.of_interface().refused
    }
}
