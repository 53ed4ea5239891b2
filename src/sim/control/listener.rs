//! The socket of a simulator's control.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Control, Simulated, routes};

/// A listener by which a simulator is moved and read. Dropping it ends it.
#[derive(Debug)]
pub struct ControlListener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl ControlListener {
    pub(super) async fn start<S: Simulated>(
        address: SocketAddr,
        control: Control<S>,
    ) -> io::Result<ControlListener> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let serving = axum::serve(listener, routes::router(control));
        let task = tokio::spawn(async move {
            // `axum::serve` tries failed accepts again by itself and has no other errors.
            let _ = serving.await;
        });
        Ok(ControlListener { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, as in `http://127.0.0.1:8083`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ControlListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}
