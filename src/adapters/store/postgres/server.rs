//! Where the server is, how it is reached, and how long is waited for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::ServerTls;
use crate::adapters::upstream::connect::client_config;
use crate::adapters::upstream::{EndpointFault, Trust};

/// The connections of one gateway at most, unless it is said otherwise.
pub(crate) const CONNECTIONS: usize = 10;

/// A database on a server.
#[derive(Clone)]
pub struct Server {
    address: Config,
    shown: String,
    trust: Option<Trust>,
    /// Most connections.
    pub connections: usize,
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long work waits for a connection that is free.
    pub acquire: Duration,
}

/// The address or the certificates of a server are of no use. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ServerFault {
    /// Not the address of a database.
    #[error("{0}")]
    Address(String),
    /// The authorities cannot be read.
    #[error(transparent)]
    Authorities(#[from] EndpointFault),
    /// The connections cannot be managed.
    #[error("{0}")]
    Pool(String),
}

impl Server {
    /// Reads an address such as `postgres://user@host/database` or `postgres:///database?host=/run/postgresql`.
    ///
    /// # Errors
    /// [`ServerFault::Address`] says what is wrong with it; it repeats no password.
    pub fn parse(url: &str) -> Result<Server, ServerFault> {
        let bad = |why: &str| ServerFault::Address(why.to_owned());
        let mut address: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            ServerFault::Address(cause.unwrap_or_else(|| error.to_string()))
        })?;
        if address.get_password().is_some() {
            return Err(bad(
                "the address has a password in it; anybody who reads the configuration would know it",
            ));
        }
        if url.contains("sslmode=") || url.contains("options=") {
            return Err(bad("`sslmode` and `options` cannot be part of the address"));
        }
        let database = address.get_dbname().ok_or_else(|| bad("it names no database"))?;
        let hosts: Vec<String> = address.get_hosts().iter().map(shown).collect();
        if hosts.is_empty() {
            return Err(bad("it names no host"));
        }
        let shown = format!("database `{database}` at {}", hosts.join(", "));
        // What is half open is noticed within half a minute; within ten seconds if something was sent.
        address
            .application_name("membergate")
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(5))
            .ssl_mode(SslMode::Disable);
        Ok(Server {
            address,
            shown,
            trust: None,
            connections: CONNECTIONS,
            connect: Duration::from_secs(5),
            acquire: Duration::from_secs(5),
        })
    }

    /// With the password of its user.
    #[must_use]
    pub fn with_password(mut self, password: &SecretString) -> Server {
        self.address.password(password.expose_secret().trim_ascii());
        self
    }

    /// Over TLS alone, by these authorities.
    #[must_use]
    pub fn with_tls(mut self, trust: Trust) -> Server {
        self.address.ssl_mode(SslMode::Require);
        self.trust = Some(trust);
        self
    }

    /// Whether every host of it is this machine, so that nobody can listen on the way.
    pub fn is_local(&self) -> bool {
        self.address.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        })
    }

    pub(super) fn config(&self) -> Config {
        self.address.clone()
    }

    pub(super) fn tls(&self) -> Result<ServerTls, ServerFault> {
        let config = self.trust.as_ref().map(client_config).transpose()?;
        Ok(ServerTls(config.map(Arc::new)))
    }
}

fn shown(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// Without user and password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.shown)
    }
}
