//! What administrators do: the role mapping, its preview and versions, the audit log, and emergency access.
//!
//! One file for each use case. Who may ask is decided here; how it is asked and shown is the business of `web::admin`.

pub(crate) mod audit;
pub(crate) mod awaited;
pub mod change;
pub(crate) mod clients;
pub mod community_mapping;
pub(crate) mod deliveries;
mod drafts;
pub(crate) mod emergency;
pub(crate) mod known;
pub mod mapping;
pub(crate) mod migrate;
pub mod people;
pub mod preview;
pub mod preview_runs;
pub mod services;
pub(crate) mod sessions;
pub(crate) mod status;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;

use super::grant::PublishedClients;
use super::person::{Held, Published, PublishedRules};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::mappings::Mappings;
use crate::adapters::store::{Store, StoreError};
use crate::domain::access::Site;
use crate::domain::community::CommunityText;
use crate::domain::preview::requirements;
use crate::domain::rule::{Role, Rules};

pub use crate::domain::audit::{Actor, AdmittedBy};
pub use audit::Audit;
pub use community_mapping::{CommunityMappings, first_community, latest_community};
pub use emergency::AdminLinks;
pub use known::Known;
pub use mapping::Mapping;
pub use preview::Previews;

/// What the operator decided about administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    /// Any of these roles lets in.
    pub roles: Arc<[Role]>,
    /// Pages are served on the host of this site only. `None`: on every site's host.
    pub site: Option<Arc<str>>,
    /// Administrators may view a site as somebody else.
    pub view_as: bool,
}

/// The use cases of administration.
pub struct Administer {
    /// What the operator decided.
    pub settings: AdminSettings,
    /// Draft, versions, import and export.
    pub mapping: Arc<Mapping>,
    /// Who is affected by a draft.
    pub previews: Arc<Previews>,
    /// Who did what.
    pub audit: Arc<Audit>,
    /// Links for emergency access.
    pub links: Arc<AdminLinks>,
    /// The mapping of the community, if there is a community.
    pub community: Option<Arc<CommunityMappings>>,
}

impl Administer {
    /// Opens administration over a store. `rules` is what [`first_mapping`] gave, and changes with each publication; `sites` ask
    /// for roles on their pages, and `clients` when somebody signs in to them. People count as `people` has them.
    pub fn new<'a>(
        settings: AdminSettings,
        store: Arc<dyn Store>,
        rules: PublishedRules,
        people: Known,
        sites: impl IntoIterator<Item = &'a Site>,
        clients: PublishedClients,
        clock: SharedClock,
    ) -> Administer {
        let audit = Arc::new(Audit::new(store.clone(), Arc::clone(&clock)));
        let links = Arc::new(AdminLinks::new(store.clone(), Arc::clone(&clock)));
        let mapping = Arc::new(Mapping::new(
            store,
            Arc::clone(&rules),
            people.clone(),
            Arc::clone(&settings.roles),
            Arc::clone(&clock),
        ));
        let previews = Arc::new(Previews::new(
            Arc::clone(&mapping),
            people,
            requirements(sites),
            clients,
            Arc::clone(&settings.roles),
            clock,
        ));
        Administer { settings, mapping, previews, audit, links, community: None }
    }

    /// With the mapping of a community, if there is one.
    #[must_use]
    pub fn with_community(self, community: Option<CommunityMappings>) -> Administer {
        Administer { community: community.map(Arc::new), ..self }
    }

    /// The administrator that a signed-in person is. `None`: he or she is none.
    pub fn actor(&self, held: &Held) -> Option<Actor> {
        let decision = &held.standing.decision;
        (decision.admitted && decision.holds_any_of(&self.settings.roles)).then(|| Actor {
            id: Some(held.standing.id.clone()),
            name: held.standing.profile.name.clone(),
            admitted_by: AdmittedBy::Role,
        })
    }

    /// Tells the operator what may surprise about the mappings in force, given what the files say.
    pub fn tell_of_files(&self, file: &Rules, of_community: Option<&CommunityText>) {
        let published = self.mapping.published();
        if published.rules != *file {
            tracing::info!(
                version = published.version,
                "The rules file differs from the role mapping in force, which administrators change; the file is not used"
            );
        }
        if !self.settings.roles.iter().any(|role| published.rules.can_give(role)) {
            tracing::warn!(
                "The role mapping grants none of the roles in `admin.roles`; `membergate admin-link` is the way in"
            );
        }
        if let Some((community, file)) = self.community.as_ref().zip(of_community) {
            community.tell_of_file(file);
        }
    }

    /// Ends what runs in the background.
    pub async fn close(&self) {
        self.previews.close().await;
        if let Some(community) = &self.community {
            community.close().await;
        }
    }
}

/// The mapping to start with: the latest version of the store, which the rules file becomes on the first start.
pub async fn first_mapping(
    store: &dyn Mappings<Rules>,
    file: &Rules,
    clock: &SharedClock,
) -> Result<Published, StoreError> {
    versions::first(store, file, clock.now()).await
}
