//! re:Members behind the AMS port: one object per environment, so that nothing cached crosses over.
//!
//! From the outside in: `login` builds and reads the browser's addresses; `read` asks about individuals; `api` makes one
//! authorised call; `tokens` keeps what `handshake` brings; `transport` beside it makes one call within the budget, and
//! `allowed_hosts` says where secrets may go.

mod api;
mod bulk;
mod catalogue;
mod credentials;
mod environment;
mod handshake;
mod hooks;
mod lists;
mod login;
mod read;
mod reading;
mod rosters;
mod seen_fields;
mod seen_lists;
#[cfg(test)]
mod tests;
mod tokens;
pub(crate) mod wire;

use std::sync::Arc;

use url::Url;

use self::api::Api;
use self::bulk::FieldsSeen;
use self::handshake::Handshake;
use self::rosters::RosterMemory;
use self::tokens::TokenCache;
use super::history::History;
use super::transport::Transport;
use super::{Ams, AmsError, Arrival, ArrivalFault, Keep, LoginStart, ProvenPerson};
use crate::adapters::BoxFuture;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::budget::{Budget, Priority};
use crate::adapters::clock::SharedClock;
use crate::adapters::http::HttpClient;
use crate::domain::budget::Rate;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::LogoutHint;

pub use self::credentials::Credentials;
pub use self::environment::Environment;
pub use self::login::Portal;
pub(in crate::adapters::ams) use self::reading::SUPPLIES;

/// The name of this kind of AMS, in files and in what a browser keeps.
pub(super) const KIND: &str = "remembers";

/// What it allows (docs/ams/remembers.md, "Limits").
pub(super) const RATE: Rate = Rate::new(3, 60);

/// The re:Members client of one environment.
pub struct ReMembers {
    name: String,
    portal: Portal,
    api: Api,
    clock: SharedClock,
    history: History,
    /// Who is there for certain.
    canary: Option<IndividualId>,
    rosters: RosterMemory,
    fields_seen: FieldsSeen,
}

impl ReMembers {
    /// A client that has no tokens yet. All clients of an installation share one budget.
    pub fn new(
        environment: Environment,
        http: HttpClient,
        budget: Arc<Budget>,
        clock: SharedClock,
    ) -> ReMembers {
        let Environment { name, discovery_url, portal, allowed_hosts, credentials, canary } = environment;
        let transport = Transport::new(http, budget);
        let handshake = Handshake { discovery_url, hosts: allowed_hosts, credentials };
        let tokens = TokenCache::new(handshake, transport.clone(), Arc::clone(&clock));
        ReMembers {
            name,
            portal,
            api: Api::new(transport, tokens),
            history: History::new(Arc::clone(&clock)),
            clock,
            canary,
            rosters: RosterMemory::default(),
            fields_seen: FieldsSeen::default(),
        }
    }

    /// The same, which reads also what a profile says for a community, if `reads`. It costs no call.
    #[must_use]
    pub fn reading_contact(mut self, reads: impl Into<ContactWanted>) -> ReMembers {
        self.api.reads_contact = reads.into();
        self
    }

    async fn redeemed(
        &self,
        arrival: &Arrival,
        parts: Parts,
        priority: Priority,
    ) -> Result<Record, AmsError> {
        let as_of = self.clock.now();
        let individual = read::find_by_token(&self.api, &arrival.proof, priority).await?;
        // Before the parts are fetched: a false claim must not cost more calls than it has to.
        if Some(read::id_of(&individual)?) != arrival.claimed {
            return Err(AmsError::OtherPerson);
        }
        lists::complete(&self.api, individual, &parts, priority, as_of).await
    }

    async fn reread(
        &self,
        id: &IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> Result<Option<Record>, AmsError> {
        let as_of = self.clock.now();
        let Some(individual) = read::find_by_id(&self.api, id, priority).await? else {
            return Ok(None);
        };
        let record = lists::complete(&self.api, individual, &parts, priority, as_of).await?;
        if record.id != *id {
            return Err(AmsError::Unreadable(
                "`Profile` brought another individual than was asked for".into(),
            ));
        }
        Ok(Some(record))
    }

    fn noted<T>(&self, outcome: Result<T, AmsError>) -> Result<T, AmsError> {
        self.history.noted(outcome)
    }
}

impl Ams for ReMembers {
    fn environment(&self) -> &str {
        &self.name
    }

    fn begin<'a>(&'a self, callback: &'a Url, state: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>> {
        let location = self.portal.login_url(callback, state);
        let keep = Keep::new(KIND, &self.name, "");
        Box::pin(async { Ok(LoginStart { location, keep }) })
    }

    fn arrival(&self, parameters: &str, keep: &Keep) -> Result<Arrival, ArrivalFault> {
        keep.secrets(KIND, &self.name)?;
        login::arrival(parameters)
    }

    // Where the portal's logout leads is set in re:Members, once for all sites.
    fn logout(&self, _hint: Option<&LogoutHint>, _return_to: &str) -> Url {
        self.portal.logout_url()
    }

    fn calls_of_sign_in(&self, parts: Parts) -> usize {
        lists::calls_of_sign_in(&parts)
    }

    // A token is believed to live for hours (docs/ams/remembers.md, "The token"), so it waits as it is.
    fn redeem<'a>(
        &'a self,
        arrival: &'a Arrival,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async move {
            let record = self.noted(self.redeemed(arrival, parts, priority).await)?;
            Ok(ProvenPerson { record, logout_hint: None })
        })
    }

    fn canary<'a>(&'a self, fallback: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async move { self.noted(read::canary(&self.api, self.canary.as_ref(), fallback).await) })
    }

    fn read<'a>(
        &'a self,
        id: &'a IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>> {
        Box::pin(async move { self.noted(self.reread(id, parts, priority).await) })
    }
}
