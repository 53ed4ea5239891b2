//! The command line: its commands, and which module runs each.
//!
//! One file for each command. Exit codes: 0 done, 1 refused or failed, 2 usage.

pub(crate) mod admin_link;
pub(crate) mod check;
pub mod community;
#[cfg(feature = "sim")]
pub(crate) mod demo;
pub mod explain;
pub(crate) mod hooks;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod serve;
mod shared;
#[cfg(feature = "sim")]
pub(crate) mod sim;
pub(crate) mod store;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::adapters::ams::kinds::Kind;
use crate::config::env::Machine;
use crate::domain::time::Timestamp;
use crate::telemetry::Format;
use shared::because;

pub use shared::CommandFailure;

/// The login gateway that an association puts in front of its websites.
#[derive(Debug, Parser)]
#[command(name = "membergate", version, after_help = examples())]
pub struct CommandLine {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "config/membergate.toml")]
    pub config: PathBuf,
    /// How the log is written, instead of what the configuration says.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub log_format: Option<Format>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

fn examples() -> String {
    // A build without simulators has no `demo`.
    let demo = if cfg!(feature = "sim") { DEMO_EXAMPLE } else { "" };
    format!("Examples:\n{demo}{EXAMPLES}")
}

const DEMO_EXAMPLE: &str = "  membergate demo                                  see it work on this machine, with nothing else installed\n";

const EXAMPLES: &str = "  membergate check --print-sample > membergate.toml
  membergate check --config membergate.toml        everything that is wrong, before it starts
  membergate serve --config membergate.toml";

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the gateway.
    ///
    /// SIGTERM ends it: running requests may finish. SIGHUP reads the configuration again; a bad one changes nothing.
    #[command(
        after_help = "Example:\n  membergate serve --config /etc/membergate/membergate.toml --log-format json"
    )]
    Serve,
    /// Reports all that is wrong with the configuration, then tries every connection that it names.
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArguments),
    /// Decides who gets which roles, and says why: one answer for each record, without a network.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Shows the whole of it on this machine: a simulated AMS, the gateway and a sample site.
    #[cfg(feature = "sim")]
    #[command(
        after_help = "Examples:\n  membergate demo              then open http://localhost:8080\n  membergate demo --ams growthzone"
    )]
    Demo {
        /// Which AMS is simulated.
        #[arg(long, value_enum, default_value_t)]
        ams: demo::DemoAms,
        /// The port of the gateway; the simulated AMS, the site and the control of the AMS take the three that follow.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Runs a simulated association management system or community alone.
    #[cfg(feature = "sim")]
    #[command(subcommand)]
    Sim(sim::Simulated),
    /// Shows where the roles of today's WordPress users differ from what a mapping would give, and why. Changes nothing.
    #[command(after_help = migrate::EXAMPLES)]
    Migrate(migrate::MigrateArguments),
    /// Copies, backs up, restores and upgrades what the gateway keeps.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Has the AMS tell the gateway of changes as they are made, by webhooks.
    #[command(subcommand)]
    Hooks(hooks::HooksCommand),
    /// Shows what would be sent to the community at Higher Logic, sends it, or says how it stands.
    #[command(subcommand)]
    Community(community::CommunityCommand),
    /// Makes the secret key, and shows the public keys of assertions.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Prints a link into administration, for when no role lets in. It works once, and for ten minutes.
    #[command(after_help = "Example:\n  membergate admin-link --config /etc/membergate/membergate.toml")]
    AdminLink,
}

