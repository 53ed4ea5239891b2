//! What a simulator says of itself, so that it can be moved and read.

use serde_json::{Map, Value};

use super::{CallLog, Clock, PlannedFaults};
use crate::sim::switches::{Setting, SwitchError, SwitchLine};

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

/// The state of a simulator, as its control moves and reads it. Entries are JSON, in the shape of the simulator's own file.
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
