//! The HTTP side that every simulator has: a socket, a request taken apart, an answer, its routes, limits and faults.

mod answer;
mod bad_bodies;
mod call;
mod endpoint;
mod faults;
mod limits;
mod routes;
mod rows;
mod server;

pub use answer::{Answer, ErrorBody, Handled};
pub use bad_bodies::Dropped;
pub use call::Call;
pub(super) use endpoint::endpoints;
pub use endpoint::{Kind, Scope};
pub use faults::{Own, apply, instead, too_many};
pub use limits::Limiter;
#[cfg(test)]
pub use routes::matches;
pub use routes::{Route, find};
pub use rows::rows;
pub use server::run;
