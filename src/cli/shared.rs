//! What commands share: how they fail, the runtime that they run on, the store of a gateway, and when to end.

use std::fmt::Display;
use std::io;
use std::sync::Arc;

use crate::adapters::ams::kinds::Kind;
use crate::adapters::store::Store;
use crate::app;
use crate::config::{Problem, Settings};

/// Why a command did not do what it was asked. It is shown on standard error; the exit code is 1.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// The configuration is wrong. Every problem.
    #[error("{}", lines(.0))]
    Configuration(Vec<Problem>),
    /// Anything else, for people; the command has said the rest.
    #[error("{0}")]
    Because(String),
    /// What was asked for cannot be written, or there is no runtime for it.
    #[error(transparent)]
    Machine(#[from] io::Error),
}

/// A failure with this explanation.
pub(super) fn because(error: impl Display) -> CommandFailure {
    CommandFailure::Because(error.to_string())
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// The AMS of this name in the configuration.
pub(super) fn kind_named(text: &str) -> Result<Kind, String> {
    let named = Kind::ALL.into_iter().find(|(name, _)| *name == text);
    let known: Vec<&str> = Kind::ALL.into_iter().map(|(name, _)| name).collect();
    named.map(|(_, kind)| kind).ok_or_else(|| format!("write one of: {}", known.join(", ")))
}

/// The store of a gateway that has run before.
pub(super) fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, CommandFailure> {
    let found = app::open_existing_store(&settings.store).map_err(because)?;
    let place = &settings.store.place;
    found.ok_or_else(|| because(format!("{place} is not there yet: start the gateway once")))
}

/// The runtime of a command that is no gateway.
pub(super) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(feature = "sim")]
pub(super) async fn told_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}
