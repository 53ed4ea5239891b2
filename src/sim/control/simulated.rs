//! What a simulator says of itself, so that it can be moved and read.

use jiff::civil::Date;
use serde_json::Value;

use super::{CallLog, Clock, PlannedFaults};
use crate::sim::serving::{Kind, Scope};
use crate::sim::switches::{self, CommonSwitches, Fault, SwitchError, SwitchLine, SwitchSet};

/// What every simulator has.
#[derive(Debug)]
pub struct Common<E> {
    /// Its time.
    pub clock: Clock,
    /// The faults that were planned.
    pub faults: PlannedFaults<Scope<E>>,
    /// The calls that it got.
    pub calls: CallLog,
    /// How many answers the fault of its switches might have touched.
    in_scope: u32,
}

impl<E: Kind> Common<E> {
    /// Nothing has happened yet.
    pub fn new(clock: Clock) -> Common<E> {
        let calls = CallLog::new(clock.now());
        Common { clock, faults: PlannedFaults::default(), calls, in_scope: 0 }
    }

    /// The fault of the next answer of an endpoint: a planned one first, then what the switches say.
    pub fn next_fault(&mut self, endpoint: E, switches: &CommonSwitches<Scope<E>>) -> Fault {
        if let Some(fault) = self.faults.next(self.clock.now(), |scope| scope.covers(endpoint)) {
            return fault;
        }
        if switches.fault == Fault::None || !switches.fault_on.covers(endpoint) {
            return Fault::None;
        }
        self.in_scope = self.in_scope.wrapping_add(1);
        if self.in_scope.is_multiple_of(switches.fault_every) { switches.fault } else { Fault::None }
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

/// The table `ACTIONS` of a simulator: the name of each action, and what it does.
macro_rules! actions {
    ($($name:literal, $what:literal;)*) => {
        pub(super) const ACTIONS: &[$crate::sim::control::Action] =
            &[ $( $crate::sim::control::Action { name: $name, what: $what }, )* ];
    };
}
pub(in crate::sim) use actions;

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

/// The state of a simulator, as its control moves and reads it. Entries are JSON, in the shape of the simulator's own file.
pub trait Simulated: Send + 'static {
    /// The kinds of its calls.
    type Endpoint: Kind;
    /// What nobody outside the vendor knows.
    type Switches: SwitchSet<Scope = Scope<Self::Endpoint>>;

    /// What it simulates, for people.
    fn title(&self) -> String;
    /// Where it answers, by name.
    fn addresses(&self) -> Vec<(&'static str, String)>;
    /// What every simulator has.
    fn common(&self) -> &Common<Self::Endpoint>;
    /// The same, to change it.
    fn common_mut(&mut self) -> &mut Common<Self::Endpoint>;
    /// Its switches.
    fn switches(&self) -> &Self::Switches;
    /// The same, to change them.
    fn switches_mut(&mut self) -> &mut Self::Switches;
    /// What is on file. People come first.
    fn collections(&self) -> &'static [Collection];
    /// The entries of a collection in which the text occurs; all for an empty text.
    fn entries(&self, collection: &str, text: &str) -> Vec<Value>;
    /// One entry.
    fn entry(&self, collection: &str, key: &str) -> Option<Value>;
    /// Puts an entry on file, in place of the one with this key if there is one. True: it is new. Its dates are no longer relative.
    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal>;
    /// Takes an entry off the file. False: there was none.
    fn remove(&mut self, collection: &str, key: &str) -> bool;
    /// Does an action to an entry, and says what came of it. The arguments are an object.
    fn act(&mut self, key: &str, action: &str, arguments: Value) -> Result<Value, Refusal>;
    /// The kinds of tokens that can be ended.
    fn token_kinds(&self) -> &'static [&'static str];
    /// Ends every token of a kind, or of all kinds, and tells how many those were.
    fn expire_tokens(&mut self, kind: Option<&str>) -> usize;

    /// Brings up to date what time alone has changed. It is called whenever somebody looks.
    fn catch_up(&mut self) {}

    /// The day for the association.
    fn day(&self) -> Date {
        self.common().clock.today(&self.switches().common().time_zone)
    }

    /// Its switches as they stand.
    fn switch_lines(&self) -> Vec<SwitchLine> {
        switches::lines(Self::Switches::table(), self.switches())
    }

    /// Sets one switch, written `name=value`.
    fn set_switch(&mut self, assignment: &str) -> Result<(), SwitchError> {
        switches::set(Self::Switches::table(), self.switches_mut(), assignment)
    }

    /// Sets all counts of calls to nothing.
    fn reset_counts(&mut self) {
        let now = self.common().clock.now();
        self.common_mut().calls.reset(now);
    }
}
