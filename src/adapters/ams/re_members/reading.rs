//! The directory's side of re:Members.

use secrecy::SecretString;
use url::Url;

use super::rosters::RosterQuestion;
use super::{ReMembers, bulk, hooks};
use crate::adapters::BoxFuture;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{
    AmsReading, ChangedPage, EventsPage, EverybodyPage, Hook, RosterAnswer, RosterCursor, RosterScope,
    Supplies,
};
use crate::adapters::budget::Priority;
use crate::domain::condition::ChoiceList;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::parts::Part;
use crate::domain::record::IndividualId;
use crate::domain::supplied::Supplied;
use crate::domain::time::Timestamp;

/// What re:Members has (docs/ams/remembers.md, "Lists of the association").
pub(in crate::adapters::ams) const SUPPLIES: Supplies = Supplies {
    supplied: Supplied {
        ams: "re:Members",
        parts: &[
            Part::Profile,
            Part::Memberships,
            Part::SecurityRoles,
            Part::CustomFields,
            Part::Committees,
            Part::Registrations,
            Part::Purchases,
            Part::Certifications,
            Part::Relationships,
        ],
        lists: &[
            ChoiceList::Committees,
            ChoiceList::Events,
            ChoiceList::CustomFields,
            ChoiceList::FieldValues,
            ChoiceList::Relationships,
        ],
        has_standing: false,
        has_self_subscribed: false,
        has_public_events: true,
    },
    rosters: &[RosterKind::Committee, RosterKind::Event],
    increments: &[RosterKind::Event],
    has_feed: true,
    has_bulk: true,
    everybody_has_contact: true,
    with_individual: &Part::OF_THE_INDIVIDUAL,
};

impl AmsReading for ReMembers {
    fn supplies(&self) -> Supplies {
        SUPPLIES
    }

    fn roster<'a>(
        &'a self,
        name: &'a RosterName,
        scope: RosterScope,
        at: RosterCursor,
        priority: Priority,
    ) -> BoxFuture<'a, Result<RosterAnswer, AmsError>> {
        let question = RosterQuestion { api: &self.api, memory: &self.rosters, name, scope, at, priority };
        Box::pin(async move { self.noted(question.answer().await) })
    }

    fn everybody(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EverybodyPage, AmsError>> {
        let as_of = self.clock.now();
        Box::pin(async move {
            self.noted(bulk::everybody(&self.api, &self.fields_seen, page, as_of, priority).await)
        })
    }

    fn changed_since(
        &self,
        asked: Timestamp,
        page: u32,
        priority: Priority,
    ) -> BoxFuture<'_, Result<ChangedPage, AmsError>> {
        Box::pin(async move { self.noted(bulk::changed_since(&self.api, asked, page, priority).await) })
    }

    fn events(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EventsPage, AmsError>> {
        Box::pin(async move { self.noted(bulk::events(&self.api, page, priority).await) })
    }

    fn hinted(&self, body: &[u8]) -> Vec<IndividualId> {
        hooks::hinted(body)
    }

    fn hooks(&self) -> BoxFuture<'_, Result<Option<Vec<Hook>>, AmsError>> {
        Box::pin(async move { self.noted(hooks::list(&self.api).await) })
    }

    fn register_hooks<'a>(
        &'a self,
        callback: &'a Url,
        secret: &'a SecretString,
    ) -> BoxFuture<'a, Result<Vec<Hook>, AmsError>> {
        Box::pin(async move { self.noted(hooks::register(&self.api, callback, secret).await) })
    }

    fn remove_hook<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), AmsError>> {
        Box::pin(async move { self.noted(hooks::remove(&self.api, id).await) })
    }
}
