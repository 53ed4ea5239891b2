//! What is asked about every request, and the verdict: who is it, and may this be done? The proxy and `/_gate/verify` act on
//! the same verdict, so they cannot disagree. Kept out: what is done about it.

use http::{HeaderMap, Method};

use super::gate::Gate;
use super::intake::{Target, claimed_methods};
use super::snapshot::Snapshot;
use super::visitor::Who;
use crate::adapters::store::StoreError;
use crate::domain::access::{Access, Permit, Require, Site, Standing, Visitor, closed_by_reading, decide};
use crate::domain::path::RequestPath;

/// A request of a visitor to a site.
pub(super) struct Asked<'s, 'r> {
    site: &'s Site,
    host: &'r str,
    path: &'r RequestPath<'r>,
    method: &'r Method,
    /// Methods that the request asks the site to take it for.
    claimed: Vec<String>,
    headers: &'r HeaderMap,
    is_foreign_socket: bool,
}

/// What becomes of a request.
pub(super) enum RequestVerdict<'a> {
    /// It may go on.
    Granted(Permit<'a>),
    /// This person is not entitled; this is what would be needed.
    Refused(&'a Standing, &'a Require),
    /// A stranger: offer to sign in.
    SignIn,
    /// A WebSocket that a page of another origin wants to open.
    ForeignSocket,
    /// The AMS gives no record that is young enough to be believed.
    Stale,
    /// The store does not say.
    Unknown(&'a StoreError),
}

impl<'s, 'r> Asked<'s, 'r> {
    /// `is_foreign_socket`: a WebSocket that a page of another origin wants to open. Its cookies count for nothing.
    pub(super) fn new(
        site: &'s Site,
        target: &'r Target,
        path: &'r RequestPath<'r>,
        method: &'r Method,
        headers: &'r HeaderMap,
        is_foreign_socket: bool,
    ) -> Asked<'s, 'r> {
        let claimed = claimed_methods(headers, target.path_and_query.query());
        Asked { site, host: &target.host, path, method, claimed, headers, is_foreign_socket }
    }

    /// Every method that the site may take the request for.
    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.method.as_str()).chain(self.claimed.iter().map(String::as_str))
    }

    /// Whether the site may be asked twice (RFC 9110 §9.2.2), whichever method it takes the request for.
    pub(super) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
            && self
                .claimed
                .iter()
                .all(|claimed| claimed.parse().is_ok_and(|method: Method| method.is_idempotent()))
    }

    /// Finds the visitor. Nobody waits for the AMS at a page that is open to everybody; that is the one case in which there are two
    /// decisions about a request, one before the wait and one after it.
    pub(super) async fn who(&self, gate: &Gate, snapshot: &Snapshot) -> Who {
        if self.is_foreign_socket {
            return Who::Stranger;
        }
        let who = Who::read(gate, self.headers, self.site, self.host, gate.clock.now()).await;
        let is_open = |who: &Who| matches!(self.strictest(who.visitor()), Access::Granted(_));
        match who {
            Who::Stale(_) if !is_open(&who) => who.refreshed(gate, snapshot, self.host).await,
            who => who,
        }
    }

    /// Decides.
    pub(super) fn verdict<'w>(&self, who: &'w Who) -> RequestVerdict<'w>
    where
        's: 'w,
    {
        match (self.strictest(who.visitor()), who) {
            (Access::Granted(permit), _) => RequestVerdict::Granted(permit),
            (Access::Refused(require), Who::SignedIn(_, held)) => {
                RequestVerdict::Refused(&held.standing, require)
            }
            (_, Who::Unknown(error)) => RequestVerdict::Unknown(error),
            (_, Who::Stale(_)) => RequestVerdict::Stale,
            (Access::SignIn | Access::Refused(_), _) if self.is_foreign_socket => {
                RequestVerdict::ForeignSocket
            }
            (Access::SignIn | Access::Refused(_), _) => RequestVerdict::SignIn,
        }
    }

    /// For the log: that a path which is open as it is written is closed by another reading, and by which rule. The path itself may
    /// hold what is private, a rule does not.
    pub(super) fn closed_reading(&self, visitor: Visitor<'_>) -> Option<String> {
        let closed =
            self.methods().find_map(|method| closed_by_reading(self.site, self.path, method, visitor));
        closed.map(|rule| format!("another reading of the path is closed by the access rule `{rule}`"))
    }

    /// The decision on a request that may be taken for several: the first that is not a yes.
    fn strictest<'w>(&self, visitor: Visitor<'w>) -> Access<'w>
    where
        's: 'w,
    {
        let mut granted = Access::SignIn;
        for method in self.methods() {
            match decide(self.site, self.path, method, visitor) {
                // What is not public under one method is not public at all.
                Access::Granted(_) if matches!(&granted, Access::Granted(before) if !before.is_public()) => {}
                access @ Access::Granted(_) => granted = access,
                access @ (Access::SignIn | Access::Refused(_)) => return access,
            }
        }
        granted
    }
}
