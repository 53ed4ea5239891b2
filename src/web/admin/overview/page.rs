//! The page on which administrators land.

use askama::Template;

use crate::web::admin::audit_line::AuditLine;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::fields::Tile;
use crate::web::admin::shell::{Shell, admin_pages};

/// The overview.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/overview/page.html")]
pub struct OverviewPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// What was done lately.
    pub lately: Vec<AuditLine>,
    /// Nothing but the first version exists: show the first steps.
    pub is_new: bool,
}

admin_pages!(OverviewPage);
