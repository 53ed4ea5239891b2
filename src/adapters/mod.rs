//! The outside world behind narrow ports: clock, AMS, store, upstream sites.
//!
//! Each port has one real implementation here; what simulates it in tests speaks the real protocol.

use std::pin::Pin;

pub mod ams;
pub mod budget;
pub mod clock;
pub mod community_file;
pub mod http;
pub mod keys;
pub mod pace;
pub mod rules_file;
pub mod store;
pub(crate) mod stored_rules;
pub mod subscribers;
pub(crate) mod toml_reading;
pub mod upstream;

/// What a port's method returns: a port is used as a trait object, so its futures are boxed.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
