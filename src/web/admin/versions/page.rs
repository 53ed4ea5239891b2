//! The list of versions, and the page of one beside another.

use askama::Template;

use crate::web::admin::fields::Pager;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::version_line::VersionLine;
use crate::web::admin::words::Difference;

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/versions/page.html")]
pub struct VersionsPage {
    /// Around the page.
    pub shell: Shell,
    /// Newest first.
    pub lines: Vec<VersionLine>,
    /// The others.
    pub pager: Pager,
    /// Restoring this one was refused because nobody could enter any more; only an operator may go on.
    pub locked_out: Option<u64>,
    /// The version in force.
    pub current: u64,
    /// The roles that rules for many have given and that it does not name.
    pub given: Vec<String>,
}

/// One version, or how two differ.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/versions/comparison.html")]
pub struct ComparisonPage {
    /// Around the page.
    pub shell: Shell,
    /// What is compared: the earlier one, then the later one.
    pub names: (String, String),
    /// How they differ.
    pub differences: Vec<Difference>,
    /// The later one as a rules file.
    pub file: String,
    /// The later one as an address names it.
    pub later: String,
    /// The number to restore, when the later one is an older version.
    pub restore: Option<u64>,
}

admin_pages!(VersionsPage, ComparisonPage);
