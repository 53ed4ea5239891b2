//! Memberships of organizations, which their people inherit, and who belongs to which (docs/ams/growthzone.md, "Status").

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use serde_json::Value;

use super::GrowthZone;
use super::api::ApiReply;
use super::wire::{self, memberships};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::budget::Priority;
use crate::domain::record::{IndividualId, Membership};
use crate::domain::time::Timestamp;

/// How long the memberships of an organization, and the ties of a person, are believed for naming a type.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// While somebody waits, so many organizations are asked about that are not known.
pub(super) const ASKED_WHILE_SOMEBODY_WAITS: usize = 2;
/// At other times.
const ASKED: usize = 10;
/// More are not kept at a time.
const MOST_KEPT: usize = 100_000;

/// What was read of organizations.
#[derive(Default)]
pub(super) struct Organizations {
    memberships: Mutex<BTreeMap<IndividualId, (Timestamp, Vec<Membership>)>>,
    ties: Mutex<BTreeMap<IndividualId, (Timestamp, Vec<IndividualId>)>>,
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() < BELIEVED
}

impl Organizations {
    /// A person belongs to these.
    pub(super) fn note_ties(&self, person: &IndividualId, organizations: &[IndividualId], now: Timestamp) {
        let mut ties = held(&self.ties);
        if ties.len() >= MOST_KEPT {
            ties.retain(|_, (at, _)| is_young(*at, now));
        }
        if ties.len() < MOST_KEPT {
            ties.insert(person.clone(), (now, organizations.to_vec()));
        }
    }

    /// To which a person belongs, if that is known.
    pub(super) fn ties(&self, person: &IndividualId, now: Timestamp) -> Option<Vec<IndividualId>> {
        held(&self.ties).get(person).filter(|(at, _)| is_young(*at, now)).map(|(_, ties)| ties.clone())
    }

    /// Who is known to belong to one.
    pub(super) fn people_of(&self, organization: &IndividualId) -> Vec<IndividualId> {
        let ties = held(&self.ties);
        ties.iter()
            .filter(|(_, (_, of))| of.contains(organization))
            .map(|(person, _)| person.clone())
            .collect()
    }

    /// An organization has these memberships.
    pub(super) fn note(&self, organization: IndividualId, memberships: Vec<Membership>, now: Timestamp) {
        let mut known = held(&self.memberships);
        if known.len() >= MOST_KEPT {
            known.retain(|_, (at, _)| is_young(*at, now));
        }
        if known.len() < MOST_KEPT {
            known.insert(organization, (now, memberships));
        }
    }

    /// The memberships of an organization, if they are known.
    pub(super) fn known(&self, organization: &IndividualId, now: Timestamp) -> Option<Vec<Membership>> {
        let known = held(&self.memberships);
        known
            .get(organization)
            .filter(|(at, _)| is_young(*at, now))
            .map(|(_, memberships)| memberships.clone())
    }

    /// An organization has changed: what was read of it says nothing any longer.
    pub(super) fn forget(&self, organization: &IndividualId) {
        held(&self.memberships).remove(organization);
    }
}

impl GrowthZone {
    /// The memberships of these organizations, as far as they are known or may be asked for.
    pub(super) async fn given_by(
        &self,
        organizations: &[IndividualId],
        priority: Priority,
    ) -> Result<Vec<Membership>, AmsError> {
        let somebody_waits = matches!(priority, Priority::SignIn(_) | Priority::Person);
        let mut left = if somebody_waits { ASKED_WHILE_SOMEBODY_WAITS } else { ASKED };
        let mut given = Vec::new();
        for organization in organizations {
            match self.organizations.known(organization, self.clock.now()) {
                Some(known) => given.extend(known),
                None if left > 0 => {
                    left -= 1;
                    given.extend(self.memberships_of(organization, priority).await?);
                }
                // It might give any type.
                None => given.push(Membership {
                    standing: Some(crate::domain::standing::MembershipStanding::Active),
                    ..Membership::default()
                }),
            }
        }
        Ok(given)
    }

    async fn memberships_of(
        &self,
        organization: &IndividualId,
        priority: Priority,
    ) -> Result<Vec<Membership>, AmsError> {
        let path = format!("contacts/org/{organization}/memberships");
        let Some(rows) = self.list(&path, &[], priority).all().await?.rows() else { return Ok(Vec::new()) };
        let types = self.names_for(&rows, priority).await?;
        let found = memberships::rows(&rows, &self.statuses, &types, &mut Vec::new());
        self.organizations.note(organization.clone(), found.clone(), self.clock.now());
        Ok(found)
    }

    /// The people of an organization, as it says and as theirs do.
    pub(super) async fn people_of(
        &self,
        organization: &IndividualId,
        priority: Priority,
    ) -> Result<Vec<IndividualId>, AmsError> {
        let mut people = self.organizations.people_of(organization);
        let reply = self.api.get(&format!("contacts/OrgGeneral/{organization}"), &[], priority).await?;
        if let ApiReply::Body(body) = reply {
            let contacts = JsonEntry::of(&body).and_then(|body| body.get("Contacts"));
            let contacts = contacts.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            people.extend(contacts.iter().filter_map(|row| wire::id_in(&JsonEntry::of(row)?, "ContactId")));
        }
        people.sort();
        people.dedup();
        Ok(people)
    }
}
