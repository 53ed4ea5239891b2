//! A sample site behind the gateway: the library of the invented Harbour Association.
//!
//! It knows nothing of the gateway but the headers that it receives, as any site would, and what it is told of people by signed
//! statements, if it was told whose to take. Pages for people are in `pages`; the list of people in `told`; addresses that are useful to
//! tests (`/echo`, `/slow`, `/big`, …) in `probes`; live things in `live`.

mod assertion;
mod body;
mod live;
mod pages;
mod probes;
mod statement;
mod told;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use live::Live;
pub use statement::Teller;
use told::Told;

/// How long `stop` waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running sample site. Dropping it asks the site to stop; `stop` also waits until it has.
#[derive(Debug)]
pub struct SampleSite {
    address: SocketAddr,
    live: Live,
    server: JoinHandle<()>,
}

impl SampleSite {
    /// Listens at the address (port 0 for any free one) and serves until it is stopped.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        Self::start_told_by(address, None).await
    }

    /// The same with somebody whose statements about people it takes.
    ///
    /// # Errors
    /// The address cannot be listened at, or there is no HTTP client on this machine.
    pub async fn start_told_by(address: SocketAddr, teller: Option<Teller>) -> io::Result<Self> {
        let told = Told::by(teller)?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let live = Live { stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let stopped = live.stop.clone().cancelled_owned();
        let serving = axum::serve(listener, router(live.clone(), told)).with_graceful_shutdown(stopped);
        let server = tokio::spawn(async move {
            // `axum::serve` retries failed accepts by itself and has no other errors.
            let _ = serving.await;
        });
        Ok(Self { address, live, server })
    }

    /// Where the site listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The site's own address, as in `http://127.0.0.1:4321`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the site takes statements about people.
    pub fn people_endpoint(&self) -> String {
        format!("{}{}", self.base_url(), told::ENDPOINT)
    }

    /// Ends streams and sockets, lets requests finish for two seconds, then stops.
    pub async fn stop(mut self) {
        self.live.stop.cancel();
        self.live.tasks.close();
        let _ = timeout(PATIENCE, self.live.tasks.wait()).await;
        if timeout(PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for SampleSite {
    fn drop(&mut self) {
        self.live.stop.cancel();
    }
}

fn router(live: Live, told: Told) -> Router {
    Router::new()
        // For people
        .route("/", get(pages::home))
        .route("/public", get(pages::public))
        .route("/members", get(pages::members))
        .route("/members/minutes", get(pages::minutes))
        .route("/members/ask", post(pages::ask))
        .route("/education", get(pages::education))
        // Live, once open to all and once below the members' prefix
        .route("/events", get(live::events))
        .route("/socket", get(live::socket))
        .route("/members/events", get(live::events))
        .route("/members/socket", get(live::socket))
        // For tests
        .route("/echo", any(probes::echo))
        .route("/echo/{*rest}", any(probes::echo))
        .route("/slow", any(probes::slow))
        .route("/big", get(probes::big))
        .route("/trailers", get(probes::trailers))
        .route("/cut", get(probes::cut))
        .route("/status/{status}", any(probes::status))
        .fallback(pages::missing)
        .with_state(live)
        .merge(told.routes())
}

#[cfg(test)]
mod tests;
