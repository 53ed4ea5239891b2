//! What moves and reads a simulator while it runs, the same from a test in this process and over HTTP (docs/simulator.md).
//!
//! Each simulator keeps its state behind one lock, has the [`Common`] parts in it, and says by [`Simulated`] what it has on file.
//! [`Control`] is the handle on that; [`ControlListener`] serves it over HTTP, as JSON and as one page for people.

mod calls;
mod clock;
mod edits;
mod entries;
mod faults;
mod handle;
mod listener;
mod page;
mod routes;
mod simulated;

pub use calls::{CallCount, CallLine, CallLog, CallReport};
pub use clock::{Clock, today};
pub(super) use entries::{kinds_called, read, replace, take, with};
pub use faults::{FaultLine, FaultPlan, PlannedFaults};
pub use handle::Control;
pub use listener::ControlListener;
pub(super) use simulated::actions;
pub use simulated::{Action, Collection, Common, Refusal, Simulated};
