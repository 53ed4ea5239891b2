//! Listeners and drain: one single-threaded runtime for each core, each with its own socket on the same port.
//!
//! Kept out: what an answer is (`web::proxy`), and which signals start a drain (`cli`).

mod accept;
pub(crate) mod certificate;
mod connection;
mod networks;
mod settings;
mod socket;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};
use tokio_util::sync::CancellationToken;

pub use settings::{Listener, ListenerSettings};

use crate::web::proxy::{Gate, Worker};

/// The data plane could not be started. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not ours.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// No thread or runtime.
    #[error("cannot start a thread of the data plane: {0}")]
    Thread(#[source] io::Error),
    /// No randomness.
    #[error(transparent)]
    Cryptography(#[from] crate::adapters::keys::CryptographyFailed),
}

/// The running data plane. Dropping it stops it at once; `drain` lets requests under way finish.
pub struct Serving {
    addresses: Vec<SocketAddr>,
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the data plane. When this returns, every listener accepts connections.
pub fn start(
    listeners: &[Listener],
    settings: ListenerSettings,
    gate: &Arc<Gate>,
) -> Result<Serving, ListenError> {
    let mut sockets: Vec<Vec<_>> = Vec::new();
    let mut addresses = Vec::new();
    for listener in listeners {
        let failed = |error| ListenError::Listen(listener.address, error);
        accept::must_be_free(listener.address).map_err(failed)?;
        let first = accept::socket(listener.address).map_err(failed)?;
        let address = first.local_addr().map_err(failed)?;
        let mut shared = vec![first];
        for _ in 1..settings.threads.get() {
            shared.push(accept::socket(address).map_err(failed)?);
        }
        addresses.push(address);
        sockets.push(shared);
    }
    let mut serving = Serving { addresses, stop: CancellationToken::new(), threads: Vec::new() };
    let (ready, readiness) = std::sync::mpsc::channel();
    for number in 0..settings.threads.get() {
        let mine: Vec<_> = sockets.iter_mut().filter_map(Vec::pop).zip(listeners.iter().cloned()).collect();
        let (gate, stop, ready) = (Arc::clone(gate), serving.stop.clone(), ready.clone());
        let thread = std::thread::Builder::new()
            .name(format!("gate-{number}"))
            .spawn(move || run(mine, settings, gate, &stop, &ready))
            .map_err(ListenError::Thread)?;
        serving.threads.push(thread);
    }
    drop(ready);
    for _ in 0..settings.threads.get() {
        // A thread that says nothing has died before it could.
        readiness.recv().map_err(|_| ListenError::Thread(io::Error::other("it ended at once")))??;
    }
    Ok(serving)
}

/// One thread, from start to the end of its drain.
fn run(
    sockets: Vec<(std::net::TcpListener, Listener)>,
    settings: ListenerSettings,
    gate: Arc<Gate>,
    stop: &CancellationToken,
    ready: &Sender<Result<(), ListenError>>,
) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let started = runtime.map_err(ListenError::Thread).and_then(|runtime| Ok((runtime, Worker::new(gate)?)));
    let (runtime, worker) = match started {
        Ok(started) => started,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        let mut loops = tokio::task::JoinSet::new();
        for (socket, listener) in sockets {
            match accept::listen(socket) {
                Ok(socket) => loops.spawn_local(accept::accept(
                    socket,
                    listener,
                    settings,
                    worker.clone(),
                    stop.clone(),
                )),
                Err(error) => return drop(ready.send(Err(ListenError::Listen(listener.address, error)))),
            };
        }
        let tending = tokio::task::spawn_local(always_tended(worker));
        drop(ready.send(Ok(())));
        while loops.join_next().await.is_some() {}
        tending.abort();
    });
}

/// Without tending, streams would outlive the right to them; so it is begun again should it ever end in a panic.
async fn always_tended(worker: Rc<Worker>) {
    while let Err(error) = tokio::task::spawn_local(Rc::clone(&worker).tend()).await {
        tracing::error!(%error, "Looking after open streams has failed and is begun again");
    }
}

impl Serving {
    /// Where it listens, in the order of the listeners.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting, lets requests under way finish within the limit, then closes what is left.
    pub async fn drain(mut self) {
        self.stop.cancel();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("A thread of the data plane ended in a panic");
                }
            }
        });
        if joined.await.is_err() {
            tracing::error!("The drain was cut short");
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
