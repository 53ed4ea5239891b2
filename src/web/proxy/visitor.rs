//! Who is asking: from the session cookie to a standing, by memory first.

use std::sync::Arc;

use http::HeaderMap;
use tokio::time::timeout;

use super::gate::Gate;
use super::snapshot::Snapshot;
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::domain::access::{Site, Visitor};
use crate::domain::session::Viewer;
use crate::domain::time::Timestamp;
use crate::flows::person::Held;
use crate::flows::visit::{Live, Presence};
use crate::web::cookies::{self, SessionCookie};

/// Who is asking, as far as we can tell.
pub(super) enum Who {
    /// Nobody that we know.
    Stranger,
    /// Somebody with a live session.
    SignedIn(Arc<Live>, Arc<Held>),
    /// Somebody whose record is too old to be believed.
    Stale(Arc<Live>),
    /// The store does not say.
    Unknown(StoreError),
    /// Somebody whose view of the site as another person has just ended, and who may not have noticed.
    ViewEnded,
}

impl Who {
    /// Reads the cookie and asks memory; the store only when memory does not know the session.
    pub(super) async fn read(
        gate: &Gate,
        headers: &HeaderMap,
        site: &Site,
        host: &str,
        now: Timestamp,
    ) -> Who {
        let [session, view] = cookies::of_visitor(headers, site.is_https());
        match view {
            SessionCookie::Absent => {}
            SessionCookie::Doubled => return Who::ViewEnded,
            SessionCookie::Present(text) => {
                let who = Who::named(gate, text, host, now).await;
                return match who {
                    Who::Stranger => Who::ViewEnded,
                    Who::SignedIn(live, _) | Who::Stale(live) if live.session().viewer.is_none() => {
                        Who::ViewEnded
                    }
                    who => who,
                };
            }
        }
        let SessionCookie::Present(text) = session else { return Who::Stranger };
        match Who::named(gate, text, host, now).await {
            // The id of a view is worth nothing in the place of a session's.
            Who::SignedIn(live, _) | Who::Stale(live) if live.session().viewer.is_some() => Who::Stranger,
            who => who,
        }
    }

    /// Who is behind the text of a cookie.
    async fn named(gate: &Gate, text: &str, host: &str, now: Timestamp) -> Who {
        let Some(key) = key_of(text) else { return Who::Stranger };
        match gate.visits.find(&key).await {
            Ok(Some(live)) => Who::present(gate, live, host, now),
            Ok(None) => Who::Stranger,
            Err(error) => Who::Unknown(error),
        }
    }

    fn present(gate: &Gate, live: Arc<Live>, host: &str, now: Timestamp) -> Who {
        match gate.visits.presence(&live, host, now) {
            Presence::Present(held) => Who::SignedIn(live, held),
            Presence::Stale => Who::Stale(live),
            Presence::Over => Who::Stranger,
        }
    }

    /// Waits for one new reading of a stale record. Still `Stale` afterwards: the AMS did not give one.
    pub(super) async fn refreshed(self, gate: &Gate, snapshot: &Snapshot, host: &str) -> Who {
        let Who::Stale(live) = self else { return self };
        // A failure shows in what `presence` says next; the flow has logged it.
        let _ = timeout(snapshot.settings.refresh_wait, gate.visits.refreshed(&live)).await;
        Who::present(gate, live, host, gate.clock.now())
    }

    /// For the decision. Whoever is not certain is a stranger: public pages stay open, nothing else does.
    pub(super) fn visitor(&self) -> Visitor<'_> {
        match self {
            Who::SignedIn(_, held) => Visitor::SignedIn(&held.standing),
            Who::Stranger | Who::Stale(_) | Who::Unknown(_) | Who::ViewEnded => Visitor::Stranger,
        }
    }

    /// Who views the site as this person, if anybody does.
    pub(super) fn viewer(&self) -> Option<&Viewer> {
        match self {
            Who::SignedIn(live, _) | Who::Stale(live) => live.session().viewer.as_ref(),
            Who::Stranger | Who::Unknown(_) | Who::ViewEnded => None,
        }
    }
}
