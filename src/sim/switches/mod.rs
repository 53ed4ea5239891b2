//! Switches of a simulator: what nobody outside the vendor knows, each unknown with a documented default.
//!
//! A simulator lists its own by `switches!`. One line is all it takes: type, default, help text, parsing and printing follow.

mod fault;
mod kinds;

use serde::Serialize;

pub use fault::Fault;
pub(super) use kinds::choice;
pub use kinds::{Origins, Setting};

/// One switch of a simulator whose switches are `S`, for listing and for setting it by name.
pub(super) struct Switch<S> {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) values: fn() -> String,
    pub(super) show: fn(&S) -> String,
    pub(super) set: fn(&mut S, &str) -> bool,
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

macro_rules! switches {
    ($( $name:ident: $kind:ty = $default:expr, $what:literal; )*) => {
        /// The position of every switch.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Switches { $( #[doc = $what] pub $name: $kind, )* }

        impl Default for Switches {
            fn default() -> Switches {
                Switches { $( $name: $default, )* }
            }
        }

        static TABLE: &[Switch<Switches>] = &[ $( Switch {
            name: stringify!($name),
            what: $what,
            values: <$kind as Setting>::values,
            show: |switches| switches.$name.show(),
            set: |switches, text| <$kind as Setting>::read(text).map(|value| switches.$name = value).is_some(),
        }, )* ];

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
pub(super) use switches;

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
