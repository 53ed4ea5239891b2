//! A Novi that speaks real HTTP: a production and a staging site, each on a socket of its own, with login and interface.
//!
//! It keeps to what is known (docs/ams/novi.md) and has a switch for each unknown. The sites share people, unless a record is
//! at one only; ids, keys and tokens differ. Every time it uses comes from a clock that a test can move.

mod actions;
mod api;
mod control;
mod dates;
mod directory;
mod dispatch;
mod endpoint;
mod hooks;
mod ids;
mod journal;
mod oauth;
mod pages;
mod paging;
pub mod people;
mod portal;
mod settings;
mod standing;
mod state;
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
pub use hooks::SentHook;
pub use settings::{Credentials, Settings};
pub use state::State;
pub use switches::Switches;

use crate::sim::people::Environment;
use crate::sim::serving::{public_base, serve};

/// A running simulator. Dropping it ends it and every connection at once.
#[derive(Debug)]
pub struct Simulator {
    base_url: String,
    staging_url: String,
    address: SocketAddr,
    control: Control,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Binds the addresses and answers from then on.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        let production = TcpListener::bind(settings.listen).await?;
        let staging = TcpListener::bind(settings.staging_listen).await?;
        let address = production.local_addr()?;
        let base_url = public_base(settings.public_base.as_deref(), address);
        let staging_url = format!("http://{}", staging.local_addr()?);
        let control = Control::new(State::new(settings, &base_url, &staging_url)?);
        let wake = control.lock().wake.clone();
        let tasks = vec![
            tokio::spawn(serve(production, Environment::Production, control.clone())),
            tokio::spawn(serve(staging, Environment::Staging, control.clone())),
            tokio::spawn(hooks::run(control.clone(), wake)),
        ];
        Ok(Simulator { base_url, staging_url, address, control, tasks })
    }

    /// The public base of the production site, without a trailing slash.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The address of the staging site, without a trailing slash.
    pub fn staging_url(&self) -> String {
        self.staging_url.clone()
    }

    /// The address at which the production site listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a test moves and reads.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Ends it and waits until the sockets are closed.
    pub async fn stop(mut self) {
        for mut task in std::mem::take(&mut self.tasks) {
            task.abort();
            // An aborted task reports just that; there is nothing else to learn from it.
            let _ = (&mut task).await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
