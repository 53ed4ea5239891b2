//! The OpenID Provider inside a simulated association management system: what more than one of them has in common.
//!
//! It keeps to OpenID Connect Core 1.0 and RFC 6749, and goes wrong where a switch says so. A simulator brings its own paths,
//! claims and login page.

mod authorization;
mod client;
mod discovery;
mod grants;
mod jwt;
mod keys;
mod login;
mod pkce;
mod token;

pub use authorization::{Authorization, Rejected};
pub use client::{Client, TokenAuth, refused};
pub use discovery::{Metadata, metadata};
pub use grants::{GRANT_NAMES, Grants, Kind, Lifetimes, Purpose};
pub use jwt::{Flaw, IdToken, jwt_hs256, signed_claims};
pub use keys::{Algorithm, Keys, Secret};
pub use login::{return_url, to_login};
pub use pkce::Pkce;
pub use token::{Redeemed, bearer, redeem};
