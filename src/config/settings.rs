//! The settings of a gateway: checked, complete, and free of the file that they came from.
//!
//! Whoever holds a `Settings` need not check it again. Secrets in it neither print nor log.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::adapters::ams::kinds::AmsSettings;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::postgres::server::Server;
use crate::adapters::subscribers::higher_logic::PushSettings;
use crate::adapters::subscribers::wordpress::PeopleEndpoint;
use crate::adapters::upstream::{self, Endpoint, EndpointFault, Trust};
use crate::domain::access;
use crate::domain::association::Association;
use crate::domain::budget::Rate;
use crate::domain::client::Client;
use crate::domain::community::{CommunityInForce, CommunityMapping, CommunityText};
use crate::domain::directory::settings::DirectorySettings;
use crate::domain::network::Network;
use crate::domain::rule::Rules;
use crate::domain::session::SessionLimits;
use crate::flows::administer;
use crate::flows::grant::ProviderSettings;
use crate::telemetry::Format;

/// Everything that the operator decides.
#[derive(Debug)]
pub struct Settings {
    /// Who runs the sites.
    pub association: Association,
    /// Where the gateway listens.
    pub listen: Listen,
    /// The association management system.
    pub ams: AmsChoice,
    /// Whether profiles are read as a community shows them (`domain::contact`); true as soon as a subscriber asks for it.
    pub reads_contact: bool,
    /// What the address of our webhooks ends in, the one that is registered first; at most two.
    pub hook_secrets: Vec<SecretString>,
    /// How long sessions and records live.
    pub session: SessionLimits,
    /// How the records of people are kept in step with the AMS.
    pub directory: DirectorySettings,
    /// What survives a restart.
    pub store: StoreSettings,
    /// What is logged.
    pub log: Log,
    /// The file with the role mapping, for messages and for reading it again.
    pub rules_file: PathBuf,
    /// The role mapping. With `admin`, only what the store begins with.
    pub rules: Rules,
    /// Administration in the browser. `None`: there is none.
    pub admin: Option<administer::AdminSettings>,
    /// The sites; at least one, no two at the same host and path, no two of one name.
    pub sites: Vec<SiteSettings>,
    /// The OpenID Provider, if there is to be one.
    pub oidc: Option<Oidc>,
    /// The community at Higher Logic, if there is one.
    pub higher_logic: Option<Community>,
}

/// The community at Higher Logic.
#[derive(Debug, Clone)]
pub struct Community {
    /// How it is reached.
    pub push: PushSettings,
    /// The file that says what it is told, for messages.
    pub file: PathBuf,
    /// What stands in it.
    pub text: CommunityText,
    /// What it is told by that file.
    pub mapping: Arc<CommunityMapping>,
}

impl Community {
    /// What the file says, in force under this number.
    pub fn in_force(&self, version: u64) -> CommunityInForce {
        CommunityInForce { version, text: self.text.clone(), mapping: Arc::clone(&self.mapping) }
    }
}

impl Settings {
    /// What stands in the community file, if there is a community.
    pub fn community_text(&self) -> Option<&CommunityText> {
        self.higher_logic.as_ref().map(|community| &community.text)
    }

    /// Whether something in front ends TLS and we believe nobody about the visitors' addresses: all visitors then have one.
    pub fn has_one_address_for_all(&self) -> bool {
        let is_https = self.sites.iter().any(|site| site.site.is_https());
        is_https && self.listen.tls.is_none() && self.listen.trusted_proxies.is_empty()
    }
}

/// The OpenID Provider.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// Who we are to clients. The issuer is the origin of one of the sites.
    pub provider: ProviderSettings,
    /// The association vouches for the e-mail addresses in its AMS, unless a client says otherwise.
    pub email_verified: bool,
    /// The clients; no two of one id.
    pub clients: Vec<Client>,
}

