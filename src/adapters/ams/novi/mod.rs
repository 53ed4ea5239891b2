//! Novi behind the AMS port: one object per environment, so that nothing cached crosses over (docs/ams/novi.md).
//!
//! Signing in is OpenID Connect (`ams::openid`). From the outside in: `read` asks about people, `sales` about what was bought, `rosters`,
//! `bulk` and `hooks` for the directory; `lists` reads a list to its end; `api` makes one authorised call; `wire` says what answers mean.

mod api;
mod bulk;
mod catalogue;
mod environment;
mod hooks;
mod lists;
mod read;
mod reading;
mod rosters;
mod sales;
mod self_test;
pub(super) mod wire;

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use self::api::NoviApi;
use self::bulk::BulkMemory;
use self::rosters::NoviRosterMemory;
use self::sales::SalesBook;
use self::wire::MemberFieldsSeen;
use super::history::History;
use super::openid::{ExchangedPerson, OpenIdLogin};
use super::transport::Transport;
use super::{Ams, AmsError, Arrival, ArrivalFault, Keep, LoginStart, ProvenPerson};
use crate::adapters::BoxFuture;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::budget::{Budget, Priority};
use crate::adapters::clock::SharedClock;
use crate::adapters::http::HttpClient;
use crate::domain::budget::Rate;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::LogoutHint;

pub use self::environment::NoviSite;
pub(crate) use self::environment::PLACES;
pub(in crate::adapters::ams) use self::reading::SUPPLIES;

/// The name of this kind of AMS, in files and in what a browser keeps.
pub(super) const KIND: &str = "novi";

/// What it allows, with room for others that use the same key (docs/ams/novi.md, "Key").
pub(super) const RATE: Rate = Rate { per_day: Some(90_000), ..Rate::new(5, 100) };

/// The Novi client of one environment.
pub struct Novi {
    name: String,
    environment: String,
    site: Url,
    api: NoviApi,
    openid: OpenIdLogin,
    clock: SharedClock,
    history: History,
    /// Who is there for certain.
    canary: Option<IndividualId>,
    seen: MemberFieldsSeen,
    /// Profiles are read for a community, too.
    reads_contact: ContactWanted,
    rosters: NoviRosterMemory,
    sales: SalesBook,
    bulk: BulkMemory,
}

impl Novi {
    /// A client that has made no call yet. All clients of an installation share one budget.
    pub fn new(environment: NoviSite, http: HttpClient, budget: Arc<Budget>, clock: SharedClock) -> Novi {
        let transport = Transport::new(http, budget);
        let openid = OpenIdLogin::new(environment.openid(), transport.clone(), Arc::clone(&clock));
        let kept_under = environment.kept_under();
        let NoviSite { name, site, hosts, api_key, canary, .. } = environment;
        Novi {
            api: NoviApi::new(transport, site.clone(), hosts, &api_key),
            name,
            environment: kept_under,
            site,
            openid,
            history: History::new(Arc::clone(&clock)),
            clock,
            canary,
            seen: MemberFieldsSeen::default(),
            reads_contact: ContactWanted::default(),
            rosters: NoviRosterMemory::default(),
            sales: SalesBook::default(),
            bulk: BulkMemory::default(),
        }
    }

    /// The same, which reads also what a profile says for a community, if `reads`. It costs no call.
    #[must_use]
    pub fn reading_contact(self, reads: impl Into<ContactWanted>) -> Novi {
        Novi { reads_contact: reads.into(), ..self }
    }

    async fn redeemed(
        &self,
        arrival: &Arrival,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Record, AmsError> {
        let person = match &arrival.claimed {
            Some(claimed) if arrival.is_verified => claimed.clone(),
            _ => self.openid.person(arrival).await?,
        };
        let read = self.person(&person, parts, priority).await.and_then(|record| {
            // Whoever has signed in is there; the key does not show them.
            let hidden = "the key of the interface does not show the person who signed in";
            record.ok_or_else(|| AmsError::Unreadable(hidden.to_owned()))
        });
        if read.is_err() && !arrival.is_verified {
            // The code is spent; a later attempt must not need it again.
            self.openid.put_off(arrival, ExchangedPerson { person, logout_hint: None });
        }
        read
    }

    /// One person with everything that is asked for. `None`: the key shows nobody of this id.
    async fn person(
        &self,
        id: &IndividualId,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Option<Record>, AmsError> {
        let Some(member) = read::member(&self.api, id, priority).await? else { return Ok(None) };
        let record = self.record_of(&member, parts, priority).await?;
        if record.id != *id {
            return Err(AmsError::Unreadable("`members` brought another record than was asked for".into()));
        }
        Ok(Some(record))
    }

    pub(super) async fn record_of(
        &self,
        member: &Value,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Record, AmsError> {
        let as_of = self.clock.now();
        let mut record = wire::record(member, &self.seen, as_of).map_err(read::unreadable)?;
        if self.reads_contact.is_wanted() {
            record.contact = wire::contact::contact(member, &self.seen).map(Box::new);
        }
        if parts.purchases
            && let Some((lines, read_at)) =
                self.sales.of(&self.api, &record.id, self.clock.now(), priority).await?
        {
            record.purchases = Some(lines);
            record.confirmed.set(Part::Purchases, Some(read_at));
        }
        Ok(record)
    }

    fn noted<T>(&self, outcome: Result<T, AmsError>) -> Result<T, AmsError> {
        self.history.noted(outcome)
    }
}

impl Ams for Novi {
    fn environment(&self) -> &str {
        &self.environment
    }

    fn begin<'a>(&'a self, callback: &'a Url, state: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>> {
        Box::pin(async move {
            let (location, secrets) = self.noted(self.openid.begin(callback, state).await)?;
            Ok(LoginStart { location, keep: Keep::new(KIND, &self.name, &secrets) })
        })
    }

    fn arrival(&self, parameters: &str, keep: &Keep) -> Result<Arrival, ArrivalFault> {
        self.openid.arrival(parameters, keep.secrets(KIND, &self.name)?)
    }

    fn calls_of_sign_in(&self, parts: Parts) -> usize {
        // The exchange of the code, the record, and the first pages of what was bought.
        2 + if parts.purchases { sales::CALLS_WHILE_SOMEBODY_WAITS } else { 0 }
    }

    // A code lives for minutes (docs/ams/novi.md, "Login").
    fn before_wait(&self, arrival: Arrival) -> BoxFuture<'_, Result<Arrival, AmsError>> {
        Box::pin(async move {
            let person = self.noted(self.openid.person(&arrival).await)?;
            Ok(Arrival { claimed: Some(person), is_verified: true, ..arrival })
        })
    }

    fn redeem<'a>(
        &'a self,
        arrival: &'a Arrival,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async move {
            let record = self.noted(self.redeemed(arrival, &parts, priority).await)?;
            Ok(ProvenPerson { record, logout_hint: None })
        })
    }

    fn canary<'a>(&'a self, fallback: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async move { self.noted(read::canary(&self.api, self.canary.as_ref(), fallback).await) })
    }

    // It takes no parameters (docs/ams/novi.md, "Login"); where it leads is set in Novi.
    fn logout(&self, _hint: Option<&LogoutHint>, _return_to: &str) -> Url {
        let mut url = self.site.clone();
        url.set_path("/log-out");
        url
    }

    fn read<'a>(
        &'a self,
        id: &'a IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>> {
        Box::pin(async move { self.noted(self.person(id, &parts, priority).await) })
    }
}
