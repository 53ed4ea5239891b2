//! What is asked about a person for a community beside what is read anyway (docs/ams/growthzone.md, "Profile for a community").

use serde_json::Value;

use super::GrowthZone;
use super::api::ApiReply;
use super::wire::contact::{SaidOfContact, has_infos, may_have_addresses};
use super::wire::status::ContactStanding;
use crate::adapters::ams::AmsError;
use crate::adapters::budget::Priority;
use crate::domain::contact::Contact;
use crate::domain::record::IndividualId;

/// What the reading of a person has asked for already. `None`: it has not asked.
#[derive(Debug, Default)]
pub(super) struct AskedAnyway {
    /// `NotesAndFields`.
    pub(super) notes: Option<Value>,
    /// `ContactOrgs`.
    pub(super) organizations: Option<Vec<Value>>,
}

impl GrowthZone {
    /// What somebody's profile says for a community. `None`: it is not read now, because nobody asks for it, because somebody waits, or
    /// because a call failed; no role may depend on it.
    pub(super) async fn contact_of(
        &self,
        id: &IndividualId,
        (contact, standing): (&Value, Option<ContactStanding>),
        asked: AskedAnyway,
        priority: Priority,
    ) -> Option<Box<Contact>> {
        let somebody_waits = matches!(priority, Priority::SignIn(_) | Priority::Person);
        if !self.reads_contact.is_wanted() || somebody_waits {
            return None;
        }
        let said = self.said_of(id, contact, asked, priority).await.ok()?;
        said.contact(contact, standing).map(Box::new)
    }

    /// At most four calls.
    async fn said_of(
        &self,
        id: &IndividualId,
        contact: &Value,
        asked: AskedAnyway,
        priority: Priority,
    ) -> Result<SaidOfContact, AmsError> {
        let notes = match asked.notes {
            Some(notes) => Some(notes),
            None => match self.api.get(&format!("contacts/{id}/NotesAndFields"), &[], priority).await? {
                ApiReply::Body(body) => Some(body),
                ApiReply::NotFound | ApiReply::Forbidden | ApiReply::BadRequest | ApiReply::Nothing => None,
            },
        };
        let organizations = match asked.organizations {
            Some(rows) => rows,
            None => self.rows_of(&format!("ContactOverview/{id}/ContactOrgs/"), priority).await?,
        };
        let mut said = SaidOfContact { notes, organizations, ..SaidOfContact::default() };
        if may_have_addresses(contact) {
            said.addresses = self.rows_of(&format!("contacts/ContactAddresses/{id}"), priority).await?;
        }
        if !has_infos(contact) {
            said.phones = self.rows_of(&format!("contacts/phones/{id}"), priority).await?;
        }
        Ok(said)
    }

    /// The first page: no person has more of it than is kept.
    async fn rows_of(&self, path: &str, priority: Priority) -> Result<Vec<Value>, AmsError> {
        let page = self.list_of_one(path, priority).page(0).await?.rows();
        Ok(page.map(|page| page.rows).unwrap_or_default())
    }
}
