//! What the gateway tells its operator while it runs: logs on standard error, and metrics.
//!
//! Kept out: what is worth telling. Each part logs its own failures once, and counts through handles that it was given.

pub(crate) mod logs;
pub(crate) mod metrics;

pub use logs::Format;
