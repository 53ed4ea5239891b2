//! Switches of a simulator: what nobody outside the vendor knows, each unknown with a documented default.
//!
//! A simulator lists its own by `switches!`. One line is all it takes: type, default, help text, parsing and printing follow.

mod error_body;
mod fault;
mod kinds;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;

pub use error_body::ErrorBody;
pub use fault::Fault;
pub(super) use kinds::choice;
pub use kinds::{Origins, Setting, lists};

/// One switch of a simulator whose switches are `S`, for listing and for setting it by name.
#[derive(Debug)]
pub struct Switch<S> {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    /// What it can be set to.
    pub values: fn() -> String,
    /// Its position as text.
    pub show: fn(&S) -> String,
    /// Sets it. False: it has no such position.
    pub set: fn(&mut S, &str) -> bool,
}

/// The switches of one simulator.
pub trait SwitchSet: Clone + Default + 'static {
    /// Where a fault can be aimed at.
    type Scope;

    /// All of them.
    fn table() -> &'static [Switch<Self>];
    /// Those that every simulator has, as they stand.
    fn common(&self) -> CommonSwitches<Self::Scope>;
}

/// The switches that every simulator has, as they stand.
#[derive(Debug)]
pub struct CommonSwitches<S> {
    /// Where the association's days begin.
    pub time_zone: TimeZone,
    /// The body of an error answer.
    pub error_body: ErrorBody,
    /// Whether a 429 says how long to wait.
    pub retry_after: bool,
    /// How long every answer waits first.
    pub latency: Duration,
    /// How answers go wrong.
    pub fault: Fault,
    /// Which answers go wrong.
    pub fault_on: S,
    /// Every n-th of those answers goes wrong.
    pub fault_every: u32,
}

/// A switch as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchLine {
    /// Its name.
    pub name: &'static str,
    /// Its position.
    pub value: String,
    /// The position in which it begins.
    pub default: String,
    /// What it can be set to.
    pub values: String,
    /// What it does.
    pub what: &'static str,
}

/// The switches of a simulator: its own, and after them those by which every simulator goes wrong. Its own must have `time_zone`,
/// `error_body` and `retry_after`; `Scope` is that of its endpoints.
macro_rules! switches {
    ($( $own:tt )*) => {
        $crate::sim::switches::table! {
            $( $own )*
            latency: std::time::Duration = std::time::Duration::ZERO, "How long every answer waits first.";
            fault: $crate::sim::switches::Fault = $crate::sim::switches::Fault::None, "How answers go wrong.";
            fault_on: Scope = Scope::Everything, "Which answers go wrong.";
            fault_every: u32 = 1, "Every n-th of those answers goes wrong.";
        }
    };
}
pub(super) use switches;

macro_rules! table {
    ($( $name:ident: $kind:ty = $default:expr, $what:literal; )*) => {
        /// The position of every switch.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Switches { $( #[doc = $what] pub $name: $kind, )* }

        impl Default for Switches {
            fn default() -> Switches {
                Switches { $( $name: $default, )* }
            }
        }

        static TABLE: &[$crate::sim::switches::Switch<Switches>] = &[ $( $crate::sim::switches::Switch {
            name: stringify!($name),
            what: $what,
            values: <$kind as Setting>::values,
            show: |switches| switches.$name.show(),
            set: |switches, text| <$kind as Setting>::read(text).map(|value| switches.$name = value).is_some(),
        }, )* ];

        impl $crate::sim::switches::SwitchSet for Switches {
            type Scope = Scope;

            fn table() -> &'static [$crate::sim::switches::Switch<Switches>] {
                TABLE
            }

            fn common(&self) -> $crate::sim::switches::CommonSwitches<Scope> {
                $crate::sim::switches::CommonSwitches {
                    time_zone: self.time_zone.clone(),
                    error_body: self.error_body,
                    retry_after: self.retry_after,
                    latency: self.latency,
                    fault: self.fault,
                    fault_on: self.fault_on,
                    fault_every: self.fault_every,
                }
            }
        }

        impl Switches {
            /// Sets one switch, written `name=value`. On an error nothing changes.
            pub fn set(&mut self, assignment: &str) -> Result<(), $crate::sim::switches::SwitchError> {
                $crate::sim::switches::set(TABLE, self, assignment)
            }

            /// The defaults with these `name=value` applied in their order.
            pub fn parse<'a>(
                assignments: impl IntoIterator<Item = &'a str>,
            ) -> Result<Switches, $crate::sim::switches::SwitchError> {
                let mut switches = Switches::default();
                assignments.into_iter().try_for_each(|assignment| switches.set(assignment))?;
                Ok(switches)
            }

            /// All of them as they stand.
            pub fn lines(&self) -> Vec<$crate::sim::switches::SwitchLine> {
                $crate::sim::switches::lines(TABLE, self)
            }
        }
    };
}
pub(super) use table;

/// A switch that could not be set. Nothing was changed.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SwitchError {
    /// No `=` in it.
    #[error("a switch is written name=value, not {0:?}")]
    Shape(String),
    /// No switch of that name.
    #[error("there is no switch {name:?}; the switches are {known}")]
    Name {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A value that the switch does not have.
    #[error("{value:?} is no value of the switch {name}; write {values}")]
    Value {
        /// Which switch.
        name: &'static str,
        /// What was asked for.
        value: String,
        /// What it takes.
        values: String,
    },
}

/// Sets one switch of a table, written `name=value`.
pub(super) fn set<S>(table: &[Switch<S>], switches: &mut S, assignment: &str) -> Result<(), SwitchError> {
    let Some((name, value)) = assignment.split_once('=') else {
        return Err(SwitchError::Shape(assignment.to_owned()));
    };
    let (name, value) = (name.trim().replace('-', "_").to_ascii_lowercase(), value.trim());
    let Some(switch) = table.iter().find(|switch| switch.name == name) else {
        let known = table.iter().map(|switch| switch.name).collect::<Vec<_>>().join(", ");
        return Err(SwitchError::Name { name, known });
    };
    if (switch.set)(switches, value) {
        return Ok(());
    }
    Err(SwitchError::Value { name: switch.name, value: value.to_owned(), values: (switch.values)() })
}

/// The switches of a table as they stand.
pub(super) fn lines<S: Default>(table: &[Switch<S>], switches: &S) -> Vec<SwitchLine> {
    let defaults = S::default();
    let line = |switch: &Switch<S>| SwitchLine {
        name: switch.name,
        value: (switch.show)(switches),
        default: (switch.show)(&defaults),
        values: (switch.values)(),
        what: switch.what,
    };
    table.iter().map(line).collect()
}

/// Switches with value, values and meaning, for `--help`.
pub fn help(lines: &[SwitchLine]) -> String {
    let line = |it: &SwitchLine| {
        format!("  {}={}\n      {}\n      Values: {}\n", it.name, it.value, it.what, it.values)
    };
    lines.iter().map(line).collect()
}
