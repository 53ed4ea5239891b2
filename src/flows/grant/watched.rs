//! The grants that end when their client no longer admits the person, as memory knows them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::client::Client;
use crate::domain::session::SessionKey;
use crate::flows::visit::Live;

/// Whether somebody looks after the grants of a client: it asks for roles, and wants to hear when they are lost.
pub(super) fn is_watched(client: &Client) -> bool {
    client.require.asks_for_roles() && client.back_channel_logout_uri.is_some()
}

/// Sessions by the client that has a grant in them.
type ByClient = BTreeMap<String, BTreeMap<SessionKey, Arc<Live>>>;

#[derive(Debug, Default)]
struct Sets {
    /// As the store had them.
    known: ByClient,
    /// Given since the store was last asked.
    added: ByClient,
}

/// Grants that are looked after.
#[derive(Debug, Default)]
pub(super) struct WatchedGrants(Mutex<Sets>);

impl WatchedGrants {
    /// A grant was given.
    pub(super) fn add(&self, client: &str, live: &Arc<Live>) {
        let mut sets = self.sets();
        sets.added.entry(client.to_owned()).or_default().insert(live.session().key, Arc::clone(live));
    }

    /// The store is about to be asked: what was given before this will be among its answer.
    pub(super) fn begin_pass(&self) {
        let mut sets = self.sets();
        for (client, sessions) in std::mem::take(&mut sets.added) {
            sets.known.entry(client).or_default().extend(sessions);
        }
    }

    /// What the store has, and in memory at that.
    pub(super) fn end_pass(&self, known: ByClient) {
        self.sets().known = known;
    }

    /// The sessions in which a client has a grant.
    pub(super) fn of(&self, client: &str) -> Vec<Arc<Live>> {
        let sets = self.sets();
        let of = [&sets.known, &sets.added].into_iter().filter_map(|set| set.get(client));
        of.flat_map(BTreeMap::values).cloned().collect()
    }

    /// These are over.
    pub(super) fn remove(&self, client: &str, sessions: &[SessionKey]) {
        let mut sets = self.sets();
        let Sets { known, added } = &mut *sets;
        for set in [known, added] {
            if let Some(of) = set.get_mut(client) {
                sessions.iter().for_each(|key| drop(of.remove(key)));
            }
        }
    }

    fn sets(&self) -> MutexGuard<'_, Sets> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
