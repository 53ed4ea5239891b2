//! One log line for each request that we refuse: its id, who asked, where, and why.
//!
//! Whoever sends refused requests on purpose must not fill the log. So each client gets a number of lines per reason and
//! minute; what is left out is counted, and the count is logged when the minute is over. The table is bounded: beyond it,
//! clients share one entry per reason. Paths, queries and bodies are never logged, since they may hold tokens and e-mail addresses.

use std::collections::HashMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::domain::network::ClientNetwork;
use crate::domain::outcome::{Blame, Outcome};
use crate::domain::path::PathFault;

/// How long lines are counted before a client has its full number again.
const WINDOW: Duration = Duration::from_secs(60);
/// Lines for one client and reason in one window.
const LINES: u64 = 10;
/// Clients and reasons that are told apart at one time. An entry takes about 100 bytes.
const MOST_ENTRIES: usize = 4096;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The page or JSON problem that the client got says it.
    Page(Outcome),
    /// No host, two hosts, or something that is not a host.
    HostUnclear,
    /// The request target is not a path with an optional query.
    TargetUnclear,
    /// A path that no site gets.
    Path(PathFault),
    /// A path that is open as it is written, and not by another reading of it.
    AnotherReading,
    /// A transfer coding that we do not pass on.
    TransferCoding,
    /// A `Content-Length` that is no number, or two that differ.
    ContentLength,
    /// A WebSocket handshake with a body, with another method, or together with another protocol.
    UpgradeUnclear,
    /// CONNECT or TRACE.
    MethodNotProxied,
    /// The site's own web server answers for it and asks us; nobody should come here.
    SiteNotServedHere,
    /// A web server's question about a request lacks something, or says it in two ways.
    QuestionUnclear,
    /// A web server asked for one site about a request to the host of another.
    QuestionForAnotherSite,
    /// Somebody asked at `/_gate/verify` who is not in `listen.forward_auth_proxies`.
    NotAForwardAuthProxy,
    /// A page of another origin wanted to open a WebSocket.
    ForeignWebSocket,
    /// The header section is no HTTP. Its client got a 400 without a page.
    HeadUnreadable,
    /// An OpenID client's request to sign somebody in; the client was told why.
    OpenIdRequest,
    /// An OpenID client's call for tokens.
    OpenIdCall,
    /// One of our own addresses answered with this status.
    Answered(StatusCode),
}

impl Reason {
    /// The reason as it stands in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Page(outcome) => outcome.slug(),
            Reason::HostUnclear => "host_unclear",
            Reason::TargetUnclear => "target_unclear",
            Reason::Path(fault) => fault.name(),
            Reason::AnotherReading => "path_another_reading",
            Reason::TransferCoding => "transfer_coding",
            Reason::ContentLength => "content_length",
            Reason::UpgradeUnclear => "upgrade_unclear",
            Reason::MethodNotProxied => "method_not_proxied",
            Reason::SiteNotServedHere => "site_not_served_here",
            Reason::QuestionUnclear => "question_unclear",
            Reason::QuestionForAnotherSite => "question_for_another_site",
            Reason::NotAForwardAuthProxy => "not_a_forward_auth_proxy",
            Reason::ForeignWebSocket => "foreign_websocket",
            Reason::HeadUnreadable => "head_unreadable",
            Reason::OpenIdRequest => "openid_request",
            Reason::OpenIdCall => "openid_call",
            Reason::Answered(status) => match status {
                StatusCode::BAD_REQUEST => Outcome::BadRequest.slug(),
                StatusCode::FORBIDDEN => "forbidden",
                StatusCode::NOT_FOUND => Outcome::NotFound.slug(),
                StatusCode::METHOD_NOT_ALLOWED => Outcome::MethodNotAllowed.slug(),
                StatusCode::CONFLICT => "conflict",
                StatusCode::PAYLOAD_TOO_LARGE => Outcome::BodyTooLarge.slug(),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
                StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
                status if status.is_server_error() => "failed",
                _ => "refused",
            },
        }
    }

    /// Who has to act; the level of the line follows from it.
    fn blame(self) -> Blame {
        match self {
            Reason::Page(outcome) => outcome.blame(),
            Reason::Answered(status) if status.is_server_error() => Blame::Us,
            _ => Blame::Visitor,
        }
    }

    /// Whether it is no refusal but the beginning of a sign-in, and only of interest to whoever looks for it.
    fn is_usual(self) -> bool {
        matches!(self, Reason::Page(Outcome::SignInRequired | Outcome::FormNotKept))
    }
}

/// A request that was refused, as far as it is known.
pub struct RefusedRequest<'a> {
    /// Names the request on the page and in `X-Request-Id`.
    pub request_id: &'a str,
    /// The client, seen through trusted proxies.
    pub client_address: IpAddr,
    /// The site, if one was found.
    pub site: Option<&'a str>,
    /// The host that was asked for, if it is one.
    pub host: Option<&'a str>,
    /// The status that the client got.
    pub status: StatusCode,
    /// Why.
    pub reason: Reason,
    /// The OpenID client that the request claims to come from.
    pub client: Option<&'a str>,
    /// What went wrong inside, for the operator.
    pub cause: Option<&'a dyn Display>,
}

/// What was logged of one client for one reason.
#[derive(Debug)]
struct LineCount {
    ends: Instant,
    lines: u64,
    left_out: u64,
}

