//! What we ask about one person, and what the answers mean.

use serde_json::{Map, Value, json};

use super::GrowthZone;
use super::api::ApiReply;
use super::contact::AskedAnyway;
use super::wire::memberships::{self, TypeNames};
use super::wire::places::{self, ListPlace, ListPlaces};
use super::wire::{self, ContactRow};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::ams::warnings::noted;
use crate::adapters::budget::Priority;
use crate::domain::code::Code;
use crate::domain::parts::{Codes, Part, Parts};
use crate::domain::record::{IndividualId, Membership, Record};
use crate::domain::time::Timestamp;

/// Of people who may have gone since, so many are asked for.
const MOST_CANARIES: usize = 3;

/// A person, and what was answered about them.
pub(super) struct Read {
    pub(super) record: Record,
    /// By the name of the part.
    pub(super) said: Map<String, Value>,
}

/// One reading of one person.
struct PersonParts<'a> {
    client: &'a GrowthZone,
    id: &'a IndividualId,
    priority: Priority,
    record: Record,
    said: Map<String, Value>,
    asked: AskedAnyway,
}

impl GrowthZone {
    /// One person with everything that is asked for. `None`: nobody of this id, or no human being.
    pub(super) async fn person(
        &self,
        id: &IndividualId,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Option<Read>, AmsError> {
        let Some(mut contact) = self.contact(id, priority).await? else { return Ok(None) };
        {
            let entry = JsonEntry::of(&contact).ok_or_else(|| unreadable("`person` is no object"))?;
            if wire::is_individual(&entry) == Some(false) {
                return Ok(None);
            }
        }
        let as_of = self.clock.now();
        let mut row = self.row(&contact, id, as_of)?;
        if row.standing.is_none() {
            // Not every association has the status there; a summary has it.
            let summary = self.api.get(&format!("contacts/PersonSummary/{id}"), &[], priority).await?;
            if let (ApiReply::Body(Value::Object(summary)), Some(contact)) =
                (summary, contact.as_object_mut())
                && let Some(said) = JsonEntry::from(&summary).get("MembershipStatus")
            {
                contact.insert("MembershipStatus".to_owned(), said.clone());
            }
            row = self.row(&contact, id, as_of)?;
        }
        let standing = row.standing;
        let mut said = Map::new();
        said.insert("individual".to_owned(), contact);
        let asked = AskedAnyway::default();
        let mut reading = PersonParts { client: self, id, priority, record: row.record, said, asked };
        let own = reading.own_memberships().await?;
        let inherits = memberships::is_inherited(standing, own.as_deref());
        if parts.relationships || inherits {
            let organizations = reading.organizations(parts.relationships).await?;
            let given = match (&organizations, inherits) {
                (Some(organizations), true) => self.given_by(organizations, priority).await?,
                _ => Vec::new(),
            };
            reading.join(standing, own, given);
        } else {
            reading.join(standing, own, Vec::new());
        }
        if parts.groups || parts.committees {
            reading.lists(parts).await?;
        }
        if parts.custom_fields {
            reading.custom_fields().await?;
        }
        if parts.certifications {
            reading.certifications().await?;
        }
        let PersonParts { mut record, said, asked, .. } = reading;
        if let Some(contact) = said.get("individual") {
            record.contact = self.contact_of(id, (contact, standing), asked, priority).await;
        }
        for part in
            [Part::Memberships, Part::Groups, Part::Committees, Part::Relationships, Part::Certifications]
        {
            let is_read = match part {
                Part::Memberships => true,
                Part::Groups => record.groups.is_some(),
                Part::Committees => record.committees.is_some(),
                Part::Relationships => record.relationships.is_some(),
                _ => record.certifications.is_some(),
            };
            if is_read {
                record.confirmed.set(part, Some(as_of));
            }
        }
        Ok(Some(Read { record, said }))
    }

    fn row(&self, contact: &Value, id: &IndividualId, as_of: Timestamp) -> Result<ContactRow, AmsError> {
        let row =
            wire::contact(contact, &self.statuses, as_of).map_err(|error| unreadable(&error.to_string()))?;
        if row.record.id == *id {
            Ok(row)
        } else {
            Err(unreadable("`person` brought another contact than was asked for"))
        }
    }

    /// What is said of one contact. `None`: nobody of this id.
    pub(super) async fn contact(
        &self,
        id: &IndividualId,
        priority: Priority,
    ) -> Result<Option<Value>, AmsError> {
        // Ids are numbers; anything else is not put into a path.
        if wire::contact_id(id.as_str()).is_none() {
            return Err(unreadable("an id that is no number"));
        }
        match self.api.get(&format!("contacts/person/{id}"), &[], priority).await? {
            ApiReply::Body(Value::Null) | ApiReply::Nothing | ApiReply::NotFound => Ok(None),
            ApiReply::Body(Value::Object(object)) if object.is_empty() => Ok(None),
            ApiReply::Body(body) => Ok(Some(body)),
            ApiReply::Forbidden => Err(AmsError::CredentialsRefused),
            ApiReply::BadRequest => Err(AmsError::Failed(400)),
        }
    }

    /// Whether somebody is found who is there. Where nobody is known, a page of contacts with somebody on it must do.
    pub(super) async fn has_canary(&self, fallback: &[IndividualId]) -> Result<bool, AmsError> {
        let asked: Vec<&IndividualId> = match &self.canary {
            Some(one) => vec![one],
            None => fallback
                .iter()
                .filter(|id| wire::contact_id(id.as_str()).is_some())
                .take(MOST_CANARIES)
                .collect(),
        };
        if asked.is_empty() {
            return Ok(!self.anybody(Priority::Canary).await?.is_empty());
        }
        for id in asked {
            if self.contact(id, Priority::Canary).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first rows of the list of contacts.
    pub(super) async fn anybody(&self, priority: Priority) -> Result<Vec<Value>, AmsError> {
        let list = self.list("contacts", &[("$orderby", "ContactId")], priority);
        match list.page(0).await? {
            ListReply::Rows(page) => Ok(page.rows),
            ListReply::Missing => Err(AmsError::Failed(404)),
            ListReply::Forbidden => Err(AmsError::CredentialsRefused),
        }
    }

    /// The names of types, if one of these rows has only a number.
    pub(super) async fn names_for(&self, rows: &[Value], priority: Priority) -> Result<TypeNames, AmsError> {
        if !rows.iter().any(memberships::lacks_name) {
            return Ok(TypeNames::new());
        }
        let types = self.known_list("memberships/types", priority).await?;
        Ok(types.map(|rows| wire::lists::names(&rows, "MembershipTypeId")).unwrap_or_default())
    }
}

impl PersonParts<'_> {
    async fn get(&self, path: &str) -> Result<Option<Value>, AmsError> {
        Ok(match self.client.api.get(path, &[], self.priority).await? {
            ApiReply::Body(body) => Some(body),
            // What this association lacks or this key does not show is not known.
            ApiReply::NotFound | ApiReply::Forbidden | ApiReply::BadRequest | ApiReply::Nothing => None,
        })
    }

    /// The rows of a list of this person. `None`: there is no such list here.
    async fn rows(&self, path: &str) -> Result<Option<Vec<Value>>, AmsError> {
        Ok(self.client.list_of_one(path, self.priority).all().await?.rows())
    }

    async fn own_memberships(&mut self) -> Result<Option<Vec<Membership>>, AmsError> {
        let path = format!("contacts/person/{}/memberships", self.id);
        let Some(rows) = self.rows(&path).await? else { return Ok(None) };
        let types = self.client.names_for(&rows, self.priority).await?;
        let (words, warnings) = (&self.client.statuses, &mut self.record.warnings);
        let own = noted(Part::Memberships, warnings, |said| memberships::rows(&rows, words, &types, said));
        self.said.insert("memberships".to_owned(), Value::Array(rows));
        Ok(Some(own))
    }

    fn join(
        &mut self,
        standing: Option<wire::status::ContactStanding>,
        own: Option<Vec<Membership>>,
        given: Vec<Membership>,
    ) {
        let warnings = &mut self.record.warnings;
        self.record.memberships =
            noted(Part::Memberships, warnings, |said| memberships::joined(standing, own, given, said));
    }

    /// The organizations of the person. `None`: the association does not tell.
    async fn organizations(&mut self, keep: bool) -> Result<Option<Vec<IndividualId>>, AmsError> {
        let Some(rows) = self.rows(&format!("ContactOverview/{}/ContactOrgs/", self.id)).await? else {
            self.asked.organizations = Some(Vec::new());
            return Ok(None);
        };
        self.asked.organizations = Some(rows.clone());
        if keep {
            let warnings = &mut self.record.warnings;
            self.record.relationships =
                Some(noted(Part::Relationships, warnings, |said| wire::relationships(&rows, said)));
        }
        let organizations = wire::organizations(&rows);
        self.client.organizations.note_ties(self.id, &organizations, self.client.clock.now());
        self.said.insert("relationships".to_owned(), Value::Array(rows));
        Ok(Some(organizations))
    }

    async fn lists(&mut self, parts: &Parts) -> Result<(), AmsError> {
        // The call for a person is like that for an organization, or it is that one.
        let mut body = self.get(&format!("contacts/person/{}/groups", self.id)).await?;
        if body.is_none() {
            body = self.get(&format!("contacts/org/{}/groups", self.id)).await?;
        }
        let Some(body) = body else { return Ok(()) };
        let mut said = Vec::new();
        let Some(ListPlaces { mut on, joinable }) = places::of_contact(&body, &mut said) else {
            return Err(unreadable("`groups` of a contact is no list"));
        };
        self.client.rosters.note_joinable(joinable);
        for place in &mut on {
            self.complete(place, parts).await?;
        }
        for part in [Part::Groups, Part::Committees].into_iter().filter(|part| parts.has(*part)) {
            noted(part, &mut self.record.warnings, |warnings| warnings.extend(said.iter().cloned()));
        }
        if parts.groups {
            self.record.groups = Some(on.iter().map(ListPlace::place).collect());
        }
        if parts.committees {
            self.record.committees = Some(on.iter().map(ListPlace::seat).collect());
        }
        self.said.insert("groups".to_owned(), body);
        Ok(())
    }

    /// A person's own list tells no role and no dates; who is on the list does, where the association has that.
    async fn complete(&self, place: &mut ListPlace, parts: &Parts) -> Result<(), AmsError> {
        if place.list.is_empty() {
            return Ok(());
        }
        if place.joinable.is_none() {
            place.joinable = self.client.rosters.joinable(&place.list);
        }
        let is_meant = |code: &Code| {
            code.matches(&place.list) || place.name.as_ref().is_some_and(|name| code.matches(name))
        };
        let is_asked = match parts.codes(Part::Committees) {
            Codes::All => false,
            Codes::These(codes) => codes.iter().any(is_meant),
        };
        if !place.detail.is_told() && parts.committees && is_asked {
            let detail = self.client.detail(&place.list, self.id, self.priority).await?;
            place.detail = detail.unwrap_or_default();
        }
        Ok(())
    }

    async fn custom_fields(&mut self) -> Result<(), AmsError> {
        let Some(body) = self.get(&format!("contacts/{}/NotesAndFields", self.id)).await? else {
            self.asked.notes = Some(Value::Null);
            return Ok(());
        };
        let warnings = &mut self.record.warnings;
        let fields = noted(Part::CustomFields, warnings, |said| wire::custom_fields(&body, said));
        if let Some(fields) = fields {
            self.record.custom_fields = fields;
            self.record.confirmed.set(Part::CustomFields, self.record.confirmed.of(Part::Profile));
            // Notes and biography are nobody's business here.
            let kept = body.get("Fields").cloned().unwrap_or_default();
            self.said.insert("custom_fields".to_owned(), json!({ "Fields": kept }));
        }
        self.asked.notes = Some(body);
        Ok(())
    }

    async fn certifications(&mut self) -> Result<(), AmsError> {
        let Some(rows) = self.rows(&format!("ContactOverview/{}/Certifications/", self.id)).await? else {
            return Ok(());
        };
        let warnings = &mut self.record.warnings;
        self.record.certifications =
            Some(noted(Part::Certifications, warnings, |said| wire::certifications(&rows, said)));
        self.said.insert("certifications".to_owned(), Value::Array(rows));
        Ok(())
    }
}

fn unreadable(what: &str) -> AmsError {
    AmsError::Unreadable(what.to_owned())
}
