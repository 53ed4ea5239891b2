//! `membergate sim remembers`.

use std::io::Write;

use super::options::{SimulatorOptions, opened, unheard};
use crate::cli::shared::{CommandFailure, because, runtime, told_to_end};
use crate::sim::control::today;
use crate::sim::people::{PASSWORD, People, cast, generate};
use crate::sim::re_members::{Credentials, Settings, Simulator, Switches};
use crate::sim::switches;

/// Examples, and all switches.
pub(super) fn after_help() -> String {
    format!(
        "Examples:\n  membergate sim remembers --listen 127.0.0.1:8081 --control 127.0.0.1:8091\n  \
         curl -X POST http://127.0.0.1:8091/people/100481/lapse\n  \
         curl http://127.0.0.1:8091/calls\n  membergate sim remembers --generate 10000 --seed 7 --switch \
         rate_limit=off --switch latency=250ms\n\nWhat else the control can do is in docs/simulator.md.\n\nSwitches and their \
         defaults:\n{}",
        switches::help(&Switches::default().lines())
    )
}

/// Runs a simulator until it is told to end.
pub(super) fn run(asked: SimulatorOptions, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let control = asked.control;
    let settings = settings(asked)?;
    runtime()?.block_on(async {
        let count = settings.people.people.len();
        let Credentials { app_name, app_key, user_email, user_password, .. } = settings.production.clone();
        let address = settings.listen;
        let simulator =
            Simulator::start(settings).await.map_err(|error| unheard(address, error, "--listen"))?;
        let control = opened(simulator.control(), control).await?;
        let base = simulator.base_url();
        writeln!(out, "A simulated re:Members with {count} people at {base}")?;
        writeln!(out, "Everybody's password is `{PASSWORD}`, unless the people file says otherwise.")?;
        if let Some(control) = &control {
            writeln!(out, "Its control, for whoever can reach it, is at {}", control.base_url())?;
        }
        writeln!(out, "\nIn the configuration of a gateway:\n\n{}", section(&base, &app_name, &user_email))?;
        writeln!(out, "In the shell that starts it:\n")?;
        writeln!(out, "export MEMBERGATE_APP_KEY='{app_key}'")?;
        writeln!(out, "export MEMBERGATE_USER_PASSWORD='{user_password}'\n")?;
        out.flush()?;
        told_to_end().await?;
        simulator.stop().await;
        Ok(())
    })
}

/// The section of a configuration that leads to the simulator. The secrets are in the environment, as they should be.
fn section(base: &str, app_name: &str, user_email: &str) -> String {
    format!(
        r#"[ams.production]
discovery_url = "{base}/Api/v1/WebApiUrl"
portal = "{base}"
app_name = "{app_name}"
app_key = {{ env = "MEMBERGATE_APP_KEY" }}
user_email = "{user_email}"
user_password = {{ env = "MEMBERGATE_USER_PASSWORD" }}
"#
    )
}

fn settings(asked: SimulatorOptions) -> Result<Settings, CommandFailure> {
    let switches = Switches::parse(asked.switches.iter().map(String::as_str)).map_err(because)?;
    let today = today(&switches.time_zone);
    let people = asked.on_file(today, cast, |count, cast| People {
        people: generate(count, asked.seed, today).collect(),
        ..cast
    })?;
    let SimulatorOptions { listen, public_base, slo_url, .. } = asked;
    Ok(Settings { listen, public_base, slo_url, people, switches, ..Settings::demo() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        asked: SimulatorOptions,
    }

    fn asked(arguments: &str) -> Result<Settings, CommandFailure> {
        let line = Line::try_parse_from(["remembers"].into_iter().chain(arguments.split_whitespace()));
        settings(line.map_err(because)?.asked)
    }

    #[test]
    fn the_command_line_says_who_is_on_file_and_how_the_simulator_behaves() {
        let settings = asked("--listen 127.0.0.1:0 --generate 30 --seed 7 --switch page-size=2").unwrap();
        assert_eq!((settings.people.people.len(), settings.switches.page_size), (30, 2));
        assert!(!settings.people.committees.is_empty());
        assert!(asked("").unwrap().people.people.len() >= 20);
    }

    #[test]
    fn an_address_that_is_taken_is_named_together_with_the_way_out() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let line = Line::try_parse_from(["remembers", "--listen", &address]).unwrap();
        let error = run(line.asked, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen at {address}: ")), "{error}");
        assert!(error.ends_with("name another address with --listen"), "{error}");
    }

    #[test]
    fn the_smallest_configuration_of_the_readme_is_what_a_simulator_wants() {
        let Credentials { app_name, user_email, .. } = asked("").unwrap().production;
        let section = section("http://127.0.0.1:8081", &app_name, &user_email);
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&section), "{section}");
        let block = readme.split("```toml\n").find(|block| block.contains("[association]")).unwrap();
        let given = crate::config::env::Given::default()
            .file("membergate.toml", block.split("```").next().unwrap())
            .file("rules.toml", crate::config::sample::RULES)
            .variable("MEMBERGATE_APP_KEY", "key")
            .variable("MEMBERGATE_USER_PASSWORD", "password")
            .variable("MEMBERGATE_SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        let loaded = crate::config::load(std::path::Path::new("membergate.toml"), &given);
        assert!(loaded.is_ok(), "{loaded:?}");
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
}
