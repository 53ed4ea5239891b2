//! Everything that the simulator remembers, behind one lock that is never held across a wait.

use std::io;

use jiff::Timestamp;

use super::apply::Applying;
use super::directory::{Directory, provides_benefits};
use super::endpoint::Endpoint;
use super::model::{Contact, Group};
use super::queue::{Intake, Queue, Staged};
use super::record::Change;
use super::sessions::{COOKIE, Sessions};
use super::settings::{Credentials, Settings};
use super::switches::Switches;
use crate::sim::control::{Clock, Common};
use crate::sim::serving::{Call, Limiter, origin};
use crate::sim::switches::Fault;

/// So many notes are kept for each push.
const MOST_NOTES: usize = 200;

/// The whole of it.
#[derive(Debug)]
pub struct State {
    /// Its address without a slash at the end.
    pub(super) base: String,
    pub(super) switches: Switches,
    pub(super) common: Common<Endpoint>,
    pub(super) credentials: Credentials,
    pub(super) directory: Directory,
    pub(super) queue: Queue,
    pub(super) intake: Intake,
    pub(super) sessions: Sessions,
    pub(super) reads: Limiter,
    pub(super) pushes: Limiter,
}

impl State {
    pub(super) fn new(settings: Settings, base: &str) -> io::Result<State> {
        let clock = Clock::starting(settings.today, &settings.switches.time_zone);
        Ok(State {
            base: origin(base)?,
            common: Common::new(clock),
            switches: settings.switches,
            credentials: settings.credentials,
            directory: Directory::default(),
            queue: Queue::default(),
            intake: Intake::default(),
            sessions: Sessions::default(),
            reads: Limiter::default(),
            pushes: Limiter::default(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.common.clock.now()
    }

    pub(super) fn is_member(&self, contact: &Contact) -> bool {
        self.directory.is_member(contact, &self.switches, self.now())
    }

    pub(super) fn provides_benefits(&self, group: &Group) -> bool {
        provides_benefits(group, &self.switches)
    }

    /// Who a browser is signed in as.
    pub(super) fn visitor(&self, call: &Call) -> Option<&Contact> {
        self.directory.contacts.get(self.sessions.contact(call.cookie(COOKIE)?)?)
    }

    /// Takes the records of a push into the queue, or a part of them where the fault says so, and applies what is due.
    pub(super) fn stage(&mut self, push: u64, fault: Fault, mut changes: Vec<Change>) {
        match fault {
            Fault::HalfRows => changes = changes.into_iter().step_by(2).collect(),
            Fault::HalfDone => changes.truncate(changes.len() / 2),
            _ => {}
        }
        if let Some(entry) = self.intake.get_mut(push) {
            entry.taken = changes.len();
        }
        let now = self.now();
        for change in changes {
            self.queue.put(push, change, &self.switches, now);
        }
        self.refresh();
    }

    /// Applies what is due.
    pub(super) fn refresh(&mut self) {
        let now = self.now();
        let due = self.queue.due(&self.switches, now);
        self.apply(due);
    }

    /// Applies these records, in their order.
    pub(super) fn apply(&mut self, staged: Vec<Staged>) {
        for Staged { push, at, change, .. } in staged {
            let now = self.common.clock.now();
            let mut applying = Applying {
                directory: &mut self.directory,
                switches: &self.switches,
                now,
                push,
                received_at: at,
                notes: Vec::new(),
            };
            applying.apply(change);
            let notes = applying.notes;
            self.note(push, notes);
        }
    }

    /// Notes something about a push.
    pub(super) fn note(&mut self, push: u64, notes: Vec<String>) {
        if let Some(entry) = self.intake.get_mut(push) {
            let room = MOST_NOTES.saturating_sub(entry.notes.len());
            entry.notes.extend(notes.into_iter().take(room));
        }
    }
}
