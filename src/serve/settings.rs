//! Where to listen, and the limits towards visitors.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use crate::adapters::pace::LeastRate;

/// A place to listen at.
#[derive(Clone)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key, replaced whole by a reload. `None`: plain HTTP.
    pub tls: Option<Arc<ArcSwap<ServerConfig>>>,
}

/// Limits towards visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenerSettings {
    /// Threads of the data plane. Default: as many as there are cores.
    pub threads: NonZeroUsize,
    /// How long a client may take until a whole header section is there, counted from the connection or from the end of the
    /// previous answer; so it is also how long an HTTP/1.1 connection may idle. Default: 30 s.
    pub header: Duration,
    /// How long an HTTP/2 connection may idle. Default: 2 min.
    pub idle: Duration,
    /// For the TLS handshake. Default: 10 s.
    pub handshake: Duration,
    /// Header section of a request, in bytes. Default: 64 KiB. Its fields are counted too (`MAX_FIELDS`).
    pub header_bytes: u32,
    /// Requests at a time on one HTTP/2 connection. Default: 128.
    pub streams: u32,
    /// Connections of one listener, over all threads. Beyond that, newcomers wait in the kernel's queue. Default: 20,000.
    pub connections: usize,
    /// Connections of one client's network (an IPv4 address, an IPv6 /64), over all threads; trusted proxies and web servers that
    /// ask us have no such limit. Beyond it requests are answered with 429, and beyond twice that connections are closed. Default:
    /// 1,000.
    pub connections_per_network: usize,
    /// The rate at which visitors have to read answers; only the time in which data waits for the visitor counts. Default: 500
    /// bytes a second, 60 s behind at most.
    pub reading: LeastRate,
    /// How long data may lie unread by the client before its connection is closed. Default: 2 min.
    pub stalled: Duration,
    /// How long a drain waits for requests under way. Default: 20 s.
    pub drain: Duration,
}

impl Default for ListenerSettings {
    fn default() -> ListenerSettings {
        ListenerSettings {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            header: Duration::from_secs(30),
            idle: Duration::from_secs(120),
            handshake: Duration::from_secs(10),
            header_bytes: 64 * 1024,
            streams: 128,
            connections: 20_000,
            connections_per_network: 1000,
            reading: LeastRate { per_second: 500, patience: Duration::from_secs(60) },
            stalled: Duration::from_secs(120),
            drain: Duration::from_secs(20),
        }
    }
}
