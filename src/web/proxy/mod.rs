//! The data plane: requests from visitors to sites and back.
//!
//! Each core has a `Worker` of its own; they share the `Gate`, which holds snapshots and no locks. Kept out: sockets
//! (`serve`), what may be reached (`domain::access`), who is asking (`flows::visit`), and our own pages (control plane).

mod answer;
mod asked;
mod body;
mod client_address;
mod context;
mod control;
mod cookies;
mod declined;
mod early;
mod forward;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gate;
mod headers;
mod intake;
mod internal_names;
mod meter;
mod original;
mod request;
mod shared_caches;
mod snapshot;
mod streams;
mod upgrade;
mod verify;
mod view;
mod visitor;
mod worker;

pub use control::Control;
pub use gate::{Gate, Peer};
pub use meter::Meter;
pub use snapshot::{ProxySettings, Snapshot};
pub use worker::Worker;
