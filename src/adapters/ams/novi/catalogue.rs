//! The lists of Novi, and one person by whatever name (docs/ams/novi.md, "Members").

use serde_json::Value;

use super::lists::ListRequest;
use super::reading::SUPPLIES;
use super::{Novi, PLACES, read, wire};
use crate::adapters::BoxFuture;
use crate::adapters::ams::catalogue::{AmsCatalogue, AmsStatus, PersonReading, SelfTest, Wanted};
use crate::adapters::ams::paging::{ListReply, PageSize};
use crate::adapters::ams::{AmsError, is_guid};
use crate::adapters::budget::Priority;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::{IndividualId, Parts};
use crate::domain::supplied::{AmsPlaces, Supplied};

impl Novi {
    async fn lists(&self, priority: Priority) -> Result<Catalogue, AmsError> {
        let as_of = self.clock.now();
        let size = PageSize::default();
        let list = |path: &'static [&'static str]| {
            let list = ListRequest { api: &self.api, size: &size, path, query: &[], priority };
            // What this site or key lacks can be typed.
            async move { Ok::<Vec<Value>, AmsError>(list.all().await?.rows().unwrap_or_default()) }
        };
        let (committees, events, fields, groups, types, products) = tokio::try_join!(
            list(&["committees"]),
            list(&["events"]),
            list(&["custom-fields"]),
            list(&["groups"]),
            list(&["member-types"]),
            list(&["products"]),
        )?;
        Ok(Catalogue {
            as_of,
            committees: wire::lists::choices(&committees),
            events: wire::lists::events(&events),
            custom_fields: wire::lists::custom_fields(&fields),
            groups: wire::lists::choices(&groups),
            membership_types: wire::lists::choices(&types),
            products: wire::lists::choices(&products),
            relationships: Vec::new(),
        })
    }

    /// By id or e-mail address. Of several with one address it is the one who signs in with it.
    async fn found(
        &self,
        wanted: &Wanted,
        parts: &Parts,
        priority: Priority,
    ) -> Result<Option<PersonReading>, AmsError> {
        let text = wanted.as_str();
        let member = match IndividualId::parse(text).filter(|id| is_guid(id.as_str())) {
            Some(id) => read::member(&self.api, &id, priority).await?,
            None if text.contains('@') => {
                let (size, query) = (PageSize::default(), [("email", text)]);
                let list =
                    ListRequest { api: &self.api, size: &size, path: &["members"], query: &query, priority };
                match list.page(0).await? {
                    ListReply::Rows(page) => read::one_of(page.rows, text),
                    ListReply::Missing | ListReply::Forbidden => None,
                }
            }
            None => None,
        };
        let Some(member) = member else { return Ok(None) };
        let record = self.record_of(&member, parts, priority).await?;
        Ok(Some(PersonReading { record, said: wire::line::said(&member) }))
    }
}

impl AmsCatalogue for Novi {
    fn probe(&self) -> BoxFuture<'_, Result<(), AmsError>> {
        Box::pin(async move { self.noted(read::anybody(&self.api, Priority::Person).await.map(drop)) })
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
        Box::pin(async move { self.noted(self.lists(priority).await) })
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
