//! The configuration: what the operator wrote, checked whole, as settings.
//!
//! `raw` says which keys there are, `resolve` what they mean. Only `app` and `cli` read this module.

mod doubts;
pub mod env;
mod raw;
mod resolve;
pub(crate) mod sample;
pub(crate) mod settings;
mod source;

use std::path::Path;

pub use crate::adapters::rules_file as rules;
pub use crate::adapters::toml_reading::Problem;
pub use doubts::{Doubt, doubts};
pub use env::Env;
pub use settings::Settings;

use crate::adapters::toml_reading::{FromToml as _, Reading};

#[cfg(test)]
pub(crate) mod tests;

/// Reads and checks a configuration file and every file that it names.
///
/// Fails with all problems at once, in the order of the file. Nothing is opened for writing, created or connected to.
pub fn load(file: &Path, env: &dyn Env) -> Result<Settings, Vec<Problem>> {
    let text = match env.file(file) {
        Ok(text) => text,
        Err(error) => {
            let what = format!("the configuration cannot be read: {}", resolve::because(&error));
            let remedy = "Name another file with `--config`, or begin with what `membergate check --print-sample` prints";
            return Err(vec![Problem::at("", 0, what, remedy).in_file(file.display().to_string())]);
        }
    };
    let mut reading = Reading::of_file(file, &text);
    let document = reading.document();
    let document = raw::Document::from_toml(document, &mut reading).unwrap_or_default();
    let settings = resolve::settings(document, &mut reading, env);
    match (settings, reading.problems()) {
        (Some(settings), problems) if problems.is_empty() => Ok(settings),
        (None, problems) if problems.is_empty() => {
            // Every refusal notes a problem, so this is only there to deny on doubt.
            let problem =
                Problem::at("", 0, "the configuration cannot be used", "Compare it with the sample");
            Err(vec![problem.in_file(file.display().to_string())])
        }
        (_, problems) => Err(problems),
    }
}