/// Where the gateway listens, and how long it waits.
#[derive(Debug, Clone)]
pub struct Listen {
    /// For visitors.
    pub address: SocketAddr,
    /// For `/livez`, `/readyz` and `/metrics`.
    pub operations: SocketAddr,
    /// Certificate and key; `None`: plain HTTP, behind something that ends TLS.
    pub tls: Option<Tls>,
    /// Whether browsers are to come by https alone.
    pub hsts: Hsts,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Who may ask at `/_gate/verify`. Not empty if there is a site without an upstream.
    pub forward_auth_proxies: Vec<Network>,
    /// Threads of the data plane. `None`: one for each core.
    pub workers: Option<usize>,
    /// Connections at one time.
    pub max_connections: usize,
    /// Connections of one client's network at one time.
    pub max_connections_per_network: usize,
    /// Bytes a second at which visitors have to send and read.
    pub least_rate: u32,
    /// How far they may fall behind that when they send.
    pub upload_patience: Duration,
    /// How far they may fall behind that when they read.
    pub download_patience: Duration,
    /// Memory for the beginnings of request bodies, in bytes.
    pub upload_memory: usize,
    /// From the connection or the previous answer to the end of a request's head.
    pub header_timeout: Duration,
    /// Of an HTTP/2 connection without a request.
    pub idle_timeout: Duration,
    /// Of an answer without a byte.
    pub stream_timeout: Duration,
    /// From SIGTERM to the end.
    pub drain_timeout: Duration,
}

/// What browsers are told over our own TLS about coming by plain HTTP (HSTS, RFC 6797). It holds for one host at all its ports, and never for its
/// subdomains, of which we know nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hsts {
    /// Never again. For thirty days after each visit, so that a mistake is over in a month.
    On,
    /// Nothing.
    Off,
    /// As they like: what they were told before is over.
    Forget,
}

impl Hsts {
    /// The value of `Strict-Transport-Security`.
    pub fn value(self) -> Option<&'static str> {
        match self {
            Hsts::On => Some("max-age=2592000"),
            Hsts::Off => None,
            Hsts::Forget => Some("max-age=0"),
        }
    }
}

/// PEM files of a listener. They could be read when the settings were made.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The association management system.
#[derive(Debug, Clone)]
pub struct AmsChoice {
    /// The environment that people sign in with.
    pub live: AmsSettings,
    /// The other one, when it is configured. `check` tries it too.
    pub standby: Option<AmsSettings>,
    /// Calls that the installation may make.
    pub rate: Rate,
    /// Places that one network may hold in the line in front of the sign-in.
    pub waiting_per_network: usize,
}

/// Where a store is.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// In an SQLite file.
    File(PathBuf),
    /// On a PostgreSQL server.
    Server(Box<Server>),
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorePlace::File(path) => path.display().fmt(f),
            StorePlace::Server(server) => server.fmt(f),
        }
    }
}

/// What survives a restart.
#[derive(Debug)]
pub struct StoreSettings {
    /// Where it is.
    pub place: StorePlace,
    /// The keys that open what is stored, the one that seals first.
    pub secret_keys: SecretKeys,
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least that is logged.
    pub level: LevelFilter,
    /// For people or for programs.
    pub format: Format,
}

/// A website behind the gateway.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// What decisions need of it.
    pub site: access::Site,
    /// Scheme, host and port to which its requests go; no path.
    /// `None`: the site's own web server answers its visitors, and asks us about each request.
    pub upstream: Option<Url>,
    /// Whether the site sees the visitor's `Host`.
    pub preserve_host: bool,
    /// Whose certificates it may have.
    pub trust: Trust,
    /// How long it may take.
    pub limits: upstream::UpstreamLimits,
    /// Where its WordPress is told of people.
    pub people: Option<PeopleEndpoint>,
}

impl SiteSettings {
    /// Where and how the site is reached, if we are the ones to do it. Reads the certificates that are believed.
    pub fn endpoint(&self) -> Option<Result<Endpoint, EndpointFault>> {
        let endpoint = Endpoint::new(self.upstream.as_ref()?, &self.trust, self.limits);
        Some(endpoint.map(|mut endpoint| {
            endpoint.preserve_host = self.preserve_host;
            endpoint
        }))
    }
}