/// The client, or `None` for those that the table has no room for.
type LineKey = (Option<IpAddr>, Reason);

/// Writes the lines, and remembers how many each client had.
#[derive(Debug, Default)]
pub struct RefusalLog(Mutex<HashMap<LineKey, LineCount>>);

impl RefusalLog {
    /// Logs a refusal, or counts it when its client has had its lines.
    pub fn note(&self, refusal: &RefusedRequest<'_>, now: Instant) {
        if refusal.reason.is_usual() {
            let RefusedRequest { request_id, client_address, site, host, .. } = *refusal;
            let (status, reason) = (refusal.status.as_u16(), refusal.reason.as_str());
            tracing::debug!(request_id, %client_address, site, host, status, reason, "Somebody is asked to sign in");
        } else if self.has_room(refusal.client_address, refusal.reason, now) {
            write(refusal);
        }
    }

    /// Logs how much was left out in the windows that are over.
    pub fn close_windows(&self, now: Instant) {
        let mut over = Vec::new();
        self.table().retain(|key, entry| {
            let stays = entry.ends > now;
            if !stays && entry.left_out > 0 {
                over.push((*key, entry.left_out));
            }
            stays
        });
        for ((client, reason), count) in over {
            let (client_address, reason) = (client.map(tracing::field::display), reason.as_str());
            tracing::info!(client_address, reason, count, "Refusals were left out of the log");
        }
    }

    fn has_room(&self, client: IpAddr, reason: Reason, now: Instant) -> bool {
        self.close_windows_if_full(now);
        let mut table = self.table();
        let key = (Some(ClientNetwork::of(client).address()), reason);
        let is_told_apart = table.len() < MOST_ENTRIES || table.contains_key(&key);
        let key = if is_told_apart { key } else { (None, reason) };
        let entry = table.entry(key).or_insert(LineCount { ends: now + WINDOW, lines: 0, left_out: 0 });
        let has_room = entry.lines < LINES;
        match has_room {
            true => entry.lines += 1,
            false => entry.left_out += 1,
        }
        has_room
    }

    fn close_windows_if_full(&self, now: Instant) {
        let is_full = self.table().len() >= MOST_ENTRIES;
        if is_full {
            self.close_windows(now);
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<LineKey, LineCount>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RefusalLog {
    /// The gateway stops: what was left out is told now.
    fn drop(&mut self) {
        if let Some(later) = Instant::now().checked_add(WINDOW) {
            self.close_windows(later);
        }
    }
}

fn write(refusal: &RefusedRequest<'_>) {
    let RefusedRequest { request_id, client_address, site, host, client, .. } = *refusal;
    let (status, reason) = (refusal.status.as_u16(), refusal.reason.as_str());
    let cause = refusal.cause.map(tracing::field::display);
    match refusal.reason.blame() {
        Blame::Visitor => {
            tracing::info!(request_id, %client_address, site, host, status, reason, client, cause, "A request was refused")
        }
        Blame::Upstream => {
            tracing::warn!(request_id, %client_address, site, host, status, reason, client, cause, "An upstream failed")
        }
        Blame::Us => {
            tracing::error!(request_id, %client_address, site, host, status, reason, client, cause, "The gateway failed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_client_has_a_number_of_lines_for_each_reason_and_minute() {
        let (log, start) = (RefusalLog::default(), Instant::now());
        let lines = |client, reason, at| (0..100).filter(|_| log.has_room(client, reason, at)).count();
        assert_eq!(lines(address(1), Reason::TargetUnclear, start), 10);
        assert_eq!(lines(address(1), Reason::HostUnclear, start), 10);
        assert_eq!(lines(address(2), Reason::TargetUnclear, start), 10);
        assert_eq!(lines(address(1), Reason::TargetUnclear, start + WINDOW / 2), 0);
        log.close_windows(start + WINDOW);
        assert_eq!(lines(address(1), Reason::TargetUnclear, start + WINDOW), 10);
    }

    #[test]
    fn one_ipv6_network_is_one_client() {
        let (log, start) = (RefusalLog::default(), Instant::now());
        let room = |text: &str| log.has_room(text.parse().unwrap(), Reason::TargetUnclear, start);
        assert!((0..10).all(|number| room(&format!("2001:db8::{number}"))));
        assert!(!room("2001:db8::ffff:1"));
        assert!(room("2001:db8:0:1::1"));
    }

    #[test]
    fn many_clients_share_what_is_left_of_the_table() {
        let (log, start) = (RefusalLog::default(), Instant::now());
        for number in 0..10_000 {
            log.has_room(address(number), Reason::TargetUnclear, start);
        }
        assert_eq!(log.table().len(), MOST_ENTRIES + 1);
        assert!(
            !log.has_room(address(20_000), Reason::TargetUnclear, start),
            "the shared entry has had its lines"
        );
        log.close_windows(start + WINDOW);
        assert!(log.table().is_empty());
    }

    #[test]
    fn every_reason_has_a_name_that_a_program_can_search_for() {
        for reason in [Reason::TargetUnclear, Reason::Page(Outcome::NotEntitled), Reason::HeadUnreadable] {
            assert!(reason.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
        assert_eq!(Reason::Answered(StatusCode::IM_A_TEAPOT).as_str(), "refused");
    }
}
