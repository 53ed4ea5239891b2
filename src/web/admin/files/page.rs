//! The page of import and export.

use askama::Template;

use crate::web::admin::file_problem::FileProblem;
use crate::web::admin::shell::{Shell, admin_pages};

/// Import and export.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/files/page.html")]
pub struct FilesPage {
    /// Around the page.
    pub shell: Shell,
    /// The revision of the draft that an import replaces.
    pub revision: u64,
    /// The text as it was sent.
    pub text: String,
    /// Why it was refused.
    pub wrong: Vec<FileProblem>,
}

admin_pages!(FilesPage);
