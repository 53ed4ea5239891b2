//! Time limits and sizes towards a site.

use std::time::Duration;

/// Fields of one header or trailer section, in requests as in answers.
pub const MAX_FIELDS: usize = 256;
/// Bytes of the header section of an answer.
pub const MAX_ANSWER_HEAD: usize = 64 * 1024;

/// Time limits and sizes towards one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// For name look-up, which may use half of it, and TCP connection. Default: 5 s.
    pub connect: Duration,
    /// For the TLS handshake. Default: 5 s.
    pub tls: Duration,
    /// Until the site's header section is there, counted from the last part of the request body that it took. Default: 60 s.
    pub headers: Duration,
    /// How long an unused connection is kept. Default: 4 s, just below the 5 s after which many servers close theirs, so that
    /// a request is seldom sent into a connection that the site is closing.
    pub idle: Duration,
    /// Connections to this site, for each core. Default: 512.
    pub connections: usize,
    /// How many of them requests of one client network may use at a time, for each core. Default: 128.
    pub connections_per_network: usize,
    /// Requests that may wait for a connection, for each core; a quarter of them of one client network. Default: 1024.
    pub waiting: usize,
    /// How long such a request waits. Default: 5 s.
    pub wait: Duration,
}

impl Default for UpstreamLimits {
    fn default() -> UpstreamLimits {
        UpstreamLimits {
            connect: Duration::from_secs(5),
            tls: Duration::from_secs(5),
            headers: Duration::from_secs(60),
            idle: Duration::from_secs(4),
            connections: 512,
            connections_per_network: 128,
            waiting: 1024,
            wait: Duration::from_secs(5),
        }
    }
}
