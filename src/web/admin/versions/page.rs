//! The list of versions, and the page of one beside another.

use askama::Template;

use crate::domain::mapping::VersionHead;
use crate::domain::time::TimeZone;
use crate::flows::administer::AdmittedBy;
use crate::web::admin::fields::Pager;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::words::{Difference, when};

/// A version in the list.
#[derive(Clone, Debug)]
pub struct VersionLine {
    /// Its number.
    pub number: u64,
    /// When it was published.
    pub when: String,
    /// Who published it.
    pub who: String,
    /// By emergency access.
    pub emergency: bool,
    /// What the publisher wrote.
    pub note: String,
    /// It is in force.
    pub current: bool,
    /// The one before it.
    pub before: Option<u64>,
}

impl VersionLine {
    /// A version as people read it.
    pub fn of(head: &VersionHead, current: u64, zone: &TimeZone) -> VersionLine {
        let restored = head.restored_from.map(|from| format!("Version {from}, restored"));
        let note = Some(head.note.trim()).filter(|note| !note.is_empty()).map(str::to_owned);
        VersionLine {
            number: head.number,
            when: when(head.published.at, zone),
            who: head.published.by.name.clone(),
            emergency: head.published.by.admitted_by == AdmittedBy::BreakGlass,
            note: restored.into_iter().chain(note).collect::<Vec<_>>().join(". "),
            current: head.number == current,
            before: head.number.checked_sub(1).filter(|before| *before > 0),
        }
    }
}

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
