//! The OpenID Provider, over real sockets, by clients that do everything by hand: so each step can be done wrongly too.
//!
//! `docs/openid-conformance.md` says which check of the OpenID Foundation's plans is in which test.

mod authorize;
mod clients;
mod community;
mod cross_origin;
mod denied;
mod discovery;
pub mod logout;
mod long_sessions;
mod lost;
pub mod lost_roles;
mod own_way;
pub mod party;
mod plain;
pub mod registered;
pub mod renewal;
pub mod token;

pub use party::OpenIdWorld;
