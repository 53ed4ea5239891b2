//! The directory's side of GrowthZone.

use secrecy::SecretString;
use url::Url;

use super::GrowthZone;
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

/// What GrowthZone has, and what not: security roles and purchases (docs/ams/growthzone.md, "What GrowthZone supplies").
pub(in crate::adapters::ams) const SUPPLIES: Supplies = Supplies {
    supplied: Supplied {
        ams: "GrowthZone",
        parts: &[
            Part::Profile,
            Part::Memberships,
            Part::CustomFields,
            Part::Committees,
            Part::Registrations,
            Part::Certifications,
            Part::Relationships,
            Part::Groups,
        ],
        lists: &[ChoiceList::MembershipTypes, ChoiceList::Committees, ChoiceList::Events, ChoiceList::Groups],
        has_standing: true,
        has_self_subscribed: true,
        has_public_events: false,
    },
    rosters: &[RosterKind::Committee, RosterKind::Event],
    increments: &[],
    has_feed: true,
    has_bulk: true,
    everybody_has_contact: false,
    with_individual: &[Part::Profile],
};

impl AmsReading for GrowthZone {
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
        Box::pin(async move { self.noted(self.roster_page(name, at, priority).await) })
    }

    fn everybody(&self, page: u32, priority: Priority) -> BoxFuture<'_, Result<EverybodyPage, AmsError>> {
        Box::pin(async move { self.noted(self.everybody_page(page, priority).await) })
    }

    fn changed_since(
        &self,
        asked: Timestamp,
        page: u32,
        priority: Priority,
    ) -> BoxFuture<'_, Result<ChangedPage, AmsError>> {
        Box::pin(async move { self.noted(self.changes(asked, page, priority).await) })
    }

    // It has no hooks; the feed of changes is its answer.
    fn hinted(&self, _body: &[u8]) -> Vec<IndividualId> {
        Vec::new()
    }

    fn hooks(&self) -> BoxFuture<'_, Result<Option<Vec<Hook>>, AmsError>> {
        Box::pin(async { Ok(None) })
    }

    fn register_hooks<'a>(
        &'a self,
        _callback: &'a Url,
        _secret: &'a SecretString,
    ) -> BoxFuture<'a, Result<Vec<Hook>, AmsError>> {
        Box::pin(async { Err(AmsError::Failed(404)) })
    }

    fn remove_hook<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), AmsError>> {
        Box::pin(async { Ok(()) })
    }
}
