//! The OpenID Provider, over real sockets, by clients that do everything by hand: so each step can be done wrongly too.
//!
//! `docs/openid-conformance.md` says which check of the OpenID Foundation's plans is in which test.

mod authorize;
mod clients;
mod discovery;
mod logout;
mod lost;
pub mod party;
mod registered;
mod token;

pub use party::House;
