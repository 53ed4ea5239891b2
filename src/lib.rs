//! membergate: the login gateway that an association puts in front of its websites.
//!
//! Read the modules in this order. Each may look only at those before it; `tests/it/tidy.rs` holds us to that.

pub mod adapters;
pub mod domain;
pub mod flows;
pub mod web;

pub mod config;
pub mod serve;
pub(crate) mod telemetry;

pub mod app;
pub mod cli;

#[cfg(feature = "sim")]
pub mod sim;

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
