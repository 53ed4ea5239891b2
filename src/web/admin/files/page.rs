//! The page of import and export.

use askama::Template;

use crate::web::admin::shell::{Shell, admin_pages};

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

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
