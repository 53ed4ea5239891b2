//! One line for each request that ends on one of our own addresses because something was wrong. Never a token, cookie or
//! address of a person: causes are error enums whose texts hold none.

use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::time::Instant;

use http::StatusCode;

use super::arrived::Arrived;
use super::pages;
use super::refusal_log::{Reason, RefusedRequest};
use crate::domain::outcome::Outcome;

/// Logs why a request ended with `outcome`, at the level of its blame.
pub fn ending(arrived: &Arrived, outcome: Outcome, cause: &dyn Display) {
    ending_of(arrived, None, outcome, cause);
}

/// The same, for a request that came from an OpenID client.
pub fn ending_of(arrived: &Arrived, client: Option<&Claimed>, outcome: Outcome, cause: &dyn Display) {
    refused(arrived, client, pages::status(outcome), Reason::Page(outcome), Some(cause));
}

/// Logs that a request was refused.
pub fn refused(
    arrived: &Arrived,
    client: Option<&Claimed>,
    status: StatusCode,
    reason: Reason,
    cause: Option<&dyn Display>,
) {
    arrived.is_logged.store(true, Ordering::Relaxed);
    let refusal = RefusedRequest {
        request_id: &arrived.request_id,
        client_address: arrived.client_address,
        site: Some(&arrived.site.name),
        host: Some(&arrived.site.host),
        status,
        reason,
        client: client.map(|Claimed(id)| id.as_str()),
        cause,
    };
    arrived.refusal_log.note(&refusal, Instant::now());
}

/// Logs an answer whose status tells of a refusal, unless its cause has been logged.
pub fn answered(arrived: &Arrived, status: StatusCode) {
    let is_refusal = status.is_client_error() || status.is_server_error();
    if is_refusal && !arrived.is_logged.load(Ordering::Relaxed) {
        let reason = match status {
            StatusCode::UNAUTHORIZED => Reason::Page(Outcome::SignInRequired),
            status => Reason::Answered(status),
        };
        refused(arrived, None, status, reason, None);
    }
}

/// The id that an OpenID client claims to have, fit for a log: no secret, but a stranger may have written anything there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed(pub String);

impl Claimed {
    /// How much of it is kept, in characters.
    const MOST: usize = 64;

    /// Cuts it and escapes what is not plain text.
    pub fn new(id: &str) -> Claimed {
        let end = id.char_indices().nth(Claimed::MOST).map_or(id.len(), |(at, _)| at);
        Claimed(id.get(..end).unwrap_or_default().escape_default().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_as_a_client_is_short_and_plain() {
        for (id, kept) in [
            ("wiki", "wiki".to_owned()),
            ("", String::new()),
            ("a\nERROR forged\u{1b}[2J\"", "a\\nERROR forged\\u{1b}[2J\\\"".to_owned()),
            (&"é".repeat(99), "\\u{e9}".repeat(64)),
            (&"x".repeat(65), "x".repeat(64)),
        ] {
            assert_eq!(Claimed::new(id), Claimed(kept));
        }
    }
}
