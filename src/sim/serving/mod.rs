//! The HTTP side that every simulator has: a socket, a request taken apart, an answer, its routes, limits and faults.

mod answer;
mod bad_bodies;
mod base;
mod call;
mod dispatch;
mod endpoint;
mod faults;
mod limits;
mod routes;
mod rows;
mod server;

pub use answer::{Answer, Handled};
pub use bad_bodies::Dropped;
pub use base::{origin, public_base};
pub use call::Call;
pub use dispatch::{Handler, Service, answer, send, serve};
pub(super) use endpoint::endpoints;
pub use endpoint::{Kind, Scope};
pub use faults::{Own, too_many};
pub use limits::Limiter;
pub use routes::Route;
#[cfg(test)]
pub use routes::matches;
pub use rows::rows;
pub use server::run;
