//! We as an OpenID Provider: the code flow (OpenID Connect Core), discovery, and logout started by a client.
//!
//! All of it is at the issuer's host alone; only the keys are published at every site. What is asked is checked in
//! `domain::grant`, what is given is made in `flows::grant`; here is how both travel over HTTP.

mod authorize;
mod discovery;
pub(crate) mod jwks;
mod logout;
mod routes;
mod shared;
mod token;
mod userinfo;

pub use routes::{for_every_origin, routes};
pub use shared::OpenIdServices;
