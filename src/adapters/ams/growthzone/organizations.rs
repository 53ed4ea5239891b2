//! Memberships of organizations, which their people inherit, and who belongs to which (docs/ams/growthzone.md, "Status").

use serde_json::Value;

use super::GrowthZone;
use super::api::ApiReply;
use super::wire::{self, memberships};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::budget::Priority;
use crate::domain::record::{IndividualId, Membership};
use crate::domain::standing::MembershipStanding;

/// While somebody waits, so many organizations are asked about that are not known.
pub(super) const ASKED_WHILE_SOMEBODY_WAITS: usize = 2;
/// At other times.
const ASKED: usize = 10;

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
                None => given
                    .push(Membership { standing: Some(MembershipStanding::Active), ..Membership::default() }),
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
        let Some(rows) = self.list_of_one(&path, priority).all().await?.rows() else { return Ok(Vec::new()) };
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
