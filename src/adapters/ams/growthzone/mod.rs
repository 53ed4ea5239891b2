//! GrowthZone behind the AMS port: one object per environment, so that nothing cached crosses over (docs/ams/growthzone.md).
//!
//! Signing in is OpenID Connect (`ams::openid`) and `identity`, which finds the ContactId. From the outside in: `read` asks about people,
//! `organizations` about what they inherit, `rosters`, `bulk` and `feed` for the directory; `lists` turns pages; `api` makes one authorised
//! call; `memory` keeps what was learnt; `wire` says what answers mean.

mod api;
mod bulk;
mod catalogue;
mod contact;
mod environment;
mod feed;
mod identity;
mod lists;
mod memory;
mod organizations;
mod read;
mod reading;
mod rosters;
mod self_test;
pub(super) mod wire;

use std::sync::Arc;

use url::Url;

use self::api::GrowthZoneApi;
use self::lists::{ListMemory, ODataList};
use self::memory::{FeedMemory, KnownLists, Organizations, PlaceMemory, SweepBook};
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
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::LogoutHint;

pub use self::environment::GrowthZoneHost;
pub(crate) use self::environment::PLACES;
pub(in crate::adapters::ams) use self::reading::SUPPLIES;
pub use self::wire::status::{ContactStanding, StatusWords};

/// The name of this kind of AMS, in files and in what a browser keeps.
pub(super) const KIND: &str = "growthzone";

/// What it bears, with room for others (docs/ams/growthzone.md, "Answers").
pub(super) const RATE: Rate = Rate::new(2, 90);

/// Whether a text can be a ContactId.
pub fn is_contact_id(text: &str) -> bool {
    wire::contact_id(text).is_some()
}

/// The GrowthZone client of one environment.
pub struct GrowthZone {
    name: String,
    environment: String,
    host: Url,
    api: GrowthZoneApi,
    openid: OpenIdLogin,
    clock: SharedClock,
    history: History,
    statuses: StatusWords,
    nonce_required: bool,
    /// Who is there for certain.
    canary: Option<IndividualId>,
    lists: ListMemory,
    known: KnownLists,
    rosters: PlaceMemory,
    organizations: Organizations,
    bulk: SweepBook,
    feed: FeedMemory,
    /// Profiles are read for a community, too.
    reads_contact: ContactWanted,
}

impl GrowthZone {
    /// A client that has made no call yet. All clients of an installation share one budget.
    pub fn new(
        environment: GrowthZoneHost,
        http: HttpClient,
        budget: Arc<Budget>,
        clock: SharedClock,
    ) -> GrowthZone {
        let transport = Transport::new(http, budget);
        let openid = OpenIdLogin::new(environment.openid(), transport.clone(), Arc::clone(&clock));
        let kept_under = environment.kept_under();
        let GrowthZoneHost { name, host, hosts, api_key, nonce_required, statuses, canary, .. } = environment;
        GrowthZone {
            api: GrowthZoneApi::new(transport, host.clone(), hosts, &api_key),
            name,
            environment: kept_under,
            host,
            openid,
            history: History::new(Arc::clone(&clock)),
            clock,
            statuses,
            nonce_required,
            canary,
            lists: ListMemory::default(),
            known: KnownLists::default(),
            rosters: PlaceMemory::default(),
            organizations: Organizations::default(),
            bulk: SweepBook::default(),
            feed: FeedMemory::default(),
            reads_contact: ContactWanted::default(),
        }
    }

    /// The same, which reads also what a profile says for a community, if `reads`. That costs calls of its own, which are made where nobody
    /// waits (docs/ams/growthzone.md, "Profile for a community").
    #[must_use]
    pub fn reading_contact(self, reads: impl Into<ContactWanted>) -> GrowthZone {
        GrowthZone { reads_contact: reads.into(), ..self }
    }

    fn list<'a>(
        &'a self,
        path: &'a str,
        query: &'a [(&'a str, &'a str)],
        priority: Priority,
    ) -> ODataList<'a> {
        ODataList {
            api: &self.api,
            memory: &self.lists,
            path,
            query,
            is_of_one: false,
            by_post: false,
            priority,
        }
    }

    /// A list that is about one contact.
    fn list_of_one<'a>(&'a self, path: &'a str, priority: Priority) -> ODataList<'a> {
        ODataList { is_of_one: true, ..self.list(path, &[], priority) }
    }

    /// Who it is that an arrival proves.
    async fn shown(&self, arrival: &Arrival) -> Result<ExchangedPerson, AmsError> {
        if let Some(exchanged) = self.openid.exchanged_before(arrival) {
            return Ok(exchanged);
        }
        let shown = self.openid.shown(arrival).await?;
        let person = identity::person(&self.api, &shown).await?;
        Ok(ExchangedPerson { person, logout_hint: shown.logout_hint })
    }

    async fn redeemed(
        &self,
        arrival: &Arrival,
        parts: &Parts,
        priority: Priority,
    ) -> Result<ProvenPerson, AmsError> {
        let exchanged = match &arrival.claimed {
            Some(claimed) if arrival.is_verified => {
                ExchangedPerson { person: claimed.clone(), logout_hint: arrival.logout_hint.clone() }
            }
            _ => self.shown(arrival).await?,
        };
        let read = self.person(&exchanged.person, parts, priority).await.and_then(|read| {
            // Whoever has signed in is there; the key does not show them, or they are an organization.
            let hidden = "whoever signed in is not on file as an individual";
            read.ok_or_else(|| AmsError::Unreadable(hidden.to_owned()))
        });
        match read {
            Ok(read) => Ok(ProvenPerson { record: read.record, logout_hint: exchanged.logout_hint }),
            Err(error) => {
                if !arrival.is_verified {
                    // The code is spent; a later attempt must not need it again.
                    self.openid.put_off(arrival, exchanged);
                }
                Err(error)
            }
        }
    }

    fn noted<T>(&self, outcome: Result<T, AmsError>) -> Result<T, AmsError> {
        self.history.noted(outcome)
    }
}

impl Ams for GrowthZone {
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
        // The exchange of the code, who it is, contact, memberships and organizations.
        let always = 1 + identity::CALLS + 3;
        let lists = usize::from(parts.groups || parts.committees) + usize::from(parts.committees);
        always + lists + usize::from(parts.custom_fields) + usize::from(parts.certifications)
    }

    // A code lives for minutes (docs/ams/growthzone.md, "Login").
    fn before_wait(&self, arrival: Arrival) -> BoxFuture<'_, Result<Arrival, AmsError>> {
        Box::pin(async move {
            let ExchangedPerson { person, logout_hint } = self.noted(self.shown(&arrival).await)?;
            Ok(Arrival { claimed: Some(person), logout_hint, is_verified: true, ..arrival })
        })
    }

    fn redeem<'a>(
        &'a self,
        arrival: &'a Arrival,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async move { self.noted(self.redeemed(arrival, &parts, priority).await) })
    }

    fn canary<'a>(&'a self, fallback: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async move { self.noted(self.has_canary(fallback).await) })
    }

    fn logout(&self, hint: Option<&LogoutHint>, return_to: &str) -> Url {
        let mut url = self.host.clone();
        url.set_path("/oauth/logout");
        url.query_pairs_mut()
            .append_pair("post_logout_redirect_uri", return_to)
            .extend_pairs(hint.map(|hint| ("id_token_hint", hint.as_str())));
        url
    }

    fn read<'a>(
        &'a self,
        id: &'a IndividualId,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>> {
        Box::pin(async move {
            let read = self.noted(self.person(id, &parts, priority).await)?;
            Ok(read.map(|read| read.record))
        })
    }
}
