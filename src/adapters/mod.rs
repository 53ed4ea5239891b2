//! The outside world behind narrow ports: clock, AMS, store, upstream sites.
//!
//! Each port has one real implementation here; what simulates it in tests speaks the real protocol.

pub mod ams;
pub mod budget;
pub mod clock;
pub mod http;
pub mod keys;
pub mod sessions;
pub mod store;
pub mod upstream;
