//! Where the pages of the community's mapping are, and what they are about.

use std::sync::Arc;

use crate::adapters::store::StoreError;
use crate::domain::community::CommunityText;
use crate::domain::mapping::Draft;
use crate::flows::administer::CommunityMappings;
use crate::web::admin::answers::PageError;
use crate::web::admin::draft::{DraftBar, DraftPages, bar_of};
use crate::web::admin::state::Admin;

/// Where its draft is looked at and thrown away.
pub const PAGES: DraftPages = DraftPages {
    preview: "/_gate/admin/community/mapping/preview",
    discard: "/_gate/admin/community/mapping/discard",
};

/// Where its versions are.
pub const VERSIONS: &str = "/_gate/admin/community/mapping/versions";

/// The mapping of the community. Without a community there is no such page.
pub fn mapping(admin: &Admin) -> Result<Arc<CommunityMappings>, PageError> {
    admin.administer.community.clone().ok_or(PageError::NotFound)
}

/// How its draft stands.
pub async fn draft_bar(
    admin: &Admin,
    community: &CommunityMappings,
    draft: &Draft<CommunityText>,
) -> Result<DraftBar, StoreError> {
    Ok(bar_of(admin, draft, &community.versions().await?, PAGES))
}
