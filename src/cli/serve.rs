//! `membergate serve`: runs the gateway.

use std::path::Path;

use super::{Failure, because};
use crate::config::{self, Env};
use crate::telemetry::{Format, logs};

/// Runs the gateway until it is told to end.
pub fn run(config: &Path, env: &dyn Env, format: Option<Format>) -> Result<(), Failure> {
    let settings = config::load(config, env).map_err(Failure::Configuration)?;
    logs::start(settings.log.level, format.unwrap_or(settings.log.format)).map_err(because)?;
    Err(because("`serve` is not wired up yet"))
}
