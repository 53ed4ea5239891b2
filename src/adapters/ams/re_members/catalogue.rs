//! The lists of re:Members, and one person by whatever name
//! (docs/ams/remembers.md, "Lists of the association", "People").

use serde_json::Value;

use super::ReMembers;
use super::api::{ApiQuestion, Reply};
use super::lists;
use super::read;
use super::reading::SUPPLIES;
use super::wire;
use crate::adapters::BoxFuture;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{AmsCatalogue, AmsStatus, PersonReading, Wanted};
use crate::adapters::budget::Priority;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::Parts;
use crate::domain::supplied::Supplied;

impl ReMembers {
    async fn lists(&self, priority: Priority) -> Result<Catalogue, AmsError> {
        let as_of = self.clock.now();
        // Half of a long list is better than none: what is missing can be typed.
        let list = |path: &'static [&'static str], name: &'static str| async move {
            read::pages(&self.api, path, name, priority).await.map(|(entries, _whole)| entries)
        };
        let (committees, events, fields, relationships): (Vec<Value>, Vec<Value>, Vec<Value>, Vec<Value>) = tokio::try_join!(
            list(&["Committees"], "Committees"),
            list(&["Events", "All"], "Events/All"),
            list(&["Setup", "customfields"], "Setup/customfields"),
            list(&["Customers", "RelationshipTypes"], "RelationshipTypes"),
        )?;
        Ok(Catalogue {
            as_of,
            committees: wire::catalogue::coded(&committees),
            events: wire::catalogue::events(&events),
            custom_fields: wire::catalogue::custom_fields(&fields),
            relationships: wire::catalogue::relationship_types(&relationships),
            ..Catalogue::default()
        })
    }

    /// The path takes an id, a record number or an e-mail address alike.
    async fn found(
        &self,
        wanted: &Wanted,
        parts: Parts,
        priority: Priority,
    ) -> Result<Option<PersonReading>, AmsError> {
        let as_of = self.clock.now();
        let path = &["Individuals", "Profile", wanted.as_str(), "1"];
        let reply =
            self.api.get(ApiQuestion { path, query: &[("IncludeDetails", "true")] }, priority).await?;
        let individual = match reply {
            Reply::Body(body) => read::one(&body, "Profile")?,
            Reply::Nothing | Reply::NotFound | Reply::BadRequest => None,
            Reply::Unauthorised => return Err(AmsError::CredentialsRefused),
        };
        let Some(individual) = individual else { return Ok(None) };
        let fetched = lists::fetch(&self.api, individual, &parts, priority).await?;
        Ok(Some(PersonReading {
            record: read::record(&self.api, &fetched, as_of)?,
            said: wire::line::said(&fetched),
        }))
    }
}

impl AmsCatalogue for ReMembers {
    fn probe(&self) -> BoxFuture<'_, Result<(), AmsError>> {
        Box::pin(async move { self.noted(read::probe(&self.api).await) })
    }

    fn supplied(&self) -> Supplied {
        SUPPLIES.supplied
    }

    fn catalogue(&self, priority: Priority) -> BoxFuture<'_, Result<Catalogue, AmsError>> {
        Box::pin(async move { self.noted(self.lists(priority).await) })
    }

    fn find<'a>(
        &'a self,
        wanted: &'a Wanted,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<PersonReading>, AmsError>> {
        Box::pin(async move { self.noted(self.found(wanted, parts, priority).await) })
    }

    fn status(&self) -> AmsStatus {
        self.history.status(&self.name, self.api.tokens.obtained())
    }
}
