//! A GrowthZone that speaks real HTTP: the Info Hub with its login, OpenID Connect, and the interface of one association.
//!
//! It keeps to what is known (docs/ams/growthzone.md) and has a switch for each unknown. Every time it uses comes from a clock
//! that a test can move.

mod actions;
mod api;
mod control;
mod dates;
mod directory;
mod dispatch;
mod endpoint;
mod oauth;
mod pages;
mod paging;
pub mod people;
mod portal;
mod settings;
mod standing;
mod state;
mod subject;
mod switches;
#[cfg(test)]
mod tests;
mod wire;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use control::Control;
pub use endpoint::{Endpoint, Scope};
pub use settings::{Credentials, Settings};
pub use state::State;
pub use switches::Switches;

use crate::sim::people::Environment;
use crate::sim::serving::{public_base, serve};

/// A running simulator. Dropping it ends it and every connection at once.
#[derive(Debug)]
pub struct Simulator {
    base_url: String,
    address: SocketAddr,
    control: Control,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Binds the address and answers from then on.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let base_url = public_base(settings.public_base.as_deref(), address);
        let control = Control::new(State::new(settings, &base_url)?);
        let task = tokio::spawn(serve(listener, Environment::Production, control.clone()));
        Ok(Simulator { base_url, address, control, task })
    }

    /// The public base without a trailing slash.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a test moves and reads.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Ends it and waits until the socket is closed.
    pub async fn stop(mut self) {
        self.task.abort();
        // An aborted task reports just that; there is nothing else to learn from it.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
