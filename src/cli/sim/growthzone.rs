//! `membergate sim growthzone`.

use std::io::Write;

use clap::Args;

use super::options::{SimulatorOptions, opened, unheard};
use crate::cli::shared::{CommandFailure, because, runtime, told_to_end};
use crate::sim::control::today;
use crate::sim::growthzone::people::{People, cast, generate};
use crate::sim::growthzone::{Credentials, Settings, Simulator, Switches};
use crate::sim::people::PASSWORD;
use crate::sim::switches;

/// How a GrowthZone is run.
#[derive(Debug, Args)]
pub struct GrowthZoneOptions {
    /// What every simulator can be asked.
    #[command(flatten)]
    pub asked: SimulatorOptions,
    /// The website to which the Info Hub has a link.
    #[arg(long, value_name = "URL")]
    pub site: Option<String>,
}

/// Examples, and all switches.
pub(super) fn after_help() -> String {
    format!(
        "Examples:\n  membergate sim growthzone --listen 127.0.0.1:8081 --control 127.0.0.1:8091 --switch show_people=on\n  \
         curl -X POST http://127.0.0.1:8091/people/1001001/drop\n  \
         curl -X POST http://127.0.0.1:8091/people/1001001/join_list -d '{{\"list\": \"Board\", \"role\": \"Chair\"}}'\n  \
         membergate sim growthzone --generate 10000 --seed 7 --switch rate_limit=off --switch consent=off\n\n\
         What else the control can do is in docs/simulator.md, what is believed of GrowthZone in docs/ams/growthzone.md.\n\n\
         Switches and their defaults:\n{}",
        switches::help(&Switches::default().lines())
    )
}

/// Runs a GrowthZone until it is told to end.
pub(super) fn run(asked: GrowthZoneOptions, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let control = asked.asked.control;
    let settings = settings(asked)?;
    runtime()?.block_on(async {
        let count = settings.people.people.len();
        let Credentials { client_id, client_secret, api_key, .. } = settings.credentials.clone();
        let address = settings.listen;
        let simulator =
            Simulator::start(settings).await.map_err(|error| unheard(address, error, "--listen"))?;
        let control = opened(simulator.control(), control).await?;
        let base = simulator.base_url();
        writeln!(out, "A simulated GrowthZone with {count} people and organizations at {base}")?;
        writeln!(out, "Everybody's password is `{PASSWORD}`, unless the people file says otherwise.")?;
        if let Some(control) = &control {
            writeln!(out, "Its control, for whoever can reach it, is at {}", control.base_url())?;
        }
        writeln!(out, "\nIn the configuration of a gateway:\n\n{}", section(&base, &client_id))?;
        writeln!(out, "In the shell that starts it:\n")?;
        writeln!(out, "export MEMBERGATE_CLIENT_SECRET='{client_secret}'")?;
        writeln!(out, "export MEMBERGATE_API_KEY='{api_key}'\n")?;
        out.flush()?;
        told_to_end().await?;
        simulator.stop().await;
        Ok(())
    })
}

/// The section of a configuration that leads to the simulator. The secrets are in the environment, as they should be.
fn section(base: &str, client_id: &str) -> String {
    format!(
        r#"[ams]
kind = "growthzone"
[ams.production]
host = "{base}"
client_id = "{client_id}"
client_secret = {{ env = "MEMBERGATE_CLIENT_SECRET" }}
api_key = {{ env = "MEMBERGATE_API_KEY" }}
"#
    )
}

fn settings(GrowthZoneOptions { asked, site }: GrowthZoneOptions) -> Result<Settings, CommandFailure> {
    let switches = Switches::parse(asked.switches.iter().map(String::as_str)).map_err(because)?;
    let today = today(&switches.time_zone);
    let people = asked.on_file(today, cast, |count, cast| People {
        people: generate(count, asked.seed, today).collect(),
        ..cast
    })?;
    let SimulatorOptions { listen, public_base, slo_url, .. } = asked;
    Ok(Settings { listen, public_base, slo_url, site_url: site, people, switches, ..Settings::demo() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        growth_zone: GrowthZoneOptions,
    }

    fn asked(arguments: &str) -> Result<Settings, CommandFailure> {
        let line = Line::try_parse_from(["growthzone"].into_iter().chain(arguments.split_whitespace()));
        settings(line.map_err(because)?.growth_zone)
    }

    #[test]
    fn the_command_line_says_who_is_on_file_and_how_the_simulator_behaves() {
        let settings = asked("--generate 30 --switch page-size=2 --site https://www.acme.example").unwrap();
        assert_eq!((settings.people.people.len(), settings.switches.page_size), (30, 2));
        assert_eq!(
            (settings.people.lists.is_empty(), settings.site_url.as_deref()),
            (false, Some("https://www.acme.example"))
        );
        assert!(asked("").unwrap().people.people.len() >= 20);
        for (arguments, part) in [("--switch colour=red", "there is no switch"), ("--seed 7", "--generate")] {
            let error = asked(arguments).unwrap_err().to_string();
            assert!(error.contains(part), "{arguments}: {error}");
        }
    }

    #[test]
    fn the_section_is_toml_with_the_keys_of_an_environment() {
        let section: toml::Table = section("http://127.0.0.1:8081", "an-id").parse().unwrap();
        let production = &section["ams"]["production"];
        assert_eq!(
            (section["ams"]["kind"].as_str(), production["host"].as_str()),
            (Some("growthzone"), Some("http://127.0.0.1:8081"))
        );
        assert_eq!(production["client_id"].as_str(), Some("an-id"));
    }
}
