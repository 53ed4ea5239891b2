//! Parses the command line, runs it, and turns the outcome into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    membergate::cli::run(std::env::args_os(), &mut std::io::stdout().lock())
}