/// What `explain` decides about.
#[derive(Debug, Args)]
pub struct Explain {
    /// The role mapping.
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,
    /// The records, one JSON object on each line. `-`: standard input.
    #[arg(long, value_name = "FILE.jsonl")]
    pub records: PathBuf,
    /// Which AMS wrote the records: `remembers`, `novi` or `growthzone`.
    #[arg(long, value_name = "KIND", default_value = "remembers", value_parser = shared::kind_named)]
    pub ams: Kind,
    /// The instant at which to decide, as in `2026-11-22T12:00:00Z`.
    #[arg(long, value_name = "RFC3339")]
    pub at: Timestamp,
    /// How the answers are written.
    #[arg(long, value_enum, default_value_t)]
    pub format: explain::AnswerFormat,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  membergate explain --rules config/rules.toml --records people.jsonl --at 2026-11-22T12:00:00Z
  membergate explain --rules rules.toml --records - --at 2026-11-22T12:00:00-05:00 --format json < people.jsonl";

/// Runs one command line, program name first. Results go to `out`, failures to standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    let command_line = match CommandLine::try_parse_from(arguments) {
        Ok(command_line) => command_line,
        Err(error) => {
            // Nobody is left to be told when this cannot be shown.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(command_line, out) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the results has seen enough, such as `head`.
        Err(CommandFailure::Machine(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command_line: CommandLine, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let CommandLine { config, log_format, command } = command_line;
    match command {
        Command::Serve => serve::run(&config, &Machine, log_format),
        Command::Check(arguments) => check::run(&arguments, &config, &Machine, out),
        Command::Explain(asked) => explained(&asked, out),
        #[cfg(feature = "sim")]
        Command::Demo { ams, port } => demo::run(port, ams, log_format, out),
        #[cfg(feature = "sim")]
        Command::Sim(simulated) => sim::run(simulated, out),
        Command::Migrate(asked) => migrate::run(&asked, &config, &Machine, out),
        Command::Store(command) => store::run(command, &config, &Machine, out),
        Command::Hooks(hooks) => hooks::run(hooks, &config, &Machine, out),
        Command::Community(command) => community::run(command, &config, &Machine, out),
        Command::Keys(keys) => keys::run(keys, &config, &Machine, out),
        Command::AdminLink => admin_link::run(&config, &Machine, out),
    }
}

fn explained(asked: &Explain, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let Explain { rules, records, ams, at, format } = asked;
    let ended = if records == Path::new("-") {
        explain::run(rules, &mut io::stdin().lock(), *ams, *at, *format, out)
    } else {
        let file = File::open(records)
            .map_err(|error| because(format!("cannot read {}: {error}", records.display())))?;
        explain::run(rules, &mut BufReader::with_capacity(1 << 16, file), *ams, *at, *format, out)
    };
    ended.map_err(because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_has_help_with_an_example() {
        let mut command = CommandLine::command();
        command.build();
        command.clone().debug_assert();
        for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            let name = command.get_name().to_owned();
            let mut leaves: Vec<String> = command
                .get_subcommands_mut()
                .filter(|leaf| leaf.get_name() != "help")
                .map(|leaf| leaf.render_long_help().to_string())
                .collect();
            if leaves.is_empty() {
                leaves.push(command.render_long_help().to_string());
            }
            assert!(
                leaves.iter().all(|help| help.contains(&format!("membergate {name}"))),
                "{name}: {leaves:#?}"
            );
            assert!(leaves.iter().all(|help| help.contains("Example")), "{name}");
        }
    }

    #[test]
    fn the_first_page_of_help_stays() {
        insta::assert_snapshot!(CommandLine::command().render_long_help());
    }

    #[test]
    fn the_reference_of_commands_is_current() {
        const BEGINNING: &str = "\
# The command line

What `membergate --help` and `membergate COMMAND --help` say, generated ([CONTRIBUTING.md](../CONTRIBUTING.md)). Exit codes: 0 done, 1 refused or
failed, 2 called wrongly. Results go to standard output, problems to standard error.
";
        fn write(page: &mut String, command: &mut clap::Command, path: &str) {
            let help = command.render_long_help().to_string();
            let help: Vec<&str> = help.lines().map(str::trim_end).collect();
            page.push_str(&format!("\n## {path}\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
            for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
                let path = format!("{path} {}", command.get_name());
                write(page, command, &path);
            }
        }
        let mut page = BEGINNING.to_owned();
        let mut command = CommandLine::command();
        command.build();
        write(&mut page, &mut command, "membergate");
        crate::config::tests::reference::assert_current("docs/command-line.md", &page);
    }

    #[test]
    fn exit_codes_tell_done_from_refused_from_usage() {
        for (arguments, code) in [
            (vec!["--version"], 0),
            (vec!["--help"], 0),
            (vec!["check", "--print-sample"], 0),
            (vec!["check", "--print-sample=schema"], 0),
            (
                vec![
                    "explain",
                    "--rules",
                    "/nowhere",
                    "--records",
                    "/nowhere",
                    "--at",
                    "2026-01-01T00:00:00Z",
                ],
                1,
            ),
            (vec!["explain", "--rules", "a", "--records", "b", "--at", "yesterday"], 2),
            (vec!["check", "--config", "/nowhere/membergate.toml"], 1),
            (vec![], 2),
            (vec!["chek"], 2),
            (vec!["sim", "remembers", "--listen", "everywhere"], 2),
            (vec!["hooks"], 2),
            (vec!["community"], 2),
            (vec!["community", "sync", "--give-up-after", "soon"], 2),
            (vec!["community", "plan", "--config", "/nowhere/membergate.toml"], 1),
            (vec!["hooks", "list", "--config", "/nowhere/membergate.toml"], 1),
        ] {
            let arguments = std::iter::once("membergate").chain(arguments).map(OsString::from);
            let shown = format!("{:?}", arguments.clone().collect::<Vec<_>>());
            let ended = run(arguments, &mut Vec::new());
            assert_eq!(format!("{ended:?}"), format!("{:?}", ExitCode::from(code)), "{shown}");
        }
    }
}
