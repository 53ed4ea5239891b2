//! The directory's side of Novi.

use secrecy::SecretString;
use url::Url;

use super::rosters::NoviRosterQuestion;
use super::{Novi, bulk, hooks};
use crate::adapters::BoxFuture;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{
    AmsReading, ChangedPage, EverybodyPage, Hook, RosterAnswer, RosterCursor, RosterScope, Supplies,
};
use crate::adapters::budget::Priority;
use crate::domain::condition::ChoiceList;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::parts::Part;
use crate::domain::record::IndividualId;
use crate::domain::supplied::Supplied;
use crate::domain::time::Timestamp;

/// What Novi has, and what not: security roles and certifications (docs/ams/novi.md, "What Novi supplies").
pub(in crate::adapters::ams) const SUPPLIES: Supplies = Supplies {
    supplied: Supplied {
        ams: "Novi",
        parts: &[
            Part::Profile,
            Part::Memberships,
            Part::CustomFields,
            Part::Committees,
            Part::Registrations,
            Part::Purchases,
            Part::Relationships,
            Part::Groups,
        ],
        lists: &[
            ChoiceList::MembershipTypes,
            ChoiceList::Committees,
            ChoiceList::Events,
            ChoiceList::Products,
            ChoiceList::Groups,
            ChoiceList::CustomFields,
        ],
        has_standing: true,
        has_self_subscribed: false,
        has_public_events: false,
    },
    rosters: &[RosterKind::Committee, RosterKind::Event],
    increments: &[],
    has_feed: true,
    has_bulk: true,
    everybody_has_contact: true,
    with_individual: &[
        Part::Profile,
        Part::Memberships,
        Part::CustomFields,
        Part::Committees,
        Part::Relationships,
        Part::Groups,
    ],
};

impl AmsReading for Novi {
    fn supplies(&self) -> Supplies {
        SUPPLIES
    }

    fn roster<'a>(
        &'a self,
        name: &'a RosterName,
        _scope: RosterScope,
        at: RosterCursor,
        priority: Priority,
    ) -> BoxFuture<'a, Result<RosterAnswer, AmsError>> {
        let (api, memory, now) = (&self.api, &self.rosters, self.clock.now());
        let question = NoviRosterQuestion { api, memory, name, at, now, priority };
        Box::pin(async move { self.noted(question.answer().await) })
    }

    fn everybody(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EverybodyPage, AmsError>> {
        let as_of = self.clock.now();
        Box::pin(async move {
            let (memory, seen, reads_contact) = (&self.bulk, &self.seen, self.reads_contact.is_wanted());
            self.noted(bulk::everybody(&self.api, memory, seen, reads_contact, page, as_of, priority).await)
        })
    }

    fn changed_since(
        &self,
        asked: Timestamp,
        page: u32,
        priority: Priority,
    ) -> BoxFuture<'_, Result<ChangedPage, AmsError>> {
        Box::pin(async move {
            let changed = bulk::changed_since(&self.api, &self.bulk, asked, page, priority).await;
            let mut changed = self.noted(changed)?;
            if page == 1 {
                let bought = self.sales.changed_since(&self.api, asked, self.clock.now(), priority).await;
                changed.people.extend(bought);
            }
            Ok(changed)
        })
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
        _secret: &'a SecretString,
    ) -> BoxFuture<'a, Result<Vec<Hook>, AmsError>> {
        Box::pin(async move { self.noted(hooks::register(&self.api, callback).await) })
    }

    fn remove_hook<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), AmsError>> {
        Box::pin(async move { self.noted(hooks::remove(&self.api, id).await) })
    }
}
