//! A re:Members that speaks real HTTP on a socket of its own: handshake, login pages, records.
//!
//! It keeps to what is known (re:Members fact sheet §1 to §7 and §9) and has a switch for each unknown. Production is
//! served at the root, staging under `/staging`; they share people, unless a person is in one only, and no token.
//! Every time it uses comes from a clock that a test can move.

mod answer;
mod bad_bodies;
mod call;
mod catalogues;
mod clock;
mod control;
mod dates;
mod directory;
mod dispatch;
mod endpoint;
mod faults;
mod handshake;
mod individuals;
mod organizations;
mod pages;
mod portal;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod tokens;
mod traffic;
mod webhooks;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;
use tokio::task::JoinHandle;

use super::people::{Environment, People, cast};
use super::switches::Switches;

pub use clock::today;
pub use control::{Control, Login};
pub use endpoint::Endpoint;
pub use wire::record_line;

/// What a simulator is started with. [`Settings::demo`] has a value for everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address by which browsers and clients reach it, such as `http://localhost:8081`; none: the bound address.
    pub public_base: Option<String>,
    /// The logout redirect: where `logout.aspx` sends the browser. None: it shows a page.
    pub slo_url: Option<String>,
    /// Who is on file.
    pub people: People,
    /// The position of every switch at the start.
    pub switches: Switches,
    /// The day on which the clock starts, at noon of the association; none: now.
    pub today: Option<Date>,
    /// What a client of the production environment must know.
    pub production: Credentials,
    /// What a client of the staging environment must know.
    pub staging: Credentials,
}

/// The six values that the vendor hands out for one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Step 1, and it selects the environment.
    pub app_name: String,
    /// Step 1.
    pub app_key: String,
    /// Step 2; in practice the same as `app_name`.
    pub app_id: String,
    /// Step 2; in practice the same as `app_key`.
    pub app_password: String,
    /// The integration user's e-mail.
    pub user_email: String,
    /// The integration user's password.
    pub user_password: String,
}

impl Credentials {
    /// The values of the demo. They open nothing but a simulator.
    pub fn demo(environment: Environment) -> Credentials {
        let (name, key) = match environment {
            Environment::Production => ("acmeGatewayLIVE", "demoLiveKey00001"),
            Environment::Staging => ("acmeGatewayStaging", "demoStagingKey01"),
        };
        Credentials {
            app_name: name.to_owned(),
            app_key: key.to_owned(),
            app_id: name.to_owned(),
            app_password: key.to_owned(),
            user_email: "gateway_integration@acme.example".to_owned(),
            user_password: format!("{key}-user"),
        }
    }
}

impl Settings {
    /// Any free port of loopback, the named cast as of today, every switch at its default.
    pub fn demo() -> Settings {
        Settings::demo_on(None)
    }

    /// The same, with the clock and the cast on another day.
    pub fn demo_on(day: Option<Date>) -> Settings {
        let switches = Switches::default();
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_base: None,
            slo_url: None,
            people: cast(day.unwrap_or_else(|| today(&switches.time_zone))),
            switches,
            today: day,
            production: Credentials::demo(Environment::Production),
            staging: Credentials::demo(Environment::Staging),
        }
    }
}

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
        let listener = tokio::net::TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let base_url = settings.public_base.clone().unwrap_or_else(|| format!("http://{address}"));
        let base_url = base_url.trim_end_matches('/').to_owned();
        let control = Control::new(state::State::new(settings, &base_url)?);
        let task = tokio::spawn(server::run(listener, control.shared()));
        Ok(Simulator { base_url, address, control, task })
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
        // An aborted task reports just that; there is nothing else to learn from it.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
