//! A client that asks for roles is told when a person loses them, without anybody's visit.
//!
//! Whoever reads people renews them in memory, a mapping is published there, and dates pass. So memory is looked at once a second, and the
//! store once a minute for grants that memory does not know, such as those from before a restart. Only what is certain ends a grant.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Provider;
use super::watched::is_watched;
use crate::adapters::store::StoreError;
use crate::domain::client::Client;
use crate::domain::session::SessionKey;
use crate::flows::visit::Live;

/// How often the decisions about everybody with such a grant are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every so many looks the store is asked who has such a grant.
const PASS_EVERY: u32 = 60;

/// So many sessions are read from the store at a time, and so many grants end in one transaction.
const AT_ONCE: u16 = 250;

/// So many people are looked at before others have their turn on this thread.
const IN_A_ROW: usize = 64;

impl Provider {
    /// Ends the grants of clients that no longer admit the person, until `stop`.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = 0u32;
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let is_pass = looks.is_multiple_of(PASS_EVERY);
            looks = looks.wrapping_add(1);
            match stop.run_until_cancelled(self.look(is_pass)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "Who may no longer be signed in at a client could not be found out; it is tried again");
                }
                None => return,
            }
        }
    }

    async fn look(&self, is_pass: bool) -> Result<(), StoreError> {
        let clients = self.clients();
        let watched: Vec<&Arc<Client>> = clients.all().filter(|client| is_watched(client)).collect();
        if is_pass {
            self.ask_the_store(&watched).await?;
        }
        for client in watched {
            self.look_at(client).await?;
        }
        Ok(())
    }

    /// Finds out in which sessions these clients have a grant.
    async fn ask_the_store(&self, clients: &[&Arc<Client>]) -> Result<(), StoreError> {
        self.watched.begin_pass();
        let mut known = BTreeMap::new();
        for client in clients {
            let mut sessions: BTreeMap<SessionKey, Arc<Live>> = BTreeMap::new();
            let mut after = None;
            loop {
                let page = self.grants.sessions_with_grants(client.id.as_str(), after, AT_ONCE).await?;
                let Some(last) = page.last() else { break };
                after = Some(*last);
                for key in page {
                    if let Some(live) = self.visits.find(&key).await? {
                        sessions.insert(key, live);
                    }
                }
            }
            known.insert(client.id.to_string(), sessions);
        }
        self.watched.end_pass(known);
        Ok(())
    }

    async fn look_at(&self, client: &Client) -> Result<(), StoreError> {
        let mut lost = Vec::new();
        for (at, live) in self.watched.of(client.id.as_str()).iter().enumerate() {
            if at % IN_A_ROW == IN_A_ROW - 1 {
                tokio::task::yield_now().await;
            }
            let now = self.clock.now();
            let held = self.visits.believed(live, now);
            if held.is_some_and(|held| held.is_surely_refused_by(client, now)) {
                lost.push(live.session().key);
            }
        }
        for batch in lost.chunks(AT_ONCE.into()) {
            self.grants.end_grants_of(client.id.as_str(), batch.to_vec()).await?;
            self.watched.remove(client.id.as_str(), batch);
            tracing::info!(client = %client.id, sign_ins = batch.len(), "People lack the roles that the client asks for; their sign-ins there have ended");
        }
        Ok(())
    }
}
