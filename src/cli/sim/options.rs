//! What can be asked of every simulator, and how it starts.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::cli::shared::{CommandFailure, because};
use crate::sim::control::{self, Control, ControlListener};
use crate::sim::people::{PeopleFile, from_file};

/// How it is run.
#[derive(Debug, Args)]
pub struct SimulatorOptions {
    /// Where it listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// A file with the people on record, instead of the named cast.
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    pub people: Option<PathBuf>,
    /// This many invented people, instead of the named cast.
    #[arg(long, value_name = "N")]
    pub generate: Option<u64>,
    /// Which people `--generate` invents; the same number gives the same people.
    #[arg(long, value_name = "S", default_value_t = 1, requires = "generate")]
    pub seed: u64,
    /// Sets one of the switches listed below. May be given several times.
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub switches: Vec<String>,
    /// A second listener by which a test or a person changes people, switches, faults and the time while it runs, and reads
    /// which calls came. Nobody is asked to sign in there: keep it on loopback.
    #[arg(long, value_name = "ADDR")]
    pub control: Option<SocketAddr>,
    /// The address by which browsers reach it, if that is not where it listens.
    #[arg(long, value_name = "URL")]
    pub public_base: Option<String>,
    /// Where its logout sends the browser: the Single Logout URL of a gateway.
    #[arg(long, value_name = "URL")]
    pub slo_url: Option<String>,
}

impl SimulatorOptions {
    /// Who is on file: those of a file, as many as are asked for, or the cast. What generated people belong to and go to is on file with
    /// the cast.
    pub(super) fn on_file<P: PeopleFile>(
        &self,
        today: Date,
        cast: impl FnOnce(Date) -> P,
        generated: impl FnOnce(u64, P) -> P,
    ) -> Result<P, CommandFailure> {
        match (&self.people, self.generate) {
            (Some(file), _) => from_file(file, today).map_err(because),
            (None, Some(count)) => Ok(generated(count, cast(today))),
            (None, None) => Ok(cast(today)),
        }
    }
}

/// Opens the control, if one is asked for.
pub(super) async fn opened<S: control::Simulated>(
    control: &Control<S>,
    address: Option<SocketAddr>,
) -> Result<Option<ControlListener>, CommandFailure> {
    let Some(address) = address else { return Ok(None) };
    let listening = control.listen(address).await;
    listening.map(Some).map_err(|error| unheard(address, error, "--control"))
}

/// Why there is no simulator at `address`.
pub(super) fn unheard(address: SocketAddr, error: io::Error, option: &str) -> CommandFailure {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    match error.kind() {
        AddrInUse | AddrNotAvailable | PermissionDenied => {
            because(format!("cannot listen at {address}: {error}; name another address with {option}"))
        }
        _ => error.into(),
    }
}
