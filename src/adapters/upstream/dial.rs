//! From a site's host to a TCP connection: name look-up, then Happy Eyeballs version 2 (RFC 8305), and a memory for the
//! address that worked.
//!
//! Own code, because hyper-util's connector staggers only one family against the other: within a family, each address waits
//! until the one before it has failed or used up its share of the time limit. Not from RFC 8305: both families are asked for
//! in one look-up (`getaddrinfo`), which the operating system offers as one call.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::UpstreamError;
use crate::adapters::BoxFuture;

/// How long an attempt may go on alone before the next begins (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The shortest such delay, when many addresses share a short limit (RFC 8305 §5).
const LEAST_DELAY: Duration = Duration::from_millis(10);
/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;
/// How long the address that worked is tried first. After that the order of the look-up counts again.
const MEMORY: Duration = Duration::from_secs(600);

/// Where the addresses of a name come from.
pub trait Resolver: Send + Sync {
    /// All addresses of a host, the preferred first (RFC 6724).
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The operating system's look-up, on a thread where it may block.
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Opens TCP connections to one host and port.
pub(super) struct Dialer {
    host: String,
    port: u16,
    pub(super) resolver: Arc<dyn Resolver>,
    works: ArcSwapOption<(SocketAddr, Instant)>,
}

impl Dialer {
    pub(super) fn new(host: String, port: u16) -> Dialer {
        Dialer { host, port, resolver: Arc::new(SystemResolver), works: ArcSwapOption::empty() }
    }

    /// Connects within `limit`, of which the look-up may use half.
    pub(super) async fn connect(&self, limit: Duration) -> Result<TcpStream, UpstreamError> {
        let deadline = Instant::now() + limit;
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return one(SocketAddr::new(address, self.port), deadline).await;
        }
        let addresses = self.addresses(limit / 2).await?;
        let (stream, address) = race(&addresses, deadline).await?;
        self.remember(address);
        Ok(stream)
    }

    /// What to try, in this order.
    async fn addresses(&self, limit: Duration) -> Result<Vec<SocketAddr>, UpstreamError> {
        let looking_up = timeout(limit, self.resolver.look_up(&self.host, self.port));
        let found = looking_up
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")));
        let works = self.remembered();
        match (found, works) {
            (Ok(found), works) if !found.is_empty() => Ok(in_order(&found, works)),
            // While names cannot be looked up, a site stays where it was a moment ago.
            (_, Some(works)) => Ok(vec![works]),
            (Ok(_), None) => {
                Err(UpstreamError::NameUnknown(io::Error::new(io::ErrorKind::NotFound, "it has no address")))
            }
            (Err(error), None) => Err(UpstreamError::NameUnknown(error)),
        }
    }

    fn remembered(&self) -> Option<SocketAddr> {
        let works = self.works.load();
        works.as_deref().filter(|(_, since)| since.elapsed() < MEMORY).map(|(address, _)| *address)
    }

    fn remember(&self, address: SocketAddr) {
        if self.remembered() != Some(address) {
            self.works.store(Some(Arc::new((address, Instant::now()))));
        }
    }
}

/// Both families in turn (RFC 8305 §4), the address that works first, each once.
fn in_order(found: &[SocketAddr], works: Option<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut other): (Vec<_>, Vec<_>) = found.iter().partition(|a| a.is_ipv6() == first_is_v6);
    first.reverse();
    other.reverse();
    let mut ordered: Vec<SocketAddr> = works.filter(|works| found.contains(works)).into_iter().collect();
    while !(first.is_empty() && other.is_empty()) && ordered.len() < MOST_ADDRESSES {
        for address in [first.pop(), other.pop()].into_iter().flatten() {
            if !ordered.contains(&address) {
                ordered.push(address);
            }
        }
    }
    ordered
}

async fn one(address: SocketAddr, deadline: Instant) -> Result<TcpStream, UpstreamError> {
    let connected = timeout_at(deadline, TcpStream::connect(address)).await;
    connected
        .map_err(|_| UpstreamError::ConnectTimeout(address.to_string()))?
        .map_err(|error| UpstreamError::Unreachable(at(address, &error)))
}

/// Starts one attempt after the other, the next when one has failed or has gone on alone for long enough, and takes the first
/// that connects. The others end with it.
async fn race(addresses: &[SocketAddr], deadline: Instant) -> Result<(TcpStream, SocketAddr), UpstreamError> {
    if let [only] = addresses {
        return Ok((one(*only, deadline).await?, *only));
    }
    // However short the limit, each address has its turn.
    let share = deadline.saturating_duration_since(Instant::now()) / (addresses.len() as u32 + 1);
    let delay = share.clamp(LEAST_DELAY, ATTEMPT_DELAY);
    let mut waiting = addresses.iter().copied();
    let mut attempts = JoinSet::new();
    let mut failures: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        let next = waiting.next();
        if let Some(address) = next {
            attempts.spawn(async move { (address, TcpStream::connect(address).await) });
        }
        let until = if waiting.len() > 0 { deadline.min(Instant::now() + delay) } else { deadline };
        match timeout_at(until, attempts.join_next()).await {
            Ok(Some(Ok((address, Ok(stream))))) => return Ok((stream, address)),
            Ok(Some(Ok((address, Err(error))))) => failures.push((address, error)),
            Ok(Some(Err(_))) => {}
            Ok(None) => return Err(UpstreamError::Unreachable(all(failures))),
            Err(_) if Instant::now() >= deadline => {
                return Err(UpstreamError::ConnectTimeout(unanswered(addresses, &failures)));
            }
            Err(_) => {}
        }
    }
}

/// An error with the address at which it happened.
fn at(address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{address}: {error}"))
}

/// The errors of all attempts as one.
fn all(failures: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let kind = failures.first().map_or(io::ErrorKind::NotFound, |(_, error)| error.kind());
    let texts: Vec<String> =
        failures.iter().map(|(address, error)| at(*address, error).to_string()).collect();
    io::Error::new(kind, texts.join(", "))
}

/// The addresses that had not answered when the time was over, and how the others failed.
fn unanswered(addresses: &[SocketAddr], failures: &[(SocketAddr, io::Error)]) -> String {
    let text = |address: &SocketAddr| match failures.iter().find(|(failed, _)| failed == address) {
        Some((_, error)) => format!("{address} ({error})"),
        None => address.to_string(),
    };
    addresses.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_the_address_that_works_is_first() {
        let addresses = |hosts: &[&str]| -> Vec<SocketAddr> {
            hosts.iter().map(|host| SocketAddr::new(host.parse().unwrap(), 80)).collect()
        };
        let found = ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2", "::1"];
        for (works, expect) in [
            (None, ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]),
            (Some("10.0.0.2"), ["10.0.0.2", "::1", "10.0.0.1", "::2", "::3"]),
            // The name has moved.
            (Some("10.0.0.9"), ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]),
        ] {
            let works = works.map(|host| addresses(&[host])[0]);
            assert_eq!(in_order(&addresses(&found), works), addresses(&expect), "{works:?}");
        }
        let many: Vec<SocketAddr> = (0..200).map(|n| SocketAddr::from(([10, 0, 0, n], 80))).collect();
        assert_eq!(in_order(&many, None), many[..MOST_ADDRESSES]);
        assert_eq!(in_order(&many, Some(many[199])).len(), MOST_ADDRESSES);
    }
}
