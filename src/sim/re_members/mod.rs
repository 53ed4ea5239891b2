//! A re:Members that speaks real HTTP on a socket of its own: handshake, login pages, records.
//!
//! It keeps to what is known (docs/ams/remembers.md) and has a switch for each unknown. Production is
//! served at the root, staging under `/staging`; they share people, unless a person is in one only, and no token.
//! Every time it uses comes from a clock that a test can move.

mod answer;
mod bulk;
mod catalogues;
mod control;
mod dates;
mod directory;
mod dispatch;
mod edits;
mod endpoint;
mod handshake;
mod individuals;
mod organizations;
mod pages;
mod portal;
mod rosters;
mod server;
mod settings;
mod state;
mod switches;
#[cfg(test)]
mod tests;
mod tokens;
mod traffic;
mod webhooks;
mod wire;

use std::io;
use std::net::SocketAddr;

use tokio::task::JoinHandle;

pub use control::Control;
pub use endpoint::{Endpoint, Scope};
pub use settings::{Credentials, Settings};
pub use state::{Login, State};
pub use switches::Switches;
pub use wire::record_line;

use crate::sim::serving::public_base;

/// A running simulator. Dropping it ends it and every connection at once.
#[derive(Debug)]
pub struct Simulator {
    base_url: String,
    address: SocketAddr,
    control: Control,
    task: JoinHandle<()>,
    deliveries: JoinHandle<()>,
}

impl Simulator {
    /// Binds the address and answers from then on.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        let listener = tokio::net::TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let base_url = public_base(settings.public_base.as_deref(), address);
        let control = Control::new(state::State::new(settings, &base_url)?);
        let client = webhooks::client().map_err(io::Error::other)?;
        let task = tokio::spawn(server::run(listener, control.clone(), client.clone()));
        let deliveries = tokio::spawn(webhooks::deliver(control.clone(), client));
        Ok(Simulator { base_url, address, control, task, deliveries })
    }

    /// The public base without a trailing slash; the production portal. Staging is this and `/staging`.
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
        self.deliveries.abort();
        // An aborted task reports just that; there is nothing else to learn from it.
        let _ = (&mut self.task).await;
        let _ = (&mut self.deliveries).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
        self.deliveries.abort();
    }
}
