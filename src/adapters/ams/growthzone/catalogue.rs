//! The lists of GrowthZone, and one person by whatever name.

use serde_json::Value;

use super::api::ApiReply;
use super::reading::SUPPLIES;
use super::{GrowthZone, PLACES, wire};
use crate::adapters::BoxFuture;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{AmsCatalogue, AmsStatus, PersonReading, SelfTest, Wanted};
use crate::adapters::ams::json::{JsonEntry, leave_out_secrets};
use crate::adapters::ams::paging::ListReply;
use crate::adapters::budget::Priority;
use crate::domain::catalogue::{Catalogue, Choice};
use crate::domain::record::{IndividualId, Parts};
use crate::domain::supplied::{AmsPlaces, Supplied};

/// Types of which the levels are asked for.
const MOST_TYPES: usize = 20;
/// The list of contacts cannot be searched, so somebody is looked for on so many of its pages.
const PAGES_SEARCHED: usize = 20;

impl GrowthZone {
    async fn choices(&self, priority: Priority) -> Result<Catalogue, AmsError> {
        let as_of = self.clock.now();
        let all = async |path: &str| {
            let rows = self.list(path, &[], priority).all().await?.rows();
            // What this association lacks can be typed.
            Ok::<Vec<Value>, AmsError>(rows.unwrap_or_default())
        };
        let (types, lists, events) =
            (all("memberships/types").await?, all("groups/all").await?, all("events/all").await?);
        let names = wire::lists::names(&types, "MembershipTypeId");
        let mut membership_types: Vec<Choice> =
            names.values().map(|name| Choice { code: name.clone(), label: name.clone() }).collect();
        for (number, name) in names.iter().take(MOST_TYPES) {
            if number.bytes().all(|byte| byte.is_ascii_digit()) {
                let levels = all(&format!("memberships/levels/{number}")).await?;
                let levels = levels.iter().filter_map(|row| JsonEntry::of(row)?.text("Name").ok().flatten());
                membership_types
                    .extend(levels.map(|level| Choice { label: format!("{name}: {level}"), code: level }));
            }
        }
        let groups = wire::lists::choices(&lists, "GroupId");
        Ok(Catalogue {
            as_of,
            committees: groups.clone(),
            events: wire::lists::events(&events),
            custom_fields: Vec::new(),
            groups,
            membership_types: wire::lists::sorted(membership_types),
            products: Vec::new(),
            relationships: Vec::new(),
        })
    }

    /// By ContactId, or by an e-mail address that only one individual has.
    async fn found(
        &self,
        wanted: &Wanted,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Option<PersonReading>, AmsError> {
        let id = match wire::contact_id(wanted.as_str()) {
            Some(id) => Some(id),
            None if wanted.as_str().contains('@') => self.by_email(wanted.as_str(), priority).await?,
            None => None,
        };
        let Some(id) = id else { return Ok(None) };
        let Some(read) = self.person(&id, parts, priority).await? else { return Ok(None) };
        let mut said = Value::Object(read.said);
        leave_out_secrets(&mut said);
        Ok(Some(PersonReading { record: read.record, said }))
    }

    async fn by_email(&self, email: &str, priority: Priority) -> Result<Option<IndividualId>, AmsError> {
        let (mut found, mut offset) = (Vec::new(), 0);
        for _ in 0..PAGES_SEARCHED {
            let list = self.list("contacts", &[("$orderby", "ContactId")], priority);
            let ListReply::Rows(page) = list.page(offset).await? else { break };
            found.extend(page.rows.iter().filter_map(JsonEntry::of).filter_map(|row| {
                let has = ["EmailAddress", "PrimaryEmailAddress", "Email"].iter().any(|name| {
                    row.text(name).ok().flatten().is_some_and(|said| said.eq_ignore_ascii_case(email))
                });
                let is_meant = has && wire::is_individual(&row) == Some(true);
                wire::id_in(&row, "ContactId").filter(|_| is_meant)
            }));
            match page.next {
                Some(next) => offset = next,
                None => break,
            }
        }
        match found.as_slice() {
            [one] => Ok(Some(one.clone())),
            // An address that several have stands for nobody.
            _ => Ok(None),
        }
    }
}

impl AmsCatalogue for GrowthZone {
    fn probe(&self) -> BoxFuture<'_, Result<(), AmsError>> {
        Box::pin(async move {
            // It answers to a key with the association that the key belongs to.
            let probed = match self.api.get("login/aboutme", &[], Priority::Person).await {
                Ok(ApiReply::Forbidden) => Err(AmsError::CredentialsRefused),
                Ok(ApiReply::NotFound | ApiReply::BadRequest) => {
                    self.anybody(Priority::Person).await.map(drop)
                }
                outcome => outcome.map(drop),
            };
            self.noted(probed)
        })
    }

    fn self_test(&self) -> BoxFuture<'_, Result<SelfTest, AmsError>> {
        Box::pin(async move { self.noted(self.tested().await) })
    }

    fn supplied(&self) -> Supplied {
        SUPPLIES.supplied
    }

    fn places(&self) -> AmsPlaces {
        PLACES
    }

    fn catalogue(&self, priority: Priority) -> BoxFuture<'_, Result<Catalogue, AmsError>> {
        Box::pin(async move { self.noted(self.choices(priority).await) })
    }

    fn find<'a>(
        &'a self,
        wanted: &'a Wanted,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<PersonReading>, AmsError>> {
        Box::pin(async move { self.noted(self.found(wanted, &parts, priority).await) })
    }

    fn status(&self) -> AmsStatus {
        self.history.status(&self.name, None)
    }
}
