//! `membergate check`: the configuration first, all problems at once; then every connection that it names.
//!
//! One line for each thing looked at. A store that is not there yet is not made; one of another release is told and left as it is.
//! Warnings do not count as failures.

mod connections;
mod database;
mod finding;
mod secret_keys;
mod stored;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::connections::Tried;
use self::finding::Finding;
use super::shared::{CommandFailure, because, runtime};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::kinds::AmsSettings;
use crate::adapters::budget::{Budget, MemoryLedger, Priority};
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::adapters::http::{HttpClient, HttpLimits};
use crate::config::{self, Env, Settings, sample};
use crate::domain::assertion_size;

/// Shown below the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  membergate check --config /etc/membergate/membergate.toml
  membergate check --print-sample > membergate.toml
  membergate check --print-sample=rules > rules.toml
  membergate check --print-sample=schema > membergate.schema.json";

/// The lists of an AMS are read for warnings only; they are not waited for without end.
const LISTS: Duration = Duration::from_secs(30);

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Prints an annotated sample instead of checking anything.
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "configuration")]
    pub print_sample: Option<Sample>,
}

/// Which sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sample {
    /// The configuration file, with every key.
    Configuration,
    /// The rules file, with every kind of condition.
    Rules,
    /// The JSON Schema of the configuration file, for editors.
    Schema,
    /// The JSON Schema of a rules file.
    RulesSchema,
    /// The community file, with every key.
    Community,
    /// The JSON Schema of a community file.
    CommunitySchema,
}

/// Checks, or prints a sample.
pub fn run(
    arguments: &CheckArguments,
    config: &Path,
    env: &dyn Env,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    match arguments.print_sample {
        Some(Sample::Configuration) => return Ok(out.write_all(sample::CONFIGURATION.as_bytes())?),
        Some(Sample::Rules) => return Ok(out.write_all(sample::RULES.as_bytes())?),
        Some(Sample::Schema) => return Ok(out.write_all(sample::SCHEMA.as_bytes())?),
        Some(Sample::RulesSchema) => return Ok(out.write_all(sample::RULES_SCHEMA.as_bytes())?),
        Some(Sample::Community) => return Ok(out.write_all(sample::COMMUNITY.as_bytes())?),
        Some(Sample::CommunitySchema) => return Ok(out.write_all(sample::COMMUNITY_SCHEMA.as_bytes())?),
        None => {}
    }
    let http = HttpClient::new(HttpLimits::default()).map_err(because)?;
    let ams = async |settings: AmsSettings| {
        let budget =
            Budget::new(settings.kind().rate(), Arc::<MemoryLedger>::default(), Arc::new(SystemClock));
        let ams = settings.client(false.into(), http.clone(), Arc::new(budget), Arc::new(SystemClock));
        ams.probe().await?;
        let is_found = ams.canary(&[]).await?;
        // What its lists say is worth a warning; that they cannot be read is not worth a failure.
        let lists = tokio::time::timeout(LISTS, ams.catalogue(Priority::Person)).await;
        let shown = ams.self_test().await?;
        Ok(Tried { is_found, lists: lists.ok().and_then(Result::ok), shown })
    };
    check(config, env, ams, out)
}

/// Checks; the AMS is tried by `ams`.
fn check(
    config: &Path,
    env: &dyn Env,
    ams: impl AsyncFn(AmsSettings) -> Result<Tried, AmsError>,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let settings = match config::load(config, env) {
        Ok(settings) => settings,
        Err(problems) => {
            for problem in &problems {
                writeln!(out, "{problem}")?;
            }
            return Err(because(counted(
                problems.len(),
                "problem",
                "in the configuration; nothing else was tried",
            )));
        }
    };
    writeln!(out, "{}", Finding::fine(config.display().to_string(), summary(&settings)))?;
    let runtime = runtime()?;
    let rules = stored::rules_in_force(&runtime, &settings);
    for doubt in config::doubts(&settings, rules.as_ref().unwrap_or(&settings.rules)) {
        writeln!(out, "{}", Finding::warning(doubt.about, doubt.trouble, doubt.remedy))?;
    }
    if let Some(finding) = assertion_size_of(&settings) {
        writeln!(out, "{finding}")?;
    }
    let mut failed = 0;
    for finding in connections::all(&runtime, &settings, ams, SystemClock.now()) {
        failed += usize::from(finding.is_failed());
        writeln!(out, "{finding}")?;
    }
    if failed > 0 { Err(because(counted(failed, "check", "failed"))) } else { Ok(()) }
}

/// Whether somebody may hold so many roles that web servers refuse the header that names them.
fn assertion_size_of(settings: &Settings) -> Option<Finding> {
    let bytes = assertion_size::largest(&settings.rules);
    if bytes <= assertion_size::COMFORTABLE {
        return None;
    }
    let (kilobytes, roles) = (bytes.div_ceil(1024), settings.rules.managed_roles().len());
    let mut trouble = format!(
        "whoever holds most of the {roles} managed roles has a Membergate-Assertion of up to {kilobytes} KB"
    );
    let remedy = if bytes > assertion_size::LARGEST {
        trouble.push_str(", and many web servers refuse a header of more than 8 KB");
        "Raise the limit of the sites' web servers (nginx: large_client_header_buffers, Apache: LimitRequestFieldSize), \
         or see in the preview before publishing that nobody holds so many"
    } else {
        "A web server that asks at /_gate/verify needs room for it (nginx: proxy_buffer_size 16k)"
    };
    Some(Finding::warning(settings.rules_file.display().to_string(), trouble, remedy))
}

fn summary(settings: &Settings) -> String {
    let sites = counted(settings.sites.len(), "site", "");
    let rules = counted(settings.rules.rules.len(), "rule", "");
    format!("{} and {} in {}", sites.trim(), rules.trim(), settings.rules_file.display())
}

fn counted(count: usize, noun: &str, rest: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending} {rest}")
}

#[cfg(test)]
mod tests;
