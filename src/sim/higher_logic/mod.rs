//! A Higher Logic Thrive Community that speaks real HTTP: both push interfaces, the read side, pages, sign-in as a client.
//!
//! It keeps to what is known (docs/higher-logic-simulator.md) and has a switch for each unknown. Every time it uses comes from a clock
//! that a test can move. Nobody is on file until somebody is pushed.

mod actions;
mod admin;
mod apply;
mod control;
mod directory;
mod dispatch;
mod endpoint;
mod fields;
mod model;
mod pages;
mod push;
mod push_v1;
mod push_v2;
mod queue;
mod reading;
mod record;
mod rest;
mod server;
mod sessions;
mod settings;
mod sign_in;
mod state;
mod switches;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use control::Control;
pub use endpoint::{Endpoint, Scope};
pub use model::{Contact, ContactList, Fields, Group, GroupKind, HistoryLine, Item, Membership, Trail};
pub use queue::IntakeEntry;
pub use settings::{Credentials, Settings};
pub use sign_in::PATH as SIGN_IN_PATH;
pub use state::State;
pub use switches::Switches;

use crate::sim::serving::public_base;

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
        let client = sign_in::client().map_err(io::Error::other)?;
        let task = tokio::spawn(server::run(listener, control.clone(), client));
        Ok(Simulator { base_url, address, control, task })
    }

    /// Its public address, without a trailing slash.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The address at which it listens.
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
