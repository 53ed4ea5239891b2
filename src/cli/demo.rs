//! `membergate demo`: everything on loopback.

use std::io::Write;

use super::{Failure, because};
use crate::telemetry::Format;

/// Runs the demo until it is told to end.
pub fn run(_format: Option<Format>, _out: &mut dyn Write) -> Result<(), Failure> {
    Err(because("`demo` is not wired up yet"))
}
