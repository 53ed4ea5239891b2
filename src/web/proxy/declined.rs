//! A request that goes nowhere: what its client is told, and the line in the log.

use std::time::Instant;

use http::{Response, StatusCode};

use super::answer;
use super::body::Body;
use super::context::Context;
use super::gate::Peer;
use super::intake::Rejected;
use super::worker::Worker;
use crate::domain::outcome::Outcome;
use crate::web::client_kind::ClientKind;
use crate::web::pages::Notice;
use crate::web::refusal_log::{Reason, RefusedRequest};

/// Why a request goes nowhere.
pub(super) struct Declined {
    /// What the client is told.
    pub(super) notice: Notice,
    /// What the log says.
    pub(super) reason: Reason,
    /// What went wrong inside, for the log.
    pub(super) cause: Option<String>,
}

impl From<Notice> for Declined {
    fn from(notice: Notice) -> Declined {
        Declined { reason: Reason::Page(notice.outcome()), notice, cause: None }
    }
}

impl From<Rejected> for Declined {
    fn from(rejected: Rejected) -> Declined {
        let cause = match rejected {
            Rejected::Path(fault) => Some(fault.to_string()),
            _ => None,
        };
        Declined { notice: rejected.notice(), reason: rejected.reason(), cause }
    }
}

impl Declined {
    /// With what went wrong inside.
    pub(super) fn because(notice: Notice, cause: &dyn std::fmt::Display) -> Declined {
        Declined { cause: Some(cause.to_string()), ..Declined::from(notice) }
    }
}

impl Worker {
    /// A request that a browser sent ahead of the person, where something would begin or end.
    pub(super) fn fetched_ahead(&self, context: &Context) -> Response<Body> {
        let response = answer::fetched_ahead(context);
        self.log(context, response.status(), Reason::Page(Outcome::FetchedAhead), None);
        response
    }

    /// A WebSocket handshake from a page of another origin.
    pub(super) fn foreign_socket(&self, context: &Context) -> Response<Body> {
        let response = answer::foreign_socket(context);
        self.log(context, response.status(), Reason::ForeignWebSocket, None);
        response
    }

    /// Counts a request that goes nowhere.
    pub(super) fn reject(&self, rejected: Rejected) -> Declined {
        self.gate.meter.rejected.inc();
        Declined::from(rejected)
    }

    /// Logs a declined request, and answers it.
    pub(super) fn declined(
        &self,
        context: &Context,
        kind: ClientKind,
        declined: &Declined,
    ) -> Response<Body> {
        let Declined { notice, reason, cause } = declined;
        let response = answer::notice(context, kind, notice);
        self.log(context, response.status(), *reason, cause.as_deref());
        response
    }

    /// Writes down that a request was refused.
    pub(super) fn log(&self, context: &Context, status: StatusCode, reason: Reason, cause: Option<&str>) {
        let refused = RefusedRequest {
            request_id: context.request_id_text(),
            client_address: context.client,
            site: context.site.as_ref().map(|site| &*site.name),
            host: Some(&*context.host).filter(|host| !host.is_empty()),
            status,
            reason,
            client: None,
            cause: cause.as_ref().map(|cause| cause as &dyn std::fmt::Display),
        };
        self.gate.refusal_log.note(&refused, Instant::now());
    }

    /// Writes down that somebody is asked to sign in for a page that is open as it is written.
    pub(super) fn log_closed_reading(&self, context: &Context, kind: ClientKind, closed: Option<String>) {
        if closed.is_some() {
            let status = match kind {
                ClientKind::Navigation => StatusCode::FOUND,
                ClientKind::Program => StatusCode::UNAUTHORIZED,
            };
            self.log(context, status, Reason::AnotherReading, closed.as_deref());
        }
    }

    /// Writes down that a request was refused before there was one: its header section could not be read.
    pub fn log_unread(&self, peer: Peer, error: &hyper::Error) {
        let (status, reason) = if error.is_parse_too_large() {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Reason::Page(Outcome::HeadTooLarge))
        } else if error.is_parse() {
            (StatusCode::BAD_REQUEST, Reason::HeadUnreadable)
        } else {
            return;
        };
        self.gate.meter.rejected.inc();
        let request_id = self.next_request_id();
        let refused = RefusedRequest {
            request_id: request_id.to_str().unwrap_or_default(),
            client_address: peer.address.to_canonical(),
            site: None,
            host: None,
            status,
            reason,
            client: None,
            cause: Some(error),
        };
        self.gate.refusal_log.note(&refused, Instant::now());
    }
}
