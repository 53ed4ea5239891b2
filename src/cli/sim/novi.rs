//! `membergate sim novi`.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;

use super::options::{SimulatorOptions, opened, unheard};
use crate::cli::shared::{CommandFailure, because, runtime, told_to_end};
use crate::sim::control::today;
use crate::sim::novi::people::{People, cast, generate};
use crate::sim::novi::{Credentials, Settings, Simulator, Switches};
use crate::sim::people::PASSWORD;
use crate::sim::switches;

/// How a Novi is run.
#[derive(Debug, Args)]
pub struct NoviOptions {
    /// What every simulator can be asked.
    #[command(flatten)]
    pub asked: SimulatorOptions,
    /// Where the staging site listens, if not at any free port.
    #[arg(long, value_name = "ADDR")]
    pub staging: Option<SocketAddr>,
}

/// Examples, and all switches.
pub(super) fn after_help() -> String {
    format!(
        "Examples:\n  membergate sim novi --listen 127.0.0.1:8081 --control 127.0.0.1:8091 --switch show_people=on\n  \
         curl -X POST http://127.0.0.1:8091/people/4411/lapse\n  \
         curl -X POST http://127.0.0.1:8091/people/4411/join_group -d '{{\"group\": \"Water Section\"}}'\n  \
         membergate sim novi --generate 10000 --seed 7 --switch rate_limit=off --switch detail=data\n\n\
         What else the control can do is in docs/simulator.md, what is believed of Novi in docs/ams/novi.md.\n\n\
         Switches and their defaults:\n{}",
        switches::help(&Switches::default().lines())
    )
}

/// Runs a Novi until it is told to end.
pub(super) fn run(asked: NoviOptions, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let control = asked.asked.control;
    let settings = settings(asked)?;
    runtime()?.block_on(async {
        let count = settings.people.people.len();
        let Credentials { client_id, client_secret, api_key, .. } = settings.production.clone();
        let staging = settings.staging.clone();
        let address = settings.listen;
        let simulator = Simulator::start(settings)
            .await
            .map_err(|error| unheard(address, error, "--listen or --staging"))?;
        let control = opened(simulator.control(), control).await?;
        let base = simulator.base_url();
        writeln!(out, "A simulated Novi with {count} people and companies at {base}")?;
        writeln!(out, "Everybody's password is `{PASSWORD}`, unless the people file says otherwise.")?;
        writeln!(out, "Its staging site, with ids of its own, is at {}", simulator.staging_url())?;
        writeln!(
            out,
            "There the client is {}, its secret {}, and the key {}",
            staging.client_id, staging.client_secret, staging.api_key
        )?;
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
kind = "novi"
[ams.production]
site = "{base}"
client_id = "{client_id}"
client_secret = {{ env = "MEMBERGATE_CLIENT_SECRET" }}
api_key = {{ env = "MEMBERGATE_API_KEY" }}
"#
    )
}

fn settings(NoviOptions { asked, staging }: NoviOptions) -> Result<Settings, CommandFailure> {
    let switches = Switches::parse(asked.switches.iter().map(String::as_str)).map_err(because)?;
    let today = today(&switches.time_zone);
    let people = asked.on_file(today, cast, |count, cast| People {
        people: generate(count, asked.seed, today).collect(),
        ..cast
    })?;
    let SimulatorOptions { listen, public_base, slo_url, .. } = asked;
    let staging_listen = staging.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    Ok(Settings { listen, staging_listen, public_base, slo_url, people, switches, ..Settings::demo() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        novi: NoviOptions,
    }

    fn asked(arguments: &str) -> Result<Settings, CommandFailure> {
        let line = Line::try_parse_from(["novi"].into_iter().chain(arguments.split_whitespace()));
        settings(line.map_err(because)?.novi)
    }

    #[test]
    fn the_command_line_says_who_is_on_file_and_how_the_simulator_behaves() {
        let settings = asked("--generate 30 --seed 7 --switch page-size=2 --staging 127.0.0.1:8082").unwrap();
        assert_eq!((settings.people.people.len(), settings.switches.page_size), (30, 2));
        assert_eq!((settings.people.groups.is_empty(), settings.staging_listen.port()), (false, 8082));
        assert!(asked("").unwrap().people.people.len() >= 25);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (arguments, part) in [
            ("--switch page_size", "name=value"),
            ("--switch colour=red", "there is no switch"),
            ("--people nowhere.json", "cannot read the people file"),
            ("--people a.json --generate 3", "cannot be used with"),
            ("--seed 7", "--generate"),
        ] {
            let error = asked(arguments).unwrap_err().to_string();
            assert!(error.contains(part), "{arguments}: {error}");
        }
    }

    #[test]
    fn the_section_is_toml_with_the_keys_of_an_environment() {
        let section: toml::Table = section("http://127.0.0.1:8081", "an-id").parse().unwrap();
        let production = &section["ams"]["production"];
        assert_eq!(
            (section["ams"]["kind"].as_str(), production["site"].as_str()),
            (Some("novi"), Some("http://127.0.0.1:8081"))
        );
        assert_eq!(production["api_key"]["env"].as_str(), Some("MEMBERGATE_API_KEY"));
    }
}
