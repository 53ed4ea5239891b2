//! The page of the audit log.

use askama::Template;

use crate::domain::audit::Action;
use crate::web::admin::audit_line::AuditLine;
use crate::web::admin::fields::{Field, FieldErrors};
use crate::web::admin::shell::{Shell, admin_pages};

/// The log.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/audit/page.html")]
pub struct AuditPage {
    /// Around the page.
    pub shell: Shell,
    /// The filter's fields.
    pub fields: Vec<Field>,
    /// The action that is wanted, by name; empty: every one.
    pub action: String,
    /// Newest first.
    pub lines: Vec<AuditLine>,
    /// The filter as a query.
    pub query: String,
    /// Where older ones are.
    pub older: Option<u64>,
    /// The filter leaves something out.
    pub filtered: bool,
}

/// The fields of the filter, with what stands in them and what to mend.
pub fn fields<'a>(value: impl Fn(&str) -> &'a str, errors: &FieldErrors) -> Vec<Field> {
    let field = |name: &'static str, label, kind| {
        Field::text(name, label, value(name)).kind(kind).mend(errors.get(name).cloned())
    };
    vec![
        field("actor", "Who", "text"),
        field("text", "Mentions", "text"),
        field("since", "From day", "date"),
        field("until", "To day", "date"),
    ]
}

admin_pages!(AuditPage);
